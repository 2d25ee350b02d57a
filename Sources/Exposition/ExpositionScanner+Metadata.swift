import TimeSeries

extension ExpositionScanner {
  private enum Keyword {
    case help, type, unit
  }

  /// Reads a line of plain text that begins with `#`; nil if it is an ordinary comment.
  func readTextComment(_ base: UnsafePointer<UInt8>, from start: Int, to lineEnd: Int) -> ExpositionEvent? {
    var end = lineEnd
    if end > start, base[end - 1] == 13 { end -= 1 }
    var index = start + 1
    let blanks = skipBlanks(base, &index, end)
    guard blanks > 0, end - index > 4, ByteClass.isBlank(base[index + 4]) else { return nil }
    let keyword: Keyword
    if matches(base, index, end, "HELP") {
      keyword = .help
    } else if matches(base, index, end, "TYPE") {
      keyword = .type
    } else {
      return nil
    }
    index += 4
    skipBlanks(base, &index, end)
    return event { () throws(SeriesReader.Failure) in
      let name = try readName(base, &index, end)
      if index < end {
        guard ByteClass.isBlank(base[index]) else { throw .init(offset: index, reason: .metricNameIllegal) }
        index += 1
      }
      if keyword == .type {
        skipBlanks(base, &index, end)
        while end > index, ByteClass.isBlank(base[end - 1]) { end -= 1 }
      }
      return try metadata(keyword, name, base, index, end)
    }
  }

  /// Reads a line of OpenMetrics that begins with `#`; nil if it is the end marker.
  mutating func readOpenMetricsComment(
    _ base: UnsafePointer<UInt8>, from start: Int, to end: Int
  ) -> ExpositionEvent? {
    if end - start == 5, matches(base, start, end, "# EOF") {
      hasEnded = true
      guard position < count else { return nil }
      line &+= 1
      lineStart = position
      return .malformed(malformed(at: position, .dataAfterEndMarker))
    }
    let keyword: Keyword
    if matches(base, start, end, "# HELP ") {
      keyword = .help
    } else if matches(base, start, end, "# TYPE ") {
      keyword = .type
    } else if matches(base, start, end, "# UNIT ") {
      keyword = .unit
    } else {
      return .malformed(malformed(at: start, .commentNotAllowed))
    }
    return event { () throws(SeriesReader.Failure) in
      var index = start + 7
      let name = try readName(base, &index, end)
      guard index < end else { throw .init(offset: index, reason: .metadataIncomplete) }
      guard base[index] == 0x20 else { throw .init(offset: index, reason: .metricNameIllegal) }
      return try metadata(keyword, name, base, index + 1, end)
    }
  }

  private func event(_ read: () throws(SeriesReader.Failure) -> ExpositionEvent) -> ExpositionEvent {
    do throws(SeriesReader.Failure) {
      return try read()
    } catch {
      return .malformed(malformed(at: error.offset, error.reason))
    }
  }

  private func metadata(
    _ keyword: Keyword, _ name: EscapedText, _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int
  ) throws(SeriesReader.Failure) -> ExpositionEvent {
    let bytes = UnsafeRawBufferPointer(start: base + start, count: end - start)
    guard keyword == .type || isUTF8(bytes) else { throw .init(offset: start, reason: .notUTF8) }
    let text = EscapedText(bytes: bytes, quotes: format == .openMetrics)
    switch keyword {
    case .help:
      return .help(name, text)
    case .type:
      let word = String(decoding: bytes.prefix(20), as: UTF8.self)
      // Plain text says `untyped` for what OpenMetrics calls `unknown`, and knows only the five classic types.
      let type: MetricType?
      switch format {
      case .text:
        let classic: [MetricType] = [.counter, .gauge, .histogram, .summary]
        type = word == "untyped" ? .unknown : MetricType(rawValue: word).flatMap { classic.contains($0) ? $0 : nil }
      case .openMetrics:
        type = MetricType(rawValue: word)
      }
      guard let type else { throw .init(offset: start, reason: .typeUnknown) }
      return .type(name, type)
    case .unit:
      let suffix = Array("_".utf8) + bytes
      guard bytes.isEmpty || (name.bytes.count > suffix.count && name.bytes.suffix(suffix.count).elementsEqual(suffix))
      else { throw .init(offset: start, reason: .unitNotSuffix) }
      return .unit(name, text)
    }
  }

  /// Reads a metric name, bare or quoted.
  private func readName(
    _ base: UnsafePointer<UInt8>, _ index: inout Int, _ end: Int
  ) throws(SeriesReader.Failure) -> EscapedText {
    let start = index
    if index < end, base[index] == UInt8(ascii: "\"") {
      index += 1
      while index < end, base[index] != UInt8(ascii: "\"") { index += base[index] == UInt8(ascii: "\\") ? 2 : 1 }
      guard index < end else { throw .init(offset: end, reason: .quoteNotClosed) }
      let bytes = UnsafeRawBufferPointer(start: base + start + 1, count: index - start - 1)
      index += 1
      if bytes.isEmpty { throw .init(offset: start, reason: .metricNameMissing) }
      guard isUTF8(bytes) else { throw .init(offset: start, reason: .notUTF8) }
      return EscapedText(bytes: bytes, quotes: true)
    }
    while index < end, ByteClass.isMetricName(base[index], first: index == start) { index += 1 }
    if index == start {
      throw .init(offset: start, reason: index == end ? .metricNameMissing : .metricNameIllegal)
    }
    return EscapedText(bytes: UnsafeRawBufferPointer(start: base + start, count: index - start), quotes: true)
  }

  private func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var high: UInt8 = 0
    for byte in bytes { high |= byte }
    return high < 0x80 || String(validating: bytes, as: UTF8.self) != nil
  }

  @discardableResult
  private func skipBlanks(_ base: UnsafePointer<UInt8>, _ index: inout Int, _ end: Int) -> Int {
    let start = index
    while index < end, ByteClass.isBlank(base[index]) { index += 1 }
    return index - start
  }

  private func matches(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard end - start >= length else { return false }
    return word.withUTF8Buffer { letters in
      for index in 0..<length where base[start + index] != letters[index] { return false }
      return true
    }
  }
}
