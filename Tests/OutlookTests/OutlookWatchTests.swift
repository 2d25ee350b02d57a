import Exposition
import Forecasting
import Foundation
import Logging
import PromQL
import SeriesStore
import StrictYAML
import Testing
import TimeSeries

@testable import Outlook

private let start = RFC3339.parse("2026-03-02T00:00:00Z") ?? 0
private let hour: Int64 = 3_600_000

/// A watch over a store that holds traffic with a daily hump, and memory that follows it.
private func makeWatch(_ yaml: String, days: Int) throws -> (watch: OutlookWatch, store: SeriesStore, now: Int64) {
  let configuration = try OutlookConfiguration(YAMLDocument.parse(yaml, file: "harecast.yml"), folder: "/tmp")
  let store = SeriesStore(configuration: SeriesStoreConfiguration())
  let now = start + Int64(days) * 24 * hour
  func id(_ name: String) throws -> SeriesID {
    try #require(store.resolve(Labels(name: name, ["rabbitmq_cluster": "a", "rabbitmq_node": "rabbit@a"])))
  }
  let (rate, memory) = (try id("inflow"), try id("memory_bytes"))
  var state: UInt64 = 42
  var time = start
  while time <= now {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    let noise = Double(state >> 11) / Double(1 << 53)
    let ofDay = Double((time - start) % (24 * hour)) / Double(hour)
    let value = 100 + 900 * max(0, 1 - abs(ofDay - 14) / 6) + 20 * noise
    var batch = SampleBatch()
    batch.append(rate, time, value)
    batch.append(memory, time, 1e9 + 1e6 * value)
    _ = store.append(batch, now: time)
    time += 300_000
  }
  let watch = OutlookWatch(
    store: store, engine: QueryEngine(), registry: MetricRegistry(), time: SystemTime(), configuration: configuration,
    log: Logger(label: "test"))
  return (watch, store, now)
}

private let signals = """
  time_zone: Europe/Berlin
  country: DE
  demand: { signals: [{ name: inflow, expr: inflow }] }
  resources:
    history: 7d
    signals: [{ name: memory, expr: memory_bytes }]
    loads: [{ name: inflow, expr: 'max by (rabbitmq_node) (inflow)' }]
  """

private func value(_ store: SeriesStore, _ name: String, _ labels: [String: String] = [:], at now: Int64) -> Double? {
  store.latest([LabelMatcher(Labels.metricNameLabel, equals: name)], since: now - 60_000).first { found in
    labels.allSatisfy { found.labels[$0.key] == $0.value }
  }?.sample.value
}

