extension FloatText {
  /// Appends the shortest text that reads back as `value`: `NaN`, `+Inf`, `-Inf`, whole numbers without a point.
  static func append(_ value: Double, to output: inout [UInt8]) {
    // Whole numbers up to 2^53 are exact; negative zero keeps its sign on the other path.
    if value.magnitude <= 9_007_199_254_740_992, value == value.rounded(.towardZero), value != 0 || value.sign == .plus
    {
      append(Int64(value), to: &output)
    } else if !value.isFinite {
      appendNonFinite(value, to: &output)
    } else {
      let text = value.description
      output.append(contentsOf: text.hasSuffix(".0") ? text.utf8.dropLast(2) : text.utf8[...])
    }
  }

  /// Appends `value` as OpenMetrics writes floats: as ``append(_:to:)``, but whole numbers keep `.0`.
  static func appendOpenMetrics(_ value: Double, to output: inout [UInt8]) {
    if value.isFinite {
      output.append(contentsOf: value.description.utf8)
    } else {
      appendNonFinite(value, to: &output)
    }
  }

  /// Appends a whole number in decimal.
  static func append(_ value: Int64, to output: inout [UInt8]) {
    var rest = value.magnitude
    if value < 0 { output.append(UInt8(ascii: "-")) }
    let first = output.count
    repeat {
      output.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    output[first...].reverse()
  }

  /// Appends milliseconds as seconds, for instance `1520879607.789`.
  static func appendSeconds(milliseconds: Int64, to output: inout [UInt8]) {
    if milliseconds < 0 { output.append(UInt8(ascii: "-")) }
    append(Int64(milliseconds.magnitude / 1000), to: &output)
    let fraction = milliseconds.magnitude % 1000
    output.append(UInt8(ascii: "."))
    output.append(0x30 + UInt8(fraction / 100))
    if fraction % 100 != 0 { output.append(0x30 + UInt8(fraction / 10 % 10)) }
    if fraction % 10 != 0 { output.append(0x30 + UInt8(fraction % 10)) }
  }

  /// The canonical text of a `le` or `quantile` label in OpenMetrics, for instance `1.0`, `1e+06`, `+Inf`.
  ///
  /// The exponent form starts at 1e+06 and below 1e-04, as the specification's list of canonical numbers has it.
  static func canonicalBoundary(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
    guard value != 0 else { return value.sign == .minus ? "-0.0" : "0.0" }
    // The shortest digits come from the standard library; only point and exponent are placed anew.
    var digits: [Character] = []
    var pointAfter: Int?
    var exponent = 0
    let text = value.magnitude.description
    var mantissa = text[...]
    if let mark = text.firstIndex(of: "e") {
      exponent = Int(text[text.index(after: mark)...]) ?? 0
      mantissa = text[..<mark]
    }
    for character in mantissa {
      if character == "." { pointAfter = digits.count } else { digits.append(character) }
    }
    exponent += (pointAfter ?? digits.count) - 1
    while digits.first == "0" {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.count > 1, digits.last == "0" { digits.removeLast() }
    let sign = value < 0 ? "-" : ""
    if exponent < -4 || exponent >= 6 {
      let fraction = digits.count > 1 ? "." + String(digits[1...]) : ""
      let magnitude = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
      return "\(sign)\(digits[0])\(fraction)e\(exponent < 0 ? "-" : "+")\(magnitude)"
    }
    if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + String(digits) }
    if digits.count <= exponent + 1 {
      return sign + String(digits) + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
    }
    return sign + String(digits[...exponent]) + "." + String(digits[(exponent + 1)...])
  }

  private static func appendNonFinite(_ value: Double, to output: inout [UInt8]) {
    output.append(contentsOf: value.isNaN ? "NaN".utf8 : value < 0 ? "-Inf".utf8 : "+Inf".utf8)
  }
}
