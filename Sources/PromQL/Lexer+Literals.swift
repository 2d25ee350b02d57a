import TimeSeries

/// Words, strings and numbers.
extension Lexer {
  mutating func scanWord() {
    var hasColon = false
    while let byte = current, Lexer.isAlphaNumeric(byte) || byte == UInt8(ascii: ":") {
      if byte == UInt8(ascii: ":") { hasColon = true }
      position += 1
    }
    let word = String(decoding: bytes[start..<position], as: UTF8.self).lowercased()
    guard let kind = Lexer.words[word] else { return emit(hasColon ? .metricIdentifier : .identifier) }
    switch kind {
    case .keyword(.fill), .keyword(.fillLeft), .keyword(.fillRight):
      emit(isFollowedByParenthesis ? kind : .identifier)
    default: emit(kind)
    }
  }

  private var isFollowedByParenthesis: Bool {
    var index = position
    while index < bytes.count, Lexer.isSpace(bytes[index]) { index += 1 }
    return index < bytes.count && bytes[index] == UInt8(ascii: "(")
  }

  mutating func scanString(quote: UInt8) {
    let isRaw = quote == UInt8(ascii: "`")
    position += 1
    while true {
      guard let byte = current else {
        return fail(isRaw ? "unterminated raw string" : "unterminated quoted string")
      }
      if byte == quote { return emit(.string, length: 1) }
      if byte == UInt8(ascii: "\\") && !isRaw {
        position += 1
        guard scanEscape(quote: quote) else { return }
      } else if byte == UInt8(ascii: "\n") && !isRaw {
        return fail("unterminated quoted string")
      } else if byte == 0xef, scalar(at: position) == "\u{fffd}" {
        return fail("invalid UTF-8 rune")
      } else {
        position += 1
      }
    }
  }

  /// Checks the escape sequence after a backslash; false after a failure.
  mutating func scanEscape(quote: UInt8) -> Bool {
    guard let byte = current else {
      fail("escape sequence not terminated")
      return false
    }
    var digits = 0
    var radix: UInt32 = 16
    var largest: UInt32 = 255
    switch byte {
    case quote, UInt8(ascii: "\\"), UInt8(ascii: "a"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
      UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "v"):
      position += 1
      return true
    case UInt8(ascii: "0")...UInt8(ascii: "7"): (digits, radix) = (3, 8)
    case UInt8(ascii: "x"): digits = 2
    case UInt8(ascii: "u"): (digits, largest) = (4, 0x10ffff)
    case UInt8(ascii: "U"): (digits, largest) = (8, 0x10ffff)
    default:
      fail("unknown escape sequence \(Lexer.named(scalar(at: position)))")
      return false
    }
    if radix == 16 { position += 1 }
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let next = current else {
        fail("escape sequence not terminated")
        return false
      }
      guard let digit = GoText.hexadecimalDigit(next), digit < radix else {
        fail("illegal character \(Lexer.named(scalar(at: position))) in escape sequence")
        return false
      }
      value = value &* radix &+ digit
      position += 1
    }
    if value > largest || (0xd800..<0xe000).contains(value) {
      fail("escape sequence is an invalid Unicode code point")
      return false
    }
    return true
  }

  /// A character with its code point, for instance `U+0071 'q'`.
  static func named(_ scalar: Unicode.Scalar) -> String {
    "U+\(GoText.hexadecimal(scalar.value, digits: 4, uppercase: true)) '\(Character(scalar))'"
  }

  mutating func scanNumberOrDuration() {
    if scanNumber() { return emit(.number) }
    if scanDurationUnits() { return emit(.duration) }
    // The character that spoils the number is part of what the message shows.
    let shown = String(decoding: bytes[start..<min(position, bytes.count)], as: UTF8.self)
    fail("bad number or duration syntax: \(Labels.quoted(shown))")
  }

  mutating func accept(_ isAccepted: (UInt8) -> Bool) -> Bool {
    guard let byte = current, isAccepted(byte) else { return false }
    position += 1
    return true
  }

  /// Reads the units of a duration whose first digits are read; on success the next character is
  /// not alphanumeric.
  mutating func scanDurationUnits() -> Bool {
    func isUnit(_ byte: UInt8) -> Bool { "smhdw".utf8.contains(byte) }
    guard accept({ isUnit($0) || $0 == UInt8(ascii: "y") }) else { return false }
    _ = accept { $0 == UInt8(ascii: "s") }
    while accept(Lexer.isDigit) {
      while accept(Lexer.isDigit) {}
      guard accept(isUnit) else { return false }
      _ = accept { $0 == UInt8(ascii: "s") }
    }
    if Lexer.isAlphaNumeric(current) {
      position += 1
      return false
    }
    return true
  }

  /// Reads a number: decimal or hexadecimal, with underscores between digits. False if what was read
  /// is none; the position then is where the reading stopped.
  mutating func scanNumber() -> Bool {
    var isHexadecimal = false
    if current == UInt8(ascii: "0") {
      position += 1
      if let mark = current, mark | 0x20 == UInt8(ascii: "x") {
        position += 1
        isHexadecimal = true
        _ = accept { $0 == UInt8(ascii: "_") }
      }
    }
    func isDigit(_ byte: UInt8) -> Bool {
      Lexer.isDigit(byte) || (isHexadecimal && GoText.hexadecimalDigit(byte) != nil)
    }
    func isExponent(_ byte: UInt8) -> Bool { byte | 0x20 == UInt8(ascii: "e") && !isHexadecimal }
    func mayNotFollowSeparator(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte | 0x20 == UInt8(ascii: "e")
    }
    // A point in front does not count: the parser refuses a second one.
    _ = accept { $0 == UInt8(ascii: ".") }
    var gotDot = false
    var gotExponent = false
    while let byte = current {
      if isDigit(byte) {
        position += 1
      } else if byte == UInt8(ascii: ".") {
        position += 1
        if gotDot || isHexadecimal { return false }
        gotDot = true
        if accept({ $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") }) { return false }
      } else if isExponent(byte) {
        position += 1
        if gotExponent { return false }
        gotExponent = true
        _ = accept { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        if current == nil || accept(mayNotFollowSeparator) { return false }
      } else if byte == UInt8(ascii: "_") {
        position += 1
        if current == nil || (!isHexadecimal && accept(mayNotFollowSeparator)) { return false }
      } else {
        break
      }
    }
    return !Lexer.isAlphaNumeric(current)
  }
}
