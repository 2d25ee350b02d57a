import AnomalyDetection
import HarecastTestKit
import Synchronization
import Testing
import TimeSeries

@testable import Rules

@Suite("What operators say about anomalies, and how bad they are")
struct AnomalyFeedbackTests {
  private static let queue = Labels(name: "depth", ["queue": "q"])
  private static let budget: KeyValuePairs<String, String> = ["rule_group": "r.yml;g", "rule": "depth_anomaly_score"]

  private static func rules(_ block: String = "history: 1d, false_alarms: 1 per 10d") -> String {
    """
    groups:
    - name: g
      rules:
      - record: depth_anomaly_score
        expr: depth
        anomaly: {\(block)}
    """
  }

  @Test func `the budget of a family is halved by a false alarm, raised by a quarter by a true one, within bounds`() {
    var feedback = AnomalyFeedback()
    feedback.mark(isTrue: false)
    #expect(feedback.factor == 0.5)
    feedback.mark(isTrue: true)
    #expect(feedback.factor == 0.625 && feedback.falseCount == 1 && feedback.trueCount == 1)
    for _ in 0..<20 { feedback.mark(isTrue: false) }
    #expect(feedback.factor == 1.0 / 16)
    for _ in 0..<40 { feedback.mark(isTrue: true) }
    #expect(feedback.factor == 4)
    #expect(AnomalyFeedback(factor: .nan).factor == 1 && AnomalyFeedback(factor: 99).factor == 4)
  }

  @Test func `a mark changes the budget, is told, and survives a restart`() async throws {
    let told = Mutex<[RuleEvent]>([])
    let keeper = MemoryKeeper()
    let first = RuleFixture(keeper: keeper) { event in told.withLock { $0.append(event) } }
    try first.load(Self.rules())
    try await first.play(Self.queue, from: 0, through: 60) { _ in 1 }
    #expect(first.metric("harecast_anomaly_false_alarms_per_day", Self.budget) == 0.1)
    let marked = try await first.manager.markAnomaly(rule: "depth_anomaly_score", isTrue: false)
    #expect(marked.factor == 0.5 && marked.falseCount == 1)
    #expect(first.metric("harecast_anomaly_false_alarms_per_day", Self.budget) == 0.05)
    #expect(
      first.metric(
        "harecast_anomaly_feedback_total",
        ["rule_group": "r.yml;g", "rule": "depth_anomaly_score", "verdict": "false"]) == 1)
    let event = try #require(told.withLock { $0.last })
    #expect(event.error == nil && event.note == "an alert was marked false: the budget is now 0.05 false alarms a day")

    let second = RuleFixture(after: first, keeper: keeper)
    try second.load(Self.rules("history: 2d, false_alarms: 1 per 10d"))
    await second.evaluate(at: 75)
    #expect(second.metric("harecast_anomaly_false_alarms_per_day", Self.budget) == 0.05)
    #expect(second.manager.groups()[0].rules[0].feedback.falseCount == 1)

