/// What a moment means to those whose traffic is forecast: local time, working day or holiday, office hours, events.
///
/// Made once from a time zone, a country and a diary; a look-up costs no more than a few table reads.
public struct BusinessCalendar: Sendable, Equatable {
  /// Local time, and the events of the diary.
  public let clock: ForecastCalendar
  public let holidays: PublicHolidays?
  public let businessHours: WeeklyHours
  public let peakHours: WeeklyHours
  /// The positions in `clock.events` of what happens on a local day.
  private let eventsByDay: [Int: [Int]]

  /// Events longer than this many days are cut.
  static let longestEvent = 400

  public init(
    clock: ForecastCalendar = ForecastCalendar(), holidays: PublicHolidays? = nil,
    businessHours: WeeklyHours = .usualBusiness, peakHours: WeeklyHours = .usualPeaks
  ) {
    self.clock = clock
    self.holidays = holidays
    self.businessHours = businessHours
    self.peakHours = peakHours
    var eventsByDay: [Int: [Int]] = [:]
    for (index, event) in clock.events.enumerated() {
      let first = Self.day(ofLocal: clock.localTime(at: event.start))
      let last = Self.day(ofLocal: clock.localTime(at: event.end &- 1))
      for day in first...max(first, min(last, first + Self.longestEvent)) {
        eventsByDay[day, default: []].append(index)
      }
    }
    self.eventsByDay = eventsByDay
  }

  /// A moment as the calendar sees it.
  public struct Moment: Sendable, Equatable {
    /// Local days since 1970-01-01.
    public var day: Int
    /// Milliseconds of the local day.
    public var millisecond: Int
    /// Monday is 0.
    public var weekday: Int
    public var isWeekend: Bool
    /// The name of the public holiday.
    public var holiday: String?
    /// Whether the next day is a holiday and this day is a working day.
    public var isEve: Bool
    /// Whether the day before was a holiday and this day is a working day.
    public var isAfterHoliday: Bool
    /// Inside the business hours of a day that is no holiday.
    public var isBusinessHour: Bool
    /// Inside the peak hours of a day that is no holiday.
    public var isPeakHour: Bool
    /// The names of the events of the diary that are on.
    public var events: [String]

    /// Neither weekend nor holiday.
    public var isWorkingDay: Bool { !isWeekend && holiday == nil }
  }

  /// - Complexity: O(log clock changes + events of the day).
  public func moment(at time: Int64) -> Moment {
    let local = clock.localTime(at: time)
    let day = Self.day(ofLocal: local)
    let millisecond = Int(local - Int64(day) * Self.dayMilliseconds)
    let weekday = CivilDate.weekday(ofDay: day)
    let isWeekend = holidays?.weekend.contains(weekday) ?? (weekday >= 5)
    let holiday = holidays?.name(onDay: day)
    let isWorkingDay = !isWeekend && holiday == nil
    let minute = millisecond / 60_000
    let events = eventsByDay[day].map { positions in
      positions.map { clock.events[$0] }.filter { $0.start <= time && time < $0.end }.map(\.name)
    }
    return Moment(
      day: day, millisecond: millisecond, weekday: weekday, isWeekend: isWeekend, holiday: holiday,
      isEve: isWorkingDay && holidays?.name(onDay: day + 1) != nil,
      isAfterHoliday: isWorkingDay && holidays?.name(onDay: day - 1) != nil,
      isBusinessHour: holiday == nil && businessHours.contains(day: weekday, minute: minute),
      isPeakHour: holiday == nil && peakHours.contains(day: weekday, minute: minute), events: events ?? [])
  }

  /// Local time and the events of the diary, with the public holidays from one time to another among them: what models
  /// that know of nothing else look at.
  ///
  /// - Complexity: O(days).
  public func specialDays(from start: Int64, through end: Int64) -> ForecastCalendar {
    guard let holidays, end >= start else { return clock }
    var events = clock.events
    let days = Self.day(ofLocal: clock.localTime(at: start))...Self.day(ofLocal: clock.localTime(at: end))
    for day in days {
      guard let name = holidays.name(onDay: day) else { continue }
      let midnight = Int64(day) * Self.dayMilliseconds
      events.append(
        ForecastCalendar.Event(
          name: name, start: clock.time(ofLocal: midnight), end: clock.time(ofLocal: midnight + Self.dayMilliseconds)))
    }
    return ForecastCalendar(transitions: clock.transitions, events: events)
  }

  private static let dayMilliseconds: Int64 = 86_400_000

  static func day(ofLocal local: Int64) -> Int {
    Int((local >= 0 ? local : local - (dayMilliseconds - 1)) / dayMilliseconds)
  }
}
