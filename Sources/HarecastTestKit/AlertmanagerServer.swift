import Foundation

/// A real Alertmanager on loopback, without clustering.
public final class AlertmanagerServer: Sendable {
  public let port: Int
  private let process: ManagedProcess
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
    let file = try folder.write(configuration, to: "alertmanager.yml")
    process = try ManagedProcess(
      SupportScripts.path("alertmanager"),
      [
        "--config.file=\(file)", "--storage.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(port)",
        "--cluster.listen-address=",
      ])
    try await process.waitForOK("http://127.0.0.1:\(port)/-/ready", within: .seconds(60))
  }

  /// `http://127.0.0.1:port`.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// The alerts that it holds, as the JSON of `/api/v2/alerts`.
  ///
  /// - Throws: the client's errors.
  public func alerts() async throws -> String { try await LoopbackHTTP.get("\(url)/api/v2/alerts") }

  /// Stops the server.
  public func stop() async { await process.stop() }
}
