import Rules
import SeriesStore
import TimeSeries

/// Which metrics of the store go on `/metrics`: what rules record, and alerts; not what was
/// scraped, which its own exporter shows.
public struct RecordedMetrics: Sendable {
  private let rules: RuleManager
  private let store: SeriesStore

  public init(rules: RuleManager, store: SeriesStore) {
    self.rules = rules
    self.store = store
  }

  /// Type and help of each, by name.
  public func metadata() -> [String: MetricMetadata] {
    var names: Set<String> = []
    for group in rules.groups() {
      for status in group.rules where !status.rule.isAlerting { names.formUnion(status.rule.recordedMetricNames) }
    }
    var result = store.metadata().filter { names.contains($0.key) }
    for name in names where result[name] == nil {
      result[name] = MetricMetadata(type: .gauge, help: "Recorded by a rule.")
    }
    result["ALERTS"] = MetricMetadata(type: .gauge, help: "Alerts that are pending or firing.")
    return result
  }
}
