import Testing
import TimeSeries

@testable import Forecasting

private let start = RFC3339.parse("2025-01-06T00:00:00Z") ?? 0
private let german = BusinessCalendar(
  clock: ForecastCalendar(offset: 3_600_000), holidays: PublicHolidays(country: "DE"))

/// Hourly traffic of an office: a hump by day, higher on working days, with noise that lasts.
private func traffic(_ hours: Int, seed: UInt64 = 5, calendar: BusinessCalendar = german) -> [Double] {
  var noise = SeededNoise(seed)
  var sticky = 0.0
  return (0..<hours).map { index in
    let moment = calendar.moment(at: start + Int64(index) * hour)
    let distance = abs(Double(moment.millisecond) / 3_600_000 - 13)
    let hump = max(0, 1 - distance / 8)
    sticky = 0.9 * sticky + 0.04 * noise.normal()
    let event = moment.events.isEmpty ? 1.0 : 3.0
    return max(0, event * (200 + (moment.isWorkingDay ? 1000 : 300) * hump) * (1 + sticky) + 10 * noise.normal())
  }
}

/// Mean absolute errors of the median, and of the value a day and a week before, on what `isJudged` accepts; and how
/// often the 95% interval held.
private func trial(
  _ values: [Double], calendar: BusinessCalendar, warm: Int, isJudged: (BusinessCalendar.Moment) -> Bool = { _ in true }
) throws -> (own: Double, daily: Double, weekly: Double, coverage: Double) {
  var model = DemandForecaster(calendar: calendar)
  model.fit(ForecastSeries(values: Array(values[..<warm]), step: hour, start: start))
  var sums = (own: 0.0, daily: 0.0, weekly: 0.0, covered: 0.0, count: 0.0)
  var position = warm
  while position + 168 <= values.count {
    let forecast = try model.forecast(horizons: Array(1...168), quantiles: [0.025, 0.5, 0.975])
    for horizon in 1...168 {
      let target = position + horizon - 1
      guard isJudged(calendar.moment(at: start + Int64(target) * hour)) else { continue }
      let truth = values[target]
      sums.own += abs(truth - forecast.value(horizonAt: horizon - 1, quantileAt: 1))
      sums.daily += abs(truth - values[target - ((horizon - 1) / 24 + 1) * 24])
      sums.weekly += abs(truth - values[target - 168])
      let isCovered =
        truth >= forecast.value(horizonAt: horizon - 1, quantileAt: 0)
        && truth <= forecast.value(horizonAt: horizon - 1, quantileAt: 2)
      sums.covered += isCovered ? 1 : 0
      sums.count += 1
    }
    for value in values[position..<min(values.count, position + 79)] { model.update(value) }
    position += 79
  }
  return (
    sums.own / sums.count, sums.daily / sums.count, sums.weekly / sums.count, sums.covered / max(1, sums.count)
  )
}

@Suite("Demand forecasts")
struct DemandForecasterTests {
  @Test func beatSeasonalNaiveUpToAWeekAhead() throws {
    let result = try trial(traffic(24 * 300), calendar: german, warm: 24 * 42)
    #expect(result.own < 0.5 * result.daily, "\(result)")
    #expect(result.own < 0.8 * result.weekly, "\(result)")
    #expect((0.93...0.99).contains(result.coverage), "\(result)")
  }

  @Test func knowHolidays() throws {
    let result = try trial(traffic(24 * 300), calendar: german, warm: 24 * 42) { $0.holiday != nil }
    #expect(result.own < 0.4 * result.daily, "\(result)")
    #expect(result.own < 0.4 * result.weekly, "\(result)")
    #expect(result.coverage > 0.9, "\(result)")
  }

  @Test func learnWhatAnEventDoes() throws {
    // A sale on the first of each month triples the traffic.
    let events = (2...11).compactMap { month -> ForecastCalendar.Event? in
      let day = Int64(CivilDate(year: 2025, month: month, day: 1).dayNumber) * 86_400_000
      return ForecastCalendar.Event(name: "sale", start: day, end: day + 86_400_000)
    }
    let calendar = BusinessCalendar(clock: ForecastCalendar(events: events))
    let values = traffic(24 * 300, calendar: calendar)
    let result = try trial(values, calendar: calendar, warm: 24 * 60) { !$0.events.isEmpty }
    #expect(result.own < 0.5 * result.weekly, "\(result)")
  }

