import TimeSeries

/// What the clock and the diary say about a moment, as numbers a tree can split at.
public struct CalendarFeatures: Sendable, Equatable {
  /// The hours (local, first included, last excluded) in which business is done on weekdays.
  public var businessHours: Range<Int>
  /// The hours of weekdays with the most traffic.
  public var peakHours: Set<Int>

  /// Business from 9 to 18, peaks from 9 to 12 and from 14 to 17.
  public init(businessHours: Range<Int> = 9..<18, peakHours: Set<Int> = [9, 10, 11, 14, 15, 16]) {
    self.businessHours = businessHours
    self.peakHours = peakHours
  }

  /// The names of the features, in the order of ``values(at:in:)``.
  public static let names = [
    "hour", "day_of_week", "month", "quarter", "is_weekend", "is_holiday", "is_business_hour", "is_peak_hour",
  ]

  /// The features of `time` (UTC milliseconds). The hour has a fraction; Monday is 0, January 1.
  public func values(at time: Int64, in calendar: ForecastCalendar) -> [Float] {
    let local = calendar.localTime(at: time)
    let day = Int64((Double(local) / 86_400_000).rounded(.down))
    let millisecond = local - day * 86_400_000
    let hour = Int(millisecond / 3_600_000)
    // 1970-01-01 was a Thursday.
    let weekday = Int(((day + 3) % 7 + 7) % 7)
    let month = RFC3339.civilDate(ofDay: Int(day)).month
    let isWeekend = weekday >= 5
    let isHoliday = !calendar.events(at: time).isEmpty
    let isWorking = !isWeekend && !isHoliday
    return [
      Float(Double(millisecond) / 3_600_000), Float(weekday), Float(month), Float((month - 1) / 3 + 1),
      isWeekend ? 1 : 0, isHoliday ? 1 : 0, isWorking && businessHours.contains(hour) ? 1 : 0,
      isWorking && peakHours.contains(hour) ? 1 : 0,
    ]
  }
}
