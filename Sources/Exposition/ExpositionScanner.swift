import Glibc
import TimeSeries

/// Reads an exposition line by line, without allocating and without looking at labels.
///
/// A scrape sees the same series again and again. So for a sample line the scanner only finds where the series ends,
/// hashes its raw bytes and parses the value; a caller that knows the hash is done. A new series is parsed once, with
/// ``labels(of:type:)``.
///
///     bytes.withUnsafeBytes { body in
///       var scanner = ExpositionScanner(body, format: .text)
///       while let event = scanner.next() { … }
///     }
///
/// A malformed line costs that line: it is reported with its place and scanning goes on.
///
/// How a series ends is decided from the right: a value and a timestamp hold neither a blank nor a brace, so a line
/// whose last word is a number and whose words before it end in `}` can be split in one way only. If the part before
/// is not really a series, ``labels(of:type:)`` says so. Every other line takes a careful path from the left.
public struct ExpositionScanner {
  let base: UnsafePointer<UInt8>?
  let count: Int
  /// The format being read.
  public let format: ExpositionFormat
  /// The number of the line of the last event, from 1.
  public internal(set) var line = 0
  /// The exemplar of the last sample, if it has one, its labels still unread.
  var scannedExemplar: ScannedExemplar?
  /// The offset of the first byte of the last line.
  var lineStart = 0
  var position = 0
  var hasEnded = false

  /// Starts at the beginning of `bytes`, which must stay valid and unchanged as long as the scanner and its events
  /// are used.
  public init(_ bytes: UnsafeRawBufferPointer, format: ExpositionFormat) {
    base = bytes.bindMemory(to: UInt8.self).baseAddress
    count = bytes.count
    self.format = format
  }

  /// The next event, or nil at the end.
  ///
  /// - Complexity: O(length of the line), about 0.4 ns a byte for an ordinary sample.
  public mutating func next() -> ExpositionEvent? {
    guard let base else { return endOfDocument() }
    while position < count, !hasEnded {
      line &+= 1
      lineStart = position
      let newline = memchr(base + position, 10, count &- position)
      let end = newline.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? count
      position = end &+ 1
      switch format {
      case .text:
        var start = lineStart
        var trimmed = end
        while trimmed > start, ByteClass.isBlank(base[trimmed &- 1]) || base[trimmed &- 1] == 13 { trimmed &-= 1 }
        while start < trimmed, ByteClass.isBlank(base[start]) { start &+= 1 }
        if start == trimmed { continue }
        if base[start] == UInt8(ascii: "#") {
          if let event = readTextComment(base, from: start, to: end) { return event }
          continue
        }
        if let sample = splitFromRight(base, from: start, to: trimmed, strict: false) { return .sample(sample) }
        return readCarefully(base, from: start, to: trimmed)
      case .openMetrics:
        if end > lineStart, base[lineStart] == UInt8(ascii: "#") {
          if let event = readOpenMetricsComment(base, from: lineStart, to: end) { return event }
          continue
        }
        scannedExemplar = nil
        if memchr(base + lineStart, Int32(UInt8(ascii: "#")), end &- lineStart) == nil,
          let sample = splitFromRight(base, from: lineStart, to: end, strict: true)
        {
          return .sample(sample)
        }
        return readCarefully(base, from: lineStart, to: end)
      }
    }
    return endOfDocument()
  }

  /// Parses the labels of a sample that this scanner just gave.
  ///
  /// - Parameter type: The type of the sample's family, if known; see ``SeriesText/labels(of:format:type:)``.
  /// - Throws: ``MalformedLine`` with the line of the sample and the column in that line.
  public func labels(of sample: ScannedSample, type: MetricType? = nil) throws(MalformedLine) -> Labels {
    do throws(MalformedLine) {
      return try SeriesText.labels(of: sample.series, format: format, type: type)
    } catch {
      var column = error.column
      if let base, let series = sample.series.baseAddress {
        column += max(0, series - UnsafeRawPointer(base + lineStart))
      }
      throw MalformedLine(line: line, column: column, reason: error.reason)
    }
  }

