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

  @Test func `a curve is filled on straight lines, so that no gap is wider than 4 minutes`() {
    let minute: Int64 = 60_000
    let filled = CurvePoints.filled([
      Sample(0, 10), Sample(minute, 12), Sample(11 * minute, 32), Sample(15 * minute, 0),
    ])
    // 2 a minute from minute 1 to 11, at minutes 5 and 9; a gap of just 4 minutes stays.
    #expect(filled.map { $0.timestamp / minute } == [0, 1, 5, 9, 11, 15])
    #expect(zip(filled, [10, 12, 20, 28, 32, 0]).allSatisfy { abs($0.value - $1) < 1e-9 })
    #expect(CurvePoints.filled([]).isEmpty)
    #expect(CurvePoints.filled([Sample(5, 1)]).count == 1)
  }

  @Test func `values that cannot be subtracted leave no hole in a curve either`() {
    let far: Int64 = 480_000
    func middle(_ left: Double, _ right: Double) -> Double {
      CurvePoints.filled([Sample(0, left), Sample(far, right)])[1].value
    }
    let largest = Double.greatestFiniteMagnitude
    #expect(middle(-largest, largest) == 0)
    #expect(middle(.infinity, .infinity) == .infinity)
    #expect(middle(3, .infinity) == .infinity)
    #expect(middle(0.1, 0.1) == 0.1)
    #expect(middle(.nan, 1).isNaN)
  }

  @Test(arguments: [1, 6, 24, 48, 168, 8760] as [Int64])
  func `the points of a curve are close for two days and bounded in number`(hours: Int64) {
    let minute: Int64 = 60_000
    let steps = CurvePoints.steps(through: Int(hours * 60))
    let filled = CurvePoints.filled([Sample(0, 0)] + steps.map { Sample(Int64($0) * minute, Double($0)) })
    let times = filled.map(\.timestamp)
    for (time, next) in zip(times, times.dropFirst()) {
      #expect(time < next)
      if time + 4 * minute <= 48 * 60 * minute { #expect(next - time <= 4 * minute) }
    }
    #expect(times.last == hours * 60 * minute)
    #expect(filled.count <= 122 + 720)
    #expect(filled.allSatisfy { abs($0.value - Double($0.timestamp) / Double(minute)) < 1e-6 })
  }

  @Test func `skill counts what lay inside the interval and compares with no change`() {
    var tallies = [SkillTally()]
    var ledger = SkillLedger(horizonCount: 1)
    func pending(_ target: Int64) -> PendingForecast {
      PendingForecast(target: target, low: 8, median: 10, high: 12, naive: 6, seasonal: 9)
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
    // The day before erred by 2 + 3 + 5, and the medians were 1, 2 and 4 too low.
    #expect(tallies[0].scaledError == 7.0 / 10)
    #expect(tallies[0].scaledBias == -7.0 / 10)
    #expect(tallies[0].skill == nil)
    #expect(ledger.tallies[0].count == 3)
    #expect(SkillTally().coverage == nil)
  }

  @Test func `far horizons are followed up at twenty origins at a time`() {
    #expect((0..<600).count { SkillLedger.follows(index: Int64($0), steps: 15) } == 600)
    #expect((0..<1440).count { SkillLedger.follows(index: Int64($0), steps: 1440) } == 20)
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
