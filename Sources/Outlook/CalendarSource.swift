import Forecasting
import Foundation

/// A calendar file that cannot be read at all.
public struct CalendarFileError: Error, Sendable, Equatable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public var description: String { "\(path): \(reason)" }
}

extension OutlookConfiguration {
  /// How far back and ahead events are known, in milliseconds.
  static let reach = (back: Int64(400) * 86_400_000, ahead: Int64(30) * 86_400_000)

  /// The calendar around `now`: local time, holidays, hours, and the events of the configuration and of the files.
  ///
  /// - Throws: ``CalendarFileError``, or `ICalendarError` with the line of what is wrong in a file.
  public func calendar(at now: Int64) throws -> BusinessCalendar {
    let (start, end) = (now - Self.reach.back, now + Self.reach.ahead)
    var found = events.flatMap { $0.occurrences(from: start, through: end) }
    for path in calendarFiles {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
        throw CalendarFileError(path: path, reason: "there is no such file")
      }
      guard (attributes[.size] as? Int ?? 0) <= ICalendar.mostBytes else {
        throw CalendarFileError(path: path, reason: "the file is larger than \(ICalendar.mostBytes) bytes")
      }
      guard let data = FileManager.default.contents(atPath: path) else {
        throw CalendarFileError(path: path, reason: "the file cannot be read")
      }
      let reader = ICalendar(file: path, floating: clock) { Zones.clock($0) }
      found += try reader.events(String(decoding: data, as: UTF8.self), from: start, through: end)
    }
    return BusinessCalendar(
      clock: ForecastCalendar(transitions: clock.transitions, events: found), holidays: holidays,
      businessHours: businessHours, peakHours: peakHours)
  }
}
