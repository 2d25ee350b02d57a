import Foundation

/// The program `harecast` as it was built with the tests, running as a server on loopback.
public final class HarecastServer: Sendable {
  /// The path of the program: `HARECAST_PROGRAM`, or beside the tests that are running.
  public static let program: String = {
    if let program = ProcessInfo.processInfo.environment["HARECAST_PROGRAM"] { return program }
    // SwiftPM passes the test bundle's path, which lies beside the products, as an argument.
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
    let products = bundle.components(separatedBy: "/").prefix { !$0.hasSuffix(".xctest") }.joined(separator: "/")
    return "\(products)/harecast"
  }()

  public let port: Int
  public let process: ManagedProcess
  /// Where `serve` keeps its data unless the arguments say so; gone with the server's object.
  private let folder: TemporaryFolder

  /// Starts `harecast serve` or another server command on a free port, and waits until it is healthy.
  ///
  /// - Parameters:
  ///   - arguments: without `--web.listen-address`, which is added.
  ///   - limit: how long to wait for an answer.
  /// - Throws: ``ManagedProcess/Failure`` with its output; ``TimedOut``.
  public init(
    _ command: String = "serve", _ arguments: [String] = [], environment: [String: String] = [:],
    within limit: Duration = .seconds(60)
  ) async throws {
    port = try freeLoopbackPort()
    folder = try TemporaryFolder()
    var arguments = arguments
    if command == "serve", !arguments.contains(where: { $0.hasPrefix("--storage.path") }) {
      arguments.append("--storage.path=\(folder.path)")
    }
    process = try ManagedProcess(
      HarecastServer.program, [command] + arguments + ["--web.listen-address=127.0.0.1:\(port)"],
      environment: environment)
    try await process.waitForOK("http://127.0.0.1:\(port)/-/healthy", within: limit)
  }

  /// `http://127.0.0.1:port`.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// What the server has written so far.
  public var log: String { process.output }

  /// The text of `/metrics`.
  ///
  /// - Throws: the client's errors.
  public func metrics() async throws -> String { try await LoopbackHTTP.get("\(url)/metrics") }

  /// Runs the program to its end with these arguments.
  ///
  /// - Throws: ``TimedOut``; ``SystemCallError``.
  public static func run(_ arguments: [String], input: String = "") async throws -> ProgramOutcome {
    try await runProgram(program, arguments, input: Array(input.utf8))
  }

  /// Stops the server as a service manager does, and returns its exit code.
  ///
  /// - Throws: ``TimedOut`` if it does not end within ten seconds.
  @discardableResult
  public func stop() async throws -> Int32 {
    process.signal(SIGTERM)
    return try await process.waitForExit(within: .seconds(10))
  }
}
