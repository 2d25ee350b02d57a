import Forecasting
import Testing
import TimeSeries

/// Around the night in which clocks change, and where a counter begins anew.
@Suite("Signals whose time or level jumps")
struct ClockChangeTests {
  /// Networks, which take seconds without optimisation, see the last days only.
  private static func isNetwork(_ name: String) -> Bool { name == "lstm" || name == "two_model" }
  private static let start = RFC3339.parse("2026-02-16T00:00:00Z") ?? 0

  /// Traffic of an office in Berlin, which comes an hour earlier in UTC from 29 March 2026 on.
  private static func traffic(_ hours: Int) -> [Double] {
    let calendar = BusinessCalendar(clock: berlin2026)
    return (0..<hours).map { index in
      let moment = calendar.moment(at: start + Int64(index) * hour)
      return moment.isBusinessHour ? 900 : 40
    }
  }

  private func expectSane(_ forecast: ForecastDistribution, _ name: String) {
    let numbers = forecast.values + forecast.mean
    #expect(numbers.allSatisfy { $0.isFinite && $0 >= 0 }, "\(name)")
    for row in forecast.horizons.indices {
      #expect(forecast.value(horizonAt: row, quantileAt: 0) <= forecast.value(horizonAt: row, quantileAt: 2), "\(name)")
    }
  }

  @Test("are forecast with finite numbers in order, never below zero", arguments: ForecastModels.names)
  func clocksChange(name: String) throws {
    // The 41st day is the one on which clocks change.
    let values = Self.traffic(44 * 24)
    let first = Self.isNetwork(name) ? 32 * 24 : 0
    var model = try ForecastModels.make(named: name)
    model.fit(
      ForecastSeries(
        values: Array(values[first..<(40 * 24)]), step: hour, start: Self.start + Int64(first) * hour,
        calendar: berlin2026))
    for (index, value) in values[(40 * 24)...].enumerated() {
      if index % 24 == 0 {
        expectSane(try model.forecast(horizons: [1, 3, 24, 168], quantiles: [0.025, 0.5, 0.975]), name)
      }
      model.update(value)
    }
  }

  @Test("are forecast with finite numbers when a counter begins anew", arguments: ForecastModels.names)
  func counterBeginsAnew(name: String) throws {
    var values = (0..<400).map { Double($0) * 1e4 }
    values += (0..<60).map { Double($0) * 1e4 }
    let first = Self.isNetwork(name) ? 200 : 0
    var model = try ForecastModels.make(named: name)
    model.fit(
      ForecastSeries(
        values: Array(values[first..<398]), step: fiveMinutes, start: Self.start + Int64(first) * fiveMinutes))
    for (index, value) in values[398...].enumerated() {
      if index % 12 < 3 {
        expectSane(try model.forecast(horizons: [1, 12, 288], quantiles: [0.025, 0.5, 0.975]), name)
      }
      model.update(value)
    }
  }
}