  /// The exemplar of the sample that this scanner just gave, or nil if it has none.
  ///
  /// - Throws: ``MalformedLine`` if the exemplar's labels are not UTF-8 or have a name twice; the sample is good all
  ///   the same.
  public func exemplar() throws(MalformedLine) -> Exemplar? {
    guard let base, let scanned = scannedExemplar else { return nil }
    do throws(SeriesReader.Failure) {
      var reader = SeriesReader(
        base, from: scanned.labels.lowerBound, to: scanned.labels.upperBound, blanksAllowed: false, isExemplar: true)
      let labels = try SeriesText.collect(&reader, base)
      return Exemplar(labels: labels, value: scanned.value, timestamp: scanned.timestamp)
    } catch {
      throw malformed(at: error.offset, error.reason)
    }
  }

  private mutating func endOfDocument() -> ExpositionEvent? {
    guard format == .openMetrics, !hasEnded else { return nil }
    hasEnded = true
    line &+= 1
    lineStart = count
    return .malformed(MalformedLine(line: line, column: 1, reason: .endMarkerMissing))
  }

  /// Splits an ordinary sample line at its last words, or gives nil if it is not plainly one.
  @inline(__always)
  private func splitFromRight(
    _ base: UnsafePointer<UInt8>, from start: Int, to end: Int, strict: Bool
  ) -> ScannedSample? {
    var word = end
    while word > start, base[word &- 1] > 0x20 { word &-= 1 }
    guard let rest = skipGap(base, from: start, before: word, strict: strict) else { return nil }
    if base[rest &- 1] == UInt8(ascii: "}") {
      guard let value = FloatText.parse(base + word, end &- word) else { return nil }
      return makeSample(base, start, rest, value, nil)
    }
    var second = rest
    while second > start, base[second &- 1] > 0x20 { second &-= 1 }
    if second == start {
      // One word before the value: a bare metric name.
      guard let value = FloatText.parse(base + word, end &- word) else { return nil }
      return makeSample(base, start, rest, value, nil)
    }
    guard let series = skipGap(base, from: start, before: second, strict: strict),
      base[series &- 1] == UInt8(ascii: "}") || isOneWord(base, start, series),
      let value = FloatText.parse(base + second, rest &- second),
      let timestamp = parseTimestamp(base, word, end)
    else { return nil }
    return makeSample(base, start, series, value, timestamp)
  }

  @inline(__always)
  private func makeSample(
    _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ value: Double, _ timestamp: Int64?
  ) -> ScannedSample {
    let series = UnsafeRawBufferPointer(start: base + start, count: end &- start)
    return ScannedSample(series: series, hash: StableHash.hash(series), value: value, timestamp: timestamp)
  }

  /// The end of the word before the gap that ends at `end`; nil if there is no gap, or nothing before it.
  @inline(__always)
  private func skipGap(_ base: UnsafePointer<UInt8>, from start: Int, before end: Int, strict: Bool) -> Int? {
    var index = end
    while index > start, ByteClass.isBlank(base[index &- 1]) { index &-= 1 }
    if index == start || index == end || base[index &- 1] <= 0x20 { return nil }
    if strict, end &- index != 1 || base[index] != 0x20 { return nil }
    return index
  }

  private func isOneWord(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var index = start
    while index < end, base[index] > 0x20 { index &+= 1 }
    return index == end
  }

  /// Reads a timestamp: whole milliseconds in text, seconds with a fraction in OpenMetrics.
  func parseTimestamp(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int64? {
    switch format {
    case .text:
      return FloatText.parseInteger(base + start, end - start)
    case .openMetrics:
      guard let seconds = FloatText.parse(base + start, end - start) else { return nil }
      // Rounded, not cut: 1.001 s is 1000.9999… ms in binary.
      return Int64(exactly: (seconds * 1000).rounded())
    }
  }
}
