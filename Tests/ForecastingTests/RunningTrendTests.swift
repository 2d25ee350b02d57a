import Testing

@testable import Forecasting

@Suite("A running trend")
struct RunningTrendTests {
  private func find(_ values: [Double]) -> (trend: RunningTrend, factor: Double)? {
    var history = ObservedHistory(capacity: 4320)
    history.reset(values[...])
    let rhythm = Rhythm(day: nil, short: nil)
    return HistoryView.with(history, rhythm: rhythm) { RunningTrend.find($0) }.map { ($0, history.factor) }
  }

  @Test("is found with its speed, its age and its noise, after a quiet time")
  func found() throws {
    var noise = SeededNoise(70)
    var values = [Double](repeating: 20, count: 100)
    for _ in 0..<40 { values.append(values[values.count - 1] + 7 + noise.normal()) }
    let (trend, factor) = try #require(find(values))
    #expect(abs(trend.slope / factor - 7) < 0.6)
    #expect((34...44).contains(trend.seen))
    #expect((0.6...1.6).contains(trend.noise / factor))
    #expect(trend.clarity == 1)
    #expect(trend.novelty == 1)
  }

  @Test("falls as well as it rises")
  func mirrored() throws {
    let rise = try #require(find((0..<60).map { $0 < 20 ? 500 : 500 + 5 * Double($0 - 20) }))
    let fall = try #require(find((0..<60).map { $0 < 20 ? 500 : 500 - 5 * Double($0 - 20) }))
    #expect(rise.trend.slope / rise.factor == -fall.trend.slope / fall.factor)
    #expect(rise.trend.seen == fall.trend.seen)
    let up = rise.trend.row(from: 0, at: 70).map { $0 / rise.factor }
    let down = fall.trend.row(from: 0, at: 70).map { $0 / fall.factor }
    #expect(zip(up, down.reversed()).allSatisfy { abs($0 + $1) < 1e-6 })
  }

  @Test("is not what a random walk or noise seems to have")
  func chance() {
    var clear = 0
    for seed in 1...60 {
      var noise = SeededNoise(UInt64(seed))
      var walk = [100.0]
      for _ in 0..<200 { walk.append(walk[walk.count - 1] + noise.normal()) }
      if (find(walk)?.trend.clarity ?? 0) > 0.5 { clear += 1 }
      if (find((0..<200).map { _ in 100 + noise.normal() })?.trend.clarity ?? 0) > 0.5 { clear += 1 }
    }
    #expect(clear <= 3)
  }

  @Test("is doubted the more often ones like it ended")
  func teeth() {
    // Rises of 15 steps, each falling back to nothing.
    let saw = (0..<87).map { Double($0 % 15) }
    for teeth in 2...5 {
      let clarity = find(Array(saw.prefix(15 * teeth + 12)))?.trend.clarity ?? 0
      #expect(clarity <= 0.5 / Double(teeth))
    }
    #expect(find(Array(saw.prefix(12)))?.trend.clarity == 1)
  }

  @Test("is over when the signal stands still for longer than it ever did in it")
  func ended() {
    let growing = (0..<60).map { Double($0 * 10) }
    #expect(find(growing) != nil)
    #expect(find(growing + [Double](repeating: 590, count: 5)) == nil)
    // In a staircase of ten steps, standing still for five is part of the trend.
    let stairs = (0..<96).map { Double($0 / 10 * 100) }
    #expect(find(stairs)?.trend.clarity == 1)
  }

  @Test("is not the line that fills a gap")
  func gap() {
    var noise = SeededNoise(71)
    let before = (0..<60).map { _ in 100 + noise.normal() }
    let after = (0..<4).map { _ in 300 + noise.normal() }
    let found = find(before + [Double](repeating: .nan, count: 30) + after)
    #expect((found?.trend.clarity ?? 0) < 0.1)
  }

  @Test("that came before is left to the record of past errors")
  func novelty() throws {
    let tooth = (0..<40).map { Double($0) }
    let known = try #require(find(tooth + tooth + tooth)).trend
    #expect(known.novelty == 0)
    #expect(known.share(at: 30, lastTried: 30) == 0)
    // A quarter of its share of the unknown is left at twice the horizon that was tried.
    #expect(abs(known.share(at: 60, lastTried: 30) - 0.75 * known.clarity) < 1e-12)
  }

  @Test("lives on by the law of Pareto")
  func remainingLife() {
    let trend = RunningTrend(slope: 2, seen: 10, noise: 0, clarity: 1, novelty: 1)
    // Seen for 10 steps, it goes on for d more with probability (10 / (10 + d))^(1/4): for 150 with one half, for
    // 10 · (0.9^-4 - 1) = 5.24 with 0.9.
    let row = trend.row(from: 100, at: 1000)
    #expect(abs(row[ErrorTable.middle] - 400) < 1e-9)
    let near = trend.row(from: 100, at: 150)
    #expect(abs(near[ErrorTable.middle] - 400) < 1e-9)
    let tenth = ErrorTable.levels.firstIndex(of: 0.1) ?? 0
    // Its speed may have changed by 0.2 · 5.24 / 10 of itself by then: 1.1 steps' worth, at 1.28 standard deviations.
    #expect(abs(row[tenth] - 110.48) < 0.3)
    let highest = ErrorTable.levels.firstIndex(of: 0.975) ?? 0
    #expect(row[highest] >= 100 + 2 * 1000)
    #expect(zip(row, row.dropFirst()).allSatisfy { $0 <= $1 })
  }
}

@Suite("What is assumed in the cold")
struct ColdStartTests {
  @Test("is wide after one value and knows the span of many")
  func scale() {
    #expect(ColdStart.scale([]) == 0)
    #expect(ColdStart.scale([100]) == 50)
    #expect(ColdStart.scale([0]) == 0.5)
    // Half of the span of 10 and a magnitude of 110 / 2, by two values.
    #expect(ColdStart.scale([100, 110]) == 0.5 * (10 + 55) / 2)
    let disk = (0..<30).map { 1572 - 0.3 * Double($0) }
    #expect(ColdStart.scale(disk) < 1.1)
  }
}
