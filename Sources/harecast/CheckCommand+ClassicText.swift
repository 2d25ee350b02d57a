import TimeSeries

/// What promtool refuses in the old text format though scrapes may have it: names that need quotes, other escapes than
/// those of the format, numbers in hexadecimal.
enum ClassicText {
  /// The first line of an exposition that is not of the old format.
  static func fault(_ bytes: [UInt8]) -> MetricsFault? {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let text = line.drop(while: isBlank)
      let reason = text.first == UInt8(ascii: "#") ? commentFault(text) : sampleFault(text)
      if let reason { return MetricsFault(line: index + 1, reason) }
    }
    return nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func commentFault(_ line: ArraySlice<UInt8>) -> String? {
    let words = line.dropFirst().drop(while: isBlank)
    let isHelp = words.starts(with: "HELP ".utf8)
    guard isHelp || words.starts(with: "TYPE ".utf8) else { return nil }
    let name = words.dropFirst(5).drop(while: isBlank)
    if name.first == UInt8(ascii: "\""), let (text, _) = quoted(name), !Labels.isClassicMetricName(text) {
      return "invalid metric name \(Labels.quoted(text))"
    }
    return isHelp ? escapeFault(name) : nil
  }

  private static func sampleFault(_ line: ArraySlice<UInt8>) -> String? {
    var rest = line.drop { !isBlank($0) && $0 != UInt8(ascii: "{") }
    // Blanks may stand between the name and the brace.
    if rest.drop(while: isBlank).first == UInt8(ascii: "{") {
      rest = rest.drop(while: isBlank).dropFirst()
      var isValue = false
      while let byte = rest.first, byte != UInt8(ascii: "}") {
        guard byte == UInt8(ascii: "\"") else {
          if byte == UInt8(ascii: "=") { isValue = true }
          if byte == UInt8(ascii: ",") { isValue = false }
          rest = rest.dropFirst()
          continue
        }
        guard let (text, length) = quoted(rest) else { return nil }
        if let fault = escapeFault(rest.prefix(length)) { return fault }
        rest = rest.dropFirst(length)
        if !isValue {
          let isLabel = rest.drop(while: isBlank).first == UInt8(ascii: "=")
          if isLabel, !Labels.isClassicLabelName(text) { return "invalid label name \(Labels.quoted(text))" }
          if !isLabel, !Labels.isClassicMetricName(text) { return "invalid metric name \(Labels.quoted(text))" }
        }
      }
      rest = rest.dropFirst()
    }
    let value = rest.drop(while: isBlank).prefix { !isBlank($0) }
    guard value.contains(UInt8(ascii: "p")) || value.contains(UInt8(ascii: "P")) else { return nil }
    return "expected float as value, got \(Labels.quoted(String(decoding: value, as: UTF8.self)))"
  }

  /// The text in quotes at the beginning of `bytes`, as it stands, and its length with the quotes.
  private static func quoted(_ bytes: ArraySlice<UInt8>) -> (text: String, length: Int)? {
    var isEscaped = false
    for (offset, byte) in bytes.enumerated().dropFirst() {
      if byte == UInt8(ascii: "\""), !isEscaped {
        return (String(decoding: bytes.dropFirst().prefix(offset - 1), as: UTF8.self), offset + 1)
      }
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
    }
    return nil
  }

  private static func escapeFault(_ bytes: ArraySlice<UInt8>) -> String? {
    var isEscaped = false
    for (offset, byte) in bytes.enumerated() {
      if isEscaped, byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "n"), byte != UInt8(ascii: "\"") {
        return "invalid escape sequence '\\\(String(decoding: bytes.dropFirst(offset), as: UTF8.self).prefix(1))'"
      }
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
    }
    return nil
  }
}
