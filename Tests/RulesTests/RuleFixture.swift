import Exposition
import HarecastTestKit
import PromQL
import Testing
import TimeSeries

@testable import Rules
@testable import SeriesStore

/// A store, an engine and a rule manager on a clock that stands still.
struct RuleFixture {
  /// A round time in 2023, so that grids of minutes and hours pass through it.
  static let start: Int64 = 1_700_000_000_000 / 86_400_000 * 86_400_000

  let time = ManualTime(RuleFixture.start)
  let store = SeriesStore()
  let registry = MetricRegistry()
  let manager: RuleManager

  init(
    configuration: RuleManagerConfiguration = RuleManagerConfiguration(evaluationInterval: 15_000),
    report: @escaping @Sendable (RuleEvent) -> Void = { _ in }
  ) {
    manager = RuleManager(
      store: store, engine: QueryEngine(), registry: registry, time: time, configuration: configuration,
      report: report)
  }

  func load(_ text: String, path: String = "r.yml") throws {
    manager.reload([try RuleFile.parse(text, path: path)])
  }

  /// Writes a sample `seconds` after the start.
  func add(_ labels: Labels, _ value: Double, at seconds: Int64) throws {
    var batch = SampleBatch()
    batch.append(try #require(store.resolve(labels)), Self.start + seconds * 1000, value)
    store.append(batch, now: Self.start + seconds * 1000)
  }

  /// Moves the clock and evaluates all groups.
  func evaluate(at seconds: Int64) async {
    time.advance(to: Self.start + seconds * 1000)
    await manager.evaluateOnce(at: Self.start + seconds * 1000)
  }

  /// Writes `value(seconds)` every `interval` seconds from `first` through `last`, evaluating after each sample.
  func play(
    _ labels: Labels, from first: Int64, through last: Int64, every interval: Int64 = 15,
    value: (Int64) -> Double
  ) async throws {
    for seconds in stride(from: first, through: last, by: Int(interval)) {
      try add(labels, value(seconds), at: seconds)
      await evaluate(at: seconds)
    }
  }

  /// The samples of all series of a metric name, by their other labels; staleness markers show as "stale".
  func samples(_ name: String) -> [String: [String]] {
    var result: [String: [String]] = [:]
    let matcher = LabelMatcher(Labels.metricNameLabel, equals: name)
    for series in store.select([matcher], from: Self.start - 1_000_000, through: time.now()) {
      result[series.labels.withoutMetricName.description] = zip(series.timestamps, series.values).map {
        "\(($0 - Self.start) / 1000)s \($1.isStaleMarker ? "stale" : GoFormat.float($1))"
      }
    }
    return result
  }

  /// The result of an instant query at the present time, by labels without the metric name.
  func query(_ text: String) throws -> [Labels: Double] {
    let engine = QueryEngine()
    let result = try engine.instant(try engine.parse(text), at: time.now(), source: store)
    return try SignalReader.vector(result.value)
  }

  /// The value of an instant query that gives one element.
  func value(_ text: String) throws -> Double {
    let elements = try query(text)
    #expect(elements.count == 1, "\(text) gives \(elements)")
    return try #require(elements.values.first)
  }

  /// The value of one of Harecast's own metrics, or nil.
  func metric(_ name: String, _ labels: KeyValuePairs<String, String>) -> Double? {
    let wanted = Labels(labels)
    let points = registry.collect().first { $0.name == name }?.samples
    return points?.first { $0.labels.withoutMetricName == wanted }?.value
  }
}
