import TimeSeries

/// Reads the numbers of the language.
enum NumberParsing {
  /// The value of a number as the lexer reads it, or nil if it is malformed.
  ///
  /// Integers may be hexadecimal (`0x`) or octal (leading zero); underscores separate digits.
  static func literal(_ text: String) -> Double? {
    var digits = text
    if digits.utf8.contains(UInt8(ascii: "_")) {
      guard separatesDigits(digits) else { return nil }
      digits.removeAll { $0 == "_" }
    }
    let lowered = digits.lowercased()
    if lowered == "inf" { return .infinity }
    if lowered == "nan" { return StaleMarker.normalNaN }
    if lowered.hasPrefix("0x") {
      if let integer = Int64(lowered.dropFirst(2), radix: 16) { return Double(integer) }
      return nil
    }
    let isInteger = lowered.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    if isInteger && lowered.utf8.count > 1 && lowered.utf8.first == UInt8(ascii: "0") {
      if let integer = Int64(lowered, radix: 8) { return Double(integer) }
    }
    return strictDecimal(digits)
  }

  /// The value of a label such as `le`, as Go's `ParseFloat` reads it, or nil.
  static func labelValue(_ text: String) -> Double? {
    let lowered = text.lowercased()
    switch lowered {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    case "nan": return StaleMarker.normalNaN
    default: break
    }
    if lowered.utf8.contains(UInt8(ascii: "i")) || lowered.utf8.contains(UInt8(ascii: "n")) { return nil }
    return strictDecimal(text)
  }

  /// Why `text`, digits and units by turns, is not a duration.
  static func durationError(_ text: String) -> String {
    let units = ["y", "w", "d", "h", "m", "s", "ms"]
    var rest = text.utf8[...]
    var next = 0
    while !rest.isEmpty {
      let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
      rest = rest[digits.endIndex...]
      let unit = String(decoding: rest.prefix { $0 < UInt8(ascii: "0") || $0 > UInt8(ascii: "9") }, as: UTF8.self)
      rest = rest.dropFirst(unit.utf8.count)
      if digits.isEmpty || unit.isEmpty { break }
      guard let index = units.firstIndex(of: unit) else {
        return "unknown unit \(Labels.quoted(unit)) in duration \(Labels.quoted(text))"
      }
      if index < next { break }
      next = index + 1
      if rest.isEmpty { return "duration out of range" }
    }
    return "not a valid duration string: \(Labels.quoted(text))"
  }

  /// Whether every underscore stands between two digits, or after the mark of a base.
  private static func separatesDigits(_ text: String) -> Bool {
    var previous: UInt8 = 0
    for byte in text.utf8 {
      let isDigit = GoText.hexadecimalDigit(byte) != nil
      if previous == UInt8(ascii: "_") && !isDigit { return false }
      let follows = GoText.hexadecimalDigit(previous) != nil || previous | 0x20 == UInt8(ascii: "x")
      if byte == UInt8(ascii: "_") && !follows { return false }
      previous = byte
    }
    return previous != UInt8(ascii: "_")
  }

  private static func strictDecimal(_ text: String) -> Double? {
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }
}
