import Testing

@testable import Forecasting

@Suite("Past days as paths")
struct PastDaysTests {
  private static let day = 288

  /// Noise about 10, and on every n-th day a spike to 100 of one step, at another time each day.
  private static func spiky(days: Int, everyDays: Int) -> [Double] {
    var noise = SeededNoise(31)
    var values = (0..<days * day).map { _ in 10 + noise.normal() }
    for number in stride(from: everyDays - 1, to: days, by: everyDays) {
      values[number * day + 20 + Int(noise.uniform() * 250)] = 100
    }
    return values
  }

  @Test("tell that a spike that comes once a day at any time will come within a day")
  func dailySpike() throws {
    var model = AutoForecaster()
    model.fit(series(Self.spiky(days: 14, everyDays: 1)))
    let passage = try model.timeToThreshold(50, horizonSteps: Self.day)
    #expect(passage.probability > 0.8)
    let maximum = try model.runningMaximum(steps: Self.day, quantiles: [0.5])
    #expect(maximum.mean[Self.day - 1] > 50)
  }

  @Test("tell that one that came on every seventh day probably will not")
  func rareSpike() throws {
    var model = AutoForecaster()
    model.fit(series(Self.spiky(days: 15, everyDays: 7)))
    let passage = try model.timeToThreshold(50, horizonSteps: Self.day)
    #expect(passage.probability < 0.5)
    #expect(passage.probability > 0.05)
  }

  @Test("begin where the signal is and lie where it is forecast to be")
  func moved() throws {
    // Every day the same wave of 20 about 100; today 50 lower, and forecast to stay there.
    let wave = (0..<5 * Self.day).map { 100 + 20 * triangle($0, period: Self.day) }
    var model = AutoForecaster()
    model.fit(series(wave + [wave[0] - 50]))
    let factor = model.near.history.factor
    let times = Array(1..<Self.day)
    let centres = times.map { (wave[$0] - 50) * factor }
    let days = PastDays(model, at: times, centres: centres)
    #expect(days.paths.count == 5)
    for path in days.paths {
      for (value, centre) in zip(path.values, centres) { #expect(abs(value - centre) < 0.01 * factor) }
    }
  }

  @Test("count less the older they are, and more if they were the same day of the week")
  func weights() {
    var model = AutoForecaster()
    model.fit(series(Self.spiky(days: 9, everyDays: 1)))
    let weights = PastDays(model, at: [1], centres: [0]).paths.map(\.weight)
    #expect(weights.count == 9)
    #expect(weights[0] > weights[1] && weights[1] > weights[5])
    #expect(weights[6] > weights[5])
  }

  @Test("are known over weeks where only two days are kept at the step itself, with what happens in between")
  func twoGrids() throws {
    // A spike of one minute once an hour at other minutes than those of the far grid's quarters.
    let values = (0..<6 * 1440).map { $0 % 60 == 37 ? 100.0 : 10 }
    var model = AutoForecaster()
    model.fit(ForecastSeries(values: values, step: minute, start: 1_700_006_400_000))
    let times = Array(1...240)
    let days = PastDays(model, at: times, centres: times.map { values[$0] * model.near.history.factor })
    #expect(days.paths.count >= 5)
    for path in days.paths {
      #expect((path.values.max() ?? 0) / model.near.history.factor > 80)
    }
  }

  @Test("of a signal whose day is no whole number of steps are not known")
  func oddStep() {
    var model = AutoForecaster()
    model.fit(series(Self.spiky(days: 3, everyDays: 1), step: 7 * minute + 1))
    #expect(PastDays(model, at: [1], centres: [0]).paths.isEmpty)
  }
}
