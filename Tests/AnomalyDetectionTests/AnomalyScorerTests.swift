import Glibc
import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000
private let hour: Int64 = 3_600_000
private let day: Int64 = 86_400_000

/// Feeds `count` values a minute apart, from `start` on; returns the verdicts.
private func feed(
  _ scorer: inout AnomalyScorer, from start: Int, count: Int, value: (Int) -> Double
) -> [AnomalyVerdict] {
  (start..<start + count).map { scorer.score(value($0), at: Int64($0) * minute) }
}

@Suite struct AnomalyScorerTests {
  @Test func `A constant signal never alerts`() {
    var scorer = AnomalyScorer()
    let verdicts = feed(&scorer, from: 0, count: 20_000) { _ in 42 }
    #expect(verdicts.allSatisfy { !$0.alert && $0.score == 0 })
    #expect(verdicts[5].isWarmedUp == false && verdicts[200].isWarmedUp)
    #expect(verdicts[200].expectedLow == 42 && verdicts[200].expectedHigh == 42)
  }

  @Test(arguments: [1.0, -1, 1e-12, 1e12]) func `A change of what was constant for days is an anomaly`(change: Double) {
    var scorer = AnomalyScorer()
    _ = feed(&scorer, from: 0, count: 3000) { _ in 42 }
    let verdict = scorer.score(42 + change, at: 3000 * minute)
    #expect(verdict.alert && verdict.reason == .firstChange && verdict.direction == (change > 0 ? .above : .below))
    #expect(verdict.since == 3000 * minute)
  }

  @Test func `A change after an hour of a constant is no alarm yet`() {
    var scorer = AnomalyScorer()
    _ = feed(&scorer, from: 0, count: 60) { _ in 42 }
    #expect(!scorer.score(43, at: 60 * minute).alert)
  }

