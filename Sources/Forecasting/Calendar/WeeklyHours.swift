/// Hours that come back every week, in local time, to the minute.
public struct WeeklyHours: Sendable, Equatable {
  /// One bit for each minute of the week, which begins on Monday.
  private var bits = [UInt64](repeating: 0, count: (7 * 1440 + 63) / 64)

  /// No hours at all.
  public init() {}

  /// The same span (minutes of the day, the end excluded and at most 1440) on each of the given days; Monday is 0.
  public init(days: some Sequence<Int>, minutes: Range<Int>) {
    for day in days { add(day: day, minutes: minutes) }
  }

  /// Adds a span of one day; what lies outside the day or the week is left out.
  public mutating func add(day: Int, minutes: Range<Int>) {
    guard (0..<7).contains(day) else { return }
    for minute in minutes.clamped(to: 0..<1440) {
      let position = day * 1440 + minute
      bits[position / 64] |= 1 << UInt64(position % 64)
    }
  }

  /// Whether a minute of a day (Monday is 0) belongs to the hours.
  ///
  /// - Complexity: O(1).
  public func contains(day: Int, minute: Int) -> Bool {
    guard (0..<7).contains(day), (0..<1440).contains(minute) else { return false }
    let position = day * 1440 + minute
    return bits[position / 64] & 1 << UInt64(position % 64) != 0
  }

  /// Weekdays from 9 to 18.
  public static let usualBusiness = WeeklyHours(days: 0..<5, minutes: 540..<1080)

  /// Weekdays from 9 to 12 and from 14 to 17.
  public static let usualPeaks: WeeklyHours = {
    var hours = WeeklyHours(days: 0..<5, minutes: 540..<720)
    for day in 0..<5 { hours.add(day: day, minutes: 840..<1020) }
    return hours
  }()
}
