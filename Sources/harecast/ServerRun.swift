import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle

/// One run of the server: a sidecar's services until SIGTERM or SIGINT, which stop them in order.
struct ServerRun {
  let sidecar: Sidecar
  let options: ServerOptions
  let address: (host: String, port: Int)
  let log: Logger
  /// The flags that only this command has, by name without dashes.
  var flags: [String: String] = [:]
  /// What the progress line says.
  let progress: @Sendable () -> String

  func run() async throws {
    let shownHost = address.host == "0.0.0.0" ? "127.0.0.1" : address.host
    let webConfig = try options.webConfig()
    let scheme = webConfig?.isEncrypted == true ? "https" : "http"
    let services = sidecar.services(
      host: address.host, port: address.port, options: options,
      flags: options.flags.merging(flags) { $1 }, webConfig: webConfig,
      allowedOrigin: try options.allowedOrigin(), log: options.logger("http"),
      onListening: { [sidecar, log] port in
        var account = sidecar.account().merging(sidecar.restored) { $1 }
        account["version"] = "\(Harecast.version)"
        account["address"] = "\(scheme)://\(address.host):\(port)"
        log.info("started", metadata: account)
        FileHandle.standardOutput.write(
          Data(
            """
            Predictions: \(scheme)://\(shownHost):\(port)/metrics
            Alerts:      \(scheme)://\(shownHost):\(port)/api/v1/alerts

            """.utf8))
      })
    var quiet = log
    quiet.logLevel = max(log.logLevel, .warning)
    var configuration = ServiceGroupConfiguration(
      services: services + [ProgressLine(text: progress)], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    // A client that sends its request a byte at a time must not keep the process from ending.
    configuration.maximumGracefulShutdownDuration = .seconds(8)
    let group = ServiceGroup(configuration: configuration)
    do {
      try await group.run()
      log.info("stopped")
    } catch {
      FileHandle.standardError.write(Data("\(ProgressLine.erase)\(error)\n".utf8))
      throw ExitCode(1)
    }
  }
}
