/// A moment in UTC, as templates see it.
struct TemplateTime: Sendable {
  /// Milliseconds since 1970.
  var milliseconds: Int64

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  private var day: Int64 { milliseconds.flooringQuotient(86_400_000) }
  private var ofDay: Int64 { milliseconds - day * 86_400_000 }

  /// Year, month and day by the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
  private var date: (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = shifted.flooringQuotient(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let civil = month < 10 ? month + 3 : month - 9
    return (yearOfEra + era * 400 + (civil <= 2 ? 1 : 0), civil, dayOfYear - (153 * month + 2) / 5 + 1)
  }

  /// The time as Go prints it, for instance `1970-01-12 13:46:40.5 +0000 UTC`.
  var description: String { format("2006-01-02 15:04:05.999999999 -0700 MST") }

  /// The value of one of Go's methods without argument; nil if there is none of that name.
  func method(_ name: String) -> TemplateValue? {
    let date = date
    switch name {
    case "Year": return .int(Int(date.year))
    case "Month": return .string(Self.months[Int(date.month) - 1])
    case "Day": return .int(Int(date.day))
    case "Hour": return .int(Int(ofDay / 3_600_000))
    case "Minute": return .int(Int(ofDay / 60_000 % 60))
    case "Second": return .int(Int(ofDay / 1000 % 60))
    case "Weekday": return .string(Self.weekdays[Int((day + 4) - (day + 4).flooringQuotient(7) * 7)])
    case "Unix": return .int(Int(milliseconds.flooringQuotient(1000)))
    case "UnixMilli": return .int(Int(milliseconds))
    case "UTC", "Local": return .time(self)
    default: return nil
    }
  }

  /// The time by a layout in Go's notation, in which the reference time is `Mon Jan 2 15:04:05 MST 2006`.
  func format(_ layout: String) -> String {
    let date = date
    let hour = ofDay / 3_600_000
    let (minute, second) = (ofDay / 60_000 % 60, ofDay / 1000 % 60)
    let month = Self.months[Int(date.month) - 1]
    let weekday = Self.weekdays[Int((day + 4) - (day + 4).flooringQuotient(7) * 7)]
    let hour12 = hour % 12 == 0 ? 12 : hour % 12
    // Longer words first, so that "January" is not read as "Jan".
    let words: [(String, String)] = [
      ("January", month), ("Monday", weekday), ("Z07:00", "Z"), ("-07:00", "+00:00"), ("2006", padded(date.year, 4)),
      ("-0700", "+0000"), ("Jan", String(month.prefix(3))), ("Mon", String(weekday.prefix(3))), ("MST", "UTC"),
      ("01", padded(date.month, 2)), ("02", padded(date.day, 2)), ("03", padded(hour12, 2)), ("04", padded(minute, 2)),
      ("05", padded(second, 2)), ("06", padded(date.year % 100, 2)), ("15", padded(hour, 2)),
      ("_2", (date.day < 10 ? " " : "") + String(date.day)), ("PM", hour < 12 ? "AM" : "PM"),
      ("pm", hour < 12 ? "am" : "pm"), ("1", String(date.month)), ("2", String(date.day)), ("3", String(hour12)),
      ("4", String(minute)), ("5", String(second)),
    ]
    var result = ""
    var rest = Substring(layout)
    scan: while let character = rest.first {
      if character == "." || character == ",", let fraction = Self.fraction(in: rest.dropFirst()) {
        result += fractionText(fraction, separator: character)
        rest = rest.dropFirst(1 + fraction.count)
        continue
      }
      for (word, text) in words where rest.hasPrefix(word) {
        result += text
        rest = rest.dropFirst(word.count)
        continue scan
      }
      result.append(character)
      rest = rest.dropFirst()
    }
    return result
  }

  /// A run of `0` or `9` that no digit follows.
  private static func fraction(in rest: Substring) -> Substring? {
    guard let digit = rest.first, digit == "0" || digit == "9" else { return nil }
    let run = rest.prefix { $0 == digit }
    if let next = rest.dropFirst(run.count).first, next.isNumber { return nil }
    return run
  }

  private func fractionText(_ fraction: Substring, separator: Character) -> String {
    let all = padded(ofDay % 1000, 3) + "000000"
    var digits = String(all.prefix(fraction.count))
    if fraction.first == "9" { while digits.hasSuffix("0") { digits.removeLast() } }
    return digits.isEmpty ? "" : String(separator) + digits
  }

  private func padded(_ value: Int64, _ width: Int) -> String {
    let text = String(value.magnitude)
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}

extension Int64 {
  /// The quotient rounded towards minus infinity.
  func flooringQuotient(_ divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor != 0 && (self < 0) != (divisor < 0) ? quotient - 1 : quotient
  }
}
