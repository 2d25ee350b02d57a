/// The Gregorian calendar in UTC, from seconds since 1970.
///
/// The conversion is the era-based algorithm of Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", section `civil_from_days`.
struct CivilTime {
  let year: Int64
  let month: Int
  let day: Int
  /// Days since 1970-01-01.
  let days: Int64
  /// Seconds since midnight.
  let secondOfDay: Int

  /// Seconds from the first moment of year -292,277,022,399, from which Go counts modulo 2^64, to 1970.
  private static let epoch: Int64 = 9_223_372_028_715_321_600

  /// - Parameter seconds: since 1970; what lies outside Go's range wraps as it does there.
  init(seconds: Int64) {
    let absolute = UInt64(bitPattern: seconds &+ CivilTime.epoch)
    let days = Int64(absolute / 86_400) - CivilTime.epoch / 86_400
    self.days = days
    secondOfDay = Int(absolute % 86_400)
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var hour: Int { secondOfDay / 3600 }
  var minute: Int { secondOfDay / 60 % 60 }
  var second: Int { secondOfDay % 60 }

  /// 0 is Sunday.
  var weekday: Int {
    let shifted = (days + 4) % 7
    return Int(shifted < 0 ? shifted + 7 : shifted)
  }

  var isLeapYear: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  var daysInMonth: Int {
    switch month {
    case 2: isLeapYear ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// 1 is January 1st.
  var dayOfYear: Int {
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
    return before[month - 1] + day + (isLeapYear && month > 2 ? 1 : 0)
  }

  /// UTC milliseconds as RFC 3339, whole seconds.
  static func format(_ milliseconds: Int64) -> String {
    let time = CivilTime(seconds: milliseconds / 1000)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let year = String(time.year)
    let padded = String(repeating: "0", count: max(0, 4 - year.utf8.count)) + year
    return "\(padded)-\(two(time.month))-\(two(time.day))T\(two(time.hour)):\(two(time.minute)):\(two(time.second))Z"
  }
}