    let back = try await second.manager.markAnomaly(rule: "depth_anomaly_score", isTrue: nil)
    #expect(back.factor == 1 && back.falseCount == 1)
    let third = RuleFixture(after: second, keeper: keeper)
    try third.load(Self.rules("history: 2d, false_alarms: 1 per 10d"))
    await third.evaluate(at: 90)
    #expect(third.metric("harecast_anomaly_false_alarms_per_day", Self.budget) == 0.1)
  }

  @Test func `damaged feedback is said to be lost and starts anew`() async throws {
    let told = Mutex<[String]>([])
    let keeper = MemoryKeeper()
    keeper.saveState([1, 2, 3], forKey: "rules/feedback/r.yml;g;depth_anomaly_score")
    let fixture = RuleFixture(keeper: keeper) { event in told.withLock { $0.append(event.error ?? "") } }
    try fixture.load(Self.rules())
    await fixture.evaluate(at: 0)
    #expect(told.withLock { $0.contains { $0.hasPrefix("the feedback of operators is lost") } })
    #expect(fixture.metric("harecast_anomaly_false_alarms_per_day", Self.budget) == 0.1)
  }

  @Test func `a rule that scores nothing cannot be marked`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules())
    await #expect(throws: FeedbackError.noSuchRule("other")) {
      try await fixture.manager.markAnomaly(rule: "other", isTrue: true)
    }
  }

  @Test func `a spike is a current anomaly with severity, parts and band`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules("history: 1d, detectors: [auto, z_score, iqr]"))
    var random = SplitMix64(seed: 7)
    for seconds in stride(from: Int64(0), to: 21_600, by: 15) {
      try fixture.add(Self.queue, random.normal(mean: 100, deviation: 3), at: seconds)
    }
    try await fixture.play(Self.queue, from: 21_600, through: 21_900) { _ in 100 }
    #expect(fixture.manager.currentAnomalies().isEmpty)
    #expect(try fixture.value("depth_anomaly_score_severity") == 0)
    try await fixture.play(Self.queue, from: 21_915, through: 21_915) { _ in 200 }
    let anomaly = try #require(fixture.manager.currentAnomalies().first)
    #expect(anomaly.rule == "depth_anomaly_score" && anomaly.labels["queue"] == "q")
    #expect(anomaly.judgement.value == 200 && anomaly.judgement.verdict.direction == .above)
    #expect(anomaly.judgement.verdict.since == RuleFixture.start + 21_915_000)
    #expect(anomaly.judgement.verdict.expectedHigh < 200 && anomaly.judgement.verdict.expectedLow < 100)
    // Over thirty deviations: both statistical detectors are at their three points, 0.3 each; the rest is auto's.
    let severity = anomaly.judgement.severity
    #expect(severity.count(.statistical) == 3 && severity.count(.machineLearned) == 0)
    let expected = min(10, 2 * anomaly.judgement.verdict.score + 0.9 + 0.9)
    #expect(abs(severity.score - expected) < 1e-9)
    #expect(try fixture.value("depth_anomaly_score_severity") == severity.score)
    let since = Double(RuleFixture.start + 21_915_000) / 1000
    #expect(try fixture.value("depth_anomaly_score_since_timestamp_seconds") == since)
    #expect(try fixture.value(#"depth_anomaly_score_part{detector="z_score"}"#) > 3)
    #expect(try fixture.query("depth_anomaly_score_part").count == 3)
    // A minute later the score is back, the incident is not over.
    try await fixture.play(Self.queue, from: 21_930, through: 21_975) { _ in 100 }
    #expect(try fixture.value("depth_anomaly_score") < 1)
    #expect(try fixture.value("depth_anomaly_score_since_timestamp_seconds") == since)
  }

  @Test(arguments: [
    ("", true), (", dead_band: {absolute: 150}", false), (", dead_band: {absolute: 50, relative: 0.5}", true),
  ])
  func `what lies within the dead band of a rule is no anomaly`(band: String, isTold: Bool) async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules("history: 1d, detectors: [auto, z_score]\(band)"))
    var random = SplitMix64(seed: 7)
    for seconds in stride(from: Int64(0), to: 21_600, by: 15) {
      try fixture.add(Self.queue, random.normal(mean: 100, deviation: 3), at: seconds)
    }
    try await fixture.play(Self.queue, from: 21_600, through: 21_900) { _ in 100 }
    // A hundred above a usual hundred: within 150, beyond 50 and half as much again.
    try await fixture.play(Self.queue, from: 21_915, through: 21_915) { _ in 200 }
    #expect(fixture.manager.currentAnomalies().isEmpty == !isTold)
    #expect(try (fixture.value("depth_anomaly_score") >= 1) == isTold)
    #expect(try (fixture.value(#"depth_anomaly_score_part{detector="z_score"}"#) >= 1) == isTold)
  }

  @Test func `a dead band below zero, or with other parts, is an error`() throws {
    for (band, words) in [
      ("{absolute: -1}", "absolute is -1.0; it must not be below 0"), ("{relative: .nan}", "relative is nan"),
      ("{share: 1}", "share"),
    ] {
      let error = #expect(throws: (any Error).self) {
        try RuleFile.parse(Self.rules("dead_band: \(band)"), path: "r.yml")
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(band)")
    }
  }

  @Test func `detectors that do not exist or come twice are errors with their place`() throws {
    for (list, words) in [
      ("[zscore]", #""zscore" is not one of auto, z_score, iqr, mad"#), ("[iqr, iqr]", "or given twice"),
      ("[]", "give at least one name"),
    ] {
      let error = #expect(throws: RuleFileErrors.self) {
        try RuleFile.parse(Self.rules("detectors: \(list)"), path: "r.yml")
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains(words))
    }
  }
}

@Suite("Severity")
struct AnomalySeverityTests {
  private static func evidence(_ score: Double, _ family: EvidenceFamily, calibrated: Bool = false)
    -> AnomalySeverity.Evidence
  {
    AnomalySeverity.Evidence(detector: "d\(score)", family: family, isCalibrated: calibrated, score: score)
  }

  @Test func `points are weighted by family, at most three each, ten in all`() {
    // 0.3·1 + 0.5·2 + 0.7·3 (5 is cut to 3); what is below its line does not count.
    let severity = AnomalySeverity([
      Self.evidence(1, .statistical), Self.evidence(2, .machineLearned), Self.evidence(5, .pattern),
      Self.evidence(0.99, .pattern),
    ])
    #expect(abs(severity.score - 3.4) < 1e-12)
    #expect(severity.level == .info)
    #expect(severity.evidence.map(\.score) == [5, 2, 1])
    #expect(severity.count(.pattern) == 1)
    #expect(AnomalySeverity((0..<20).map { _ in Self.evidence(9, .pattern) }).score == 10)
  }

  @Test(arguments: [
    (0.9, AnomalySeverity.Level.none), (1, .info), (1.9, .info), (2, .warning), (3.4, .warning), (3.5, .critical),
  ])
  func `the calibrated score alone is information at 1, a warning at 2, critical at three and a half`(
    score: Double, level: AnomalySeverity.Level
  ) {
    #expect(AnomalySeverity([Self.evidence(score, .statistical, calibrated: true)]).level == level)
  }
}
