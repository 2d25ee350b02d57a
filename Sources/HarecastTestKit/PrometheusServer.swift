import Foundation

/// A real Prometheus 3 server on loopback.
public final class PrometheusServer: Sendable {
  public let port: Int
  private let process: ManagedProcess
  private let folder: TemporaryFolder

  /// Starts Prometheus and waits until it is ready.
  ///
  /// - Parameters:
  ///   - configuration: the text of `prometheus.yml`.
  ///   - files: further files by name, for instance rule files, beside it.
  ///   - flags: added to the command line.
  ///   - history: samples that the server has from the start, as OpenMetrics text with timestamps.
  /// - Throws: ``ManagedProcess/Failure`` with its output; ``TimedOut``.
  public init(
    configuration: String, files: [String: String] = [:], flags: [String] = [], history: String? = nil
  ) async throws {
    let program = try await SupportScripts.referenceProgram("prometheus")
    folder = try TemporaryFolder()
    port = try freeLoopbackPort()
    for (name, text) in files { try folder.write(text, to: name) }
    let file = try folder.write(configuration, to: "prometheus.yml")
    if let history {
      let text = try folder.write(history, to: "history.txt")
      let outcome = try await promtool(["tsdb", "create-blocks-from", "openmetrics", text, "\(folder.path)/data"])
      guard outcome.status == 0 else { throw ManagedProcess.Failure(description: outcome.output + outcome.errors) }
    }
    process = try ManagedProcess(
      program,
      [
        "--config.file=\(file)", "--storage.tsdb.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(port)",
        "--web.enable-lifecycle",
      ] + flags)
    try await process.waitForOK("http://127.0.0.1:\(port)/-/ready", within: .seconds(60))
  }

  /// `http://127.0.0.1:port`.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// The process id, to measure what it uses.
  public var pid: Int32 { process.pid }

  /// What the server has logged.
  public var log: String { process.output }

  /// The body of the answer of `/api/v1/query` for the expression at `time` (UTC milliseconds; nil means now).
  ///
  /// - Throws: the client's errors.
  public func query(_ expression: String, at time: Int64? = nil) async throws -> String {
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "-._~")
    let query = expression.addingPercentEncoding(withAllowedCharacters: allowed) ?? expression
    let moment = time.map { "&time=\(Double($0) / 1000)" } ?? ""
    return try await LoopbackHTTP.send("GET", "\(url)/api/v1/query?query=\(query)\(moment)").text
  }

  /// Stops the server.
  public func stop() async { await process.stop() }
}

/// What a program printed, and its exit code.
public struct ProgramOutcome: Sendable {
  public var status: Int32
  public var output: String
  public var errors: String
}

/// Runs a program to its end.
///
/// - Throws: ``TimedOut``; ``SystemCallError``.
public func runProgram(
  _ program: String, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:],
  directory: String? = nil, within limit: Duration = .seconds(120)
) async throws -> ProgramOutcome {
  let process = try ManagedProcess(
    program, arguments, environment: environment, directory: directory, input: input, separateErrors: true)
  let status = try await process.waitForExit(within: limit)
  return ProgramOutcome(status: status, output: process.output, errors: process.errors)
}

/// Runs the real `promtool`.
///
/// - Throws: ``TimedOut``; ``ManagedProcess/Failure`` if it cannot be installed.
public func promtool(_ arguments: [String], input: String = "") async throws -> ProgramOutcome {
  try await runProgram(
    try await SupportScripts.referenceProgram("promtool"), arguments, input: Array(input.utf8))
}
