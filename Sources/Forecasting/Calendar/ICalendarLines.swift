/// One content line of an iCalendar file: `NAME;PARAMETER=value:value`.
struct ICalendarLine: Equatable {
  /// Where it begins, counted from 1.
  var number: Int
  /// In capitals.
  var name: String
  /// By name in capitals; quotes are taken off.
  var parameters: [String: String]
  var value: String

  /// Takes a line apart (RFC 5545, section 3.1); nil if it has no name or no colon.
  init?(_ text: String, number: Int) {
    var parts: [String] = []
    var part = ""
    var isQuoted = false
    var rest = Substring(text)
    var isComplete = false
    while let letter = rest.popFirst() {
      if letter == "\"" {
        isQuoted.toggle()
      } else if letter == ";", !isQuoted {
        parts.append(part)
        part = ""
      } else if letter == ":", !isQuoted {
        isComplete = true
        break
      } else {
        part.append(letter)
      }
    }
    parts.append(part)
    guard isComplete, let name = parts.first?.uppercased(), !name.isEmpty,
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    else { return nil }
    var parameters: [String: String] = [:]
    for part in parts.dropFirst() {
      guard let equals = part.firstIndex(of: "=") else { return nil }
      parameters[part[..<equals].uppercased()] = String(part[part.index(after: equals)...])
    }
    self.number = number
    self.name = name
    self.parameters = parameters
    value = String(rest)
  }

  /// The lines of a text, long ones put together again (a line that begins with a blank goes on with the one before).
  static func unfolded(_ text: String) -> [(number: Int, text: String)] {
    var result: [(number: Int, text: String)] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      if let first = line.first, first == " " || first == "\t", !result.isEmpty {
        result[result.count - 1].text += line.dropFirst()
      } else if !line.isEmpty {
        result.append((index + 1, String(line)))
      }
    }
    return result
  }

  /// The value as text: `\n`, `\,`, `\;` and `\\` resolved.
  var text: String {
    var result = ""
    var isEscaped = false
    for letter in value {
      if isEscaped {
        result.append(letter == "n" || letter == "N" ? " " : letter)
        isEscaped = false
      } else if letter == "\\" {
        isEscaped = true
      } else {
        result.append(letter)
      }
    }
    return result
  }
}
