import ArgumentParser
import Foundation
import HTTPAPI
import Logging
import PromQL
import Rules
import TimeSeries

/// The flags that `serve` and `demo` share, named as Prometheus names them.
struct ServerOptions: ParsableArguments {
  @Option(name: .customLong("web.listen-address"), help: "Address and port of the HTTP server.")
  var listenAddress = "0.0.0.0:15693"

  @Flag(name: .customLong("web.enable-lifecycle"), help: "Allow POST /-/reload.")
  var enableLifecycle = false

  @Option(name: .customLong("web.config.file"), help: "File with TLS settings and users, in Prometheus's format.")
  var webConfigFile: String?

  @Option(
    name: .customLong("web.external-url"),
    help:
      "The address under which users reach this server, for links in alerts; by default this machine's name and port."
  )
  var externalURL = ""

  @Option(name: .customLong("web.cors.origin"), help: "Regular expression of the origins that browsers may ask from.")
  var corsOrigin = ".*"

  @Option(
    name: .customLong("alertmanager"),
    help: "An Alertmanager to send alerts to, beside those of the configuration; several with commas.")
  var alertmanager = ""

  @Option(name: .customLong("rules.alert.resend-delay"), help: "The least time between two notifications of an alert.")
  var resendDelay = "1m"

  @Option(
    name: .customLong("rules.alert.for-outage-tolerance"),
    help: "How long this server may have been away for alerts to go on where they were.")
  var outageTolerance = "1h"

  @Option(
    name: .customLong("rules.alert.for-grace-period"),
    help: "The least time for which an alert that was pending before a restart is pending after it.")
  var gracePeriod = "10m"

  @Option(name: .customLong("query.max-samples"), help: "The most samples a query may hold in memory.")
  var maximumSamples = 10_000_000

  @Option(name: .customLong("query.timeout"), help: "The longest that a query may take, for instance 30s.")
  var queryTimeout = "2m"

  @Option(name: .customLong("query.max-concurrency"), help: "The most queries at once over HTTP; others wait.")
  var maximumConcurrency = 20

  @Option(
    name: .customLong("enable-feature"), parsing: .singleValue,
    help: "promql-experimental-functions, promql-delayed-name-removal, promql-duration-expr; several with commas.")
  var features: [String] = []

  @Option(name: .customLong("log.level"), help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel: Logger.Level = .info

  @Option(name: .customLong("log.format"), help: "logfmt or json.")
  var logFormat: LogFormat = .logfmt

  /// The bounds of queries.
  func queryOptions() throws -> QueryOptions {
    guard let timeout = PrometheusDuration.parse(queryTimeout), timeout > 0 else {
      throw ValidationError("--query.timeout: \"\(queryTimeout)\" is not a duration over 0")
    }
    guard maximumSamples > 0, maximumConcurrency > 0 else {
      throw ValidationError("--query.max-samples and --query.max-concurrency must be over 0")
    }
    var options = QueryOptions()
    let features = FeatureNames(features)
    features.apply(to: &options)
    for name in features.unknown {
      logger("config").warning("Unknown option for --enable-feature", metadata: ["option": "\(name)"])
    }
    options.maximumSamples = maximumSamples
    options.timeout = timeout
    options.predictor = Predictors()
    return options
  }

  /// The web configuration, if there is one; an error of it is printed and ends the command with status 1.
  func webConfig() throws -> WebConfigSource? {
    guard let webConfigFile else { return nil }
    do {
      return try WebConfigSource(path: webConfigFile, log: logger("http"))
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      throw ExitCode(1)
    }
  }

  /// What the flags say about rules; the rest is in the configuration.
  func ruleConfiguration() throws -> RuleManagerConfiguration {
    func duration(_ text: String, _ flag: String) throws -> Int64 {
      guard let duration = PrometheusDuration.parse(text) else {
        throw ValidationError("--\(flag): \"\(text)\" is not a duration")
      }
      return duration
    }
    return RuleManagerConfiguration(
      externalURL: try linkAddress(), resendDelay: try duration(resendDelay, "rules.alert.resend-delay"),
      outageTolerance: try duration(outageTolerance, "rules.alert.for-outage-tolerance"),
      gracePeriod: try duration(gracePeriod, "rules.alert.for-grace-period"))
  }

  /// The origins that browsers may ask from.
  func allowedOrigin() throws -> RegularExpression {
    do {
      return try RegularExpression(anchored: corsOrigin)
    } catch {
      throw ValidationError("--web.cors.origin: \(error)")
    }
  }

  /// Host and port to listen on; an empty host is every address.
  func address() throws -> (host: String, port: Int) {
    guard let colon = listenAddress.lastIndex(of: ":"),
      let port = Int(listenAddress[listenAddress.index(after: colon)...]), (0...65_535).contains(port)
    else {
      throw ValidationError("--web.listen-address: \"\(listenAddress)\" is not HOST:PORT")
    }
    let host = listenAddress[..<colon].trimmingPrefix("[").prefix { $0 != "]" }
    return (host.isEmpty ? "0.0.0.0" : String(host), port)
  }

  /// A logger for `component`.
  func logger(_ component: String) -> Logger {
    let (level, format) = (logLevel, logFormat)
    return Logger(label: component) { StructuredLogHandler(label: $0, format: format, logLevel: level) }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
