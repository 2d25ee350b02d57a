import ArgumentParser
import HTTPAPI

/// `harecast check web-config FILE…`: the files that `--web.config.file` takes.
struct CheckWebConfiguration: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "web-config", abstract: "Check files with TLS settings and users.")

  @Argument(help: "The files.") var files: [String]

  func run() async throws {
    var hasFailed = false
    for file in files {
      do {
        try WebConfigSource.check(file)
        CommandOutput.say("\(file) SUCCESS")
      } catch {
        CommandOutput.complain("\(file) FAILED: \(error)")
        hasFailed = true
      }
    }
    if hasFailed { throw ExitCode(1) }
  }
}
