import Synchronization
import Testing
import TimeSeries

@testable import Rules

struct RecordingRuleTests {
  private func group(_ rules: String, _ head: String = "") -> String {
    "groups:\n- name: g\n\(head)  rules:\n\(rules)"
  }

  private static let a = Labels(name: "up", ["job": "x", "instance": "a"])
  private static let b = Labels(name: "up", ["job": "x", "instance": "b"])

  @Test func `a recording rule writes its value with its own name and labels`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      group("  - record: job:up:sum\n    expr: sum by (job, instance) (up)\n    labels: {instance: '', site: s}\n"))
    try fixture.add(Self.a, 2, at: 0)
    await fixture.evaluate(at: 10)
    #expect(fixture.samples("job:up:sum") == [#"{job="x", site="s"}"#: ["10s 2"]])
    let rule = try #require(fixture.manager.groups().first?.rules.first)
    #expect(rule.health == .good)
    #expect(rule.lastEvaluation == RuleFixture.start + 10_000)
    #expect(fixture.store.metadata()["job:up:sum"]?.type == .gauge)
  }

  @Test func `a scalar is recorded as one series`() async throws {
    let fixture = RuleFixture()
    try fixture.load(group("  - record: seven\n    expr: 3 + 4\n"))
    await fixture.evaluate(at: 0)
    #expect(fixture.samples("seven") == ["{}": ["0s 7"]])
  }

  @Test func `rules of a group see what earlier rules gave at the same time`() async throws {
    let fixture = RuleFixture()
    try fixture.load(group("  - record: one\n    expr: up * 2\n  - record: two\n    expr: one + 1\n"))
    try fixture.add(Self.a, 5, at: 0)
    await fixture.evaluate(at: 0)
    #expect(fixture.samples("two") == [#"{instance="a", job="x"}"#: ["0s 11"]])
  }

  @Test func `a series that vanishes gets a staleness marker, once`() async throws {
    let fixture = RuleFixture()
    try fixture.load(group("  - record: big\n    expr: up > 1\n"))
    try fixture.add(Self.a, 2, at: 0)
    try fixture.add(Self.b, 3, at: 0)
    await fixture.evaluate(at: 0)
    try fixture.add(Self.a, 0, at: 15)
    await fixture.evaluate(at: 15)
    await fixture.evaluate(at: 30)
    #expect(
      fixture.samples("big") == [
        #"{instance="a", job="x"}"#: ["0s 2", "15s stale"],
        #"{instance="b", job="x"}"#: ["0s 3", "15s 3", "30s 3"],
      ])
  }

  @Test func `what a recorded metric is comes back when its series do, after an eviction`() async throws {
    let fixture = RuleFixture()
    try fixture.load(group("  - record: big\n    expr: up > 1\n"))
    try fixture.add(Self.a, 2, at: 0)
    await fixture.evaluate(at: 0)
    #expect(fixture.store.metadata()["big"] != nil)
    // A day longer than the store keeps samples.
    let later: Int64 = 15 * 86_400
    fixture.store.enforceRetention(now: RuleFixture.start + later * 1000)
    #expect(fixture.store.metadata()["big"] == nil)
    try fixture.add(Self.a, 2, at: later)
    await fixture.evaluate(at: later)
    #expect(fixture.store.metadata()["big"]?.type == .gauge)
  }

  @Test func `a failing rule shows its error and does not stop its group`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      group(
        """
          - record: text
            expr: '"abc"'
          - record: same
            expr: label_replace(up, "instance", "", "", "")
          - record: good
            expr: vector(1)

        """))
    try fixture.add(Self.a, 1, at: 0)
    try fixture.add(Self.b, 1, at: 0)
    await fixture.evaluate(at: 0)
    let rules = try #require(fixture.manager.groups().first?.rules)
    #expect(rules.map(\.health) == [.bad, .bad, .good])
    #expect(rules[0].lastError == "rule result is not a vector or scalar")
    #expect(rules[1].lastError?.contains("same labelset") == true)
    #expect(fixture.samples("good") == ["{}": ["0s 1"]])
    #expect(fixture.metric("harecast_rule_evaluations_total", ["rule_group": "r.yml;g"]) == 3)
    #expect(fixture.metric("harecast_rule_evaluation_failures_total", ["rule_group": "r.yml;g"]) == 2)
  }

  @Test func `a failure is reported when it begins, when it changes and when it ends`() async throws {
    let events = Mutex<[String?]>([])
    let fixture = RuleFixture { event in
      #expect(event.file == "r.yml" && event.group == "g" && event.rule == "r")
      events.withLock { $0.append(event.error) }
    }
    try fixture.load(group("  - record: r\n    expr: up\n", "  limit: 1\n"))
    try fixture.add(Self.a, 1, at: 0)
    await fixture.evaluate(at: 0)
    try fixture.add(Self.b, 1, at: 15)
    await fixture.evaluate(at: 15)
    await fixture.evaluate(at: 30)
    try fixture.add(Self.b, StaleMarker.value, at: 45)
    await fixture.evaluate(at: 45)
    await fixture.evaluate(at: 60)
    #expect(events.withLock { $0 } == ["exceeded limit of 1 with 2 series", nil])
  }

  @Test func `a failed evaluation writes no staleness markers`() async throws {
    let fixture = RuleFixture()
    try fixture.load(group("  - record: r\n    expr: up\n", "  limit: 1\n"))
    try fixture.add(Self.a, 1, at: 0)
    await fixture.evaluate(at: 0)
    try fixture.add(Self.b, 1, at: 15)
    await fixture.evaluate(at: 15)
    #expect(
      fixture.manager.groups().first?.rules.first?.lastError == "exceeded limit of 1 with 2 series")
    #expect(fixture.samples("r") == [#"{instance="a", job="x"}"#: ["0s 1"]])
  }

  @Test func `rule labels that make two series one are an error`() async throws {
    let fixture = RuleFixture()
    try fixture.load(group("  - record: r\n    expr: up\n    labels: {instance: all}\n"))
    try fixture.add(Self.a, 1, at: 0)
    try fixture.add(Self.b, 1, at: 0)
    await fixture.evaluate(at: 0)
    #expect(
      fixture.manager.groups().first?.rules.first?.lastError
        == "vector contains metrics with the same labelset after applying rule labels")
    #expect(fixture.samples("r").isEmpty)
  }

  @Test func `query_offset moves both the question and the answer into the past`() async throws {
    let fixture = RuleFixture()
    try fixture.load(group("  - record: r\n    expr: up\n", "  query_offset: 1m\n"))
    try fixture.add(Self.a, 1, at: 0)
    try fixture.add(Self.a, 2, at: 60)
    await fixture.evaluate(at: 90)
    #expect(fixture.samples("r") == [#"{instance="a", job="x"}"#: ["30s 1"]])
  }

  @Test func `what the store does not take is counted`() async throws {
    let fixture = RuleFixture()
    try fixture.load(group("  - {record: r, expr: vector(1)}\n  - {record: r, expr: vector(2)}\n"))
    await fixture.evaluate(at: 0)
    #expect(fixture.samples("r") == ["{}": ["0s 1"]])
    #expect(
      fixture.metric(
        "harecast_rule_series_dropped_total", ["rule_group": "r.yml;g", "rule": "r", "reason": "timestamp"]) == 1)
  }
}
