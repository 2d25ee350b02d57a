import Testing

@testable import Forecasting

@Suite("Two models, one answer")
struct TwoModelTests {
  private func distribution(_ values: [Double], mean: [Double]) -> ForecastDistribution {
    ForecastDistribution(
      origin: 0, step: 1, horizons: [1, 2, 3], quantiles: [0.1, 0.5, 0.9], values: values, mean: mean)
  }

  @Test("the short-term model speaks first, the long-term one last, and between them quantiles are averaged")
  func joins() {
    let near = distribution([1, 2, 3, 1, 2, 3, 1, 2, 3], mean: [2, 2, 2])
    let far = distribution([11, 14, 17, 11, 14, 17, 11, 14, 17], mean: [15, 15, 15])
    let joined = ForecastDistribution.joining(near, far) { [1, 0.75, 0][$0 - 1] }
    // 0.75 × 1 + 0.25 × 11 = 3.5, and so on.
    #expect(joined.values == [1, 2, 3, 3.5, 5, 6.5, 11, 14, 17])
    #expect(joined.mean == [2, 5.25, 15])
  }

  @Test("the say of the short-term model falls from one hour to six, half of it gone at their geometric mean")
  func hands() {
    typealias Model = TwoModelForecaster<AutoAndProphet>
    let hour = 3_600_000.0
    #expect(Model.shortShare(ahead: hour / 2) == 1 && Model.shortShare(ahead: hour) == 1)
    #expect(abs(Model.shortShare(ahead: hour * 6.0.squareRoot()) - 0.5) < 1e-12)
    #expect(Model.shortShare(ahead: 6 * hour) == 0 && Model.shortShare(ahead: 90 * hour) == 0)
  }

  @Test("within an hour it says what the short-term model says, after six what the long-term one says")
  func answersByHorizon() throws {
    let history = series((0..<900).map { 100 + 40 * triangle($0, period: 288) })
    var both = TwoModelForecaster<AutoAndProphet>()
    var short = AutoForecaster()
    var long = ProphetForecaster()
    both.fit(history)
    short.fit(history)
    long.fit(history)
    let horizons = [1, 12, 30, 72, 288]
    let answer = try both.forecast(horizons: horizons, quantiles: [0.1, 0.5, 0.9])
    let near = try short.forecast(horizons: horizons, quantiles: [0.1, 0.5, 0.9])
    let far = try long.forecast(horizons: horizons, quantiles: [0.1, 0.5, 0.9])
    #expect(answer.values.prefix(6) == near.values.prefix(6))
    #expect(answer.values.suffix(6) == far.values.suffix(6))
    for column in 0..<3 {
      let (low, high) = (near.value(horizonAt: 2, quantileAt: column), far.value(horizonAt: 2, quantileAt: column))
      let value = answer.value(horizonAt: 2, quantileAt: column)
      #expect(min(low, high) <= value && value <= max(low, high))
    }
  }
}
