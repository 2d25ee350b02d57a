import Foundation

/// What commands write, at once and in order, so that the two streams stay in step when both go to one place.
enum CommandOutput {
  /// Writes a line to standard output.
  static func say(_ line: String = "") { write(line + "\n", to: STDOUT_FILENO) }

  /// Writes a line to standard error.
  static func complain(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written <= 0 { return }
      rest = rest.dropFirst(written)
    }
  }

  /// Everything that comes on standard input.
  static func readInput() -> [UInt8] {
    (try? FileHandle.standardInput.readToEnd()).flatMap { $0.map { Array($0) } } ?? []
  }

  /// The text of a file; nil if it cannot be read or is not UTF-8.
  static func text(ofFile path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}

/// The names of Prometheus's features that commands accept; those that change the language take effect.
struct FeatureNames {
  /// Of a flag such as `promql-experimental-functions,promql-delayed-name-removal`, given any number of times.
  private let names: Set<String>

  init(_ flags: [String]) { names = Set(flags.flatMap { $0.split(separator: ",").map(String.init) }) }

  var experimentalFunctions: Bool { names.contains("promql-experimental-functions") }
  var delayedNameRemoval: Bool { names.contains("promql-delayed-name-removal") }
}
