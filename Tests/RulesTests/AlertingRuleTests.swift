import Testing
import TimeSeries

@testable import Rules

struct AlertingRuleTests {
  private static let queue = Labels(name: "depth", ["queue": "q"])

  @Test func `an alert goes from pending to firing to its end, and its series tell so`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        labels: {team: t}
        rules:
        - alert: Deep
          expr: depth > 10
          for: 30s
          labels: {severity: '{{ if gt $value 15.0 }}page{{ else }}ticket{{ end }}', empty: '{{ $labels.nothing }}'}
          annotations:
            summary: '{{ $labels.queue }} holds {{ $value | humanize }}, {{ $labels.__name__ }}'
            total: '{{ with query "sum(depth)" }}{{ . | first | value }}{{ end }}'
            broken: '{{ .Nothing }}'
      """)
    try fixture.add(Self.queue, 12, at: 0)
    await fixture.evaluate(at: 0)
    var alert = try #require(fixture.manager.activeAlerts().first)
    #expect(alert.state == .pending)
    #expect(alert.labels == Labels(["alertname": "Deep", "queue": "q", "severity": "ticket", "team": "t"]))
    #expect(alert.annotations.map(\.name) == ["broken", "summary", "total"])
    #expect(alert.annotations[0].value.hasPrefix("<error expanding template: error executing template __alert_Deep:"))
    #expect(alert.annotations[1].value == "q holds 12, depth")
    #expect(alert.annotations[2].value == "12")
    #expect(fixture.manager.groups().first?.rules.first?.alertState == "pending")

    try fixture.add(Self.queue, 13, at: 30)
    await fixture.evaluate(at: 30)
    alert = try #require(fixture.manager.activeAlerts().first)
    #expect(alert.state == .firing)
    #expect(alert.value == 13)
    #expect(alert.activeAt == RuleFixture.start)

    try fixture.add(Self.queue, 1, at: 45)
    await fixture.evaluate(at: 45)
    #expect(fixture.manager.activeAlerts().isEmpty)
    let labels = #"queue="q", severity="ticket", team="t""#
    #expect(
      fixture.samples("ALERTS") == [
        #"{alertname="Deep", alertstate="pending", \#(labels)}"#: ["0s 1", "30s stale"],
        #"{alertname="Deep", alertstate="firing", \#(labels)}"#: ["30s 1", "45s stale"],
      ])
    let seconds = GoFormat.float(Double(RuleFixture.start / 1000))
    #expect(
      fixture.samples("ALERTS_FOR_STATE") == [
        #"{alertname="Deep", \#(labels)}"#: ["0s \(seconds)", "30s \(seconds)", "45s stale"]
      ])
  }

  @Test func `a rule whose alerts become one, or too many, fails`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - {alert: Same, expr: depth, labels: {queue: all}}
      - name: h
        limit: 1
        rules:
        - {alert: Many, expr: depth}
      """)
    try fixture.add(Self.queue, 1, at: 0)
    try fixture.add(Labels(name: "depth", ["queue": "r"]), 1, at: 0)
    await fixture.evaluate(at: 0)
    let groups = fixture.manager.groups()
    #expect(
      groups[0].rules[0].lastError
        == "vector contains metrics with the same labelset after applying alert labels")
    #expect(groups[1].rules[0].lastError == "exceeded limit of 1 with 2 alerts")
    #expect(fixture.manager.activeAlerts().isEmpty)
  }

  @Test func `an alert about a prediction can say when, how surely and how far it is from its limit`() async throws {
    let fixture = RuleFixture()
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - alert: MemorySoonFull
          expr: eta_seconds{q=""} < 7200
          labels: {mode: predicted}
          annotations:
            in: '{{ $value | humanizeDuration }}'
            at: '{{ printf "time() + %f" $value | query | first | value | humanizeTimestamp }}'
            earliest: >-
              {{ with printf "eta_seconds{node='%s', q='0.025'}" $labels.node | query }}{{
              . | first | value | humanizeDuration }}{{ else }}unknown{{ end }}
            latest: >-
              {{ with printf "eta_seconds{node='%s', q='0.975'}" $labels.node | query }}{{
              . | first | value | humanizeDuration }}{{ else }}beyond the horizon{{ end }}
            confidence: >-
              {{ with printf "eta_probability{node='%s'}" $labels.node | query }}{{
              . | first | value | humanizePercentage }}{{ end }}
            memory: '{{ with query "memory_bytes" }}{{ . | first | value | humanize1024 }}B{{ end }}'
            link: '{{ $externalURL }}{{ graphLink (printf "memory_curve{node=%q}" $labels.node) }}'
      """)
    let node: KeyValuePairs<String, String> = ["node": "n"]
    try fixture.add(Labels(name: "eta_seconds", node), 5400, at: 0)
    try fixture.add(Labels(name: "eta_seconds", ["node": "n", "q": "0.025"]), 3600, at: 0)
    try fixture.add(Labels(name: "eta_probability", node), 0.875, at: 0)
    try fixture.add(Labels(name: "memory_bytes", node), 3 * 1024 * 1024, at: 0)
    await fixture.evaluate(at: 0)
    let alert = try #require(fixture.manager.activeAlerts().first)
    let texts = Dictionary(uniqueKeysWithValues: alert.annotations.map { ($0.name, $0.value) })
    #expect(texts["in"] == "1h 30m 0s")
    // The clock stands at midnight of 14 November 2023.
    #expect(texts["at"] == "2023-11-14 01:30:00 +0000 UTC")
    #expect(texts["earliest"] == "1h 0m 0s")
    #expect(texts["latest"] == "beyond the horizon")
    #expect(texts["confidence"] == "87.5%")
    #expect(texts["memory"] == "3MiB")
    #expect(texts["link"] == "/graph?g0.expr=memory_curve%7Bnode%3D%22n%22%7D&g0.tab=0")
  }
}
