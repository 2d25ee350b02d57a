import PromQL
import Testing
import TimeSeries

@testable import Rules

/// Restarts of a process whose store outlives it. Minutes count from the start; evaluations come once a minute.
struct AlertRecoveryTests {
  private static let queue = Labels(name: "depth", ["queue": "q"])
  private static let configuration = RuleManagerConfiguration(evaluationInterval: 60_000)

  private func rules(_ alert: String) -> String {
    "groups:\n- {name: g, rules: [{alert: A, expr: depth > 10, \(alert)}]}\n"
  }

  private func play(_ fixture: RuleFixture, _ minutes: ClosedRange<Int64>, depth: Double) async throws {
    for minute in minutes {
      try fixture.add(Self.queue, depth, at: minute * 60)
      await fixture.evaluate(at: minute * 60)
    }
  }

  /// A fixture after 20 minutes with a reason for the alert.
  private func first(_ alert: String, keeper: MemoryKeeper) async throws -> RuleFixture {
    let fixture = RuleFixture(configuration: Self.configuration, keeper: keeper)
    try fixture.load(rules(alert))
    try await play(fixture, 0...20, depth: 20)
    return fixture
  }

  private func restarted(_ old: RuleFixture, _ alert: String, keeper: MemoryKeeper) throws -> RuleFixture {
    let fixture = RuleFixture(configuration: Self.configuration, after: old, keeper: keeper)
    try fixture.load(rules(alert))
    return fixture
  }

  /// The states of the alert, with the minute in which it became active.
  private func states(_ fixture: RuleFixture) -> [String] {
    fixture.manager.activeAlerts().map { "\($0.state.rawValue) \(($0.activeAt - RuleFixture.start) / 60_000)" }
  }

  @Test func `a firing alert goes on firing with the first evaluation, and is told with its true start`() async throws {
    let keeper = MemoryKeeper()
    let old = try await first("for: 5m", keeper: keeper)
    let new = try restarted(old, "for: 5m", keeper: keeper)
    try await play(new, 25...25, depth: 20)
    #expect(states(new) == ["firing 0"])
    #expect(new.sent.take().map(\.startsAt) == [RuleFixture.start + 300_000])
  }

  @Test func `after a restart all is told again at once, even what was told a minute before`() async throws {
    let keeper = MemoryKeeper()
    let old = try await first("for: 0s", keeper: keeper)
    // A minute is not more than the resend delay, so the old process would have waited for minute 22.
    #expect(old.sent.take().last?.endsAt == RuleFixture.start + 24 * 60_000)
    await old.manager.save()
    let new = try restarted(old, "for: 0s", keeper: keeper)
    try await play(new, 21...21, depth: 20)
    #expect(new.sent.take().map(\.endsAt) == [RuleFixture.start + 25 * 60_000])
  }

  @Test func `a firing alert without data at once is not over before the second evaluation`() async throws {
    let keeper = MemoryKeeper()
    let old = try await first("for: 0s", keeper: keeper)
    let new = try restarted(old, "for: 0s", keeper: keeper)
    await new.evaluate(at: 30 * 60)
    #expect(new.sent.take() == [])
    try await play(new, 31...31, depth: 20)
    #expect(states(new) == ["firing 0"])
  }

  @Test func `an alert whose reason went away meanwhile is told to have ended`() async throws {
    let keeper = MemoryKeeper()
    let old = try await first("for: 5m", keeper: keeper)
    let new = try restarted(old, "for: 5m", keeper: keeper)
    try await play(new, 25...25, depth: 1)
    #expect(new.sent.take() == [])
    try await play(new, 26...27, depth: 1)
    let sent = new.sent.take()
    #expect(sent.map(\.endsAt) == [RuleFixture.start + 26 * 60_000])
    #expect(states(new) == [])
    #expect(old.samples("ALERTS_FOR_STATE").values.first?.last == "1620s stale")
  }

  @Test func `what keeps firing does so for the rest of its time`() async throws {
    let keeper = MemoryKeeper()
    let alert = "keep_firing_for: 10m"
    let old = try await first(alert, keeper: keeper)
    try await play(old, 21...24, depth: 1)
    let new = try restarted(old, alert, keeper: keeper)
    try await play(new, 27...30, depth: 1)
    #expect(states(new) == ["firing 0"])
    // The reason went away in minute 21.
    try await play(new, 31...31, depth: 1)
    #expect(states(new) == [])
  }

