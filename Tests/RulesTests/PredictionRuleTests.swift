import HarecastTestKit
import PromQL
import Testing
import TimeSeries

@testable import Rules

struct PredictionRuleTests {
  private static let queue = Labels(name: "depth", ["queue": "q"])
  private static let free = Labels(name: "free_bytes", ["node": "n"])

  @Test func `the forecast of a growing queue rises, with an ordered band at every horizon`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [15m, 1h, 6h], history: 1d}
      """)
    // 2 messages a second, with a deterministic unevenness of up to 10.
    func depth(_ seconds: Int64) -> Double { 100 + 2 * Double(seconds) + Double(seconds / 15 % 7 * 3 % 11) }
    try await fixture.play(Self.queue, from: 0, through: 5400, value: depth)
    #expect(fixture.manager.groups()[0].rules[0].lastError == nil)
    let now = depth(5400)
    var medians: [Double] = []
    for horizon in ["15m", "1h", "6h"] {
      let band = try ["0.025", "0.5", "0.975"].map {
        try fixture.value(#"depth_forecast{queue="q", horizon="\#(horizon)", q="\#($0)"}"#)
      }
      #expect(band == band.sorted(), "\(horizon): \(band)")
      #expect(band[0] < band[2])
      medians.append(band[1])
    }
    #expect(now < medians[0] && medians[0] < medians[1] && medians[1] < medians[2], "\(now), \(medians)")
    #expect(abs(medians[0] - depth(5400 + 900)) < 0.25 * 1800, "\(medians[0])")
    #expect(fixture.samples("depth_forecast").count == 9)
    #expect(fixture.metric("harecast_forecast_series", ["rule_group": "r.yml;g", "rule": "depth_forecast"]) == 1)
    let coverage = try #require(
      fixture.metric("harecast_forecast_coverage_ratio", ["rule": "depth_forecast", "horizon": "15m"]))
    #expect(coverage >= 0 && coverage <= 1)
    let error = fixture.metric("harecast_forecast_absolute_error_ratio", ["rule": "depth_forecast", "horizon": "15m"])
    #expect(try #require(error) < 1)
  }

  @Test func `models told to relearn know a past that the store has got since`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [1h], history: 1d, step: 1m}
        - record: depth_score
          expr: depth
          anomaly: {history: 1d}
      """)
    func width() throws -> Double {
      let band = try ["0.025", "0.975"].map {
        try fixture.value(#"depth_forecast{queue="q", horizon="1h", q="\#($0)"}"#)
      }
      return band[1] - band[0]
    }
    func depth(_ seconds: Int64) -> Double { 100 + Double(seconds / 60 % 7 * 3 % 11) }
    let recent: Int64 = 43_200
    try await fixture.play(Self.queue, from: recent, through: recent + 300, value: depth)
    let young = try width()
    // Twelve hours that another server had.
    let seconds = Array(stride(from: Int64(0), to: recent, by: 60))
    let taken = try await fixture.store.appendHistory(
      Self.queue, timestamps: seconds.map { RuleFixture.start + $0 * 1000 }, values: seconds.map(depth),
      now: fixture.time.now())
    #expect(taken == seconds.count)
    try await fixture.play(Self.queue, from: recent + 315, through: recent + 330, value: depth)
    #expect(try width() > young / 2)
    await fixture.manager.relearn()
    try await fixture.play(Self.queue, from: recent + 345, through: recent + 405, value: depth)
    #expect(try width() < young / 2)
    #expect(fixture.manager.groups()[0].rules.allSatisfy { $0.lastError == nil })
  }

  @Test func `the curve reaches from now to the farthest horizon, close together at first`() async throws {
    let fixture = RuleFixture(configuration: RuleManagerConfiguration(evaluationInterval: 60_000))
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [15m, 6h], quantiles: [0.1, 0.9], history: 1d}
      """)
    try await fixture.play(Self.queue, from: 0, through: 3600, every: 60) { 50 + Double($0) }
    let matcher = LabelMatcher(Labels.metricNameLabel, equals: "depth_forecast_curve")
    func curves() throws -> [SeriesSamples] {
      try fixture.store.select([matcher], from: fixture.time.now() - 1, through: fixture.time.now() + 86_400_000)
    }
    let found = try curves().sorted { $0.labels < $1.labels }
    #expect(found.map(\.labels.withoutMetricName.description) == [#"{q="0.1", queue="q"}"#, #"{q="0.9", queue="q"}"#])
    let times = try #require(found.first).timestamps
    // A point at least every 4 minutes of 6 hours, on top of some 120 that the model was asked for.
    #expect((90...212).contains(times.count))
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 && $1 - $0 <= 240_000 })
    #expect(times.first == fixture.time.now())
    #expect(times.last == fixture.time.now() + 6 * 3_600_000)
    #expect(times[2] - times[1] < times[times.count - 1] - times[times.count - 2])

    // When the series ends, so does its curve.
    try fixture.add(Self.queue, StaleMarker.value, at: 3615)
    await fixture.evaluate(at: 3615)
    #expect(try curves().isEmpty)
    #expect(try fixture.query("depth_forecast").isEmpty)
  }

  @Test func `a range query sees the curve at every minute of the next day`() async throws {
    let fixture = RuleFixture(configuration: RuleManagerConfiguration(evaluationInterval: 60_000))
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [24h], quantiles: [0.5], history: 1d}
      """)
    try await fixture.play(Self.queue, from: 0, through: 3600, every: 60) { 50 + Double($0) }
    let engine = QueryEngine()
    let now = fixture.time.now()
    let result = try engine.range(
      try engine.parse("depth_forecast_curve"), from: now, through: now + 86_400_000, step: 60_000,
      source: fixture.store)
    guard case .matrix(let series) = result.value else {
      Issue.record("no matrix: \(result.value)")
      return
    }
    #expect(series.map(\.timestamps.count) == [1441])
  }

  @Test func `a system that has just started forecasts within a minute`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [15m, 1h]}
      """)
    try await fixture.play(Self.queue, from: 0, through: 60) { Double($0) }
    #expect(try fixture.query("depth_forecast").count == 6)
  }

  @Test(arguments: [1.0, -1.0])
  func `the time to a limit of a straight line is right, whether it rises or falls`(direction: Double) async throws {
    let fixture = RuleFixture(configuration: RuleManagerConfiguration(evaluationInterval: 60_000))
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: time_to_limit_seconds
          expr: free_bytes
          forecast: {until: limit_bytes, horizon: 24h, probability: 0.8, history: 1d}
      """)
    // One unit a second for 4 hours, towards a limit that lies one hour further.
    let start = 50_000.0
    let end: Int64 = 14_400
    let limit = start + direction * Double(end + 3600)
    func noise(_ seconds: Int64) -> Double { Double(seconds / 60 * 4 % 5) - 2 }
    for seconds in stride(from: 0, through: end, by: 60) {
      try fixture.add(Labels(name: "limit_bytes", ["node": "n"]), limit, at: seconds)
      try fixture.add(Self.free, start + direction * Double(seconds) + noise(seconds), at: seconds)
      if seconds >= end - 600 { await fixture.evaluate(at: seconds) }
    }
    #expect(fixture.manager.groups()[0].rules[0].lastError == nil)
    let likeliest = try fixture.value(#"time_to_limit_seconds{q=""}"#)
    // Four hours of history leave doubt about the slope, and of doubtful paths the early ones lie closer together.
    #expect(likeliest > 3600 * 0.85 && likeliest < 3600 * 1.1, "\(likeliest)")
    #expect(try fixture.value(#"time_to_limit_seconds{q="0.5"}"#) == likeliest)
    let earliest = try fixture.value(#"time_to_limit_seconds{q="0.025"}"#)
    #expect(earliest <= 3600)
    if let latest = try fixture.query(#"time_to_limit_seconds{q="0.975"}"#).values.first { #expect(latest >= 3600) }
    #expect(try fixture.value("time_to_limit_probability") >= 0.8)
  }

  @Test func `a signal that stays away from its limit has a low probability and no time`() async throws {
    let fixture = RuleFixture(configuration: RuleManagerConfiguration(evaluationInterval: 60_000))
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: until_full
          expr: free_bytes
          forecast: {until: "0", horizon: 6h, history: 1d}
      """)
    for seconds in stride(from: Int64(0), to: 5400, by: 60) {
      try fixture.add(Self.free, 1e6 + Double(seconds / 60 % 4), at: seconds)
    }
    try await fixture.play(Self.free, from: 5400, through: 5700, every: 60) { 1e6 + Double($0 / 60 % 4) }
    #expect(try fixture.value("until_full_probability") < 0.5)
    #expect(try fixture.query(#"until_full{q=""}"#).isEmpty)
  }

  @Test func `a signal without a limit has no time to it`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: until_full
          expr: free_bytes
          forecast: {until: nothing_bytes, horizon: 6h, history: 1d}
      """)
    try await fixture.play(Self.free, from: 0, through: 120) { 1e6 - Double($0) }
    #expect(try fixture.query("until_full_probability").isEmpty)
    #expect(fixture.manager.groups()[0].rules[0].lastError == nil)
  }

  @Test func `a named model does both, and a list is narrowed to the best`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [15m], history: 1d, model: [naive, drift]}
        - record: depth_limit_seconds
          expr: depth
          forecast: {until: "20000", horizon: 12h, history: 1d, model: drift}
      """)
    try await fixture.play(Self.queue, from: 0, through: 3600, every: 60) { Double($0) }
    #expect(abs(try fixture.value(#"depth_forecast{q="0.5"}"#) - 4500) < 90)
    #expect(abs(try fixture.value(#"depth_limit_seconds{q=""}"#) - 16_400) < 1640)
  }

  @Test func `only the busiest series are forecast, and the rest are counted`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [15m], quantiles: [0.5], history: 1d, limit: 2}
      """)
    for seconds in stride(from: Int64(0), through: 60, by: 15) {
      for (index, name) in ["a", "b", "c", "d"].enumerated() {
        try fixture.add(Labels(name: "depth", ["queue": name]), Double(10 * (index + 1)), at: seconds)
      }
      await fixture.evaluate(at: seconds)
    }
    let queues = try fixture.query("depth_forecast").keys.compactMap { $0["queue"] }.sorted()
    #expect(queues == ["c", "d"])
    #expect(
      fixture.metric(
        "harecast_rule_series_dropped_total",
        ["rule_group": "r.yml;g", "rule": "depth_forecast", "reason": "limit"]) == 10)
    #expect(fixture.metric("harecast_forecast_series", ["rule_group": "r.yml;g", "rule": "depth_forecast"]) == 2)
  }

  @Test func `history from before the start is used at once`() async throws {
    let fixture = RuleFixture()
    for seconds in stride(from: Int64(0), through: 7200, by: 15) {
      try fixture.add(Self.queue, 100 + Double(seconds), at: seconds)
    }
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [1h], quantiles: [0.5], history: 1d}
      """)
    await fixture.evaluate(at: 7200)
    #expect(abs(try fixture.value("depth_forecast") - 10_900) < 900)
  }

  @Test func `a spike scores at least 1 and healthy values stay below`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_anomaly_score
          expr: depth
          anomaly: {history: 1d, false_alarms: 1 per 30d}
      """)
    var random = SplitMix64(seed: 7)
    let noise = (0...2000).map { _ in random.normal(mean: 100, deviation: 3) }
    func healthy(_ seconds: Int64) -> Double { noise[Int(seconds / 15)] }
    for seconds in stride(from: Int64(0), to: 21_600, by: 15) {
      try fixture.add(Self.queue, healthy(seconds), at: seconds)
    }
    try await fixture.play(Self.queue, from: 21_600, through: 25_200, value: healthy)
    let scores = try #require(fixture.samples("depth_anomaly_score")[#"{queue="q"}"#])
    #expect(scores.count == 241)
    let worst = try #require(scores.compactMap { Double($0.split(separator: " ")[1]) }.max())
    #expect(worst < 1)
    let low = try fixture.value(#"depth_anomaly_score_expected{bound="lower"}"#)
    let high = try fixture.value(#"depth_anomaly_score_expected{bound="upper"}"#)
    #expect(low < 100 && 100 < high)

    try await fixture.play(Self.queue, from: 25_215, through: 25_245) { _ in 1000 }
    #expect(try fixture.value("depth_anomaly_score") >= 1)
    #expect(fixture.metric("harecast_anomaly_series", ["rule_group": "r.yml;g", "rule": "depth_anomaly_score"]) == 1)
  }

  @Test func `a series that stops loses its state after an hour`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        interval: 5m
        rules:
        - {record: f, expr: depth, forecast: {horizons: [1h], history: 1d}}
        - {record: s, expr: depth, anomaly: {history: 1d}}
      """)
    try await fixture.play(Self.queue, from: 0, through: 600, every: 300) { _ in 1 }
    for seconds in stride(from: Int64(900), through: 5400, by: 300) { await fixture.evaluate(at: seconds) }
    #expect(fixture.metric("harecast_forecast_series", ["rule_group": "r.yml;g", "rule": "f"]) == 0)
    #expect(fixture.metric("harecast_anomaly_series", ["rule_group": "r.yml;g", "rule": "s"]) == 0)
    #expect(try fixture.query("f").isEmpty)
  }

  @Test func `a reload keeps the models of rules that stay`() async throws {
    let fixture = RuleFixture()
    func text(_ more: String) -> String {
      "groups:\n- name: g\n  rules:\n"
        + "  - {record: f, expr: depth, forecast: {horizons: [15m], quantiles: [0.5], history: 1d}}\n" + more
    }
    try fixture.load(text(""))
    try await fixture.play(Self.queue, from: 0, through: 3600) { Double($0) }
    let before = try fixture.value("f")
    try fixture.load(text("  - {record: other, expr: depth}\n"))
    await fixture.evaluate(at: 3615)
    #expect(try fixture.value("f") == before)

    // When the rule goes, so do its series, its curve and what is told about it.
    try fixture.load("groups:\n- name: g\n  rules:\n  - {record: other, expr: depth}\n")
    await fixture.evaluate(at: 3630)
    #expect(try fixture.query("f").isEmpty)
    let curve = LabelMatcher(Labels.metricNameLabel, equals: "f_curve")
    #expect(try fixture.store.select([curve], from: 0, through: .max).isEmpty)
    let told = fixture.registry.collect().flatMap(\.samples).filter { $0.labels["rule"] == "f" }
    #expect(told.isEmpty)
  }
}
