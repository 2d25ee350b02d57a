import TimeSeries

/// Reads and writes floating point numbers as exposition formats spell them.
public enum FloatText {
  /// Numbers longer than this many bytes are refused; the longest exact double takes 767 digits.
  static let longestNumber = 1_100

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  /// Reads a number as Go's `strconv.ParseFloat` does, without underscores: decimal, hexadecimal with a `p` exponent,
  /// `Inf`, `Infinity` and `NaN` in any case.
  ///
  /// Every NaN becomes ``StaleMarker/normalNaN``. A finite number too large for a double is no number.
  ///
  /// - Complexity: O(`text`), a few nanoseconds for up to 15 digits (Clinger 1990, "How to read floating point numbers
  ///   accurately": both the digits and the power of ten are exact doubles, so one operation rounds once).
  public static func parse(_ text: some StringProtocol) -> Double? {
    var copy = String(text)
    return copy.withUTF8 { bytes in
      bytes.baseAddress.flatMap { parse($0, bytes.count) }
    }
  }

  /// Reads the number in `count` bytes at `bytes`.
  @inline(__always)
  static func parse(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Double? {
    if count <= 0 { return nil }
    var index = 0
    let sign = bytes[0]
    if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { index = 1 }
    let firstDigit = index
    var mantissa: UInt64 = 0
    while index < count {
      let digit = bytes[index] &- 0x30
      if digit > 9 { break }
      mantissa = mantissa &* 10 &+ UInt64(digit)
      index &+= 1
    }
    var digits = index &- firstDigit
    var exponent = 0
    if index < count {
      if bytes[index] == UInt8(ascii: ".") {
        index &+= 1
        let firstFraction = index
        while index < count {
          let digit = bytes[index] &- 0x30
          if digit > 9 { break }
          mantissa = mantissa &* 10 &+ UInt64(digit)
          index &+= 1
        }
        exponent = firstFraction &- index
        digits = digits &- exponent
      }
      if index < count, bytes[index] | 0x20 == UInt8(ascii: "e"), digits > 0 {
        index &+= 1
        var negative = false
        if index < count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
          negative = bytes[index] == UInt8(ascii: "-")
          index &+= 1
        }
        let firstExponent = index
        var written = 0
        while index < count, index &- firstExponent < 6 {
          let digit = bytes[index] &- 0x30
          if digit > 9 { break }
          written = written &* 10 &+ Int(digit)
          index &+= 1
        }
        if index == firstExponent { return nil }
        exponent = negative ? exponent &- written : exponent &+ written
      }
    }
    // 19 digits never overflow 64 bits.
    if index == count, digits > 0, digits <= 19 {
      var value = Double(mantissa)
      if exponent == 0 {
        return sign == UInt8(ascii: "-") ? -value : value
      }
      if mantissa <= 1 << 53, exponent >= -22, exponent <= 22 {
        value = exponent < 0 ? value / powersOfTen[0 &- exponent] : value * powersOfTen[exponent]
        return sign == UInt8(ascii: "-") ? -value : value
      }
    }
    return parseSlowly(bytes, count)
  }

  /// Reads what the fast path leaves: long or far-off decimals, hexadecimal numbers, infinities and NaN.
  @inline(never)
  private static func parseSlowly(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Double? {
    if count > longestNumber { return nil }
    let text = UnsafeBufferPointer(start: bytes, count: count)
    let signed = text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+")
    let negative = text[0] == UInt8(ascii: "-")
    let start = signed ? 1 : 0
    if equalsLowercased(text, from: start, "inf") || equalsLowercased(text, from: start, "infinity") {
      return negative ? -Double.infinity : Double.infinity
    }
    if equalsLowercased(text, from: 0, "nan") { return StaleMarker.normalNaN }
    guard isNumber(text, from: start) else { return nil }
    guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
    return value
  }

  private static func equalsLowercased(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ word: StaticString
  ) -> Bool {
    guard text.count - start == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { letters in
      for index in 0..<letters.count where text[start + index] | 0x20 != letters[index] { return false }
      return true
    }
  }

  /// Whether the bytes from `start` on are an unsigned decimal number, or a hexadecimal one with a `p` exponent.
  private static func isNumber(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
    var index = start
    var hexadecimal = false
    if text.count - index > 2, text[index] == UInt8(ascii: "0"), text[index + 1] | 0x20 == UInt8(ascii: "x") {
      hexadecimal = true
      index += 2
    }
    func skipDigits(hexadecimal: Bool) -> Int {
      let first = index
      while index < text.count {
        let byte = text[index]
        let letter = byte | 0x20
        guard byte &- 0x30 <= 9 || (hexadecimal && letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f"))
        else { break }
        index += 1
      }
      return index - first
    }
    var digits = skipDigits(hexadecimal: hexadecimal)
    if index < text.count, text[index] == UInt8(ascii: ".") {
      index += 1
      digits += skipDigits(hexadecimal: hexadecimal)
    }
    guard digits > 0 else { return false }
    if index < text.count, text[index] | 0x20 == (hexadecimal ? UInt8(ascii: "p") : UInt8(ascii: "e")) {
      index += 1
      if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") { index += 1 }
      guard skipDigits(hexadecimal: false) > 0 else { return false }
    } else if hexadecimal {
      return false
    }
    return index == text.count
  }

  /// Reads a whole number with an optional sign, or gives nil if it does not fit 64 bits.
  static func parseInteger(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int64? {
    var index = 0
    let negative = count > 0 && bytes[0] == UInt8(ascii: "-")
    if count > 0, negative || bytes[0] == UInt8(ascii: "+") { index = 1 }
    if index == count { return nil }
    var result: Int64 = 0
    while index < count {
      let digit = bytes[index] &- 0x30
      if digit > 9 { return nil }
      let (product, overflow) = result.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.subtractingReportingOverflow(Int64(digit))
      if overflow || carry { return nil }
      result = sum
      index += 1
    }
    // Collected negated, because the negative range is the larger one.
    if negative { return result }
    return result == .min ? nil : -result
  }
}
