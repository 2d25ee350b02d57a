import HarecastTestKit
import Testing
import TimeSeries

@testable import Rules

/// The `staleness` detector of an `anomaly` block: what is recorded of a series that has no value.
struct StalenessRuleTests {
  private static func fixture(detectors: String) async throws -> RuleFixture {
    let fixture = RuleFixture(configuration: RuleManagerConfiguration(evaluationInterval: 60_000))
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: score
          expr: load
          anomaly: {detectors: [\(detectors)], history: 12h, step: 1m}
      """)
    let seconds = Array(stride(from: Int64(0), through: 12 * 3600, by: 60))
    for host in ["a", "b"] {
      _ = try await fixture.store.appendHistory(
        Labels(name: "load", ["host": host]), timestamps: seconds.map { RuleFixture.start + $0 * 1000 },
        values: seconds.map { Double($0 / 60 % 7) }, now: RuleFixture.start + 12 * 3_600_000)
    }
    return fixture
  }

  /// Evaluates at `minutes` after the history, in which only host a has values.
  private static func run(_ fixture: RuleFixture, _ minutes: ClosedRange<Int64>) async throws {
    for minute in minutes {
      let second = 12 * 3600 + 60 * minute
      try fixture.add(Labels(name: "load", ["host": "a"]), Double(minute % 7), at: second)
      await fixture.evaluate(at: second)
    }
  }

  @Test func `a series that vanishes is told within minutes, with reason and severity, for an hour`() async throws {
    let fixture = try await Self.fixture(detectors: "auto, staleness")
    // A value counts for five minutes. Of 721 and some, the sixth missing one is 1 / 730 / 32: rarer than one in ten thousand.
    try await Self.run(fixture, 1...12)
    #expect(try fixture.value(#"score{host="b"}"#) >= 1)
    #expect(try fixture.value(#"score_severity{host="b"}"#) > 0)
    #expect(try fixture.value(#"score{host="a"}"#) < 1)
    let current = fixture.manager.currentAnomalies()
    #expect(current.map(\.labels.description) == [#"{host="b"}"#])
    #expect(current.first?.judgement.verdict.reason == .silence)
    try await Self.run(fixture, 13...80)
    #expect(fixture.manager.currentAnomalies().isEmpty)
  }

  @Test func `without the detector nothing is recorded of it`() async throws {
    let fixture = try await Self.fixture(detectors: "auto")
    try await Self.run(fixture, 1...12)
    #expect(fixture.manager.currentAnomalies().isEmpty)
    #expect(try fixture.value(#"count(score)"#) == 1)
  }
}
