import HTTPAPI
import Logging
import Rules
import SeriesStore
import Settings

extension Sidecar {
  /// What the status pages are told: the configuration without secrets, the flags, how the last reload went.
  func report(flags: [String: String]) -> ServerReport {
    var report = ServerReport()
    report.startTime = startTime
    report.flags = flags
    report.configuration = { [self] in plan.withLock { $0.configuration }.shown }
    report.lastReload = { [reloadSucceeded, reloadTime] in
      (reloadSucceeded.value == 1, reloadTime.value > 0 ? Int64(reloadTime.value * 1000) : nil)
    }
    report.alertmanagers = { [notifier] in notifier.alertmanagers() }
    report.externalLabels = plan.withLock { $0.configuration.global.externalLabels }
    return report
  }

  /// What is running, for the log: the configuration, and how much there is to do.
  func account() -> Logger.Metadata { Self.account(of: plan.withLock { $0 }) }

  /// The most rule files that the log names.
  private static let mostFiles = 5

  static func account(of plan: Plan) -> Logger.Metadata {
    let jobs = plan.configuration.scrapes
    let files = plan.rules.map(\.path)
    let further = files.count > Self.mostFiles ? " and \(files.count - Self.mostFiles) more" : ""
    let discoveries = jobs.reduce(0) { $0 + $1.fileDiscoveries.count + $1.dnsDiscoveries.count }
    var words: Logger.Metadata = [
      "config_file": "\(plan.configuration.source?.place.file ?? "none")",
      "targets": "\(jobs.reduce(0) { $0 + $1.staticGroups.reduce(0) { $0 + $1.targets.count } })",
      "rules": "\(plan.rules.reduce(0) { $0 + $1.groups.reduce(0) { $0 + $1.rules.count } })",
    ]
    words["rule_files"] = "\(files.prefix(Self.mostFiles).joined(separator: ", "))\(further)"
    if discoveries > 0 { words["discoveries"] = "\(discoveries)" }
    if !plan.trained.isEmpty { words["trained_models"] = "\(plan.trained.count)" }
    return words
  }

  /// What an earlier run left, for the log.
  ///
  /// - Parameter storagePath: the folder of the store's file; nil for memory only.
  static func restored(from storagePath: String?, _ store: SeriesStore, _ rules: RuleManager) -> Logger.Metadata {
    guard let storagePath else { return ["storage_path": "none"] }
    let statistics = store.statistics
    return [
      "storage_path": "\(storagePath)", "restored_series": "\(statistics.series)",
      "restored_samples": "\(statistics.samples)", "restored_models": "\(rules.keptModels)",
    ]
  }
}
