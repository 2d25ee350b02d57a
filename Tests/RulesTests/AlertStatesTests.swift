import Testing
import TimeSeries

@testable import Rules

struct AlertStatesTests {
  /// One step: the minute, the names of the alerts with a reason, and what is expected of each alert after it.
  private struct Step {
    var minute: Int64
    var found: [String]
    var expected: [String]
  }

  private func play(hold: Int64, keepFiringFor: Int64 = 0, _ steps: [Step]) throws {
    var states = AlertStates()
    for step in steps {
      let findings = step.found.map {
        AlertFinding(labels: Labels(["alertname": "A", "id": $0]), annotations: [], value: Double(step.minute))
      }
      try states.update(
        findings, at: step.minute * 60_000, hold: hold * 60_000, keepFiringFor: keepFiringFor * 60_000, limit: 0)
      let shown = states.alerts.values.map { "\($0.labels["id"] ?? "") \($0.state.rawValue)" }.sorted()
      #expect(shown == step.expected, "minute \(step.minute)")
    }
  }

  @Test func `an alert without for fires at once and ends at once`() throws {
    try play(
      hold: 0,
      [
        Step(minute: 0, found: ["a"], expected: ["a firing"]),
        Step(minute: 1, found: ["a", "b"], expected: ["a firing", "b firing"]),
        Step(minute: 2, found: ["b"], expected: ["a inactive", "b firing"]),
        Step(minute: 3, found: ["a"], expected: ["a firing", "b inactive"]),
      ])
  }

  @Test func `an alert is pending until its reason has lasted for the time of for`() throws {
    try play(
      hold: 5,
      [
        Step(minute: 0, found: ["a"], expected: ["a pending"]),
        Step(minute: 4, found: ["a"], expected: ["a pending"]),
        Step(minute: 5, found: ["a"], expected: ["a firing"]),
        Step(minute: 6, found: ["a"], expected: ["a firing"]),
      ])
  }

  @Test func `a pending alert whose reason vanishes is forgotten and starts anew`() throws {
    try play(
      hold: 5,
      [
        Step(minute: 0, found: ["a"], expected: ["a pending"]),
        Step(minute: 4, found: [], expected: []),
        Step(minute: 5, found: ["a"], expected: ["a pending"]),
        Step(minute: 9, found: ["a"], expected: ["a pending"]),
        Step(minute: 10, found: ["a"], expected: ["a firing"]),
      ])
  }

  @Test func `keep_firing_for bridges a pause and then lets go`() throws {
    try play(
      hold: 0, keepFiringFor: 3,
      [
        Step(minute: 0, found: ["a"], expected: ["a firing"]),
        Step(minute: 1, found: [], expected: ["a firing"]),
        Step(minute: 3, found: [], expected: ["a firing"]),
        Step(minute: 4, found: [], expected: ["a inactive"]),
        Step(minute: 5, found: ["a"], expected: ["a firing"]),
        Step(minute: 6, found: [], expected: ["a firing"]),
        Step(minute: 7, found: ["a"], expected: ["a firing"]),
        // The clock of keep_firing_for began anew at minute 8.
        Step(minute: 8, found: [], expected: ["a firing"]),
        Step(minute: 10, found: [], expected: ["a firing"]),
        Step(minute: 11, found: [], expected: ["a inactive"]),
      ])
  }

  @Test func `an ended alert is kept for fifteen minutes`() throws {
    try play(
      hold: 0,
      [
        Step(minute: 0, found: ["a"], expected: ["a firing"]),
        Step(minute: 1, found: [], expected: ["a inactive"]),
        Step(minute: 16, found: [], expected: ["a inactive"]),
        Step(minute: 17, found: [], expected: []),
      ])
  }

  @Test func `times and values are remembered`() throws {
    var states = AlertStates()
    let labels = Labels(["alertname": "A"])
    func step(_ time: Int64, _ value: Double?) throws {
      try states.update(
        value.map { [AlertFinding(labels: labels, annotations: [Label("s", "\($0)")], value: $0)] } ?? [],
        at: time, hold: 1000, keepFiringFor: 2000, limit: 0)
    }
    try step(1000, 1)
    try step(2000, 2)
    var alert = try #require(states.alerts[labels])
    #expect(alert.activeAt == 1000)
    #expect(alert.firedAt == 2000)
    #expect(alert.value == 2)
    #expect(alert.annotations == [Label("s", "2.0")])
    try step(3000, nil)
    alert = try #require(states.alerts[labels])
    #expect(alert.keepFiringSince == 3000)
    #expect(alert.value == 2)
    try step(5000, nil)
    alert = try #require(states.alerts[labels])
    #expect(alert.state == .inactive)
    #expect(alert.resolvedAt == 5000)
    #expect(states.active.isEmpty)
  }

  @Test func `more alerts than the limit are an error and all are forgotten`() throws {
    var states = AlertStates()
    func step(_ names: [String]) throws {
      try states.update(
        names.map { AlertFinding(labels: Labels(["id": $0]), annotations: [], value: 1) },
        at: 0, hold: 0, keepFiringFor: 0, limit: 2)
    }
    try step(["a", "b"])
    #expect(states.active.count == 2)
    #expect(throws: AlertingFault.limitExceeded(limit: 2, alerts: 3)) { try step(["a", "b", "c"]) }
    #expect(states.alerts.isEmpty)
    #expect(AlertingFault.limitExceeded(limit: 2, alerts: 3).description == "exceeded limit of 2 with 3 alerts")
  }

  @Test func `two findings with the same labels are an error that changes nothing`() throws {
    var states = AlertStates()
    let finding = AlertFinding(labels: Labels(["id": "a"]), annotations: [], value: 1)
    try states.update([finding], at: 0, hold: 0, keepFiringFor: 0, limit: 0)
    let before = states
    #expect(throws: AlertingFault.sameLabels) {
      try states.update([finding, finding], at: 1, hold: 0, keepFiringFor: 0, limit: 0)
    }
    #expect(states == before)
  }

  @Test func `a longer for sends young alerts back to pending`() throws {
    var states = AlertStates()
    let finding = AlertFinding(labels: Labels(["id": "a"]), annotations: [], value: 1)
    try states.update([finding], at: 0, hold: 0, keepFiringFor: 0, limit: 0)
    try states.update([finding], at: 30_000, hold: 60_000, keepFiringFor: 0, limit: 0)
    #expect(states.active.map(\.state) == [.pending])
    try states.update([finding], at: 60_000, hold: 60_000, keepFiringFor: 0, limit: 0)
    #expect(states.active.map(\.state) == [.firing])
  }
}