  @Test func `a pending alert with a short for does not age while nobody looks`() async throws {
    let keeper = MemoryKeeper()
    let old = RuleFixture(configuration: Self.configuration, keeper: keeper)
    try old.load(rules("for: 8m"))
    try await play(old, 0...4, depth: 20)
    let new = try restarted(old, "for: 8m", keeper: keeper)
    try await play(new, 14...14, depth: 20)
    #expect(states(new) == ["pending 10"])
    try await play(new, 15...17, depth: 20)
    #expect(states(new) == ["pending 10"])
    try await play(new, 18...18, depth: 20)
    #expect(states(new) == ["firing 10"])
  }

  /// A rule with `for: 30m` that was away for 10 minutes; nothing was kept but the series.
  private func longPending(minutesBefore: Int64) async throws -> RuleFixture {
    let old = RuleFixture(configuration: Self.configuration, keeper: MemoryKeeper())
    try old.load(rules("for: 30m"))
    try await play(old, 0...minutesBefore, depth: 20)
    let new = try restarted(old, "for: 30m", keeper: MemoryKeeper())
    try await play(new, (minutesBefore + 10)...(minutesBefore + 10), depth: 20)
    // Nothing is written before the state is known again.
    #expect(new.samples("ALERTS_FOR_STATE").values.first?.last?.hasPrefix("\(minutesBefore * 60)s ") == true)
    try await play(new, (minutesBefore + 11)...(minutesBefore + 11), depth: 20)
    return new
  }

  @Test func `of a long for the downtime is taken away`() async throws {
    let fixture = try await longPending(minutesBefore: 12)
    // 12 minutes of 30 were over. The second evaluation is 11 minutes later.
    #expect(states(fixture) == ["pending 11"])
    try await play(fixture, 24...24, depth: 20)
    let seconds = GoFormat.float(Double(RuleFixture.start / 1000 + 660))
    #expect(fixture.samples("ALERTS_FOR_STATE").values.first?.last == "1440s \(seconds)")
  }

  @Test func `what would soon have fired fires after the grace period`() async throws {
    let fixture = try await longPending(minutesBefore: 25)
    // 5 minutes were left; it is to fire 10 minutes after minute 36.
    #expect(states(fixture) == ["pending 16"])
    try await play(fixture, 37...45, depth: 20)
    #expect(states(fixture) == ["pending 16"])
    try await play(fixture, 46...46, depth: 20)
    #expect(states(fixture) == ["firing 16"])
  }

  @Test func `what had fired fires again with the third evaluation, known from its series alone`() async throws {
    let fixture = try await longPending(minutesBefore: 40)
    #expect(states(fixture) == ["pending 0"])
    try await play(fixture, 52...52, depth: 20)
    #expect(states(fixture) == ["firing 0"])
  }

  @Test func `after an outage over an hour everything begins anew`() async throws {
    let keeper = MemoryKeeper()
    let old = try await first("for: 30m", keeper: keeper)
    let new = try restarted(old, "for: 30m", keeper: keeper)
    try await play(new, 82...83, depth: 20)
    #expect(states(new) == ["pending 82"])
    let short = MemoryKeeper()
    let before = try await first("for: 0s", keeper: short)
    let after = try restarted(before, "for: 0s", keeper: short)
    try await play(after, 82...82, depth: 20)
    #expect(states(after) == ["firing 82"])
  }

  @Test func `an archive of alerts that cannot be read is reported and costs nothing else`() async throws {
    let keeper = MemoryKeeper()
    let old = try await first("for: 5m", keeper: keeper)
    let key = AlertArchive.key(file: "r.yml", group: "g")
    let bytes = try #require(keeper.state(forKey: key))
    #expect(try AlertArchive(bytes).saved() == bytes)
    for length in 0..<bytes.count {
      #expect(throws: StateFault.self) { try AlertArchive(Array(bytes.prefix(length))) }
    }
    var newer = bytes
    newer[2] = 9
    for broken in [newer, [], Array(bytes.dropLast()), bytes + [0]] {
      keeper.saveState(broken, forKey: key)
      let new = try restarted(old, "for: 5m", keeper: keeper)
      try await play(new, 25...25, depth: 20)
      #expect(states(new) == ["pending 25"])
      #expect(
        new.metric("harecast_rule_state_failures_total", ["rule_group": "r.yml;g", "operation": "restore"]) == 1)
    }
  }
}
