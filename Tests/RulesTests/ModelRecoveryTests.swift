import HarecastTestKit
import Testing
import TimeSeries

@testable import Rules

/// Restarts of a process with predictions whose store outlives it.
struct ModelRecoveryTests {
  private static let depth = Labels(name: "depth", ["queue": "q"])
  private static let rules = """
    groups:
    - name: g
      rules:
      - record: depth_forecast
        expr: depth
        forecast: {horizons: [5m, 30m], history: 1h, step: 30s}
      - record: depth_score
        expr: depth
        anomaly: {history: 1h}
      - record: limit_seconds
        expr: depth
        forecast: {until: "1000", horizon: 30m, probability: 0.5, history: 1h, step: 30s}
    """

  /// A rising wave with noise, the same whenever it is asked for.
  private static func value(_ second: Int64) -> Double {
    var random = SplitMix64(seed: UInt64(second))
    return Double(second) / 20 + Double(second % 600) / 60 + Double(random.next() % 1000) / 500
  }

  private func fixture(after old: RuleFixture? = nil, keeper: MemoryKeeper?) throws -> RuleFixture {
    let fixture = RuleFixture(after: old, keeper: keeper)
    try fixture.load(Self.rules)
    return fixture
  }

  private func play(_ fixture: RuleFixture, _ seconds: ClosedRange<Int64>) async throws {
    try await fixture.play(Self.depth, from: seconds.lowerBound, through: seconds.upperBound, value: Self.value)
  }

  private func outputs(_ fixture: RuleFixture) throws -> [Labels: Double] {
    var result: [Labels: Double] = [:]
    for name in ["depth_forecast", "depth_score", "limit_seconds", "depth_score_expected"] {
      for (labels, value) in try fixture.query(name) {
        result[labels.setting(Labels.metricNameLabel, to: name)] = value
      }
    }
    return result
  }

  @Test func `after a restart predictions go on to the last bit as if nothing had happened`() async throws {
    let steady = try fixture(keeper: nil)
    try await play(steady, 0...1500)

    let keeper = MemoryKeeper()
    let first = try fixture(keeper: keeper)
    try await play(first, 0...1200)
    await first.manager.save()
    let second = try fixture(after: first, keeper: keeper)
    try await play(second, 1215...1500)

    let expected = try outputs(steady)
    #expect(expected.count >= 6 + 1 + 2)
    #expect(try outputs(second) == expected)
    // How the forecasts have done is not forgotten either.
    let labels: KeyValuePairs<String, String> = ["rule": "depth_forecast", "horizon": "5m"]
    let coverage = second.metric("harecast_forecast_coverage_ratio", labels)
    #expect(coverage != nil)
    #expect(coverage == steady.metric("harecast_forecast_coverage_ratio", labels))
  }

