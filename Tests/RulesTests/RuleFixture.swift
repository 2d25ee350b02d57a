import Exposition
import HarecastTestKit
import PromQL
import Synchronization
import Testing
import TimeSeries

@testable import Rules
@testable import SeriesStore

/// Collects notifications.
final class SentAlerts: Sendable {
  private let all = Mutex<[AlertNotification]>([])

  func add(_ alerts: [AlertNotification]) { all.withLock { $0 += alerts } }

  /// What was added since the last call.
  func take() -> [AlertNotification] {
    all.withLock { alerts in
      defer { alerts = [] }
      return alerts
    }
  }
}

/// Keeps state in memory.
final class MemoryKeeper: StateKeeper {
  private let entries = Mutex<[String: [UInt8]]>([:])

  func saveState(_ bytes: [UInt8], forKey key: String) { entries.withLock { $0[key] = bytes } }
  func state(forKey key: String) -> [UInt8]? { entries.withLock { $0[key] } }
  func removeState(forKey key: String) { entries.withLock { $0[key] = nil } }
  func stateKeys(prefix: String) -> [String] {
    entries.withLock { $0.keys.filter { $0.hasPrefix(prefix) }.sorted() }
  }
}

/// A store, an engine and a rule manager on a clock that stands still.
struct RuleFixture {
  /// A round time in 2023, so that grids of minutes and hours pass through it.
  static let start: Int64 = 1_700_000_000_000 / 86_400_000 * 86_400_000

  let time: ManualTime
  let store: SeriesStore
  let registry = MetricRegistry()
  let manager: RuleManager
  /// What the manager gave to be sent.
  let sent = SentAlerts()

  /// - Parameters:
  ///   - predecessor: whose store goes on here, as after a restart.
  ///   - keeper: what state is kept in.
  init(
    configuration: RuleManagerConfiguration = RuleManagerConfiguration(evaluationInterval: 15_000),
    after predecessor: RuleFixture? = nil, keeper: (any StateKeeper)? = nil,
    report: @escaping @Sendable (RuleEvent) -> Void = { _ in }
  ) {
    time = predecessor?.time ?? ManualTime(RuleFixture.start)
    store = predecessor?.store ?? SeriesStore()
    manager = RuleManager(
      store: store, engine: QueryEngine(), registry: registry, time: time, configuration: configuration,
      keeper: keeper, notify: { [sent] in sent.add($0) }, report: report)
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
    for series in (try? store.select([matcher], from: Self.start - 1_000_000, through: time.now())) ?? [] {
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
