import TimeSeries

/// Go's `fmt.Sprintf` for the values of templates.
struct GoPrintf {
  /// Go's own bound on widths and precisions is a million; texts here are shorter.
  private static let maximumWidth = 1000

  private struct Directive {
    var minus = false
    var plus = false
    var sharp = false
    var space = false
    var zero = false
    var width: Int?
    var precision: Int?
  }

  private let format: [Unicode.Scalar]
  private let arguments: [TemplateValue]
  private var index = 0
  private var argument = 0
  private var reordered = false
  private var badIndex = false
  private var result = ""

  private init(_ format: String, _ arguments: [TemplateValue]) {
    self.format = Array(format.unicodeScalars)
    self.arguments = arguments
  }

  /// `arguments` by `format`; what does not fit is shown in the result as Go does, `%!d(string=x)`.
  static func format(_ format: String, _ arguments: [TemplateValue]) -> String {
    var printer = GoPrintf(format, arguments)
    printer.run()
    return printer.result
  }

  private mutating func run() {
    while index < format.count, result.utf8.count <= TemplateEnvironment.maximumOutput {
      let scalar = format[index]
      index += 1
      if scalar == "%" { directive() } else { result.unicodeScalars.append(scalar) }
    }
    if !reordered, argument < arguments.count {
      let extra = arguments[argument...].map(described).joined(separator: ", ")
      result += "%!(EXTRA \(extra))"
    }
  }

  private func described(_ value: TemplateValue) -> String {
    if case .none = value { return "<nil>" }
    return "\(value.typeName)=\(GoFormat.text(value))"
  }

  private mutating func directive() {
    var directive = Directive()
    badIndex = false
    flags: while index < format.count {
      switch format[index] {
      case "-": directive.minus = true
      case "+": directive.plus = true
      case "#": directive.sharp = true
      case " ": directive.space = true
      case "0": directive.zero = true
      default: break flags
      }
      index += 1
    }
    argumentNumber()
    if take("*") {
      directive.width = star("BADWIDTH")
      if let width = directive.width, width < 0 {
        directive.width = -width
        directive.minus = true
      }
    } else {
      directive.width = number("BADWIDTH")
    }
    if take(".") {
      argumentNumber()
      directive.precision = take("*") ? star("BADPREC").flatMap { $0 < 0 ? nil : $0 } : number("BADPREC") ?? 0
    }
    argumentNumber()
    if directive.minus { directive.zero = false }
    guard index < format.count else {
      result += "%!(NOVERB)"
      return
    }
    let verb = format[index]
    index += 1
    if verb == "%" {
      result += "%"
    } else if badIndex {
      result += "%!\(verb)(BADINDEX)"
    } else if argument >= arguments.count {
      result += "%!\(verb)(MISSING)"
    } else {
      argument += 1
      result += text(arguments[argument - 1], verb, directive)
    }
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard index < format.count, format[index] == scalar else { return false }
    index += 1
    return true
  }

  private mutating func number(_ complaint: String) -> Int? {
    var value: Int?
    while index < format.count, let digit = Int(String(format[index])), format[index].isASCII {
      value = min((value ?? 0) * 10 + digit, Self.maximumWidth + 1)
      index += 1
    }
    guard let found = value, found > Self.maximumWidth else { return value }
    result += "%!(\(complaint))"
    return nil
  }

  private mutating func star(_ complaint: String) -> Int? {
    defer { argument += 1 }
    guard argument < arguments.count, case .int(let value) = arguments[argument],
      value >= -Self.maximumWidth, value <= Self.maximumWidth
    else {
      result += "%!(\(complaint))"
      return nil
    }
    return value
  }

  /// Reads `[n]`, the number of the argument to use next.
  private mutating func argumentNumber() {
    guard index < format.count, format[index] == "[" else { return }
    reordered = true
    guard let close = format[index...].firstIndex(of: "]") else {
      index += 1
      badIndex = true
      return
    }
    let text = String(String.UnicodeScalarView(format[(index + 1)..<close]))
    index = close + 1
    guard let number = Int(text), number >= 1, number <= arguments.count else {
      badIndex = true
      return
    }
    argument = number - 1
  }

  // MARK: Verbs

  private func text(_ value: TemplateValue, _ verb: Unicode.Scalar, _ directive: Directive) -> String {
    if verb == "T" { return padded(value.isNone ? "<nil>" : value.typeName, directive) }
    switch value {
    case .none: return verb == "v" ? padded("<nil>", directive) : "%!\(verb)(<nil>)"
    case .bool(let flag):
      if verb == "t" || verb == "v" { return padded(flag ? "true" : "false", directive) }
    case .int(let number):
      if let text = integer(number, verb, directive) { return text }
    case .float(let number):
      if let text = float(number, verb, directive) { return text }
    case .string(let string):
      if let text = self.string(string, verb, directive) { return text }
    default:
      if verb == "v" || verb == "s" { return padded(GoFormat.text(value), directive) }
    }
    return "%!\(verb)(\(described(value)))"
  }

