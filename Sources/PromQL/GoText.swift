import TimeSeries

/// Texts in the notation that Go, and so Prometheus, prints and reads.
enum GoText {
  /// `scalar` in single quotes, escaped.
  static func quotedCharacter(_ scalar: Unicode.Scalar) -> String {
    if scalar == "'" { return "'\\''" }
    if scalar == "\"" { return "'\"'" }
    if scalar == "\u{fffd}" { return "'\u{fffd}'" }
    return "'" + Labels.quoted(String(Character(scalar))).dropFirst().dropLast() + "'"
  }

  /// `value` in hexadecimal with at least `digits` digits.
  static func hexadecimal(_ value: UInt32, digits: Int, uppercase: Bool = false) -> String {
    let text = String(value, radix: 16, uppercase: uppercase)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  /// The string that the literal `text`, quotes included, stands for; nil if it is malformed.
  static func unquoted(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 2, let quote = bytes.first, quote == bytes.last else { return nil }
    let body = bytes[1..<(bytes.count - 1)]
    if quote == UInt8(ascii: "`") { return String(decoding: body, as: UTF8.self) }
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
    if !body.contains(UInt8(ascii: "\\")) { return String(decoding: body, as: UTF8.self) }
    var result: [UInt8] = []
    result.reserveCapacity(body.count)
    var index = body.startIndex
    while index < body.endIndex {
      let byte = body[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard index < body.endIndex else { return nil }
      let escape = body[index]
      index += 1
      var digits = 0
      var radix: UInt32 = 16
      switch escape {
      case UInt8(ascii: "a"): result.append(7)
      case UInt8(ascii: "b"): result.append(8)
      case UInt8(ascii: "f"): result.append(12)
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "v"): result.append(11)
      case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): result.append(escape)
      case UInt8(ascii: "x"): digits = 2
      case UInt8(ascii: "u"): digits = 4
      case UInt8(ascii: "U"): digits = 8
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        digits = 3
        radix = 8
        index -= 1
      default: return nil
      }
      if digits == 0 { continue }
      guard index + digits <= body.endIndex else { return nil }
      var value: UInt32 = 0
      for _ in 0..<digits {
        guard let digit = hexadecimalDigit(body[index]), digit < radix else { return nil }
        value = value &* radix &+ digit
        index += 1
      }
      if escape == UInt8(ascii: "u") || escape == UInt8(ascii: "U") {
        guard let scalar = Unicode.Scalar(value) else { return nil }
        result.append(contentsOf: Array(String(Character(scalar)).utf8))
      } else {
        guard value <= 255 else { return nil }
        result.append(UInt8(truncatingIfNeeded: value))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Whether `name` can name a label: not empty and not broken text.
  static func isLabelName(_ name: String) -> Bool { !name.isEmpty && !name.unicodeScalars.contains("\u{fffd}") }

  /// The value of a hexadecimal digit, or nil.
  static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
