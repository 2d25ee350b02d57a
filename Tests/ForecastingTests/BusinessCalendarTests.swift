import Testing
import TimeSeries

@testable import Forecasting

/// Central European time in 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC.
let berlin2026 = ForecastCalendar(transitions: [
  .init(start: .min, offset: 3_600_000),
  .init(start: RFC3339.parse("2026-03-29T01:00:00Z") ?? 0, offset: 7_200_000),
  .init(start: RFC3339.parse("2026-10-25T01:00:00Z") ?? 0, offset: 3_600_000),
])

@Suite("The business calendar")
struct BusinessCalendarTests {
  private func at(_ text: String) -> Int64 { RFC3339.parse(text) ?? 0 }

  @Test func knowsOfficeHoursInLocalTime() throws {
    let calendar = BusinessCalendar(clock: berlin2026, holidays: PublicHolidays(country: "DE"))
    // Monday 23 March 2026, 9:30 in winter; Monday 30 March, 9:30 in summer.
    #expect(calendar.moment(at: at("2026-03-23T08:30:00Z")).isBusinessHour)
    #expect(!calendar.moment(at: at("2026-03-23T07:30:00Z")).isBusinessHour)
    #expect(calendar.moment(at: at("2026-03-30T07:30:00Z")).isBusinessHour)
    #expect(calendar.moment(at: at("2026-03-30T07:30:00Z")).isPeakHour)
    // 12:30 is business, but no peak.
    #expect(!calendar.moment(at: at("2026-03-30T10:30:00Z")).isPeakHour)
  }

  @Test func knowsHolidaysAndTheirNeighbours() throws {
    let calendar = BusinessCalendar(clock: berlin2026, holidays: PublicHolidays(country: "DE"))
    // Good Friday is 3 April 2026, Easter Monday the 6th.
    let friday = calendar.moment(at: at("2026-04-03T10:00:00Z"))
    #expect(friday.holiday == "Good Friday")
    #expect(!friday.isBusinessHour && !friday.isWorkingDay)
    #expect(calendar.moment(at: at("2026-04-02T10:00:00Z")).isEve)
    #expect(calendar.moment(at: at("2026-04-07T10:00:00Z")).isAfterHoliday)
    // The Sunday before Easter Monday is no working day, so no eve.
    #expect(!calendar.moment(at: at("2026-04-05T10:00:00Z")).isEve)
    // Midnight in Berlin begins the holiday, not midnight in Greenwich.
    #expect(calendar.moment(at: at("2026-04-02T22:00:00Z")).holiday == "Good Friday")
  }

  @Test func knowsTheEventsThatAreOn() {
    let clock = ForecastCalendar(events: [
      .init(name: "sale", start: at("2026-05-01T12:00:00Z"), end: at("2026-05-04T00:00:00Z")),
      .init(name: "batch", start: at("2026-05-02T01:00:00Z"), end: at("2026-05-02T02:00:00Z")),
    ])
    let calendar = BusinessCalendar(clock: clock)
    #expect(calendar.moment(at: at("2026-05-01T11:59:59Z")).events.isEmpty)
    #expect(calendar.moment(at: at("2026-05-02T01:30:00Z")).events == ["sale", "batch"])
    #expect(calendar.moment(at: at("2026-05-04T00:00:00Z")).events.isEmpty)
  }

  @Test func saysNoneOfItForMomentsFarFromAnyCalendar() {
    let calendar = BusinessCalendar(holidays: PublicHolidays(country: "DE"))
    for time in [Int64.min / 4, -1, 0, Int64.max / 4] {
      let moment = calendar.moment(at: time)
      #expect((0..<86_400_000).contains(moment.millisecond) && (0..<7).contains(moment.weekday))
    }
  }

  @Test func findsTheTimeOfALocalClock() {
    #expect(berlin2026.time(ofLocal: at("2026-07-01T12:00:00Z")) == at("2026-07-01T10:00:00Z"))
    // 2:30 is skipped on 29 March: it counts with the offset before, as 3:30 summer time.
    #expect(berlin2026.time(ofLocal: at("2026-03-29T02:30:00Z")) == at("2026-03-29T01:30:00Z"))
    // 2:30 comes twice on 25 October: the first one is meant.
    #expect(berlin2026.time(ofLocal: at("2026-10-25T02:30:00Z")) == at("2026-10-25T00:30:00Z"))
  }
}
