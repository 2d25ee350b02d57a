import TimeSeries

extension YAMLNode {
  /// The milliseconds of a duration in Prometheus's notation, such as `15s` or `1h30m`.
  ///
  /// - Throws: ``YAMLError`` naming `what` if it is anything else.
  public func duration(_ what: String) throws(YAMLError) -> Int64 {
    let text = try text(what)
    guard let milliseconds = PrometheusDuration.parse(text) else {
      throw YAMLError(place, "\(what): \"\(text.prefix(60))\" is not a duration; write for instance 15s or 1h30m")
    }
    return milliseconds
  }

  /// A whole number, not in quotes; `0x` introduces hexadecimal digits.
  ///
  /// - Throws: ``YAMLError`` naming `what` if it is anything else or does not fit.
  public func int(_ what: String) throws(YAMLError) -> Int {
    if let text = plainText {
      if text.hasPrefix("0x"), let value = Int(text.dropFirst(2), radix: 16) { return value }
      if let value = Int(text) { return value }
    }
    throw mismatch("expected a whole number for \(what)")
  }

  /// A number, not in quotes; `.inf`, `-.inf` and `.nan` included.
  ///
  /// - Throws: ``YAMLError`` naming `what` if it is anything else.
  public func double(_ what: String) throws(YAMLError) -> Double {
    guard let text = plainText else { throw mismatch("expected a number for \(what)") }
    switch text {
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .infinity
    case "-.inf", "-.Inf", "-.INF": return -.infinity
    case ".nan", ".NaN", ".NAN": return .nan
    default:
      let isDecimal = text.utf8.allSatisfy { byte in
        (byte >= 0x30 && byte <= 0x39) || "+-.eE".utf8.contains(byte)
      }
      guard isDecimal, let value = Double(text) else { throw mismatch("expected a number for \(what)") }
      return value
    }
  }

  /// A truth value in the words of YAML 1.1 (`true`, `yes`, `on`, …), not in quotes.
  ///
  /// - Throws: ``YAMLError`` naming `what` if it is anything else.
  public func bool(_ what: String) throws(YAMLError) -> Bool {
    switch plainText {
    case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return true
    case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return false
    default: throw mismatch("expected true or false for \(what)")
    }
  }

  /// A size in bytes: `0`, or a number with a unit such as `512KB`, `10MB`, `1.5GiB`. As in
  /// Prometheus every unit counts in steps of 1024.
  ///
  /// - Throws: ``YAMLError`` naming `what` if it is anything else or over 2⁶³ - 1.
  public func byteSize(_ what: String) throws(YAMLError) -> Int {
    let text = try text(what)
    if text == "0" { return 0 }
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let shift: Int? =
      switch text[number.endIndex...] {
      case "B": 0
      case "KB", "KiB": 10
      case "MB", "MiB": 20
      case "GB", "GiB": 30
      case "TB", "TiB": 40
      case "PB", "PiB": 50
      case "EB", "EiB": 60
      default: nil
      }
    if let shift {
      if let whole = Int(number), whole <= Int.max >> shift { return whole << shift }
      if number.contains("."), let value = Double(number) {
        let bytes = value * Double(UInt64(1) << UInt64(shift))
        if bytes < 9.2e18 { return Int(bytes) }
      }
    }
    throw YAMLError(place, "\(what): \"\(text.prefix(60))\" is not a size; write for instance 512KB, 10MB or 1GiB")
  }

  private var plainText: String? {
    guard case .scalar(let scalar) = content, scalar.isPlain, !scalar.isNull else { return nil }
    return scalar.text
  }
}
