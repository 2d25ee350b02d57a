import Testing
import TimeSeries

@testable import Forecasting

private func day(_ year: Int, _ month: Int, _ day: Int) -> Int {
  CivilDate(year: year, month: month, day: day).dayNumber
}

@Suite("Public holidays")
struct PublicHolidaysTests {
  @Test func coverAtLeastTwentyCountries() {
    #expect(PublicHolidays.countries.count >= 60)
    #expect(
      Set(["AU", "BR", "CA", "CN", "DE", "ES", "FR", "GB", "IN", "IT", "JP", "US", "ZA"])
        .isSubset(of: PublicHolidays.countries))
    #expect(PublicHolidays.source.contains("holidays 0."))
  }

  /// Easter Sunday by the almanac: 12 April 2020, 4 April 2021, 17 April 2022, 9 April 2023, 31 March 2024,
  /// 20 April 2025, 5 April 2026, 17 April 2033, 25 April 2038.
  @Test(arguments: [
    (2020, 4, 12), (2021, 4, 4), (2022, 4, 17), (2023, 4, 9), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2033, 4, 17),
    (2038, 4, 25),
  ])
  func followEaster(year: Int, month: Int, sunday: Int) throws {
    let germany = try #require(PublicHolidays(country: "DE"))
    let easter = day(year, month, sunday)
    #expect(germany.name(onDay: easter - 2) == "Good Friday")
    #expect(germany.name(onDay: easter + 1) == "Easter Monday")
    #expect(germany.name(onDay: easter + 39) == "Ascension Day")
    #expect(germany.name(onDay: easter + 50) == "Pentecost Monday")
    #expect(germany.name(onDay: easter + 2) == nil)
  }

  @Test func followRulesOfWeekdays() throws {
    let states = try #require(PublicHolidays(country: "us"))
    // The fourth Thursday of November 2026 is the 26th, the last Monday of May 2026 the 25th.
    #expect(states.name(onDay: day(2026, 11, 26)) == "Thanksgiving Day")
    #expect(states.name(onDay: day(2026, 5, 25)) == "Memorial Day")
    // The fourth of July 2026 is a Saturday: offices close on the Friday before.
    #expect(states.name(onDay: day(2026, 7, 3)) == "Independence Day (observed)")
    #expect(states.name(onDay: day(2026, 11, 25)) == nil)
  }

  @Test(arguments: [
    ("FR", 7, 14), ("IT", 6, 2), ("CA", 7, 1), ("PL", 11, 11), ("CH", 8, 1), ("MX", 9, 16), ("BR", 9, 7), ("IN", 8, 15),
    ("AT", 10, 26), ("NO", 5, 17),
  ])
  func knowTheNationalDay(code: String, month: Int, date: Int) throws {
    let country = try #require(PublicHolidays(country: code))
    for year in 2021...2040 { #expect(country.name(onDay: day(year, month, date)) != nil, "\(code) \(year)") }
  }

  @Test func knowWhichDaysAreTheWeekend() throws {
    #expect(try #require(PublicHolidays(country: "DE")).weekend == [5, 6])
    #expect(try #require(PublicHolidays(country: "EG")).weekend == [4, 5])
  }

  @Test func sayWhereTheTableEnds() throws {
    let germany = try #require(PublicHolidays(country: "DE"))
    #expect(germany.covers(day: day(2040, 12, 31)))
    #expect(!germany.covers(day: day(2041, 1, 1)))
    #expect(germany.name(onDay: day(2041, 1, 1)) == nil)
    #expect(germany.name(onDay: .max) == nil)
    #expect(PublicHolidays(country: "XX") == nil)
  }

  @Test func everyCountryRestsOnSomeDaysOfEveryYear() throws {
    for code in PublicHolidays.countries {
      let country = try #require(PublicHolidays(country: code))
      for year in country.years {
        let first = day(year, 1, 1)
        let count = (first..<first + 365).count { country.name(onDay: $0) != nil }
        #expect((4...40).contains(count), "\(code) \(year): \(count)")
      }
    }
  }
}
