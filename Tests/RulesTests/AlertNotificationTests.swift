import Testing
import TimeSeries

@testable import Rules

struct AlertNotificationTests {
  private static let queue = Labels(name: "depth", ["queue": "q"])
  private static let rules = """
    groups:
    - name: g
      rules:
      - {alert: Deep, expr: 'depth{queue!=""}>10', for: 30s, annotations: {summary: "{{ $value }} messages"}}
    """

  /// Evaluates every 15 s with what `depth` says; gives the second of each notification with its times in seconds.
  private func play(
    _ fixture: RuleFixture, through last: Int64, from first: Int64 = 0, depth: (Int64) -> Double?
  ) async throws -> [String] {
    var result: [String] = []
    for second in stride(from: first, through: last, by: 15) {
      if let value = depth(second) { try fixture.add(Self.queue, value, at: second) }
      await fixture.evaluate(at: second)
      for alert in fixture.sent.take() {
        let (starts, ends) = (alert.startsAt - RuleFixture.start, alert.endsAt - RuleFixture.start)
        result.append("\(second)s \(starts / 1000) \(ends / 1000)")
      }
    }
    return result
  }

  @Test func `a pending alert is not sent, a firing one again after more than a minute`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules)
    let sent = try await play(fixture, through: 195) { _ in 20 }
    // It fires after 30 s. A receiver may miss it twice: it is valid for 4 times the resend delay.
    #expect(sent == ["30s 30 270", "105s 30 345", "180s 30 420"])
  }

  @Test func `validity is four intervals where these are longer than the resend delay`() async throws {
    let fixture = RuleFixture(
      configuration: RuleManagerConfiguration(evaluationInterval: 15_000, resendDelay: 5_000))
    try fixture.load(Self.rules)
    #expect(try await play(fixture, through: 60) { _ in 20 } == ["30s 30 90", "45s 30 105", "60s 30 120"])
  }

  @Test func `an end is sent at once and again for 15 minutes`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules)
    let sent = try await play(fixture, through: 1200) { $0 <= 45 ? 20 : 1 }
    var expected = ["30s 30 270"]
    // Ended at 60 s; again every 75 s, which is the first evaluation over a minute later, up to 960 s.
    for second in stride(from: 60, through: 960, by: 75) { expected.append("\(second)s 30 60") }
    #expect(sent == expected)
  }

  @Test func `an alert that was pending only has no end to be told`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules)
    #expect(try await play(fixture, through: 300) { $0 < 30 ? 20 : 1 } == [])
  }

  @Test func `a notification says what a receiver needs`() async throws {
    let fixture = RuleFixture(
      configuration: RuleManagerConfiguration(
        evaluationInterval: 15_000, externalLabels: Labels(["site": "x"]), externalURL: "http://h:1/p"))
    try fixture.load(Self.rules)
    for second: Int64 in [0, 15] {
      try fixture.add(Self.queue, 12, at: second)
      await fixture.evaluate(at: second)
    }
    #expect(fixture.sent.take() == [])
    try fixture.add(Self.queue, 12, at: 30)
    await fixture.evaluate(at: 30)
    #expect(
      fixture.sent.take() == [
        AlertNotification(
          labels: Labels(["alertname": "Deep", "queue": "q"]), annotations: Labels(["summary": "12 messages"]),
          startsAt: RuleFixture.start + 30_000, endsAt: RuleFixture.start + 270_000,
          generatorURL: "http://h:1/p/graph?g0.expr=depth%7Bqueue%21%3D%22%22%7D+%3E+10&g0.tab=1")
      ])
  }

  @Test func `an alert that begins again is a new one`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules)
    let sent = try await play(fixture, through: 150) { (45...75).contains($0) ? 1 : 20 }
    #expect(sent == ["30s 30 270", "45s 30 45", "120s 120 360"])
  }

  @Test func `a longer for that comes with a reload takes a firing alert back`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules)
    #expect(try await play(fixture, through: 30) { _ in 20 } == ["30s 30 270"])
    try fixture.load(Self.rules.replacing("30s", with: "1m"))
    #expect(try await play(fixture, through: 60, from: 45) { _ in 20 } == ["60s 60 300"])
  }
}
