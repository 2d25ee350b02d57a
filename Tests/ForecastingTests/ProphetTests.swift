import Foundation
import Testing
import TimeSeries

@testable import Forecasting

@Suite("The Prophet-style model")
struct ProphetTests {
  private static let step: Int64 = 1_800_000

  /// Ten days of half hours: a trend that bends once, a daily rhythm, a saw for noise.
  private static func history(_ mode: ProphetSettings.Mode) -> [Double] {
    (0..<480).map { index -> Double in
      let position = Double(index)
      let trend = 100 + 0.05 * position + (index > 240 ? 0.25 * (position - 240) : 0)
      let day = 2 * Double.pi * position / 48
      let noise = Double((index * 7919) % 101 - 50) / 50 * 2
      let season = 0.2 * sin(day) + 0.1 * cos(2 * day)
      return mode == .multiplicative ? trend * (1 + season) + noise : trend + 60 * season + noise
    }
  }

  private static func settings(_ mode: ProphetSettings.Mode) -> ProphetSettings {
    var settings = ProphetSettings()
    settings.mode = mode
    settings.seasonalities = [Seasonality(name: "daily", period: 86_400_000, order: 4)]
    return settings
  }

  /// A model without calibration: its intervals are those of the paper.
  private static func bare(_ series: ForecastSeries, _ settings: ProphetSettings) -> ProphetForecaster {
    var model = ProphetForecaster(settings: settings)
    model.reset(to: series)
    model.train { false }
    return model
  }

  private static func model(_ mode: ProphetSettings.Mode) -> ProphetForecaster {
    var model = ProphetForecaster(settings: settings(mode))
    model.fit(ForecastSeries(values: history(mode), step: step))
    return model
  }

  /// What Prophet 1.5.0 forecasts from the same values with the same settings, its 80% interval included.
  private static let reference: [(mode: ProphetSettings.Mode, mean: [Double], low: [Double], high: [Double])] = [
    (
      .additive, [189.931_735, 193.351_940, 198.229_874, 202.248_682], [188.42, 191.77, 196.56, 200.36],
      [191.51, 194.81, 199.85, 204.06]
    ),
    (
      .multiplicative, [202.339_196, 206.287_740, 214.278_399, 211.976_608], [200.80, 204.70, 212.51, 209.92],
      [203.74, 207.90, 215.91, 213.82]
    ),
  ]

  @Test("forecasts what the reference implementation does, and as surely", arguments: [0, 1])
  func matchesReference(_ row: Int) throws {
    let (mode, means, lows, highs) = Self.reference[row]
    let forecast = try Self.bare(ForecastSeries(values: Self.history(mode), step: Self.step), Self.settings(mode))
      .forecast(horizons: [1, 12, 24, 48], quantiles: [0.1, 0.5, 0.9])
    for index in means.indices {
      #expect(abs(forecast.value(horizonAt: index, quantileAt: 1) - means[index]) < 0.6)
      #expect(abs(forecast.value(horizonAt: index, quantileAt: 0) - lows[index]) < 0.8)
      #expect(abs(forecast.value(horizonAt: index, quantileAt: 2) - highs[index]) < 0.8)
    }
  }

  /// Three weeks of hours: a trend that bends, a day and a week, a saw for noise.
  private static let weeks = (0..<504).map { index -> Double in
    let position = Double(index)
    let trend = 300 + 0.2 * position - (index > 200 ? 0.5 * (position - 200) : 0)
    let noise = Double((index * 7919) % 101 - 50) / 50 * 4
    return trend + 40 * sin(2 * Double.pi * position / 24) + 20 * cos(2 * Double.pi * position / 168) + noise
  }

  @Test("finds the rhythms that the reference, Prophet 1.5.0, finds by itself")
  func matchesDefaults() throws {
    let forecast = try Self.bare(ForecastSeries(values: Self.weeks, step: 3_600_000), ProphetSettings())
      .forecast(horizons: [1, 12, 24, 168], quantiles: [0.5])
    for (value, mean) in zip(forecast.values, [268.9388, 274.5439, 245.1075, 208.849]) {
      #expect(abs(value - mean) < 1)
    }
  }

