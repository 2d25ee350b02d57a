import Foundation

/// The scripts of `Tests/Support`, and the programs that they install.
public enum SupportScripts {
  /// The folder with the scripts: `HARECAST_SUPPORT`, or found upwards from this source file.
  public static let folder: String = {
    if let folder = ProcessInfo.processInfo.environment["HARECAST_SUPPORT"] { return folder }
    var place = URL(fileURLWithPath: #filePath)
    while place.path != "/" {
      place.deleteLastPathComponent()
      let candidate = place.appendingPathComponent("Tests/Support").path
      if FileManager.default.fileExists(atPath: "\(candidate)/rabbitmq-start") { return candidate }
    }
    return "Tests/Support"
  }()

  /// Where the scripts install: `HARECAST_CACHE`, or `~/.cache/harecast`.
  public static let cache: String =
    ProcessInfo.processInfo.environment["HARECAST_CACHE"] ?? "\(NSHomeDirectory())/.cache/harecast"

  /// The path of a script.
  public static func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Whether tests with real servers are to run: they were asked for by
  /// `HARECAST_REAL_SERVERS=require` (as `make test` does), or all that they need is installed.
  public static let realServersAreAvailable: Bool = {
    if ProcessInfo.processInfo.environment["HARECAST_REAL_SERVERS"] == "require" { return true }
    return ["rabbitmq-trixie/usr/lib/rabbitmq/bin/rabbitmq-server", "reference/root/usr/bin/prometheus"].allSatisfy {
      FileManager.default.isExecutableFile(atPath: "\(cache)/\($0)")
    } && geteuid() == 0
  }()

  /// Runs a script to its end and returns its standard output.
  ///
  /// - Throws: ``ManagedProcess/Failure`` if it fails; ``TimedOut``.
  @discardableResult
  public static func run(
    _ name: String, _ arguments: [String], within limit: Duration = .seconds(600)
  ) async throws -> String {
    let process = try ManagedProcess(path(name), arguments, separateErrors: true)
    let code = try await process.waitForExit(within: limit)
    guard code == 0 else {
      let command = ([name] + arguments).joined(separator: " ")
      throw ManagedProcess.Failure(
        description: "\(command) ended with \(code): \(process.errors.suffix(2000)) \(process.output.suffix(500))")
    }
    return process.output
  }

  /// The path of `prometheus`, `promtool` or `amtool`, installed first if need be.
  ///
  /// - Throws: ``ManagedProcess/Failure``.
  public static func referenceProgram(_ name: String) async throws -> String {
    let installed = "\(cache)/reference/root/usr/bin/\(name)"
    if FileManager.default.isExecutableFile(atPath: installed) { return installed }
    let programs = try await run("reference-install", [])
    return "\(programs.trimmingCharacters(in: .whitespacesAndNewlines))/\(name)"
  }
}
