import Foundation
import Testing

@testable import Forecasting

@Suite("Trees")
struct TreeModelTests {
  @Test("boosted trees learn a step of one feature and name it as what matters")
  func learnsAStep() throws {
    var features: [Float] = []
    var targets: [Float] = []
    for index in 0..<400 {
      let informative = Float(index % 20)
      features += [informative, Float((index * 7919) % 31)]
      targets.append(informative < 10 ? 1 : 5)
    }
    for kind in TreeEnsemble.Kind.allCases {
      let trees = try TreeEnsemble.train(kind, features: features, columns: 2, targets: targets)
      let answers = try trees.predict([3, 8, 15, 8])
      #expect(abs(answers[0] - 1) < 0.05 && abs(answers[1] - 5) < 0.05)
      #expect(try trees.importances()[0] > 0.95)
      let restored = try TreeEnsemble(restoring: trees.saved(), columns: 2)
      #expect(try restored.predict(features) == trees.predict(features))
    }
  }

  @Test("shuffling the feature that matters is what hurts")
  func permutationFindsWhatMatters() throws {
    var noise = SeededNoise(3)
    var features: [Float] = []
    var targets: [Float] = []
    for _ in 0..<600 {
      let row = (0..<3).map { _ in Float(noise.uniform()) }
      features += row
      targets.append(10 * row[1])
    }
    let trees = try TreeEnsemble.train(.gradientBoosting, features: features, columns: 3, targets: targets)
    let rises = try trees.permutationImportances(features: features, targets: targets)
    // Two independent uniform numbers are a third apart in the mean.
    #expect(abs(rises[1] - 10.0 / 3) < 0.4)
    #expect(abs(rises[0]) < 0.1 && abs(rises[2]) < 0.1)
  }

  @Test(
    "a signal that follows the hour alone is explained by the hour", arguments: ["gradient_boosting", "random_forest"])
  func namesTheHour(_ name: String) throws {
    var noise = SeededNoise(5)
    // Each hour of the day has its own level; what came just before tells less than the clock.
    let levels = (0..<24).map { _ in 100 * noise.uniform() }
    var model = try ForecastModels.make(named: name)
    model.fit(series((0..<24 * 30).map { levels[$0 % 24] + 10 * noise.normal() }, step: hour))
    let importances = try #require(model as? any ExplainsFeatures).featureImportances()
    let clock = ["hour", "same_time_last_day", "same_time_last_day_change", "same_time_last_week"]
    #expect(importances.prefix(2).contains { clock.contains($0.name) })
    #expect(abs(importances.reduce(0) { $0 + $1.gain } - 1) < 1e-6)
  }

  @Test("a signal that swings between two levels is explained by its newest changes")
  func namesTheLag() throws {
    var noise = SeededNoise(9)
    // x(t) = -0.9 x(t - 1) + noise: only the last change tells the next one.
    var values: [Double] = [0]
    for _ in 0..<900 { values.append(-0.9 * values[values.count - 1] + noise.normal()) }
    var model = GradientBoostingForecaster()
    model.fit(series(values))
    let best = try #require(try model.featureImportances().first)
    #expect(["lag_1", "rolling_mean_12", "rolling_mean_36", "horizon"].contains(best.name))
  }

  @Test("what is no saved ensemble is refused")
  func refusesForeignBytes() {
    #expect(throws: ForecastError.self) { try TreeEnsemble(restoring: Array("not a model".utf8), columns: 2) }
    #expect(throws: ForecastError.self) { try TreeEnsemble(restoring: [], columns: 2) }
  }

  @Test("a table of the wrong size is refused")
  func refusesRaggedTables() {
    #expect(throws: ForecastError.self) {
      try TreeEnsemble.train(.gradientBoosting, features: [1, 2, 3], columns: 2, targets: [1])
    }
  }

  @Test("a daily rhythm is learnt, and its interval holds", arguments: ["gradient_boosting", "random_forest"])
  func learnsDailyRhythm(_ name: String) throws {
    var noise = SeededNoise(11)
    let truth = (0..<1300).map { 100 + 40 * sin(2 * Double.pi * Double($0) / 288) }
    let values = truth.prefix(1152).map { $0 + 2 * noise.normal() }
    var model = try ForecastModels.make(named: name)
    model.fit(series(Array(values)))
    let horizons = [1, 12, 48, 144]
    let forecast = try model.forecast(horizons: horizons, quantiles: [0.025, 0.5, 0.975])
    for (row, horizon) in horizons.enumerated() {
      let actual = truth[1151 + horizon]
      #expect(abs(forecast.value(horizonAt: row, quantileAt: 1) - actual) < 8)
      #expect(
        forecast.value(horizonAt: row, quantileAt: 0) < actual && actual < forecast.value(horizonAt: row, quantileAt: 2)
      )
    }
  }

  @Test("the calendar is read in local time, on whole civil months")
  func readsCalendar() {
    let clock = CalendarFeatures()
    // 2024-02-29T22:30:00Z, a Thursday; one hour east of it is 23:30, two hours east is the first of March.
    let time: Int64 = 1_709_245_800_000
    #expect(clock.values(at: time, in: ForecastCalendar()).prefix(5) == [22.5, 3, 2, 1, 0])
    #expect(clock.values(at: time, in: ForecastCalendar(offset: 7_200_000)).prefix(5) == [0.5, 4, 3, 1, 0])
    // 1969-12-31T10:00:00Z was a Wednesday in December.
    #expect(clock.values(at: -50_400_000, in: ForecastCalendar()) == [10, 2, 12, 4, 0, 0, 1, 1])
    let holiday = ForecastCalendar(events: [ForecastCalendar.Event(name: "x", start: -60_000_000, end: 0)])
    #expect(clock.values(at: -50_400_000, in: holiday).suffix(3) == [1, 0, 0])
  }
}
