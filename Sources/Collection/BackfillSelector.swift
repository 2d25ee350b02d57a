import TimeSeries

/// A selector of series as it is written in `match`, as far as a source of history must be understood by us: the
/// source itself judges the matchers.
struct BackfillSelector: Sendable, Equatable {
  let text: String
  /// Whether the selector names one metric, so that it is a query by itself.
  let isNamed: Bool

  /// Nil unless the text is a name, braces around something, or both.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last else { return nil }
    self.text = text
    if Labels.isClassicMetricName(text) {
      isNamed = true
      return
    }
    guard last == UInt8(ascii: "}"), let open = bytes.firstIndex(of: UInt8(ascii: "{")),
      Self.quotesAreClosed(bytes[(open + 1)..<(bytes.count - 1)])
    else { return nil }
    if first == UInt8(ascii: "{") {
      let content = bytes[1..<(bytes.count - 1)].drop { $0 <= 0x20 }
      // A quoted name stands first and without an operator after it.
      let quoted = content.first == UInt8(ascii: "\"") || content.first == UInt8(ascii: "'")
      isNamed = quoted || content.starts(with: "__name__=\"".utf8)
    } else {
      let name = String(decoding: bytes[..<open], as: UTF8.self)
      guard Labels.isClassicMetricName(name.split(separator: " ").joined()) else { return nil }
      isNamed = true
    }
  }

  /// The query for one metric's part of what the selector selects.
  func query(metric name: String) -> String {
    if isNamed { return text }
    let pin = "{\(Labels.metricNameLabel)=\(Labels.quoted(name))"
    let rest = text.dropFirst()
    return rest.drop { $0 == " " }.first == "}" ? pin + "}" : "\(pin),\(rest)"
  }

  /// The query for all series of one metric.
  static func query(metric name: String) -> String { "{\(Labels.metricNameLabel)=\(Labels.quoted(name))}" }

  /// Whether all quotes are closed and no brace stands outside of them.
  private static func quotesAreClosed(_ bytes: ArraySlice<UInt8>) -> Bool {
    var quote: UInt8 = 0
    var isEscaped = false
    for byte in bytes {
      if quote != 0 {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "`") {
          isEscaped = true
        } else if byte == quote {
          quote = 0
        }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`") {
        quote = byte
      } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") {
        return false
      }
    }
    return quote == 0
  }
}
