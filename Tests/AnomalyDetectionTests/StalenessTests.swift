import Glibc
import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000

@Suite("Staleness")
struct StalenessTests {
  /// A detector that saw `count` values, one a minute; those at the `missing` minutes did not come.
  private static func trained(_ count: Int, missing: Set<Int> = []) -> AnomalyDetector {
    var detector = AnomalyDetector(.staleness, step: minute)
    for index in 0..<count where !missing.contains(index) { _ = detector.score(5, at: Int64(index) * minute) }
    return detector
  }

  @Test func `a signal that never missed a value crosses the line once its silence is rarer than one in ten thousand`()
  {
    // After 998 values the first missing one has the probability 1 / 1000, each further one a half:
    // 0.001 / 8 is 1.25 in ten thousand, 0.001 / 16 is 0.625.
    let detector = Self.trained(998)
    let scores = (1...5).map { detector.silence(at: Int64(997 + $0) * minute)?.score ?? -1 }
    for (index, score) in scores.enumerated() {
      #expect(abs(score - (log(1000) + Double(index) * log(2)) / log(1e4)) < 1e-12)
    }
    #expect(scores[3] < 1 && scores[4] >= 1)
  }

  @Test func `one whose values often stay away is silent for longer before it is remarkable`() {
    // Every tenth time four values are missing: 100 gaps among 600 values; a missing one is followed by another in 301 of 402 cases.
    let missing = Set((0..<1000).filter { $0 % 10 >= 6 })
    let detector = Self.trained(1001, missing: missing)
    let usual = detector.silence(at: 1004 * minute)?.score ?? -1
    #expect(abs(usual - -(log(101.0 / 603) + 3 * log(301.0 / 402)) / log(1e4)) < 1e-12)
    #expect(usual < 0.5 && (detector.silence(at: 1040 * minute)?.score ?? 0) >= 1)
  }

  @Test func `nothing is said of a new signal, and nothing while values come`() {
    #expect(Self.trained(99).silence(at: 5000 * minute)?.score == 0)
    #expect(AnomalyDetector(.staleness, step: minute).silence(at: minute)?.score == 0)
    var detector = Self.trained(5000)
    #expect(detector.silence(at: 4999 * minute)?.score == 0)
    #expect(detector.score(5, at: 5000 * minute).score == 0)
  }

  @Test func `a gap is told by the value that ends it, and is learnt`() {
    var detector = Self.trained(998)
    let first = detector.score(5, at: 1100 * minute).score
    #expect(first >= 1)
    let second = detector.silence(at: 1200 * minute)?.score ?? 0
    #expect(second < first)
  }

  @Test func `a watch says it once, with its reason, and only if it is asked to`() {
    var watch = SignalWatch(detectors: ["auto", "staleness"], options: AnomalyOptions(step: minute))
    var other = SignalWatch(options: AnomalyOptions(step: minute))
    for index in 0..<998 {
      _ = watch.score(5, at: Int64(index) * minute)
      _ = other.score(5, at: Int64(index) * minute)
    }
    var alerts: [Int] = []
    for index in 998..<1030 {
      guard let judgement = watch.silence(at: Int64(index) * minute) else { continue }
      if judgement.verdict.alert { alerts.append(index) }
      #expect(judgement.verdict.reason == .silence && judgement.value.isNaN)
    }
    #expect(alerts.first == 1002)
    #expect(alerts.count <= 2)
    #expect(other.silence(at: 1030 * minute) == nil)
  }
}
