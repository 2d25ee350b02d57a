import Glibc

/// Hands the loop over to libFuzzer, which reads its options from the command line, and ends with its exit code.
///
/// `test` gets each input once; a trap in it is a finding.
public func fuzz(_ test: @escaping @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) -> Never {
  var count = CommandLine.argc
  var arguments = CommandLine.unsafeArgv
  exit(runFuzzer(&count, &arguments, test))
}

/// `LLVMFuzzerRunDriver` of libFuzzer's C interface, which no header declares for us.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
