import TimeSeries

extension ExpositionScanner {
  /// Reads a sample line from the left, and says exactly what is wrong with it.
  @inline(never)
  mutating func readCarefully(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int) -> ExpositionEvent {
    do throws(SeriesReader.Failure) {
      return .sample(try readSample(base, from: start, to: end))
    } catch {
      return .malformed(malformed(at: error.offset, error.reason))
    }
  }

  func malformed(at offset: Int, _ reason: MalformedLine.Reason) -> MalformedLine {
    MalformedLine(line: line, column: offset - lineStart + 1, reason: reason)
  }

  private mutating func readSample(
    _ base: UnsafePointer<UInt8>, from start: Int, to end: Int
  ) throws(SeriesReader.Failure) -> ScannedSample {
    if start == end { throw .init(offset: start, reason: .emptyLine) }
    var reader = SeriesReader(base, from: start, to: end, blanksAllowed: format == .text)
    while try reader.next() != nil {}
    let series = UnsafeRawBufferPointer(start: base + start, count: reader.position - start)
    let isBareName = base[reader.position - 1] != UInt8(ascii: "}")
    var index = reader.position
    let gap = try skipGap(base, &index, end)
    // Plain text allows `{…}1`, but a bare name must be set apart from its value.
    if gap == 0, index < end, isBareName || format == .openMetrics {
      throw .init(offset: index, reason: isBareName ? .metricNameIllegal : .valueMissing)
    }
    let valueStart = index
    let value = try readValue(base, &index, end, missing: .valueMissing)
    if valueStart == index { throw .init(offset: index, reason: .valueMissing) }
    var timestamp: Int64?
    if index < end {
      _ = try skipGap(base, &index, end)
      if index < end, format == .text || base[index] != UInt8(ascii: "#") {
        timestamp = try readTimestamp(base, &index, end)
        if index < end { _ = try skipGap(base, &index, end) }
      }
      if index < end {
        guard format == .openMetrics, base[index] == UInt8(ascii: "#") else {
          throw .init(offset: index, reason: .textAfterSample)
        }
        scannedExemplar = try readExemplar(base, &index, end)
      }
    }
    return ScannedSample(series: series, hash: StableHash.hash(series), value: value, timestamp: timestamp)
  }

  /// Reads `# {labels} value [timestamp]` up to the end of the line.
  private func readExemplar(
    _ base: UnsafePointer<UInt8>, _ index: inout Int, _ end: Int
  ) throws(SeriesReader.Failure) -> ScannedExemplar {
    index += 1
    guard index < end, base[index] == 0x20 else { throw .init(offset: index, reason: .exemplarIncomplete) }
    let labelsStart = index + 1
    var reader = SeriesReader(base, from: labelsStart, to: end, blanksAllowed: false, isExemplar: true)
    while try reader.next() != nil {}
    index = reader.position
    let labels = labelsStart..<index
    guard try skipGap(base, &index, end) > 0 else { throw .init(offset: index, reason: .exemplarIncomplete) }
    let value = try readValue(base, &index, end, missing: .exemplarIncomplete)
    var timestamp: Int64?
    if index < end {
      _ = try skipGap(base, &index, end)
      timestamp = try readTimestamp(base, &index, end)
      if index < end { throw .init(offset: index, reason: .textAfterSample) }
    }
    return ScannedExemplar(labels: labels, value: value, timestamp: timestamp)
  }

  private func readValue(
    _ base: UnsafePointer<UInt8>, _ index: inout Int, _ end: Int, missing: MalformedLine.Reason
  ) throws(SeriesReader.Failure) -> Double {
    let start = index
    skipWord(base, &index, end)
    if index == start { throw .init(offset: start, reason: missing) }
    guard let value = FloatText.parse(base + start, index - start) else {
      throw .init(offset: start, reason: .valueNotANumber)
    }
    return value
  }

  private func readTimestamp(
    _ base: UnsafePointer<UInt8>, _ index: inout Int, _ end: Int
  ) throws(SeriesReader.Failure) -> Int64 {
    let start = index
    skipWord(base, &index, end)
    guard let timestamp = parseTimestamp(base, start, index) else {
      throw .init(offset: start, reason: .timestampNotANumber)
    }
    return timestamp
  }

  private func skipWord(_ base: UnsafePointer<UInt8>, _ index: inout Int, _ end: Int) {
    while index < end, !ByteClass.isBlank(base[index]) { index += 1 }
  }

  /// Skips the blanks between two words and gives their number. OpenMetrics has exactly one space, and something
  /// after it.
  private func skipGap(
    _ base: UnsafePointer<UInt8>, _ index: inout Int, _ end: Int
  ) throws(SeriesReader.Failure) -> Int {
    let start = index
    while index < end, ByteClass.isBlank(base[index]) { index += 1 }
    if format == .openMetrics, index > start, index - start > 1 || base[start] != 0x20 || index == end {
      throw .init(offset: start, reason: .blankNotAllowed)
    }
    return index - start
  }
}