  @Test func followLocalTimeWhenClocksChange() throws {
    // Traffic lives by the clock on the wall in Berlin; on 30 March 2026 it comes an hour earlier in UTC.
    let calendar = BusinessCalendar(clock: berlin2026)
    let first = RFC3339.parse("2026-02-02T00:00:00Z") ?? 0
    func value(_ index: Int) -> Double {
      let moment = calendar.moment(at: first + Int64(index) * hour)
      return moment.isWorkingDay && (8..<18).contains(moment.millisecond / 3_600_000) ? 1000 : 100
    }
    let change = 55 * 24
    var model = DemandForecaster(calendar: calendar)
    model.fit(ForecastSeries(values: (0..<change).map(value), step: hour, start: first))
    let forecast = try model.forecast(horizons: Array(1...48), quantiles: [0.5])
    for horizon in 1...48 {
      let expected = value(change + horizon - 1)
      #expect(abs(forecast.value(horizonAt: horizon - 1, quantileAt: 0) - expected) < 60, "\(horizon)")
    }
  }

  @Test func sayHowGoodTheyWere() throws {
    var model = DemandForecaster(calendar: german)
    #expect(model.record(horizon: 24) == nil)
    model.fit(ForecastSeries(values: traffic(24 * 60), step: hour, start: start))
    let record = try #require(model.record(horizon: 24))
    #expect(record.count > 100)
    #expect(record.meanAbsoluteError > 0 && record.meanAbsoluteError < 200)
    #expect(try #require(record.rSquared) > 0.8)
    #expect(try #require(record.skill) > 0)
  }

  @Test func areTheSameWhetherLearntAtOnceOrOneByOne() throws {
    let values = traffic(24 * 30)
    var whole = DemandForecaster(calendar: german)
    whole.fit(ForecastSeries(values: values, step: hour, start: start))
    var piecewise = DemandForecaster(calendar: german)
    piecewise.fit(ForecastSeries(values: Array(values[..<400]), step: hour, start: start))
    for value in values[400...] { piecewise.update(value) }
    let horizons = [1, 24, 168]
    #expect(
      try whole.forecast(horizons: horizons, quantiles: [0.1, 0.9])
        == piecewise.forecast(horizons: horizons, quantiles: [0.1, 0.9]))
  }

  @Test(arguments: hostileHistories.map(\.name))
  func areFiniteOrderedAndNeverBelowZero(name: String) throws {
    let values = try #require(hostileHistories.first { $0.name == name }).values
    let far = RFC3339.parse("2026-03-28T00:00:00Z") ?? 0
    for (calendar, first) in [
      (BusinessCalendar(), 0), (BusinessCalendar(clock: berlin2026), far), (german, Int64.max / 2),
    ] {
      var model = DemandForecaster(calendar: calendar)
      model.fit(ForecastSeries(values: values, step: hour, start: first))
      for extra in [Double.nan, 3, 1e6, .infinity] {
        if model.observationCount > 0 {
          let forecast = try model.forecast(horizons: [1, 5, 24, 100, 168, 1000], quantiles: [0.025, 0.5, 0.975])
          let numbers = forecast.values + forecast.mean
          #expect(numbers.allSatisfy { $0.isFinite }, "\(name)")
          if values.allSatisfy({ !($0 < 0) }) { #expect(numbers.allSatisfy { $0 >= 0 }, "\(name)") }
          for row in forecast.horizons.indices {
            #expect(forecast.value(horizonAt: row, quantileAt: 0) <= forecast.value(horizonAt: row, quantileAt: 2))
          }
        } else {
          #expect(throws: ForecastError.noObservations) {
            try model.forecast(horizons: [1], quantiles: [0.5])
          }
        }
        model.update(extra)
      }
    }
  }
}
