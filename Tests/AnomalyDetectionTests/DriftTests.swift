import Glibc
import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000
private let day = 288

/// What no single value shows: small deviations that last, and days that are not quite on time.
@Suite("Drift and punctuality")
struct DriftTests {
  private static func wave(_ index: Int) -> Double { 100 + 40 * sin(2 * Double.pi * Double(index % day) / Double(day)) }

  /// Work that begins at noon and ends at six in the evening, `early` five-minute values early.
  private static func shift(_ index: Int, early: Int) -> Double {
    let place = (index + early) % day
    return (144..<216).contains(place) ? 80 : 20
  }

  private static func highest(
    _ count: Int, from start: Int, seed: UInt64, value: (Int, inout SeededGenerator) -> Double
  ) -> Double {
    var scorer = AnomalyScorer(options: AnomalyOptions(step: 5 * minute))
    var generator = SeededGenerator(seed: seed)
    var highest = 0.0
    for index in 0..<count {
      let verdict = scorer.score(value(index, &generator), at: Int64(index) * 5 * minute)
      if index >= start { highest = max(highest, verdict.score) }
    }
    return highest
  }

  @Test func `less than four deviations are found when they last for hours, as no single value would be`() {
    func score(_ offset: Double) -> Double {
      Self.highest(10 * day + 96, from: 10 * day, seed: 71) { index, generator in
        Self.wave(index) + 6 * generator.normal() + (index >= 10 * day ? offset : 0)
      }
    }
    #expect(score(0) < 1)
    #expect(score(22) >= 1)
  }

  @Test func `the drift ends when the values are back`() {
    var watch = DriftWatch(window: 288, samplesPerDay: 288)
    var generator = SeededGenerator(seed: 72)
    for _ in 0..<1000 {
      _ = watch.add(generator.normal(), season: 0, deviation: 0.3 * generator.normal(), grain: 0.01, isHeld: false)
    }
    var during = 0.0
    for _ in 0..<100 {
      let reading = watch.add(3, season: 0, deviation: 3, grain: 0.01, isHeld: true)
      during = reading?.magnitude ?? 0
      #expect(reading?.side == .above)
    }
    let after = watch.add(0, season: 0, deviation: 0, grain: 0.01, isHeld: false)
    #expect(during > 2)
    #expect(after?.magnitude == 0)
  }

  @Test func `a shift that begins ten minutes early is no anomaly, one that does not come is`() {
    func score(_ last: @escaping (Int) -> Double) -> Double {
      Self.highest(11 * day, from: 10 * day, seed: 73) { index, generator in
        (index < 10 * day ? Self.shift(index, early: 0) : last(index)) + 2 * generator.normal()
      }
    }
    #expect(score { Self.shift($0, early: 2) } < 1)
    #expect(score { _ in 20 } >= 1)
  }

  @Test func `what is expected within a slack spans the neighbouring bins`() throws {
    // Four bins of an hour, seen twice, with 0, 10, 20 and 30.
    var profile = SeasonalProfile(period: 240 * minute, binLength: 60 * minute, depth: 2)
    for index in 0..<8 { profile.add(Double(index % 4) * 10, at: Int64(index) * 60 * minute) }
    // The middle of the second bin: half an hour away is half-way to its neighbours.
    let slackened = profile.range(at: (8 * 60 + 90) * minute, slack: Double(30 * minute))
    let range = try #require(slackened)
    #expect(abs(range.lowerBound - 5) < 1e-9 && abs(range.upperBound - 15) < 1e-9)
  }

  @Test func `surprises that come more densely than usual show, one large one does not`() {
    var restlessness = Restlessness(span: 8, usualSpan: 500, reach: 0.5)
    for index in 0..<1000 {
      _ = restlessness.add(index % 10 == 0 ? 1 : 0)
      restlessness.learn()
    }
    var twin = restlessness
    let one = twin.add(1000)
    var many = 0.0
    for _ in 0..<8 { many = restlessness.add(1) }
    #expect(many > 5)
    #expect(one < many)
  }
}
