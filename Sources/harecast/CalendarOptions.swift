import ArgumentParser
import Backtest
import Forecasting
import Outlook

/// The local time and the special days that a model is trained with, as in the block `forecasting` of the configuration.
struct CalendarOptions: ParsableArguments {
  @Option(name: .customLong("time-zone"), help: "The zone whose clocks daily habits follow [UTC].")
  var timeZone: String?
  @Option(help: "The country whose public holidays count, as its ISO 3166 code [none].") var country: String?
  @Option(
    name: .customLong("calendar"), help: "An iCalendar file with events; may be given again.") var files: [String] = []

  /// What was given, by name.
  var given: [String: String] {
    var result: [String: String] = [:]
    result["time_zone"] = timeZone
    result["country"] = country
    if !files.isEmpty { result["calendars"] = files.joined(separator: ",") }
    return result
  }

  /// - Throws: `ValidationError`.
  func configuration() throws -> OutlookConfiguration {
    var configuration = OutlookConfiguration()
    if let timeZone {
      guard let clock = Zones.clock(timeZone) else {
        throw ValidationError("--time-zone: there is no time zone \"\(timeZone)\"")
      }
      (configuration.zone, configuration.clock) = (timeZone, clock)
    }
    if let country {
      guard let holidays = PublicHolidays(country: country) else {
        throw ValidationError(
          "--country: the holidays of \"\(country)\" are not known; known are "
            + PublicHolidays.countries.joined(separator: ", "))
      }
      configuration.holidays = holidays
    }
    configuration.calendarFiles = files
    return configuration
  }

  /// The calendar around the histories that are learnt, and for more than a year after: a model forecasts with the one
  /// that it was trained with.
  ///
  /// - Throws: `CalendarFileError`, or `ICalendarError` with the line of what is wrong in a file.
  func calendar(of series: [RecordedSeries]) throws -> ForecastCalendar {
    guard !given.isEmpty, let first = series.compactMap(\.timestamps.first).min(),
      let last = series.compactMap(\.timestamps.last).max()
    else { return ForecastCalendar() }
    let end = last + 400 * 86_400_000
    return try configuration().calendar(from: first, through: end).specialDays(from: first, through: end)
  }
}
