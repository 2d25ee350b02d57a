#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import TimeSeries

/// Texts of values as Go's `fmt` and `strconv` print them.
enum GoFormat {
  /// A code point as `U+0041`.
  static func codePoint(_ value: UInt32) -> String {
    let hex = String(value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - hex.utf8.count)) + hex
  }

  /// The value as `%v` prints it.
  static func text(_ value: TemplateValue) -> String {
    switch value {
    case .none: "<nil>"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .float(let value): float(value)
    case .string(let value): value
    case .stringMap(let map): text(map)
    case .map(let map):
      "map[" + map.sorted { $0.key < $1.key }.map { "\($0.key):\(text($0.value))" }.joined(separator: " ") + "]"
    case .list(let list): "[" + list.map(text).joined(separator: " ") + "]"
    case .sample(let sample): text(sample)
    case .vector(let samples): "[" + samples.map(text).joined(separator: " ") + "]"
    case .time(let time): time.description
    case .duration(let nanoseconds): duration(nanoseconds)
    case .root(let data):
      "{\(text(data.labels)) \(text(data.externalLabels)) \(data.externalURL) \(float(data.value))}"
    }
  }

  private static func text(_ map: [String: String]) -> String {
    "map[" + map.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ") + "]"
  }

  private static func text(_ sample: TemplateSample) -> String { "{\(text(sample.labels)) \(float(sample.value))}" }

  /// The shortest text that reads back as `value`; with an exponent below 1e-4 and from 1e+06 on, as `%v` does.
  static func float(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    let (digits, point) = shortestDigits(value.magnitude)
    let sign = value.sign == .minus ? "-" : ""
    if digits == "0" { return sign + "0" }
    if point - 1 < -4 || point - 1 >= 6 { return sign + scientific(digits, point - 1) }
    return sign + positional(digits, point)
  }

  /// The shortest text with an exponent that reads back as the finite `value`: `1.5e+00`.
  static func scientific(_ value: Double) -> String {
    let (digits, point) = shortestDigits(value.magnitude)
    return (value.sign == .minus ? "-" : "") + scientific(digits, digits == "0" ? 0 : point - 1)
  }

  private static func scientific(_ digits: String, _ exponent: Int) -> String {
    let tail = digits.dropFirst()
    let magnitude = String(exponent.magnitude)
    return digits.prefix(1) + (tail.isEmpty ? "" : "." + tail) + (exponent < 0 ? "e-" : "e+")
      + (magnitude.utf8.count < 2 ? "0" + magnitude : magnitude)
  }

  private static func positional(_ digits: String, _ point: Int) -> String {
    if point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
    if point >= digits.utf8.count { return digits + String(repeating: "0", count: point - digits.utf8.count) }
    return digits.prefix(point) + "." + digits.dropFirst(point)
  }

  /// The shortest decimal digits of a finite value that is not negative, and where the point stands among them.
  private static func shortestDigits(_ value: Double) -> (digits: String, point: Int) {
    if value == 0 { return ("0", 1) }
    let text = value.description
    let parts = text.split(separator: "e", maxSplits: 1)
    let mantissa = parts[0].split(separator: ".", maxSplits: 1)
    let whole = mantissa[0]
    var digits = String(whole) + (mantissa.count > 1 ? String(mantissa[1]) : "")
    var point = whole.utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.hasPrefix("0") {
      digits.removeFirst()
      point -= 1
    }
    while digits.hasSuffix("0") { digits.removeLast() }
    return (digits, point)
  }

  /// `value` by one of C's conversions `e f g`, which agree with Go's for finite values.
  ///
  /// - Parameter flags: any of C's `#`, `+` and space.
  static func float(_ value: Double, conversion: Character, precision: Int, flags: String = "") -> String {
    if !value.isFinite { return float(value) }
    let format = "%" + flags + ".*" + String(conversion)
    return withVaList([Int32(clamping: precision), value]) { arguments in
      var buffer = [CChar](repeating: 0, count: 400 + max(0, precision))
      let length = vsnprintf(&buffer, buffer.count, format, arguments)
      return String(decoding: buffer.prefix(Int(max(0, length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// `value` with four significant digits, as the `humanize` functions print it.
  static func fourDigits(_ value: Double) -> String { float(value, conversion: "g", precision: 4) }

  /// A duration as Go prints it: `1h30m0s`, `1.5s`, `100ms`.
  static func duration(_ nanoseconds: Int64) -> String {
    if nanoseconds == 0 { return "0s" }
    let sign = nanoseconds < 0 ? "-" : ""
    let magnitude = nanoseconds.magnitude
    func decimal(_ value: UInt64, per unit: UInt64) -> String {
      let fraction = value % unit
      guard fraction > 0 else { return String(value / unit) }
      var digits = String(unit + fraction).dropFirst()
      while digits.hasSuffix("0") { digits.removeLast() }
      return "\(value / unit).\(digits)"
    }
    if magnitude < 1000 { return "\(sign)\(magnitude)ns" }
    if magnitude < 1_000_000 { return sign + decimal(magnitude, per: 1000) + "µs" }
    if magnitude < 1_000_000_000 { return sign + decimal(magnitude, per: 1_000_000) + "ms" }
    let minutes = magnitude / 60_000_000_000
    var result = sign
    if minutes >= 60 { result += "\(minutes / 60)h" }
    if minutes > 0 { result += "\(minutes % 60)m" }
    return result + decimal(magnitude % 60_000_000_000, per: 1_000_000_000) + "s"
  }

  /// The string that a Go literal, quotes included, stands for; nil if it is malformed.
  static func unquoted(_ literal: String) -> String? {
    let bytes = Array(literal.utf8)
    guard bytes.count >= 2, let quote = bytes.first, bytes.last == quote else { return nil }
    let body = bytes[1..<(bytes.count - 1)]
    if quote == UInt8(ascii: "`") { return String(decoding: body.filter { $0 != 0x0d }, as: UTF8.self) }
    var result: [UInt8] = []
    var index = body.startIndex
    while index < body.endIndex {
      let byte = body[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        if byte == quote { return nil }
        result.append(byte)
        continue
      }
      guard index < body.endIndex else { return nil }
      let escape = body[index]
      index += 1
      if let plain = plainEscapes[escape] {
        result.append(plain)
        continue
      }
      if escape == quote {
        result.append(quote)
        continue
      }
      let isOctal = escape >= 0x30 && escape <= 0x37
      if isOctal { index -= 1 }
      guard let length = isOctal ? 3 : escapeLengths[escape], index + length <= body.endIndex,
        let value = UInt32(
          String(decoding: body[index..<(index + length)], as: UTF8.self), radix: isOctal ? 8 : 16)
      else { return nil }
      index += length
      if length == 3 || length == 2 {
        guard value < 256 else { return nil }
        result.append(UInt8(value))
      } else {
        guard let scalar = Unicode.Scalar(value) else { return nil }
        result.append(contentsOf: Array(String(Character(scalar)).utf8))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static let plainEscapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
    UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 0x5c,
  ]
  private static let escapeLengths: [UInt8: Int] = [
    UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8,
  ]
}
