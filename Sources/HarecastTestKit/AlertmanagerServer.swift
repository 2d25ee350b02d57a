import Foundation
import Synchronization

/// A real Alertmanager on loopback, without clustering.
public final class AlertmanagerServer: Sendable {
  public let port: Int
  private let process: Mutex<ManagedProcess>
  private let folder: TemporaryFolder

  /// Starts Alertmanager and waits until it is ready.
  ///
  /// - Parameter configuration: the text of `alertmanager.yml`; the default routes everything to a
  ///   receiver that does nothing.
  /// - Throws: ``ManagedProcess/Failure`` with its output; ``TimedOut``.
  public init(
    configuration: String = "route: { receiver: none, group_wait: 0s }\nreceivers: [{ name: none }]\n"
  ) async throws {
    folder = try TemporaryFolder()
    port = try freeLoopbackPort()
    _ = try folder.write(configuration, to: "alertmanager.yml")
    let first = try Self.start(folder, port)
    process = Mutex(first)
    try await first.waitForOK("http://127.0.0.1:\(port)/-/ready", within: .seconds(60))
  }

  private static func start(_ folder: TemporaryFolder, _ port: Int) throws -> ManagedProcess {
    try ManagedProcess(
      SupportScripts.path("alertmanager"),
      [
        "--config.file=\(folder.path)/alertmanager.yml", "--storage.path=\(folder.path)/data",
        "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=",
      ])
  }

  /// After ``stop()``: starts again on the same port, with what was kept on disk.
  ///
  /// - Throws: ``ManagedProcess/Failure`` with its output; ``TimedOut``.
  public func startAgain() async throws {
    let next = try Self.start(folder, port)
    process.withLock { $0 = next }
    try await next.waitForOK("\(url)/-/ready", within: .seconds(60))
  }

  /// `http://127.0.0.1:port`.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// The alerts that it holds, as the JSON of `/api/v2/alerts`.
  ///
  /// - Throws: the client's errors.
  public func alerts() async throws -> String { try await LoopbackHTTP.get("\(url)/api/v2/alerts") }

  /// Stops the server.
  public func stop() async { await process.withLock { $0 }.stop() }
}
