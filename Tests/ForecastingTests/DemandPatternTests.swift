import Forecasting
import Testing

@Suite("Kinds of days")
struct DemandPatternTests {
  /// Four weeks of hours from a Monday (2023-11-13): workdays have 100 from 8 to 18, weekends 20 at night.
  private static let weeks: ForecastSeries = {
    var noise = SeededNoise(6)
    let values = (0..<28 * 24).map { index -> Double in
      let isWeekend = index / 24 % 7 >= 5
      let hour = index % 24
      let level = isWeekend ? (hour >= 20 ? 20.0 : 5) : ((8..<18).contains(hour) ? 100.0 : 10)
      return level + noise.normal()
    }
    return ForecastSeries(values: values, step: hour, start: 1_699_833_600_000)
  }()

  @Test("workdays and weekends are two kinds of days")
  func findsWorkdays() {
    let patterns = DemandPatterns(Self.weeks).patterns
    #expect(patterns.map(\.days.count) == [20, 8])
    #expect(abs(patterns[0].profile[12] - 100) < 2)
    #expect(abs(patterns[1].profile[22] - 20) < 2)
  }

  @Test("a morning tells the kind of the day, and so what is left of it")
  func tellsTheRemainder() throws {
    let patterns = DemandPatterns(Self.weeks)
    let morning = [10.0, 10, .nan, 10, 10, 10, 10, 10, 98, 101]
    let today = try #require(patterns.likeness(of: morning))
    #expect(today.pattern == 0 && today.distance < 2)
    #expect(today.remainder.count == 14)
    #expect(abs(today.remainder[0] - 100) < 2 && abs(today.remainder[13] - 10) < 2)
    #expect(patterns.likeness(of: [4, 5, 6, 5, 5, 5, 5, 5, 6, 5])?.pattern == 1)
  }

  @Test("days that differ by chance alone are of one kind")
  func findsNoKindsInNoise() {
    var noise = SeededNoise(9)
    let values = (0..<35 * 24).map { 100 + Double($0 % 24) + 5 * noise.normal() }
    #expect(DemandPatterns(ForecastSeries(values: values, step: hour)).patterns.map(\.days.count) == [35])
  }

  @Test("a demand forecaster knows the kinds of its days in local time, and how today has gone so far")
  func belongToTheForecaster() throws {
    // Clocks an hour before UTC, so that the weeks begin in the second hour of a local Monday, which is not whole.
    var forecaster = DemandForecaster(calendar: BusinessCalendar(clock: ForecastCalendar(offset: hour)))
    forecaster.fit(Self.weeks)
    #expect(forecaster.patterns().patterns.map(\.days.count) == [19, 8])
    #expect(forecaster.patterns().patterns.map(\.weekdays) == [[3, 4, 4, 4, 4, 0, 0], [0, 0, 0, 0, 0, 4, 4]])
    // The last hour of the weeks is the first of a local Monday.
    let today = forecaster.today()
    #expect(today.count == 1 && abs(today[0] - 20) < 5)
  }

  @Test("equal days are of one kind; without a whole day there is none")
  func knowsNothing() {
    let equal = ForecastSeries(values: (0..<240).map { Double($0 % 24) }, step: hour)
    #expect(DemandPatterns(equal).patterns.map(\.days.count) == [10])
    let none = DemandPatterns(ForecastSeries(values: [1, 2, 3], step: hour))
    #expect(none.patterns.isEmpty && none.likeness(of: [1]) == nil)
  }
}