  @Test("an interval is as wide as those of earlier fits ought to have been, not as wide as independent noise asks for")
  func calibrates() throws {
    // Waves of four hours' length and less that come and go at random: a day's mean of them is not zero.
    var random = SplitMix64(seed: 11)
    var wave = 0.0
    let values = (0..<1200).map { _ -> Double in
      wave = 0.9 * wave + random.normal()
      return 100 + wave
    }
    var settings = ProphetSettings()
    settings.seasonalities = [Seasonality(name: "daily", period: 86_400_000, order: 4)]
    settings.changepointPriorScale = 1
    var inside = (bare: 0, calibrated: 0)
    var count = 0
    for end in stride(from: 700, to: 1200, by: 48) {
      let past = ForecastSeries(values: Array(values[..<end]), step: Self.step)
      var model = ProphetForecaster(settings: settings)
      model.fit(past)
      let calibrated = try model.forecast(horizons: Array(1...12), quantiles: [0.025, 0.975])
      let bare = try Self.bare(past, settings).forecast(horizons: Array(1...12), quantiles: [0.025, 0.975])
      for step in 0..<min(12, 1200 - end) {
        let truth = values[end + step]
        func covers(_ forecast: ForecastDistribution) -> Bool {
          let low = forecast.value(horizonAt: step, quantileAt: 0)
          return low <= truth && truth <= forecast.value(horizonAt: step, quantileAt: 1)
        }
        inside.bare += covers(bare) ? 1 : 0
        inside.calibrated += covers(calibrated) ? 1 : 0
        count += 1
      }
    }
    #expect(inside.calibrated > inside.bare)
    #expect(Double(inside.calibrated) > 0.88 * Double(count))
  }

  @Test("learns the effect of an event and applies it to the next one of that name")
  func learnsEvents() throws {
    let day: Int64 = 86_400_000
    let calendar = ForecastCalendar(events: [
      ForecastCalendar.Event(name: "sale", start: 2 * day, end: 3 * day),
      ForecastCalendar.Event(name: "sale", start: 10 * day, end: 11 * day),
    ])
    let values = (0..<480).map { (96..<144).contains($0) ? 150.0 : 100 }
    var model = ProphetForecaster()
    model.fit(ForecastSeries(values: values, step: Self.step, calendar: calendar))
    let forecast = try model.forecast(horizons: [10, 60], quantiles: [0.5])
    #expect(abs(forecast.values[0] - 150) < 5)
    #expect(abs(forecast.values[1] - 100) < 5)
  }

  @Test("follows local time when the clocks change")
  func followsLocalTime() throws {
    let hour: Int64 = 3_600_000
    // Every day one busy hour at nine o'clock; the clocks go forward after the history's end.
    let calendar = ForecastCalendar(transitions: [
      ForecastCalendar.Transition(start: 0, offset: hour),
      ForecastCalendar.Transition(start: 240 * hour, offset: 2 * hour),
    ])
    let values = (0..<240).map { (index: Int) -> Double in ((index + 1) % 24 == 9) ? 100 : 10 }
    var settings = ProphetSettings()
    settings.seasonalities = [Seasonality(name: "daily", period: 24 * hour, order: 12)]
    var model = ProphetForecaster(settings: settings)
    model.fit(ForecastSeries(values: values, step: hour, calendar: calendar))
    let forecast = try model.forecast(horizons: Array(1...24), quantiles: [0.5])
    let busiest = forecast.values.indices.max { forecast.values[$0] < forecast.values[$1] }
    // Nine o'clock local is now seven o'clock UTC: the eighth hour from the history's last at 23 o'clock.
    #expect(busiest == 7)
  }

  @Test("keeps its answer over a save and a restore, and its settings")
  func survivesSaving() throws {
    let model = Self.model(.multiplicative)
    let restored = try ProphetForecaster(restoring: model.saved())
    #expect(restored.settings == model.settings)
    let request = (horizons: [1, 5, 100], quantiles: [0.025, 0.5, 0.975])
    #expect(
      try restored.forecast(horizons: request.horizons, quantiles: request.quantiles)
        == model.forecast(horizons: request.horizons, quantiles: request.quantiles))
  }
}
