import ArgumentParser
import Demo
import Foundation
import Logging
import Rules
import ServiceLifecycle
import Settings
import TimeSeries

/// `harecast demo`: watches a recorded cluster, replayed on loopback, with no broker at all.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Watch a recorded RabbitMQ cluster, replayed faster than real time until it has caught up with the clock."
  )

  @OptionGroup var options: ServerOptions

  func run() async throws {
    let log = options.logger("main")
    let address = try options.address()
    let queryOptions = try options.queryOptions()
    let ruleOptions = try options.ruleConfiguration()
    let time = CatchingUpTime(lag: Programme.suggestedLag, speed: Programme.suggestedSpeed)
    let exporter = try reportingErrors { try DemoExporter(time: time, log: options.logger("demo")) }
    // The exporter must be bound before the targets are known, so it runs in a group of its own
    // around everything else.
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await exporter.run() }
      let targets = try await exporter.ready()
      let load = try options.addingAlertmanagers { engine in
        Sidecar.Plan(
          configuration: try .read(Self.configuration(targets), file: "demo configuration", folder: "."),
          rules: [Self.inRecordedDays(try ShippedRules.parse(engine: engine))])
      }
      let sidecar = try reportingErrors {
        try Sidecar(
          time: time, queryOptions: queryOptions, ruleOptions: ruleOptions, logger: options.logger, load: load)
      }
      FileHandle.standardOutput.write(
        Data(
          "Replaying a recorded cluster of \(targets.count) nodes: 20 minutes in the first minute, then live.\n".utf8))
      let run = ServerRun(sidecar: sidecar, options: options, address: address, log: log) {
        let behind = Double(SystemTime().now() - time.now()) / 60_000
        return (behind > 0.1 ? "replaying, \(String(format: "%.1f", behind)) min behind · " : "live · ")
          + sidecar.summary()
      }
      try await run.run()
      group.cancelAll()
    }
  }

  /// A day of the recorded load lasts about five minutes.
  private static let recordedDaysPerDay = 288.0

  /// The rules with their false-alarm budgets counted in recorded days: one in 30 days of a load whose days last five
  /// minutes is one in two and a half hours.
  private static func inRecordedDays(_ file: RuleFile) -> RuleFile {
    var file = file
    for group in file.groups.indices {
      for rule in file.groups[group].rules.indices {
        guard case .anomaly(var block) = file.groups[group].rules[rule].kind else { continue }
        block.falseAlarmsPerDay *= recordedDaysPerDay
        file.groups[group].rules[rule].kind = .anomaly(block)
      }
    }
    return file
  }

  /// A recorded day lasts minutes, so the demo looks more often than a real set-up would.
  private static func configuration(_ targets: [String]) -> String {
    let list = targets.map { "\"\($0)\"" }.joined(separator: ", ")
    return """
      global: { scrape_interval: 4s, evaluation_interval: 4s }
      operations: { day: 5m, own_metrics: true }
      scrape_configs:
        - job_name: rabbitmq
          static_configs: [{ targets: [\(list)] }]
        - job_name: rabbitmq-detailed
          metrics_path: /metrics/detailed
          params: { family: [queue_coarse_metrics, queue_consumer_count] }
          static_configs: [{ targets: [\(list)] }]
      """
  }
}
