/// Timestamps as RFC 3339 writes them.
public enum RFC3339 {
  /// UTC milliseconds of for instance `2026-01-31T08:00:00.5+01:00`; nil if `text` is not one.
  public static func parse(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    func digits(_ from: Int, _ count: Int) -> Int? {
      guard from + count <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[from..<(from + count)] {
        guard byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      return value
    }
    func has(_ byte: Character, at index: Int) -> Bool {
      index < bytes.count && bytes[index] == byte.asciiValue
    }
    guard let year = digits(0, 4), has("-", at: 4), let month = digits(5, 2), has("-", at: 7),
      let day = digits(8, 2), has("T", at: 10) || has("t", at: 10) || has(" ", at: 10),
      let hour = digits(11, 2), has(":", at: 13), let minute = digits(14, 2), has(":", at: 16),
      let second = digits(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24,
      minute < 60, second < 61
    else { return nil }
    var index = 19
    var fraction = 0.0
    if has(".", at: index) {
      index += 1
      var scale = 0.1
      let first = index
      while index < bytes.count, bytes[index] >= 48, bytes[index] <= 57 {
        fraction += Double(bytes[index] - 48) * scale
        scale /= 10
        index += 1
      }
      if index == first { return nil }
    }
    var offset = 0
    if has("Z", at: index) || has("z", at: index) {
      index += 1
    } else if has("+", at: index) || has("-", at: index) {
      guard let hours = digits(index + 1, 2), has(":", at: index + 3), let minutes = digits(index + 4, 2) else {
        return nil
      }
      offset = (hours * 60 + minutes) * (has("-", at: index) ? -60 : 60)
      index += 6
    } else {
      return nil
    }
    guard index == bytes.count else { return nil }
    let seconds = daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    return Int64(seconds) * 1000 + Int64((fraction * 1000).rounded())
  }

  /// `milliseconds` since 1970 as `2026-01-31T08:00:00.500Z`.
  public static func format(_ milliseconds: Int64) -> String {
    let days = Int(milliseconds.floorDivided(by: 86_400_000))
    let rest = Int(milliseconds - Int64(days) * 86_400_000)
    let (year, month, day) = civilDate(ofDay: days)
    func pad(_ value: Int, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + "T" + pad(rest / 3_600_000, 2) + ":"
      + pad(rest / 60_000 % 60, 2) + ":" + pad(rest / 1000 % 60, 2) + "." + pad(rest % 1000, 3) + "Z"
  }

  // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil and
  // civil_from_days: the year begins in March, so that the leap day is its last.
  private static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar; January is 1.
  public static func civilDate(ofDay days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex + (monthIndex < 10 ? 3 : -9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
  }
}

extension Int64 {
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
