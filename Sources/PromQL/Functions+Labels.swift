import TimeSeries

extension Evaluator {
  /// The longest label value that a function may make, in bytes; nested calls could double it each time.
  private static let maximumLabelLength = 1 << 20

  /// - Throws: ``QueryError`` if a label's value would be longer than allowed.
  private func checkLength(_ length: (value: Int, overflow: Bool), of label: String) throws {
    if length.overflow || length.value > Evaluator.maximumLabelLength {
      throw QueryError.execution(
        "label \(Labels.quoted(label)) would be longer than \(Evaluator.maximumLabelLength) bytes")
    }
  }

  /// `label_replace`.
  func evaluateLabelReplace(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    let destination = try text(call.arguments[1])
    let replacement = try text(call.arguments[2])
    let source = try text(call.arguments[3])
    let pattern = try text(call.arguments[4])
    guard let expression = try? RegularExpression(anchored: pattern) else {
      throw QueryError.execution("invalid regular expression in label_replace(): \(pattern)")
    }
    if !GoText.isLabelName(destination) {
      throw QueryError.execution("invalid destination label name in label_replace(): \(destination)")
    }
    let references = replacement.utf8.reduce(1) { $1 == UInt8(ascii: "$") ? $0 + 1 : $0 }
    var cache: [String: String?] = [:]
    return try relabel(call, grid, destination) { labels in
      let value = labels[source] ?? ""
      if let known = cache[value] { return known }
      // A group is no longer than the whole value.
      let length = references.multipliedReportingOverflow(by: value.utf8.count)
      try checkLength((length.partialValue, length.overflow), of: destination)
      let expanded = expression.expand(replacement, matching: value)
      cache[value] = .some(expanded)
      return expanded
    }
  }

  /// `label_join`.
  func evaluateLabelJoin(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    let destination = try text(call.arguments[1])
    let separator = try text(call.arguments[2])
    let sources = try call.arguments.dropFirst(3).map(text)
    for source in sources where !GoText.isLabelName(source) {
      throw QueryError.execution("invalid source label name in label_join(): \(source)")
    }
    if !GoText.isLabelName(destination) {
      throw QueryError.execution("invalid destination label name in label_join(): \(destination)")
    }
    return try relabel(call, grid, destination) { labels in
      let values = sources.map { labels[$0] ?? "" }
      try checkLength(
        (values.reduce(0) { $0 + $1.utf8.count + separator.utf8.count }, false), of: destination)
      return values.joined(separator: separator)
    }
  }

  /// Sets a label of every series of the first argument to what `value` gives, if not nil.
  private func relabel(
    _ call: CallExpression, _ grid: StepGrid, _ destination: String, _ value: (Labels) throws -> String?
  ) throws -> SeriesGrid {
    var result = try evaluateVector(call.arguments[0], grid)
    for row in 0..<result.rows {
      let labels = visibleLabels(result.identities[row])
      result.identities[row].labels = labels
      if isEager { result.identities[row].dropsName = false }
      guard let text = try value(labels) else { continue }
      result.identities[row].labels = labels.setting(destination, to: text)
      if destination == Labels.metricNameLabel { result.identities[row].dropsName = false }
    }
    try mergeEqual(&result, mayMerge: false)
    return result
  }
}
