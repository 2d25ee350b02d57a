/// A stretch of time from `start` up to but not including `end`, in UTC milliseconds.
struct BackfillSpan: Sendable, Hashable {
  var start: Int64
  var end: Int64

  var length: Int64 { end - start }
}

/// Stretches of time: sorted, apart from each other, none empty.
struct BackfillSpans: Sendable, Equatable {
  private(set) var spans: [BackfillSpan] = []

  init() {}

  init(_ span: BackfillSpan) { insert(span) }

  var isEmpty: Bool { spans.isEmpty }

  /// The sum of the lengths, in milliseconds.
  var length: Int64 { spans.reduce(0) { $0 + $1.length } }

  var newest: BackfillSpan? { spans.last }

  /// Adds a stretch; what touches becomes one.
  ///
  /// - Complexity: O(stretches).
  mutating func insert(_ span: BackfillSpan) {
    guard span.start < span.end else { return }
    var merged = span
    var result: [BackfillSpan] = []
    for other in spans {
      if other.end < merged.start || other.start > merged.end {
        result.append(other)
      } else {
        merged.start = min(merged.start, other.start)
        merged.end = max(merged.end, other.end)
      }
    }
    result.append(merged)
    spans = result.sorted { $0.start < $1.start }
  }

  /// Takes a stretch out.
  ///
  /// - Complexity: O(stretches).
  mutating func remove(_ span: BackfillSpan) {
    guard span.start < span.end else { return }
    var result: [BackfillSpan] = []
    for other in spans {
      if other.end <= span.start || other.start >= span.end {
        result.append(other)
      } else {
        if other.start < span.start { result.append(BackfillSpan(start: other.start, end: span.start)) }
        if other.end > span.end { result.append(BackfillSpan(start: span.end, end: other.end)) }
      }
    }
    spans = result
  }

  mutating func insert(_ others: BackfillSpans) { for span in others.spans { insert(span) } }
  mutating func remove(_ others: BackfillSpans) { for span in others.spans { remove(span) } }
}
