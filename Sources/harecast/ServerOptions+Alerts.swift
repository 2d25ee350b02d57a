import ArgumentParser
import Delivery
import Foundation
import PromQL

extension ServerOptions {
  /// `load`, with the Alertmanagers of `--alertmanager` beside those of the configuration.
  func addingAlertmanagers(
    to load: @escaping @Sendable (QueryEngine) throws -> Sidecar.Plan
  ) throws -> @Sendable (QueryEngine) throws -> Sidecar.Plan {
    let added = try alertmanager.split(separator: ",").map { url in
      guard let configuration = AlertmanagerConfiguration(url: String(url)) else {
        throw ValidationError(
          "--alertmanager: \"\(url)\" is not of the form http://HOST:PORT or http://HOST:PORT/PREFIX")
      }
      return configuration
    }
    return { engine in
      var plan = try load(engine)
      plan.configuration.alerting.alertmanagers += added
      return plan
    }
  }

  /// The address for links: the flag's, else the machine's name with the port listened on, as in Prometheus.
  func linkAddress() throws -> String {
    if !externalURL.isEmpty {
      guard let url = URL(string: externalURL), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false
      else {
        throw ValidationError("--web.external-url: \"\(externalURL)\" is not an http or https URL")
      }
      return externalURL
    }
    let scheme = try webConfig()?.isEncrypted == true ? "https" : "http"
    return "\(scheme)://\(ProcessInfo.processInfo.hostName):\(try address().port)"
  }
}