  @Test func `a model that was away learns what it has missed from the store`() async throws {
    let keeper = MemoryKeeper()
    let first = try fixture(keeper: keeper)
    try await play(first, 0...1110)
    await first.manager.save()
    // Four minutes in which samples come and nobody evaluates.
    for second in stride(from: Int64(1125), through: 1365, by: 15) {
      try first.add(Self.depth, Self.value(second), at: second)
    }
    let second = try fixture(after: first, keeper: keeper)
    try await play(second, 1380...1500)
    let steady = try fixture(keeper: nil)
    try await play(steady, 0...1500)
    let (got, expected) = (try outputs(second), try outputs(steady))
    let medians = expected.keys.filter { $0.metricName == "depth_forecast" && $0["q"] == "0.5" }
    #expect(medians.count == 2)
    // The ledger of errors lacks the forecasts that nobody made, so intervals may differ; the middle hardly does.
    for labels in medians {
      let (left, right) = (try #require(got[labels]), try #require(expected[labels]))
      #expect((left - right).magnitude < 0.02 * right.magnitude, "\(labels): \(left), \(right)")
    }
  }

  @Test func `models are kept on schedule, one rule at a time`() async throws {
    let keeper = MemoryKeeper()
    let fixture = try fixture(keeper: keeper)
    try await play(fixture, 0...585)
    #expect(keeper.stateKeys(prefix: "rules/models/").count == 0)
    try await play(fixture, 600...600)
    #expect(keeper.stateKeys(prefix: "rules/models/").count == 1)
    try await play(fixture, 615...630)
    #expect(keeper.stateKeys(prefix: "rules/models/").count == 3)
  }

  @Test func `what is kept of a rule goes with the rule`() async throws {
    let keeper = MemoryKeeper()
    let first = try fixture(keeper: keeper)
    try await play(first, 0...60)
    await first.manager.save()
    #expect(keeper.stateKeys(prefix: "rules/models/").count == 3)
    let changed = Self.rules.replacing("horizons: [5m, 30m]", with: "horizons: [5m]")
    try first.load(changed)
    try await play(first, 75...75)
    #expect(keeper.stateKeys(prefix: "rules/models/").count == 2)
    try first.load("groups: []")
    await first.evaluate(at: 90)
    #expect(keeper.stateKeys(prefix: "rules/models/").count == 0)
  }

  @Test func `what is kept of rules that a new process does not have is removed when it runs`() async throws {
    let keeper = MemoryKeeper()
    let first = try fixture(keeper: keeper)
    try await play(first, 0...60)
    await first.manager.save()
    let second = RuleFixture(after: first, keeper: keeper)
    try second.load("groups: [{name: other, rules: [{record: a, expr: '1'}]}]")
    let running = Task { try await second.manager.run() }
    try await eventually("nothing is kept") { keeper.stateKeys(prefix: "rules/").isEmpty }
    running.cancel()
    _ = await running.result
  }

  @Test func `models of another version, or damaged ones, start anew and are reported`() async throws {
    let keeper = MemoryKeeper()
    let first = try fixture(keeper: keeper)
    try await play(first, 0...990)
    await first.manager.save()
    let keys = keeper.stateKeys(prefix: "rules/models/")
    for key in keys {
      var bytes = try #require(keeper.state(forKey: key))
      bytes[2] += 1
      keeper.saveState(bytes, forKey: key)
    }
    let second = try fixture(after: first, keeper: keeper)
    try await play(second, 1005...1005)
    let labels: KeyValuePairs<String, String> = ["rule_group": "r.yml;g", "operation": "restore"]
    #expect(second.metric("harecast_rule_state_failures_total", labels) == 3)
    #expect(try outputs(second).count >= 6)
  }

  @Test func `kept models that are cut off or changed anywhere never crash`() async throws {
    let keeper = MemoryKeeper()
    let first = try fixture(keeper: keeper)
    try await play(first, 0...990)
    await first.manager.save()
    let file = try RuleFile.parse(Self.rules, path: "r.yml")
    var random = SplitMix64(seed: 11)
    for key in keeper.stateKeys(prefix: "rules/models/") {
      let bytes = try #require(keeper.state(forKey: key))
      for _ in 0..<60 {
        var broken = Array(bytes.dropLast(8))
        if random.next() % 3 == 0 {
          broken = Array(broken.prefix(Int(random.next() % UInt64(broken.count))))
        } else {
          for _ in 0...2 { broken[Int(random.next() % UInt64(broken.count))] = UInt8(random.next() & 0xff) }
        }
        // A right checksum, so that what is behind it is reached.
        let sum = StateReader.checksum(broken[...])
        for shift in stride(from: 0, to: 64, by: 8) { broken.append(UInt8(truncatingIfNeeded: sum >> UInt64(shift))) }
        for rule in file.groups[0].rules {
          switch rule.kind {
          case .forecast(let block):
            var target = ForecastRule(rule: rule, block: block)
            try? target.restore(broken, at: RuleFixture.start)
          case .anomaly(let block):
            var target = AnomalyRule(rule: rule, block: block)
            try? target.restore(broken, interval: 15_000, at: RuleFixture.start)
          default: break
          }
        }
      }
    }
  }

  @Test func `what a rule knows of things as a whole is kept over a restart`() async throws {
    let rules = """
      groups:
      - name: g
        rules:
        - record: node_score
          expr: load
          anomaly: {by: [node], history: 1h, step: 15s}
      """
    let signals = ["a", "b", "c"].map { Labels(name: "load", ["node": "n", "signal": $0]) }
    func value(_ signal: Int, _ second: Int64) -> Double { Self.value(second * 3 + Int64(signal)) }
    func play(_ fixture: RuleFixture, _ seconds: ClosedRange<Int64>) async throws {
      for second in stride(from: seconds.lowerBound, through: seconds.upperBound, by: 15) {
        for (index, labels) in signals.enumerated() { try fixture.add(labels, value(index, second), at: second) }
        await fixture.evaluate(at: second)
      }
    }
    let steady = RuleFixture(keeper: nil)
    try steady.load(rules)
    try await play(steady, 0...4500)
    let keeper = MemoryKeeper()
    let first = RuleFixture(keeper: keeper)
    try first.load(rules)
    try await play(first, 0...4200)
    await first.manager.save()
    let second = RuleFixture(after: first, keeper: keeper)
    try second.load(rules)
    try await play(second, 4215...4500)
    // Learnt anew it would know one hour, not what came before.
    #expect(try second.query("node_score").map(\.1) == steady.query("node_score").map(\.1))
    #expect(try second.query("node_score").count == 1)
  }
}
