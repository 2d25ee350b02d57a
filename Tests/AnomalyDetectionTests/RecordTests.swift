import Glibc
import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000

/// What has never been so high or so low, and what moves more than it does.
@Suite("Records and steps")
struct RecordTests {
  /// Records of a thousand values between 0 and 1 that touch both; thirty days are so long that nothing fades.
  private static func known() -> RecordWatch {
    var watch = RecordWatch(step: 1)
    for index in 0..<1000 { _ = watch.add(index % 2 == 0 ? 0 : 1, usual: 0.5, leastRange: 0.01) }
    return watch
  }

  @Test func `one of a thousand values breaks the record, far fewer do so by half the range`() {
    var watch = Self.known()
    let reading = watch.add(1.5, usual: 0.5, leastRange: 0.01)
    // 1/n, and Pareto with index 3 in tenths of the range: (1 + 5)⁻³.
    #expect(abs((reading?.logRate ?? 0) + log(1000.0) + 3 * log(6.0)) < 1e-3)
    #expect(reading?.side == .above)
    var other = Self.known()
    #expect(other.add(-0.5, usual: 0.5, leastRange: 0.01)?.side == .below)
  }

  @Test func `touching the highest value again is no record`() {
    var watch = Self.known()
    for _ in 0..<100 {
      let touching = watch.add(1, usual: 0.5, leastRange: 0.01)
      #expect((touching?.logRate ?? -100) > -0.51 * log(1100.0))
    }
    #expect((watch.add(0.75, usual: 0.5, leastRange: 0.01)?.logRate ?? -100) > -0.07 * log(1101.0))
  }

  @Test func `a signal that always grows breaks no remarkable records`() {
    var watch = RecordWatch(step: minute)
    var rate = 0.0
    for index in 0..<5000 { rate = watch.add(Double(index), usual: Double(index) - 700, leastRange: 1)?.logRate ?? 0 }
    // A bout in 21 values; those of the older part of its life count less.
    #expect(rate > -log(100.0))
  }

  @Test func `beyond the bounds a value is rarer than asked, within them it is not`() throws {
    let watch = Self.known()
    let asked = -log(1000.0) - 3 * log(3.0)
    let bounds = try #require(watch.bounds(atLogRate: asked, leastRange: 0.01))
    // (1 + 10·0.2)³ = 27: a fifth of the range beyond the records.
    #expect(abs(bounds.upperBound - 1.2) < 1e-3 && abs(bounds.lowerBound + 0.2) < 1e-3)
    for (value, isRarer) in [(bounds.upperBound + 0.01, true), (bounds.upperBound - 0.01, false)] {
      var copy = watch
      #expect((copy.add(value, usual: 0.5, leastRange: 0.01)?.logRate ?? 0 < asked) == isRarer)
    }
  }

  @Test func `a way of ten times the usual one is seen, and forgotten with a gap`() {
    var watch = StepWatch(window: 300)
    var reading = StepWatch.Reading()
    for index in 0..<600 {
      reading = watch.add(Double(index / 6), grain: 1e-3, isHeld: false)
    }
    // A sixth a value: the way of a dozen is 2, and it does not deviate, so log(1 + 2/2).
    #expect(abs((reading.way ?? 0) - log(2.0)) < 0.1)
    reading = watch.add(120, grain: 1e-3, isHeld: false)
    #expect((reading.way ?? 0) > log(8.0))
    watch.interrupt()
    #expect(watch.add(0, grain: 1e-3, isHeld: false).way == nil)
  }

  @Test func `a signal that grows evenly for a month is not an alarm a day`() {
    var scorer = AnomalyScorer(options: AnomalyOptions(step: 5 * minute))
    var generator = SeededGenerator(seed: 92)
    var alerts = 0
    for index in 0..<30 * 288 {
      let value = 1000 + Double(index) + 20 * generator.normal()
      if scorer.score(value, at: Int64(index) * 5 * minute).alert { alerts += 1 }
    }
    #expect(alerts <= 3)
  }

  @Test func `a signal at its bound half the time does not alert for being there`() {
    var scorer = AnomalyScorer(options: AnomalyOptions(step: 5 * minute))
    var generator = SeededGenerator(seed: 93)
    var alerts = 0
    for index in 0..<30 * 288 {
      if scorer.score(min(3, (2.5 + generator.normal()).rounded()), at: Int64(index) * 5 * minute).alert { alerts += 1 }
    }
    #expect(alerts <= 2)
  }
}
