import Foundation
import Testing

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

  private static func model(_ mode: ProphetSettings.Mode) -> ProphetForecaster {
    var settings = ProphetSettings()
    settings.mode = mode
    settings.seasonalities = [Seasonality(name: "daily", period: 86_400_000, order: 4)]
    var model = ProphetForecaster(settings: settings)
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
    let forecast = try Self.model(mode).forecast(horizons: [1, 12, 24, 48], quantiles: [0.1, 0.5, 0.9])
    for index in means.indices {
      #expect(abs(forecast.value(horizonAt: index, quantileAt: 1) - means[index]) < 0.6)
      #expect(abs(forecast.value(horizonAt: index, quantileAt: 0) - lows[index]) < 0.8)
      #expect(abs(forecast.value(horizonAt: index, quantileAt: 2) - highs[index]) < 0.8)
    }
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
