import TimeSeries

/// The raw bytes of a series, `name{label="value",…}`, and their conversion to labels.
public enum SeriesText {
  /// Parses the bytes of one series into labels; the metric name becomes `__name__`, empty values are dropped.
  ///
  /// - Parameters:
  ///   - series: The bytes, as an ``ExpositionScanner`` gives them.
  ///   - format: OpenMetrics allows no blanks between the parts.
  ///   - type: The type of the family, if known. As Prometheus 3 does, `le` of a histogram and `quantile` of a summary
  ///     are then written canonically, so that `le="1"` and `le="1.0"` are one series.
  /// - Throws: ``MalformedLine`` with line 1 and the column in `series`.
  /// - Complexity: O(*b* + *n* log *n*) for *b* bytes and *n* labels.
  public static func labels(
    of series: UnsafeRawBufferPointer, format: ExpositionFormat, type: MetricType? = nil
  ) throws(MalformedLine) -> Labels {
    guard let base = series.bindMemory(to: UInt8.self).baseAddress else {
      throw MalformedLine(line: 1, column: 1, reason: .metricNameMissing)
    }
    do throws(SeriesReader.Failure) {
      var reader = SeriesReader(base, from: 0, to: series.count, blanksAllowed: format == .text)
      let labels = try collect(&reader, base, boundary: boundaryLabel(of: type))
      guard reader.position == series.count else {
        throw SeriesReader.Failure(offset: reader.position, reason: .textAfterSeries)
      }
      return labels
    } catch {
      throw MalformedLine(line: 1, column: error.offset + 1, reason: error.reason)
    }
  }

  /// Reads all pieces into labels. `boundary` names the label whose value is written canonically.
  static func collect(
    _ reader: inout SeriesReader, _ base: UnsafePointer<UInt8>, boundary: String? = nil
  ) throws(SeriesReader.Failure) -> Labels {
    var labels: [Label] = []
    labels.reserveCapacity(8)
    var names: Set<String> = []
    while let piece = try reader.next() {
      switch piece {
      case .metricName(let range):
        guard let name = unescaped(base, range) else { throw .init(offset: range.lowerBound, reason: .notUTF8) }
        labels.append(Label(Labels.metricNameLabel, name))
      case .label(let nameRange, let valueRange):
        guard let name = unescaped(base, nameRange) else {
          throw .init(offset: nameRange.lowerBound, reason: .notUTF8)
        }
        guard let value = unescaped(base, valueRange) else {
          throw .init(offset: valueRange.lowerBound, reason: .notUTF8)
        }
        // A few names are compared one by one; a hostile line of a million labels must not cost a million squared.
        let isRepeated: Bool
        if labels.count < 16 {
          isRepeated = labels.contains { $0.name == name }
        } else {
          if names.isEmpty { names = Set(labels.map(\.name)) }
          isRepeated = !names.insert(name).inserted
        }
        if isRepeated || name == Labels.metricNameLabel {
          throw .init(offset: nameRange.lowerBound, reason: .labelNameRepeated)
        }
        labels.append(Label(name, name == boundary ? canonical(value) : value))
      }
    }
    labels.removeAll { $0.value.isEmpty }
    labels.sort { $0.name < $1.name }
    return Labels(sortedUnique: labels)
  }

  private static func boundaryLabel(of type: MetricType?) -> String? {
    switch type {
    case .histogram, .gaugeHistogram: "le"
    case .summary: "quantile"
    default: nil
    }
  }

  private static func canonical(_ value: String) -> String {
    FloatText.parse(value).map(FloatText.canonicalBoundary) ?? value
  }

  /// The text of `range` with `\\`, `\"` and `\n` resolved (another escape stays as it is), or nil if not UTF-8.
  static func unescaped(_ base: UnsafePointer<UInt8>, _ range: Range<Int>, quotes: Bool = true) -> String? {
    let bytes = UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
    var high: UInt8 = 0
    var hasEscape = false
    for byte in bytes {
      high |= byte
      if byte == UInt8(ascii: "\\") { hasEscape = true }
    }
    if !hasEscape {
      // ASCII needs no validation, which is the dear part.
      return high < 0x80 ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
    }
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
        switch bytes[index + 1] {
        case UInt8(ascii: "\\"): plain.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "n"): plain.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "\"") where quotes: plain.append(UInt8(ascii: "\""))
        default:
          plain.append(bytes[index])
          plain.append(bytes[index + 1])
        }
        index += 2
      } else {
        plain.append(bytes[index])
        index += 1
      }
    }
    return String(validating: plain, as: UTF8.self)
  }
}