@Suite("The watch over demand and resources")
struct OutlookWatchTests {
  @Test func writesForecastsPeaksAndRecordsBackAsSeries() async throws {
    // 14 days after Monday 2 March is Monday 16 March, 0:00.
    let (watch, store, now) = try makeWatch(signals, days: 14)
    var look = OutlookLook(watch: watch)
    let at = now + 60_000
    var rounds = 0
    while await look.run(at: at), rounds < 10 { rounds += 1 }
    // In 14 hours the hump is at its top, 1000; in one hour it is night.
    let labels = ["signal": "inflow", "rabbitmq_node": "rabbit@a", "q": "0.5"]
    let night = try #require(value(store, "harecast_demand_forecast", labels.merging(["horizon": "1h"]) { $1 }, at: at))
    #expect(abs(night - 110) < 40)
    let peak = try #require(value(store, "harecast_demand_peak_timestamp_seconds", ["signal": "inflow"], at: at))
    #expect(peak == Double(now + 14 * hour) / 1000)
    let top = try #require(value(store, "harecast_demand_peak_forecast", labels, at: at))
    #expect(abs(top - 1010) < 100)
    #expect(try #require(value(store, "harecast_demand_r_squared", ["horizon": "1d"], at: at)) > 0.9)
    // All days are alike: thirteen whole ones in Berlin's time, and one kind of day that today is of.
    #expect(value(store, "harecast_demand_pattern_days", ["signal": "inflow", "pattern": "1"], at: at) == 13)
    #expect(value(store, "harecast_demand_pattern_today", ["signal": "inflow", "pattern": "1"], at: at) == 1)
    // Memory is what the load says it is.
    let memory = try #require(
      value(store, "harecast_resource_forecast", ["resource": "memory", "horizon": "1h", "q": "0.5"], at: at))
    #expect(abs(memory - 1.11e9) < 0.06e9)
    #expect(try #require(value(store, "harecast_resource_mean_absolute_error", ["horizon": "1h"], at: at)) < 1e8)
    #expect(value(store, "harecast_resource_feature_importance", ["resource": "memory"], at: at) != nil)
    let snapshot = watch.snapshot
    #expect(snapshot.demand.count == 1 && snapshot.resources.count == 1 && snapshot.faults.isEmpty)
    #expect(snapshot.resources.first?.trainings == ["first": 1])
    #expect(snapshot.calendar?.nextHolidays.first?.name == "Good Friday")
  }

  @Test func drawsTheCurveIntoTheFuture() async throws {
    let (watch, store, now) = try makeWatch(signals, days: 7)
    var look = OutlookLook(watch: watch)
    _ = await look.run(at: now + 60_000)
    let curve = try store.select(
      [
        LabelMatcher(Labels.metricNameLabel, equals: "harecast_demand_forecast_curve"),
        LabelMatcher("q", equals: "0.5"),
      ], from: now, through: now + 7 * 24 * hour)
    #expect(curve.first?.timestamps.count == 168)
    #expect(curve.first?.timestamps.last == now + 168 * hour)
  }

  @Test func isWhatThePanelOfDemandAsksFor() async throws {
    let (watch, store, now) = try makeWatch(
      "demand: { signals: [{ name: publish_rate, expr: 'max by (rabbitmq_cluster) (inflow)' }] }", days: 7)
    var look = OutlookLook(watch: watch)
    _ = await look.run(at: now + 60_000)
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "grafana/dashboards/cluster-outlook.json")
    let dashboard = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    let panels = try #require(dashboard?["panels"] as? [[String: Any]])
    let panel = try #require(panels.first { $0["title"] as? String == "Demand of the next week" })
    let expressions = (panel["targets"] as? [[String: Any]] ?? []).compactMap { $0["expr"] as? String }
      .filter { $0.contains("harecast_demand") }
    #expect(expressions.count == 3)
    let engine = QueryEngine()
    for text in expressions {
      let query = try engine.parse(text.replacing("$cluster", with: ".*"))
      // The day after tomorrow, as a range query sees it.
      let answer = try engine.range(
        query, from: now + 48 * hour, through: now + 72 * hour, step: hour, source: store)
      guard case .matrix(let series) = answer.value else {
        Issue.record("\(text) is no matrix")
        continue
      }
      #expect(series.first?.values.count == 25, "\(text)")
    }
  }

  @Test func saysNothingBeforeThereIsEnoughToLearnFrom() async throws {
    let (watch, store, now) = try makeWatch(signals, days: 1)
    var look = OutlookLook(watch: watch)
    _ = await look.run(at: now + 60_000)
    #expect(watch.snapshot.demand.isEmpty)
    // It says what it waits for: 48 hours are needed, a day and the hour at its end are there.
    let wait = try #require(watch.snapshot.waitingDemand.first)
    #expect(wait.signal == "inflow" && wait.labels?["rabbitmq_node"] == "rabbit@a")
    #expect(wait.needed == 48 && wait.step == hour && (23...25).contains(wait.known))
    #expect(wait.since.map { now - $0 } == Int64(wait.known - 1) * hour)
    #expect(wait.expected == now + Int64(48 - wait.known) * hour)
    #expect(wait.reason == "\(wait.known) of 48 values so far, 1h apart")
    #expect(value(store, "harecast_demand_forecast", at: now + 60_000) == nil)
    // The calendar is known from the start: it is 1:01 on Tuesday, 3 March in Berlin.
    #expect(value(store, "harecast_calendar_business_hour", at: now + 60_000) == 0)
    #expect(value(store, "harecast_calendar_year_covered", ["country": "DE"], at: now + 60_000) == 1)
  }

  @Test func saysThatAnExpressionGivesNothing() async throws {
    let yaml = """
      demand: { signals: [{ name: lost, expr: no_such_metric }] }
      resources: { signals: [{ name: memory, expr: memory_bytes }, { name: cpu, expr: no_such_metric }] }
      """
    let (watch, _, now) = try makeWatch(yaml, days: 1)
    var look = OutlookLook(watch: watch)
    var rounds = 0
    while await look.run(at: now + 60_000), rounds < 10 { rounds += 1 }
    let lost = try #require(watch.snapshot.waitingDemand.first)
    #expect(lost.labels == nil && lost.since == nil && lost.expected == nil)
    #expect(lost.reason == "the expression gives no series yet; 48 values, 1h apart, are needed")
    // Memory has enough after five hours.
    #expect(watch.snapshot.resources.map(\.signal) == ["memory"])
    #expect(watch.snapshot.waitingResources.map(\.signal) == ["cpu"])
  }

  @Test func learnsThePastOfASeriesThatBecomesKnownLater() async throws {
    let (watch, store, now) = try makeWatch(signals, days: 0)
    var look = OutlookLook(watch: watch)
    _ = await look.run(at: now + 60_000)
    #expect(watch.snapshot.demand.isEmpty)
    #expect(watch.snapshot.waitingDemand.map(\.known) == [1])
    // Five days of another node arrive at once.
    let later = now + 120 * hour
    let id = try #require(store.resolve(Labels(name: "inflow", ["rabbitmq_node": "rabbit@b"])))
    var batch = SampleBatch()
    for index in 0..<1440 { batch.append(id, now + Int64(index + 1) * 300_000, 100 + Double(index % 288)) }
    _ = store.append(batch, now: later)
    _ = await look.run(at: later + 60_000)
    #expect(watch.snapshot.demand.map { $0.labels["rabbitmq_node"] } == ["rabbit@b"])
    #expect(watch.snapshot.waitingDemand.map { $0.labels?["rabbitmq_node"] } == ["rabbit@a"])
  }

  @Test func showsHolidaysAndEventsWhileTheyLast() async throws {
    let yaml = """
      country: US
      events: [{ name: sale, start: 2026-07-03T12:00:00Z, end: 2026-07-04T12:00:00Z }]
      demand: { enabled: false }
      resources: { enabled: false }
      """
    let (watch, store, _) = try makeWatch(yaml, days: 1)
    var look = OutlookLook(watch: watch)
    let noon = RFC3339.parse("2026-07-04T06:00:00Z") ?? 0
    _ = await look.run(at: noon)
    #expect(value(store, "harecast_calendar_holiday", ["name": "Independence Day"], at: noon) == 1)
    #expect(value(store, "harecast_calendar_event", ["name": "sale"], at: noon) == 1)
    let later = noon + 24 * hour
    _ = await look.run(at: later)
    let holiday = value(store, "harecast_calendar_holiday", at: later)
    #expect(holiday == nil || holiday?.isNaN == true)
  }

  @Test func goesOnWithOtherSignalsIfOneFails() async throws {
    let yaml = """
      demand: { signals: [{ name: broken, expr: 'inflow * on () inflow * on () memory_bytes / vector(1) or label_replace(inflow, "a", "$1", "b", "(")' }, { name: inflow, expr: inflow }] }
      resources: { enabled: false }
      """
    let (watch, _, now) = try makeWatch(yaml, days: 4)
    var look = OutlookLook(watch: watch)
    _ = await look.run(at: now + 60_000)
    #expect(watch.snapshot.demand.map(\.signal) == ["inflow"])
    #expect(watch.snapshot.faults["broken"] != nil)
  }
}