  private func integer(_ value: Int, _ verb: Unicode.Scalar, _ directive: Directive) -> String? {
    var digits: String
    var prefix = ""
    switch verb {
    case "d", "v": digits = String(value.magnitude)
    case "b": (digits, prefix) = (String(value.magnitude, radix: 2), directive.sharp ? "0b" : "")
    case "o": (digits, prefix) = (String(value.magnitude, radix: 8), directive.sharp ? "0" : "")
    case "O": (digits, prefix) = (String(value.magnitude, radix: 8), "0o")
    case "x": (digits, prefix) = (String(value.magnitude, radix: 16), directive.sharp ? "0x" : "")
    case "X": (digits, prefix) = (String(value.magnitude, radix: 16, uppercase: true), directive.sharp ? "0X" : "")
    case "c": return padded(String(Character(Unicode.Scalar(UInt32(clamping: value)) ?? "\u{fffd}")), directive)
    case "q":
      let scalar = Unicode.Scalar(UInt32(clamping: value)) ?? "\u{fffd}"
      let inner =
        scalar == "'" ? "\\'" : scalar == "\"" ? "\"" : String(Labels.quoted(String(scalar)).dropFirst().dropLast())
      return padded("'" + inner + "'", directive)
    case "U": return padded(GoFormat.codePoint(UInt32(clamping: value)), directive)
    default: return nil
    }
    if let precision = directive.precision {
      if precision == 0, value == 0 { return padded("", directive) }
      digits = String(repeating: "0", count: max(0, precision - digits.utf8.count)) + digits
    }
    return signed(prefix + digits, isNegative: value < 0, directive, zeroFill: directive.precision == nil)
  }

  private func float(_ value: Double, _ verb: Unicode.Scalar, _ directive: Directive) -> String? {
    let conversion: Character
    switch verb {
    case "v", "g", "G": conversion = "g"
    case "e", "E": conversion = "e"
    case "f", "F": conversion = "f"
    default: return nil
    }
    var text: String
    if conversion == "g", directive.precision == nil, !directive.sharp {
      text = GoFormat.float(value.magnitude)
    } else {
      text = GoFormat.float(
        value.magnitude, conversion: conversion, precision: directive.precision ?? 6, flags: directive.sharp ? "#" : "")
    }
    if verb == "E" || verb == "G" { text = text.replacing("e", with: "E") }
    if !value.isFinite {
      // Zeros are not put before what is no digit, and infinity always has its sign.
      var plain = directive
      plain.zero = false
      if value.isInfinite { plain.plus = true }
      text = value.isNaN ? "NaN" : "Inf"
      return signed(text, isNegative: value < 0, plain, zeroFill: false)
    }
    return signed(text, isNegative: value.sign == .minus, directive, zeroFill: true)
  }

  private func string(_ value: String, _ verb: Unicode.Scalar, _ directive: Directive) -> String? {
    var text = value
    if let precision = directive.precision {
      text = String(String.UnicodeScalarView(value.unicodeScalars.prefix(precision)))
    }
    switch verb {
    case "s", "v": return padded(text, directive)
    case "q": return padded(directive.sharp && !text.contains("`") ? "`\(text)`" : Labels.quoted(text), directive)
    case "x", "X":
      let separator = directive.space ? " " : ""
      return padded(
        value.utf8.map { byte in
          let hex = String(byte, radix: 16, uppercase: verb == "X")
          return hex.utf8.count < 2 ? "0" + hex : hex
        }.joined(separator: separator), directive)
    default: return nil
    }
  }

  private func signed(_ text: String, isNegative: Bool, _ directive: Directive, zeroFill: Bool) -> String {
    let sign = isNegative ? "-" : directive.plus ? "+" : directive.space ? " " : ""
    guard directive.zero, zeroFill, let width = directive.width else {
      return padded(sign + text, directive, zero: false)
    }
    return sign + String(repeating: "0", count: max(0, width - sign.utf8.count - text.utf8.count)) + text
  }

  private func padded(_ text: String, _ directive: Directive, zero: Bool = true) -> String {
    guard let width = directive.width else { return text }
    let missing = max(0, width - text.unicodeScalars.count)
    let fill = String(repeating: directive.zero && zero && !directive.minus ? "0" : " ", count: missing)
    return directive.minus ? text + fill : fill + text
  }
}

extension TemplateValue {
  fileprivate var isNone: Bool { if case .none = self { true } else { false } }
}
