import Foundation

/// One call of `posix_spawn`: a program in its own process group.
struct Spawn {
  /// A path, or a name to look for in `PATH`.
  var program: String
  var arguments: [String]
  /// Added to this process's environment.
  var environment: [String: String] = [:]
  var directory: String?
  /// The file for standard input, if there is no descriptor.
  var inputFile = "/dev/null"
  var inputDescriptor: Int32?
  /// The file to which standard output is appended.
  var outputFile = "/dev/null"
  /// The file to which standard error is appended; nil means where the output goes.
  var errorFile: String?
  /// Starts the program in a new session, out of reach of the terminal's signals.
  var newSession = false

  /// `POSIX_SPAWN_SETSID` of glibc, which Swift does not see.
  private static let setSession: Int32 = 0x80

  init(program: String, arguments: [String]) {
    self.program = program
    self.arguments = arguments
  }

  /// Starts the program and returns its process id.
  ///
  /// - Throws: ``SystemCallError``.
  func run() throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let inputDescriptor {
      posix_spawn_file_actions_adddup2(&actions, inputDescriptor, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, inputFile, O_RDONLY, 0)
    }
    let append = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 1, outputFile, append, 0o644)
    if let errorFile {
      posix_spawn_file_actions_addopen(&actions, 2, errorFile, append, 0o644)
    } else {
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let group: Int32 = newSession ? Spawn.setSession : Int32(POSIX_SPAWN_SETPGROUP)
    let signals: Int32 = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, Int16(group | signals))

    var variables = ProcessInfo.processInfo.environment
    variables.merge(environment) { _, new in new }
    var pid: pid_t = 0
    var command = [program] + arguments
    // glibc's way to change the folder in the call itself is not in the interface that Swift sees.
    if let directory { command = ["sh", "-c", "cd \"$0\" && exec \"$@\"", directory] + command }
    let executable = command[0]
    let code = withCStrings(command) { argv in
      withCStrings(variables.map { "\($0.key)=\($0.value)" }) { envp in
        posix_spawnp(&pid, executable, &actions, &attributes, argv, envp)
      }
    }
    guard code == 0 else { throw SystemCallError("start \(program)", code: code) }
    return pid
  }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let pointers = strings.map { strdup($0) }
  defer { for pointer in pointers { free(pointer) } }
  return body(pointers + [nil])
}
