import ArgumentParser
import Broker
import Collection
import Foundation
import Logging
import PromQL
import Rules
import ServiceLifecycle
import Settings
import TimeSeries

/// `harecast serve`: watches a broker.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Watch a RabbitMQ cluster and predict where it is heading.")

  @OptionGroup var options: ServerOptions

  @Option(name: .customLong("config.file"), help: "Configuration file, in Prometheus's format.")
  var configurationFile: String?

  @Option(
    name: .customLong("storage.path"),
    help: "The folder for samples, models and alert states; empty to keep everything in memory only.")
  var storagePath = "data"

  @Option(
    name: .customLong("rabbitmq"),
    help: "The broker's Prometheus endpoint, used when there is no configuration file; several nodes with commas.")
  var rabbitmq = "http://127.0.0.1:15692"

  func run() async throws {
    let log = options.logger("main")
    let address = try options.address()
    let queryOptions = try options.queryOptions()
    let ruleOptions = try options.ruleConfiguration()
    let load = try options.addingAlertmanagers(to: try planner())
    let sidecar = try reportingErrors {
      try Sidecar(
        time: SystemTime(), queryOptions: queryOptions, ruleOptions: ruleOptions,
        storagePath: storagePath.isEmpty ? nil : storagePath,
        logger: options.logger, load: load)
    }
    let flags = [
      "config.file": configurationFile ?? "", "storage.path": storagePath, "rabbitmq": rabbitmq,
    ]
    let run = ServerRun(sidecar: sidecar, options: options, address: address, log: log, flags: flags) {
      sidecar.summary()
    }
    try await run.run()
  }

  /// How the configuration is read, at the start and at every reload.
  private func planner() throws -> @Sendable (QueryEngine) throws -> Sidecar.Plan {
    if let file = configurationFile {
      return { engine in
        let configuration = try HarecastConfiguration.load(file)
        let rules = try Self.parse(configuration.ruleFiles, engine: engine)
        // Without rules of its own a configuration gets the shipped ones: what to scrape is said
        // there, what to predict is said here.
        return Sidecar.Plan(
          configuration: configuration, rules: rules.isEmpty ? [try ShippedRules.parse(engine: engine)] : rules)
      }
    }
    let nodes = rabbitmq.split(separator: ",").map(String.init)
    let urls = try nodes.map { node in
      guard let url = URL(string: node), let scheme = url.scheme, ["http", "https"].contains(scheme),
        let host = url.host, !host.isEmpty, url.user == nil, ["", "/"].contains(url.path), url.query == nil
      else { throw ValidationError("--rabbitmq: \"\(node)\" is not of the form http://HOST:PORT") }
      let bracketed = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
      return (scheme: scheme, target: "\(bracketed):\(url.port ?? (scheme == "https" ? 15691 : 15692))")
    }
    guard let scheme = urls.first?.scheme, urls.allSatisfy({ $0.scheme == scheme }) else {
      throw ValidationError("--rabbitmq: give at least one address, and all with the same scheme")
    }
    var global = GlobalConfiguration()
    global.scrapeInterval = 15_000
    global.evaluationInterval = 15_000
    let jobs = BrokerScrapeDefaults.jobs(targets: urls.map(\.target), scheme: scheme)
    let configuration = HarecastConfiguration(global: global, scrapes: jobs)
    return { engine in
      Sidecar.Plan(
        configuration: configuration, rules: [try ShippedRules.parse(engine: engine)], keepsOwnMetrics: true)
    }
  }
}

extension ServeCommand {
  /// Parses all files, so that one answer names the faults of all of them.
  private static func parse(_ paths: [String], engine: QueryEngine) throws -> [RuleFile] {
    var files: [RuleFile] = []
    var faults: [RuleFileError] = []
    for path in paths {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw ConfigurationError(path: path, reason: CommandOutput.reasonNotToRead(path))
      }
      do throws(RuleFileErrors) {
        files.append(try RuleFile.parse(text, path: path, engine: engine))
      } catch {
        faults += error.errors
      }
    }
    if !faults.isEmpty { throw RuleFileErrors(errors: faults) }
    return files
  }
}

extension AsyncParsableCommand {
  /// Runs `body`; an error of it is printed as it reads and ends the command with status 1.
  func reportingErrors<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      throw ExitCode(1)
    }
  }
}
