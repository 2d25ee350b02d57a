/// Numbers as Prometheus prints them.
public enum PrometheusNumber {
  /// The shortest notation for the query API's JSON: fixed, or with an exponent if the magnitude is
  /// under 1e-6 or at least 1e21; `NaN`, `+Inf`, `-Inf`.
  public static func format(_ value: Double) -> String {
    let magnitude = abs(value)
    if magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21) && value.isFinite {
      return formatExponent(value)
    }
    return formatFixed(value)
  }

  /// The shortest notation without an exponent, as `count_values` labels have it.
  public static func formatFixed(_ value: Double) -> String {
    guard let (digits, point) = decimalDigits(value) else { return special(value) }
    var text = value.sign == .minus ? "-" : ""
    if point <= 0 {
      text += "0." + String(repeating: "0", count: -point) + digits
    } else if digits.utf8.count <= point {
      text += digits + String(repeating: "0", count: point - digits.utf8.count)
    } else {
      text += digits.prefix(point) + "." + digits.dropFirst(point)
    }
    return text
  }

  /// The shortest notation with an exponent, for instance `1e+06`.
  public static func formatExponent(_ value: Double) -> String {
    guard let (digits, point) = decimalDigits(value) else {
      return value == 0 ? (value.sign == .minus ? "-0e+00" : "0e+00") : special(value)
    }
    let exponent = point - 1
    var text = value.sign == .minus ? "-" : ""
    text += digits.prefix(1)
    if digits.utf8.count > 1 { text += "." + digits.dropFirst() }
    let power = String(abs(exponent))
    return text + "e" + (exponent < 0 ? "-" : "+") + (power.utf8.count < 2 ? "0" : "") + power
  }

  /// The shortest notation that Go's `%v` prints: with an exponent if that is under -4 or at least 21.
  public static func formatGeneral(_ value: Double) -> String {
    guard let (_, point) = decimalDigits(value) else { return special(value) }
    return point - 1 < -4 || point - 1 >= 21 ? formatExponent(value) : formatFixed(value)
  }

  /// UTC milliseconds as seconds, with three decimals unless they are whole, as the query API has them.
  public static func formatTimestamp(_ milliseconds: Int64) -> String {
    let magnitude = milliseconds.magnitude
    let sign = milliseconds < 0 ? "-" : ""
    let fraction = String(magnitude % 1000)
    if fraction == "0" { return "\(sign)\(magnitude / 1000)" }
    return "\(sign)\(magnitude / 1000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
  }

  /// `value` with `decimals` digits after the point, rounded.
  static func formatFixed(_ value: Double, decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    guard value.isFinite, let scaled = Int64(exactly: (abs(value) * scale).rounded(.toNearestOrEven)) else {
      return formatFixed(value)
    }
    var digits = String(scaled)
    if digits.utf8.count <= decimals {
      digits = String(repeating: "0", count: decimals + 1 - digits.utf8.count) + digits
    }
    return (value < 0 ? "-" : "") + digits.dropLast(decimals) + "." + digits.suffix(decimals)
  }

  private static func special(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value.sign == .minus ? "-0" : "0"
  }

  /// The shortest digits that read back as `value`, without sign and outer zeros, and where the
  /// decimal point stands relative to their start; nil for zero and what is not finite.
  private static func decimalDigits(_ value: Double) -> (digits: String, point: Int)? {
    if value == 0 || !value.isFinite { return nil }
    var digits: [UInt8] = []
    var point: Int?
    var exponent = 0
    let text = Array(abs(value).description.utf8)
    for (index, byte) in text.enumerated() {
      if byte == UInt8(ascii: ".") {
        point = digits.count
      } else if byte == UInt8(ascii: "e") {
        exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0
        break
      } else {
        digits.append(byte)
      }
    }
    var position = (point ?? digits.count) + exponent
    let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(leading)
    position -= leading
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return (String(decoding: digits, as: UTF8.self), position)
  }
}

extension PrometheusNumber {
  /// The notation that Go's `%g` prints: shortest, or rounded to `digits` significant digits.
  static func formatSignificant(_ value: Double, digits: Int? = nil) -> String {
    guard value.isFinite, value != 0 else { return format(value) }
    var rounded = value
    if let digits {
      var scale = 1.0
      var magnitude = abs(value)
      while magnitude >= 10 {
        magnitude /= 10
        scale /= 10
      }
      while magnitude < 1 {
        magnitude *= 10
        scale *= 10
      }
      for _ in 1..<digits { scale *= 10 }
      rounded = (value * scale).rounded(.toNearestOrEven) / scale
    }
    let magnitude = abs(rounded)
    let limit = digits == nil ? 1e6 : 100
    return magnitude < 1e-4 || magnitude >= limit ? formatExponent(rounded) : formatFixed(rounded)
  }
}
