import Forecasting
import Foundation
import TimeSeries

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
    try calendar(from: now - Self.reach.back, through: now + Self.reach.ahead)
  }

  /// The calendar with the events from one time (UTC milliseconds) to another.
  ///
  /// - Throws: ``CalendarFileError``, or `ICalendarError` with the line of what is wrong in a file.
  public func calendar(from start: Int64, through end: Int64) throws -> BusinessCalendar {
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

  /// Local time and special days, for models of rules that look at a calendar: those of more than a year before `now`
  /// and after.
  ///
  /// - Throws: as ``calendar(from:through:)``.
  public func specialDays(at now: Int64) throws -> ForecastCalendar {
    let (start, end) = (now - Self.reach.back, now + Self.reach.back)
    return try calendar(from: start, through: end).specialDays(from: start, through: end)
  }

  /// What tells this calendar from another; empty where nothing is configured.
  public var calendarIdentity: String {
    var parts = zone == OutlookConfiguration().zone ? [] : [zone]
    if let holidays { parts.append(holidays.country) }
    for event in events { parts.append("\(event.name) \(event.start) \(event.end) \(event.period ?? 0)") }
    for path in calendarFiles {
      parts.append(FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? path)
    }
    return parts.isEmpty ? "" : String(StableHash.hash(parts.joined(separator: "\n")), radix: 16)
  }
}
