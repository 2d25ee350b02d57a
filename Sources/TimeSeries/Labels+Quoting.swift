extension Labels {
  /// `text` in double quotes, escaped as Go's `strconv.Quote`, and so Prometheus, does it: whatever is not printable
  /// (control and format characters, blanks other than the space, unassigned code points) becomes an escape sequence.
  ///
  /// U+FFFD is written as `\ufffd`, because Prometheus's queries may not hold it as such.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\u{7}": result += "\\a"
      case "\u{8}": result += "\\b"
      case "\u{c}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{b}": result += "\\v"
      case " "..."~": result.unicodeScalars.append(scalar)
      default:
        if scalar != "\u{fffd}" && isPrintable(scalar) {
          result.unicodeScalars.append(scalar)
        } else if scalar.value < 0x80 {
          result += "\\x" + hexadecimal(scalar.value, digits: 2)
        } else if scalar.value < 0x10000 {
          result += "\\u" + hexadecimal(scalar.value, digits: 4)
        } else {
          result += "\\U" + hexadecimal(scalar.value, digits: 8)
        }
      }
    }
    return result + "\""
  }

  /// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and of all blanks the space alone.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator, .paragraphSeparator:
      scalar == " "
    default: true
    }
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