  @Test(arguments: [1e-12, 1e-3, 1, 1e9, 1e200, 1e-300])
  func `A spike of ten deviations is caught at once on any scale`(scale: Double) {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 11)
    let verdicts = feed(&scorer, from: 0, count: 3000) { _ in scale * (100 + generator.normal()) }
    #expect(verdicts.filter(\.alert).count <= 1)
    let verdict = scorer.score(scale * 110, at: 3000 * minute)
    #expect(verdict.alert && verdict.score >= 1 && verdict.direction == .above)
    #expect(verdict.expectedHigh < 108 * scale && verdict.expectedLow > 92 * scale)
  }

  @Test func `A signal of tiny values that grows a hundredfold is caught`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 12)
    _ = feed(&scorer, from: 0, count: 3000) { _ in 1e-6 * (1 + 0.05 * generator.normal()) }
    #expect(scorer.score(1e-4, at: 3000 * minute).alert)
  }

  @Test(arguments: [10.0, -10]) func `A shift of level is caught within two samples and kept for an hour`(shift: Double)
  {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 13)
    _ = feed(&scorer, from: 0, count: 4000) { _ in generator.normal() }
    let verdicts = feed(&scorer, from: 4000, count: 60) { _ in shift + generator.normal() }
    #expect(verdicts[0].alert || verdicts[1].alert)
    #expect(verdicts.filter(\.alert).count <= 2)
    #expect(verdicts[2..<50].filter { $0.score >= 0.9 }.count >= 40)
    #expect(verdicts[40].since != nil)
  }

  @Test func `A new level that stays becomes normal within a day`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 14)
    _ = feed(&scorer, from: 0, count: 6000) { _ in generator.normal() }
    let verdicts = feed(&scorer, from: 6000, count: 4320) { _ in 10 + generator.normal() }
    #expect(verdicts.filter(\.alert).count <= 3)
    #expect(verdicts[1440...].allSatisfy { $0.score < 1 && $0.since == nil })
    #expect(scorer.score(0, at: 20_000 * minute).score >= 0)
  }

  @Test func `An incident of an hour is not taken for normal when it comes back`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 15)
    _ = feed(&scorer, from: 0, count: 6000) { _ in generator.normal() }
    _ = feed(&scorer, from: 6000, count: 60) { _ in 10 + generator.normal() }
    _ = feed(&scorer, from: 6060, count: 600) { _ in generator.normal() }
    let again = feed(&scorer, from: 6660, count: 10) { _ in 10 + generator.normal() }
    #expect(again.contains { $0.alert })
  }

  @Test func `A spike that comes every night is normal after it came three times`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 16)
    var alerts: [Int] = []
    for index in 0..<(10 * 1440) {
      let isSpike = index % 1440 >= 120 && index % 1440 < 123
      let verdict = scorer.score(100 + generator.normal() + (isSpike ? 40 : 0), at: Int64(index) * minute)
      if verdict.alert { alerts.append(index / 1440) }
    }
    #expect(alerts.filter { $0 >= 4 }.isEmpty)
    #expect(alerts.contains(0) || alerts.contains(1))
  }

  @Test func `A gap is no anomaly and no pace`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 17)
    _ = feed(&scorer, from: 0, count: 3000) { _ in 50 + generator.normal() }
    let verdicts = feed(&scorer, from: 9000, count: 300) { _ in 50 + generator.normal() }
    #expect(verdicts.allSatisfy { !$0.alert && $0.disposition == .scored })
    #expect(scorer.score(65, at: 9300 * minute).alert)
  }

  @Test func `A signal slower than planned, with holes, is followed`() {
    var scorer = AnomalyScorer(options: AnomalyOptions(step: 15_000))
    var generator = SeededGenerator(seed: 29)
    var alerts = 0
    for index in 0..<6000 where index % 10 != 3 {
      if scorer.score(50 + generator.normal(), at: Int64(index) * minute).alert { alerts += 1 }
    }
    #expect(alerts <= 2)
    #expect(scorer.score(65, at: 6000 * minute).alert)
  }

  @Test func `Late and repeated samples are ignored and said to be late`() {
    var scorer = AnomalyScorer()
    var twin = AnomalyScorer()
    var generator = SeededGenerator(seed: 18)
    for index in 0..<500 {
      let value = generator.normal()
      let verdict = scorer.score(value, at: Int64(index) * minute)
      _ = twin.score(value, at: Int64(index) * minute)
      for late in [Int64(index) * minute, Int64(index - 1) * minute, .min] {
        let ignored = scorer.score(1e9, at: late)
        #expect(ignored.disposition == .late && ignored.score == verdict.score && !ignored.alert)
      }
    }
    #expect(scorer.saved() == twin.saved())
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity]) func `What is not finite is skipped`(value: Double) {
    var scorer = AnomalyScorer()
    var twin = AnomalyScorer()
    var generator = SeededGenerator(seed: 19)
    for index in 0..<500 {
      let healthy = generator.normal()
      #expect(scorer.score(value, at: Int64(2 * index) * minute).disposition == .notFinite)
      _ = scorer.score(healthy, at: Int64(2 * index + 1) * minute)
      _ = twin.score(healthy, at: Int64(2 * index + 1) * minute)
    }
    #expect(scorer.saved() == twin.saved())
  }

  @Test func `Quantised values do not alarm, and a tenfold one does`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 20)
    let verdicts = feed(&scorer, from: 0, count: 10_000) { _ in (2 * generator.normal()).rounded() / 2 + 4 }
    #expect(verdicts.filter(\.alert).count <= 1)
    #expect(scorer.score(40, at: 10_000 * minute).alert)
  }

  @Test func `A signal that moves and then freezes is said to have frozen`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 21)
    _ = feed(&scorer, from: 0, count: 5000) { _ in 20 + generator.normal() }
    let verdicts = feed(&scorer, from: 5000, count: 720) { _ in 20.3 }
    #expect(verdicts.contains { $0.alert && $0.reason == .flatline })
  }

  @Test func `A new signal is honest about knowing nothing`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 22)
    let verdicts = feed(&scorer, from: 0, count: 90) { index in index == 80 ? 1000 : generator.normal() }
    #expect(verdicts.allSatisfy { !$0.isWarmedUp && $0.score < 1 && !$0.alert })
    #expect(verdicts[0].expectedLow.isNaN && verdicts[0].expectedHigh.isNaN)
    #expect(feed(&scorer, from: 90, count: 60) { _ in generator.normal() }.last?.isWarmedUp == true)
  }

  @Test func `A counter that is reset is one incident`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 23)
    var counter = 1e6
    _ = feed(&scorer, from: 0, count: 3000) { _ in
      counter += 100 + 10 * generator.normal()
      return counter
    }
    counter = 0
    let verdicts = feed(&scorer, from: 3000, count: 2000) { _ in
      counter += 100 + 10 * generator.normal()
      return counter
    }
    #expect(verdicts[0].alert && verdicts[0].direction == .below)
    #expect(verdicts.filter(\.alert).count <= 2)
    #expect(verdicts[1440...].allSatisfy { $0.score < 1 })
  }

  @Test(arguments: [AnomalyDirection.up, .down]) func `Only the wanted direction counts`(direction: AnomalyDirection) {
    var scorer = AnomalyScorer(options: AnomalyOptions(direction: direction))
    var generator = SeededGenerator(seed: 24)
    _ = feed(&scorer, from: 0, count: 3000) { _ in generator.normal() }
    let sign = direction == .up ? 1.0 : -1
    #expect(scorer.score(-20 * sign, at: 3000 * minute).score < 1)
    _ = feed(&scorer, from: 3001, count: 500) { _ in generator.normal() }
    let verdict = scorer.score(20 * sign, at: 3501 * minute)
    #expect(verdict.alert && verdict.direction == (direction == .up ? .above : .below))
    #expect(direction == .up ? verdict.expectedLow == -.infinity : verdict.expectedHigh == .infinity)
  }

  @Test func `Deviations inside the dead band are of no interest`() {
    var scorer = AnomalyScorer(options: AnomalyOptions(deadBand: DeadBand(absolute: 15)))
    var generator = SeededGenerator(seed: 25)
    _ = feed(&scorer, from: 0, count: 3000) { _ in generator.normal() }
    #expect(scorer.score(12, at: 3000 * minute).score < 1)
    _ = feed(&scorer, from: 3001, count: 500) { _ in generator.normal() }
    #expect(scorer.score(25, at: 3501 * minute).alert)
  }

  @Test func `The time of day is learned once it was seen twice`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 26)
    let shape = { (index: Int) in 100 + 60 * sin(2 * Double.pi * Double(index % 1440) / 1440) }
    _ = feed(&scorer, from: 0, count: 5 * 1440) { shape($0) + 3 * generator.normal() }
    // At a quarter of the day the value should be 160; the mean of the day, held for half an hour, is out of season.
    let verdicts = feed(&scorer, from: 5 * 1440 + 360, count: 30) { _ in 100 + 3 * generator.normal() }
    #expect(verdicts.contains { $0.score >= 1 && $0.direction == .below })
  }

  @Test func `The same samples give the same bits`() {
    var one = AnomalyScorer()
    var two = AnomalyScorer()
    var generator = SeededGenerator(seed: 27)
    for index in 0..<2000 {
      let value = generator.heavy()
      #expect(one.score(value, at: Int64(index) * minute) == two.score(value, at: Int64(index) * minute) || index < 200)
    }
    #expect(one.saved() == two.saved())
  }

  @Test(arguments: [(Int64.min, Int64.max), (0, 1), (.min, .min + 1)])
  func `Timestamps at the edge of what is representable are survived`(first: Int64, second: Int64) {
    var scorer = AnomalyScorer(options: AnomalyOptions(step: 0, falseAlarmsPerDay: .nan, timeZoneOffset: .max))
    _ = scorer.score(1, at: first)
    _ = scorer.score(2, at: second)
    #expect(scorer.score(3, at: .max).score < 1)
  }

  @Test func `Values at the edge of what is representable are survived`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 28)
    let extremes = [
      Double.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0, 1e308, -1e308,
    ]
    for index in 0..<5000 {
      let verdict = scorer.score(extremes[Int(generator.next() % 6)], at: Int64(index) * minute)
      #expect(verdict.score >= 0 && verdict.score <= 10)
    }
  }
}
