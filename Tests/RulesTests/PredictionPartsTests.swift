import Testing
import TimeSeries

@testable import Rules

struct PredictionPartsTests {
  @Test func `curve points are whole steps from the first to the last, ever farther apart`() {
    #expect(CurvePoints.steps(through: 5) == [1, 2, 3, 4, 5])
    for last in [1, 119, 120, 121, 150, 1440, 50_000] {
      let steps = CurvePoints.steps(through: last)
      #expect(steps.last == last)
      #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
      #expect(steps.count <= 121)
    }
    let day = CurvePoints.steps(through: 1440)
    #expect(day[0] == 1 && day[1] == 2)
    #expect(day[day.count - 1] - day[day.count - 2] > 10)
  }

  @Test func `skill counts what lay inside the interval and compares with no change`() {
    var tallies = [SkillTally()]
    var ledger = SkillLedger(horizonCount: 1)
    func pending(_ target: Int64) -> PendingForecast {
      PendingForecast(target: target, low: 8, median: 10, high: 12, naive: 6)
    }
    for target in [1, 2, 3, 4, 5] as [Int64] { ledger.add(pending(target), horizon: 0) }
    ledger.settle(11, at: 1, into: &tallies)
    ledger.settle(12, at: 2, into: &tallies)
    ledger.settle(.nan, at: 3, into: &tallies)
    // The truth of 4 never came; that of 5 lies outside.
    ledger.settle(14, at: 5, into: &tallies)
    #expect(tallies[0].count == 3)
    #expect(tallies[0].coverage == 2.0 / 3)
    // Errors 1 + 2 + 4 of the medians over 5 + 6 + 8 of no change.
    #expect(tallies[0].absoluteErrorRatio == 7.0 / 19)
    #expect(SkillTally().coverage == nil)
  }

  @Test func `far horizons are followed up at sixty origins at a time`() {
    #expect((0..<600).count { SkillLedger.follows(index: Int64($0), steps: 15) } == 600)
    #expect((0..<1440).count { SkillLedger.follows(index: Int64($0), steps: 1440) } == 60)
  }

  @Test func `the busiest series are kept, and one just as busy does not push them out`() {
    func series(_ name: String) -> Labels { Labels(["q": name]) }
    var busiest = BusiestSeries(limit: 2)
    #expect(busiest.choose(among: [series("a"): 1, series("b"): -50]).count == 2)
    #expect(busiest.choose(among: [series("a"): 10, series("b"): -50, series("c"): 11]) == [series("a"), series("b")])
    // c is a fifth busier than a for a while: not enough; then much busier.
    for _ in 0..<50 {
      #expect(
        busiest.choose(among: [series("a"): 10, series("b"): -50, series("c"): 12]) == [series("a"), series("b")])
    }
    for _ in 0..<50 { _ = busiest.choose(among: [series("a"): 10, series("b"): -50, series("c"): 60]) }
    #expect(
      busiest.choose(among: [series("a"): 10, series("b"): .nan, series("c"): 60]) == [series("b"), series("c")])
  }

  @Test func `the name of a probability follows that of the time`() {
    #expect(ForecastRule.probabilityName(of: "disk_time_to_limit_seconds") == "disk_time_to_limit_probability")
    #expect(ForecastRule.probabilityName(of: "x") == "x_probability")
  }
}
