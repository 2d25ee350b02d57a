/// Walks over `name{label="value",…}` piece by piece, without allocating.
///
/// It is the one place that knows the grammar of a series; the scanner uses it to find where a doubtful series ends,
/// and ``SeriesText`` uses it to make labels.
struct SeriesReader {
  /// One piece of a series. Ranges are offsets from `base`, without the quotes.
  enum Piece {
    case metricName(Range<Int>)
    case label(name: Range<Int>, value: Range<Int>)
  }

  /// What is wrong, and at which offset from `base`.
  struct Failure: Error {
    var offset: Int
    var reason: MalformedLine.Reason
  }

  private enum State {
    case start, first, afterElement, end
  }

  private let base: UnsafePointer<UInt8>
  private let limit: Int
  /// OpenMetrics allows no blanks inside a series.
  private let blanksAllowed: Bool
  /// An exemplar's label set has no metric name.
  private let isExemplar: Bool
  private var state = State.start
  private var hasMetricName = false
  /// The offset of the next unread byte; once ``next()`` gave nil, the end of the series.
  private(set) var position: Int

  init(_ base: UnsafePointer<UInt8>, from start: Int, to limit: Int, blanksAllowed: Bool, isExemplar: Bool = false) {
    self.base = base
    self.limit = limit
    self.blanksAllowed = blanksAllowed
    self.isExemplar = isExemplar
    position = start
  }

  /// The next piece, or nil at the end of the series.
  mutating func next() throws(Failure) -> Piece? {
    switch state {
    case .start: return try readStart()
    case .first, .afterElement: return try readElement()
    case .end: return nil
    }
  }

  private mutating func readStart() throws(Failure) -> Piece? {
    let start = position
    if !isExemplar {
      while position < limit, ByteClass.isMetricName(base[position], first: position == start) { position += 1 }
    }
    let name = start..<position
    let afterName = position
    skipBlanks()
    if position < limit, base[position] == UInt8(ascii: "{") {
      position += 1
      state = .first
    } else {
      position = afterName
      state = .end
    }
    if name.isEmpty {
      if state == .end { throw Failure(offset: position, reason: startReason) }
      return try readElement()
    }
    hasMetricName = true
    return .metricName(name)
  }

  private var startReason: MalformedLine.Reason {
    if isExemplar { return .exemplarIncomplete }
    if position >= limit { return .metricNameMissing }
    return base[position] == UInt8(ascii: " ") ? .metricNameMissing : .metricNameIllegal
  }

  private mutating func readElement() throws(Failure) -> Piece? {
    skipBlanks()
    if state == .afterElement {
      if position < limit, base[position] == UInt8(ascii: ",") {
        position += 1
        skipBlanks()
      } else if position >= limit || base[position] != UInt8(ascii: "}") {
        throw Failure(offset: position, reason: .braceNotClosed)
      }
    }
    guard position < limit else { throw Failure(offset: position, reason: .braceNotClosed) }
    if base[position] == UInt8(ascii: "}") {
      position += 1
      state = .end
      if !hasMetricName && !isExemplar { throw Failure(offset: position - 1, reason: .metricNameMissing) }
      return nil
    }
    state = .afterElement
    let start = position
    let isQuoted = base[position] == UInt8(ascii: "\"")
    let name = isQuoted ? try readQuoted() : readLabelName()
    let afterName = position
    skipBlanks()
    let next = position < limit ? base[position] : 0
    if isQuoted, next == UInt8(ascii: ",") || next == UInt8(ascii: "}") {
      if isExemplar { throw Failure(offset: position, reason: .equalsSignMissing) }
      if hasMetricName { throw Failure(offset: start, reason: .metricNameRepeated) }
      if name.isEmpty { throw Failure(offset: start, reason: .metricNameMissing) }
      hasMetricName = true
      return .metricName(name)
    }
    if name.isEmpty {
      let stops = position >= limit || next == UInt8(ascii: "=") || next == UInt8(ascii: ",") || isQuoted
      throw Failure(offset: start, reason: stops ? .labelNameMissing : .labelNameIllegal)
    }
    guard next == UInt8(ascii: "=") else {
      // A byte that directly follows the name belongs to it: `a-b="c"`.
      let isPartOfName = position == afterName && position < limit && !isQuoted && next != UInt8(ascii: "\"")
      throw Failure(offset: position, reason: isPartOfName ? .labelNameIllegal : .equalsSignMissing)
    }
    position += 1
    skipBlanks()
    guard position < limit, base[position] == UInt8(ascii: "\"") else {
      throw Failure(offset: position, reason: .labelValueNotQuoted)
    }
    return .label(name: name, value: try readQuoted())
  }

  private mutating func readLabelName() -> Range<Int> {
    let start = position
    while position < limit, ByteClass.isLabelName(base[position], first: position == start) { position += 1 }
    return start..<position
  }

  /// Reads from an opening quote past the closing one. A backslash hides the byte after it.
  private mutating func readQuoted() throws(Failure) -> Range<Int> {
    let start = position + 1
    position = start
    while position < limit {
      let byte = base[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return start..<(position - 1)
      }
      position += byte == UInt8(ascii: "\\") ? 2 : 1
    }
    position = limit
    throw Failure(offset: limit, reason: .quoteNotClosed)
  }

  private mutating func skipBlanks() {
    guard blanksAllowed else { return }
    while position < limit, ByteClass.isBlank(base[position]) { position += 1 }
  }
}

/// Tests of single bytes.
enum ByteClass {
  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  static func isLabelName(_ byte: UInt8, first: Bool) -> Bool {
    let letter = byte | 0x20
    if letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z") || byte == UInt8(ascii: "_") { return true }
    return !first && byte &- 0x30 <= 9
  }

  static func isMetricName(_ byte: UInt8, first: Bool) -> Bool {
    byte == UInt8(ascii: ":") || isLabelName(byte, first: first)
  }
}
