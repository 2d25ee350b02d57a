import HarecastTestKit
import Testing
import TimeSeries

@testable import Rules

struct RuleManagerTests {
  private static let series = Labels(name: "depth", ["queue": "q"])

  @Test func `slots are multiples of the interval plus an offset that files and names give`() {
    #expect(RuleGroupRunner.nextSlot(after: 99, interval: 100, offset: 0) == 100)
    #expect(RuleGroupRunner.nextSlot(after: 100, interval: 100, offset: 0) == 200)
    #expect(RuleGroupRunner.nextSlot(after: 100, interval: 100, offset: 30) == 130)
    #expect(RuleGroupRunner.nextSlot(after: 10, interval: 100, offset: 30) == 30)
    let offsets = Set((0..<20).map { RuleGroupRunner.offset(file: "f", group: "g\($0)", interval: 60_000) })
    #expect(offsets.count > 15)
    #expect(offsets.allSatisfy { (0..<60_000).contains($0) })
  }

  @Test func `groups are evaluated once in each interval, at their slots`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - {name: a, interval: 10s, rules: [{record: fast, expr: time()}]}
      - {name: b, interval: 30s, rules: [{record: slow, expr: time()}]}
      """)
    let running = Task { try await fixture.manager.run() }
    try await fixture.time.run(for: 60_000, sleepers: 2)
    running.cancel()
    _ = await running.result
    #expect(fixture.samples("fast")["{}"]?.count == 6)
    #expect(fixture.samples("slow")["{}"]?.count == 2)
    let offset = RuleGroupRunner.offset(file: "r.yml", group: "a", interval: 10_000)
    let matcher = LabelMatcher(Labels.metricNameLabel, equals: "fast")
    let times = try fixture.store.select([matcher], from: 0, through: .max).flatMap(\.timestamps)
    #expect(times.allSatisfy { ($0 - offset) % 10_000 == 0 })
  }

  @Test func `slots that pass unused are counted`() async throws {
    let fixture = RuleFixture()
    try fixture.load("groups:\n- {name: a, interval: 10s, rules: [{record: r, expr: time()}]}\n")
    let running = Task { try await fixture.manager.run() }
    try await fixture.time.waitForSleepers()
    let slot = try #require(fixture.time.nextDeadline)
    // The clock jumps past three further slots while the first evaluation is due.
    fixture.time.advance(to: slot + 35_000)
    try await fixture.time.waitForSleepers()
    #expect(fixture.time.nextDeadline == slot + 40_000)
    #expect(fixture.manager.groups().first?.missedIterations == 3)
    #expect(fixture.metric("harecast_rule_group_iterations_missed_total", ["rule_group": "r.yml;a"]) == 3)
    #expect(fixture.metric("harecast_rule_group_iterations_total", ["rule_group": "r.yml;a"]) == 4)
    running.cancel()
    _ = await running.result
  }

  @Test func `a reload takes effect while the manager runs`() async throws {
    let fixture = RuleFixture()
    try fixture.load("groups:\n- {name: a, interval: 10s, rules: [{record: r, expr: vector(1)}]}\n")
    let running = Task { try await fixture.manager.run() }
    try await fixture.time.run(for: 10_000)
    #expect(fixture.samples("r")["{}"]?.count == 1)
    try fixture.load("groups:\n- {name: b, interval: 10s, rules: [{record: s, expr: vector(1)}]}\n")
    // Two intervals long another group may take the old series over.
    try await fixture.time.run(for: 10_000, sleepers: 2)
    #expect(fixture.samples("s")["{}"]?.count == 1)
    #expect(fixture.samples("r")["{}"]?.count == 1)
    try await fixture.time.run(for: 10_000)
    try await eventually("the old series ends") { fixture.samples("r")["{}"]?.last?.hasSuffix("stale") == true }
    running.cancel()
    _ = await running.result
    #expect(fixture.metric("harecast_rule_evaluations_total", ["rule_group": "r.yml;a"]) == nil)
  }

  @Test func `a group that gets another name keeps its series going`() async throws {
    let fixture = RuleFixture()
    try fixture.load("groups:\n- {name: a, interval: 10s, rules: [{record: r, expr: vector(1)}]}\n")
    let running = Task { try await fixture.manager.run() }
    try await fixture.time.run(for: 10_000)
    try fixture.load("groups:\n- {name: b, interval: 10s, rules: [{record: r, expr: vector(1)}]}\n")
    try await fixture.time.run(for: 10_000, sleepers: 2)
    try await fixture.time.run(for: 20_000)
    running.cancel()
    _ = await running.result
    let samples = try #require(fixture.samples("r")["{}"])
    #expect(samples.count >= 2)
    #expect(samples.allSatisfy { !$0.hasSuffix("stale") }, "\(samples)")
  }

  @Test func `a group tells about itself in numbers`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      "groups:\n- {name: a, interval: 30s, rules: [{record: r, expr: depth}, {alert: A, expr: depth > 1}]}\n")
    try fixture.add(Self.series, 5, at: 0)
    await fixture.evaluate(at: 15)
    let labels: KeyValuePairs<String, String> = ["rule_group": "r.yml;a"]
    #expect(fixture.metric("harecast_rule_group_interval_seconds", labels) == 30)
    #expect(fixture.metric("harecast_rule_group_rules", labels) == 2)
    // One recorded value, ALERTS and ALERTS_FOR_STATE.
    #expect(fixture.metric("harecast_rule_group_last_evaluation_samples", labels) == 3)
    let seconds = Double(RuleFixture.start / 1000 + 15)
    #expect(fixture.metric("harecast_rule_group_last_evaluation_timestamp_seconds", labels) == seconds)
    #expect(fixture.metric("harecast_rule_group_last_rule_duration_sum_seconds", labels) != nil)
    #expect(fixture.metric("harecast_rule_evaluations_total", labels) == 2)
  }

  @Test func `a reload keeps the alerts of groups and rules that stay`() async throws {
    let fixture = RuleFixture()
    func text(_ hold: String, _ more: String = "") -> String {
      """
      groups:
      - name: same
        rules: [{alert: A, expr: depth > 1, for: 30s}]
      - name: changed
        rules: [{alert: B, expr: depth > 1, for: \(hold)}\(more)]
      - {name: gone\(more.isEmpty ? "" : "2"), rules: [{record: r, expr: depth}]}
      """
    }
    try fixture.load(text("30s"))
    try fixture.add(Self.series, 5, at: 0)
    await fixture.evaluate(at: 0)
    await fixture.evaluate(at: 30)
    #expect(fixture.manager.activeAlerts().map(\.state) == [.firing, .firing])

    try fixture.load(text("2m", ", {record: extra, expr: depth}"))
    // Status survives for what is unchanged; a changed group starts with an unknown one.
    #expect(fixture.manager.groups().map { $0.rules[0].health } == [.good, .unknown, .unknown])
    await fixture.evaluate(at: 45)
    let alerts = fixture.manager.activeAlerts()
    #expect(alerts.map(\.state) == [.firing, .pending])
    #expect(alerts.map(\.activeAt) == [RuleFixture.start, RuleFixture.start])
    #expect(fixture.samples("extra").count == 1)
    #expect(fixture.samples("r")[#"{queue="q"}"#] == ["0s 5", "30s 5", "45s stale"].dropLast() + ["45s stale"])
  }

  @Test func `a rule that leaves its group ends its series`() async throws {
    let fixture = RuleFixture()
    try fixture.load("groups:\n- {name: g, rules: [{record: r, expr: depth}, {record: s, expr: depth}]}\n")
    try fixture.add(Self.series, 5, at: 0)
    await fixture.evaluate(at: 0)
    try fixture.load("groups:\n- {name: g, rules: [{record: s, expr: depth * 2}]}\n")
    await fixture.evaluate(at: 15)
    #expect(fixture.samples("r") == [#"{queue="q"}"#: ["0s 5", "15s stale"]])
    #expect(fixture.samples("s") == [#"{queue="q"}"#: ["0s 5", "15s 10"]])
  }
}
