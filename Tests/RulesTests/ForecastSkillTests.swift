import HarecastTestKit
import Testing
import TimeSeries

@testable import Rules

@Suite("The measured skill of forecasts")
struct ForecastSkillTests {
  private static let depth = Labels(name: "depth", ["queue": "q"])

  private func rules(_ more: String) -> String {
    """
    groups:
    - name: g
      rules:
      - record: depth_forecast
        expr: depth
        forecast: {horizons: [5m], history: 1h, step: 30s\(more)}
      - record: limit_seconds
        expr: depth
        forecast: {until: "1000", horizon: 5m, history: 1h, step: 30s\(more)}
    """
  }

  /// A steep line with a little noise: easy to forecast, and far from "nothing changes".
  private func easy(_ second: Int64) -> Double {
    var random = SplitMix64(seed: UInt64(second))
    return Double(second) / 5 + Double(random.next() % 1000) / 1000
  }

  @Test func `is recorded beside forecasts, counted, and told`() async throws {
    let fixture = RuleFixture()
    try fixture.load(rules(""))
    try await fixture.play(Self.depth, from: 0, through: 1200, every: 30, value: easy)
    // Thirty truths are not there yet.
    #expect(try fixture.query("depth_forecast_skill").isEmpty)
    try await fixture.play(Self.depth, from: 1230, through: 3000, every: 30, value: easy)
    let skill = try fixture.value("depth_forecast_skill{horizon=\"5m\"}")
    // "Nothing changes" errs by 60 in five minutes; the noise is below one.
    #expect(skill > 0.8 && skill <= 1)
    #expect(try fixture.value("limit_skill") > 0.5)
    let labels: KeyValuePairs<String, String> = ["rule": "depth_forecast", "horizon": "5m"]
    let scaled = try #require(fixture.metric("harecast_forecast_scaled_error_ratio", labels))
    #expect((1 - scaled - skill).magnitude < 0.2)
    #expect(fixture.metric("harecast_forecast_worse_than_naive_series", labels) == 0)
    let report = try #require(fixture.manager.groups()[0].rules[0].forecasts.first)
    #expect(report.labels["queue"] == "q")
    #expect(report.model == "auto" && report.isSettled && !report.isWithheld)
    #expect(report.horizons.map(\.text) == ["5m"] && report.values.count == 3)
    #expect(report.skill[0].skill == skill && !report.skill[0].isWorseThanNaive)
  }

  @Test func `a demand for more skill than there is keeps forecasts from being recorded`() async throws {
    let fixture = RuleFixture()
    try fixture.load(rules(", minimum_skill: 1"))
    try await fixture.play(Self.depth, from: 0, through: 1200, every: 30, value: easy)
    // What is not known yet is no reason.
    #expect(try fixture.query("depth_forecast").count == 3)
    try await fixture.play(Self.depth, from: 1230, through: 3000, every: 30, value: easy)
    #expect(try fixture.query("depth_forecast").isEmpty)
    #expect(try fixture.query("limit_probability").isEmpty)
    #expect(try fixture.query("depth_forecast_skill").count == 1)
    #expect(fixture.manager.groups()[0].rules[0].forecasts.first?.isWithheld == true)
  }

  @Test func `forecasts that do worse than the day before are marked`() {
    var tally = SkillTally()
    for _ in 0..<30 {
      tally.add(10, of: PendingForecast(target: 0, low: 0, median: 4, high: 8, naive: 0, seasonal: 13))
    }
    // Errors of 6 over 3; none inside; all too low.
    #expect(tally.scaledError == 2)
    #expect(tally.skill == -1)
    #expect(tally.scaledBias == -2)
    #expect(tally.coverage == 0)
  }

  @Test func `huge and missing truths leave a tally finite`() {
    var tally = SkillTally()
    let forecast = PendingForecast(
      target: 0, low: -.greatestFiniteMagnitude, median: 0, high: .greatestFiniteMagnitude, naive: 1, seasonal: nil)
    for truth in [.nan, .infinity, 1e308, -1e308, .greatestFiniteMagnitude, 0] as [Double] {
      tally.add(truth, of: forecast)
    }
    #expect(tally.count == 4)
    #expect(tally.scaledError?.isFinite ?? false)
    #expect(tally.scaledBias?.isFinite ?? false)
  }

  @Test func `a minimum skill that makes no sense is refused with its place`() {
    #expect(throws: (any Error).self) { try RuleFile.parse(rules(", minimum_skill: 2"), path: "r.yml") }
    #expect(throws: (any Error).self) { try RuleFile.parse(rules(", minimum_skill: much"), path: "r.yml") }
  }

  @Test func `what is kept of a signal stays under 4 KiB`() async throws {
    let keeper = MemoryKeeper()
    let fixture = RuleFixture(keeper: keeper)
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [1m, 5m, 20m, 30m], history: 1h, step: 30s}
      """)
    try await fixture.play(Self.depth, from: 0, through: 3000, every: 30, value: easy)
    await fixture.manager.save()
    let sizes = keeper.stateKeys(prefix: "rules/models/").compactMap { keeper.state(forKey: $0)?.count }
    #expect(sizes.count == 1)
    #expect(sizes.allSatisfy { $0 > 1000 && $0 <= 4096 }, "\(sizes)")
  }
}
