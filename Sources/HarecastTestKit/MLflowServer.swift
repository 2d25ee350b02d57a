import Foundation

/// A real MLflow server on loopback, with its registry in a file and its artifacts behind its proxy.
public final class MLflowServer: Sendable {
  public let port: Int
  private let process: ManagedProcess
  private let folder: TemporaryFolder

  /// Whether MLflow is installed, or asked for by `HARECAST_REAL_SERVERS=require`.
  public static let isAvailable =
    ProcessInfo.processInfo.environment["HARECAST_REAL_SERVERS"] == "require"
    || FileManager.default.isReadableFile(atPath: "\(SupportScripts.cache)/mlflow/version")

  /// Starts MLflow and waits until it is ready, which takes about ten seconds.
  ///
  /// - Throws: ``ManagedProcess/Failure`` with its output; ``TimedOut``.
  public init() async throws {
    let program = try await SupportScripts.run("mlflow-install", [], within: .seconds(600))
      .trimmingCharacters(in: .whitespacesAndNewlines)
    folder = try TemporaryFolder()
    port = try freeLoopbackPort()
    process = try ManagedProcess(
      program,
      [
        "server", "--host", "127.0.0.1", "--port", "\(port)", "--workers", "1",
        "--backend-store-uri", "sqlite:///\(folder.path)/mlflow.db",
        "--artifacts-destination", "\(folder.path)/artifacts",
      ],
      environment: ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "DO_NOT_TRACK": "true"], directory: folder.path)
    try await process.waitForOK("http://127.0.0.1:\(port)/health", within: .seconds(180))
  }

  /// `http://127.0.0.1:port`.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// Where the server keeps an artifact of this name and number of bytes; nil if it has none.
  public func artifact(named name: String, of count: Int) -> String? {
    let root = "\(folder.path)/artifacts"
    let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    return paths.map { "\(root)/\($0)" }.first { path in
      path.hasSuffix("/\(name)") && FileManager.default.contents(atPath: path)?.count == count
    }
  }

  /// Stops the server and all its processes.
  public func stop() async { await process.stop() }
}
