/// How reports write numbers, columns and names.
enum ReportText {
  /// A number with so many decimals, rounded half away from zero; huge and non-finite ones as Swift writes them.
  static func decimals(_ value: Double, _ count: Int) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<count { scale *= 10 }
    let whole = Int64((value.magnitude * scale).rounded())
    let unit = Int64(scale)
    let rest = "\(whole % unit)"
    return (value < 0 ? "-" : "") + "\(whole / unit)"
      + (count > 0 ? "." + String(repeating: "0", count: count - rest.utf8.count) + rest : "")
  }

  /// The text at the right end of a column.
  static func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }

  /// The text as it may stand in HTML, in an attribute too.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
