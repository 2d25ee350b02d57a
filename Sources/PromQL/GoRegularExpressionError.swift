import TimeSeries

/// Tells of bad regular expressions in the words that Prometheus's users know.
enum GoRegularExpressionError {
  private static let words: [(re2: String, go: String)] = [
    ("missing ]", "missing closing ]"),
    ("missing )", "missing closing )"),
    ("trailing \\", "trailing backslash at end of expression"),
    ("no argument for repetition operator", "missing argument to repetition operator"),
    ("invalid repetition size", "invalid repeat count"),
    ("bad repetition operator", "invalid nested repetition operator"),
    ("invalid perl operator", "invalid or unsupported Perl syntax"),
    ("invalid named capture group", "invalid named capture"),
  ]

  /// The message for `error`, for instance "error parsing regexp: missing closing ): `a(`".
  static func message(for error: RegularExpressionError) -> String {
    var reason = error.reason
    for word in words where reason.hasPrefix(word.re2) {
      reason = word.go + reason.dropFirst(word.re2.count)
      break
    }
    guard let colon = reason.range(of: ": ") else { return "error parsing regexp: \(reason)" }
    return "error parsing regexp: \(reason[..<colon.lowerBound]): `\(reason[colon.upperBound...])`"
  }
}

extension String {
  /// The first occurrence of `other`, or nil.
  fileprivate func range(of other: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      let rest = self[start...]
      if rest.hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
      start = index(after: start)
    }
    return nil
  }
}
