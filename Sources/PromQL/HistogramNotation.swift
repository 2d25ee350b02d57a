import TimeSeries

/// Native histograms as unit tests write them: `{{schema:1 sum:4.5 count:3 buckets:[1 2] offset:-1}}`.
public enum HistogramNotation {
  /// The most empty buckets between two others that are written out.
  private static let maximumGap = 1_000_000

  /// A histogram in this notation, buckets from the first to the last that counts something.
  public static func format(_ histogram: FloatHistogram) -> String {
    var parts: [String] = []
    func add(_ name: String, _ value: Double) {
      if value != 0 { parts.append("\(name):\(PrometheusNumber.formatSignificant(value))") }
    }
    if histogram.schema != 0 { parts.append("schema:\(histogram.schema)") }
    add("count", histogram.count)
    add("sum", histogram.sum)
    add("z_bucket", histogram.zeroCount)
    add("z_bucket_w", histogram.zeroThreshold)
    if histogram.hasCustomBounds { parts.append("custom_values:\(list(histogram.customBounds))") }
    switch histogram.hint {
    case .unknown: break
    case .reset: parts.append("counter_reset_hint:reset")
    case .notReset: parts.append("counter_reset_hint:not_reset")
    case .gauge: parts.append("counter_reset_hint:gauge")
    }
    for (buckets, name, offset) in [
      (histogram.positive, "buckets", "offset"), (histogram.negative, "n_buckets", "n_offset"),
    ] {
      guard let (first, counts) = filled(buckets) else { continue }
      if first != 0 { parts.append("\(offset):\(first)") }
      parts.append("\(name):\(list(counts))")
    }
    return "{{\(parts.joined(separator: " "))}}"
  }

  private static func list(_ values: [Double]) -> String {
    "[\(values.map { PrometheusNumber.formatSignificant($0) }.joined(separator: " "))]"
  }

  /// The counts from the first to the last bucket that is not empty; nil if all are.
  private static func filled(_ buckets: FloatHistogram.Buckets) -> (first: Int, counts: [Double])? {
    var result: (first: Int, counts: [Double])?
    var next = 0
    for (index, count) in zip(buckets.indices, buckets.counts) where count != 0 {
      if result == nil {
        result = (index, [])
        next = index
      }
      result?.counts.append(contentsOf: repeatElement(0, count: min(index - next, maximumGap)))
      result?.counts.append(count)
      next = index + 1
    }
    return result
  }

  /// A histogram as `count_values` labels have it: every bucket with its bounds.
  static func describe(_ histogram: FloatHistogram) -> String {
    var buckets = ""
    for bucket in histogram.allBuckets where bucket.count != 0 {
      let (lower, upper) = (
        PrometheusNumber.formatSignificant(bucket.lower), PrometheusNumber.formatSignificant(bucket.upper)
      )
      buckets += ", \(bucket.includesLower ? "[" : "(")\(lower),\(upper)\(bucket.includesUpper ? "]" : ")")"
      buckets += ":\(PrometheusNumber.formatSignificant(bucket.count))"
    }
    return "{count:\(PrometheusNumber.formatSignificant(histogram.count)), "
      + "sum:\(PrometheusNumber.formatSignificant(histogram.sum))\(buckets)}"
  }

  /// What is wrong with a text.
  public struct Fault: Error, Sendable, CustomStringConvertible {
    public let description: String
  }

  /// Reads one histogram.
  ///
  /// - Throws: ``Fault`` for the first mistake.
  public static func parse(_ text: some StringProtocol) throws(Fault) -> FloatHistogram {
    guard text.hasPrefix("{{"), text.hasSuffix("}}"), text.utf8.count >= 4 else {
      throw Fault(description: "\(text): a histogram is written {{...}}")
    }
    var reader = Reader(text.dropFirst(2).dropLast(2))
    var histogram = FloatHistogram()
    var counts: [Double] = []
    var negativeCounts: [Double] = []
    var offset = 0
    var negativeOffset = 0
    while let name = try reader.name() {
      switch name {
      case "schema": histogram.schema = try reader.whole()
      case "count": histogram.count = try reader.number()
      case "sum": histogram.sum = try reader.number()
      case "z_bucket": histogram.zeroCount = try reader.number()
      case "z_bucket_w": histogram.zeroThreshold = try reader.number()
      case "custom_values": histogram.customBounds = try reader.numbers()
      case "buckets": counts = try reader.numbers()
      case "n_buckets": negativeCounts = try reader.numbers()
      case "offset": offset = try reader.whole()
      case "n_offset": negativeOffset = try reader.whole()
      case "counter_reset_hint": histogram.hint = try reader.hint()
      default: throw Fault(description: "bad histogram descriptor found: \(Labels.quoted(name))")
      }
    }
    histogram.positive = FloatHistogram.Buckets(first: offset, counts: counts)
    histogram.negative = FloatHistogram.Buckets(first: negativeOffset, counts: negativeCounts)
    if let fault = histogram.fault { throw Fault(description: fault) }
    return histogram
  }

  /// Reads `name:value` pairs between white space.
  private struct Reader {
    private var rest: Substring

    init(_ text: some StringProtocol) { rest = Substring(text) }

    private mutating func skipSpace() { rest = rest.drop(while: \.isWhitespace) }

    private mutating func word() -> Substring {
      let word = rest.prefix { !$0.isWhitespace && $0 != "]" && $0 != ":" }
      rest = rest.dropFirst(word.count)
      return word
    }

    /// The next descriptor's name; nil at the end.
    mutating func name() throws(Fault) -> String? {
      skipSpace()
      if rest.isEmpty { return nil }
      let name = String(word())
      guard rest.first == ":", !name.isEmpty else {
        throw Fault(description: "missing `:` for histogram descriptor \(Labels.quoted(name))")
      }
      rest = rest.dropFirst()
      skipSpace()
      return name
    }

    mutating func number() throws(Fault) -> Double {
      let text = word()
      switch text.lowercased() {
      case "nan": return StaleMarker.normalNaN
      case "inf", "+inf": return .infinity
      case "-inf": return -.infinity
      default:
        guard let last = text.utf8.last, last >= 0x30 && last <= 0x39 || last == 0x2e, let value = Double(text) else {
          throw Fault(description: "\(Labels.quoted(String(text))) is not a number of a histogram")
        }
        return value
      }
    }

    mutating func whole() throws(Fault) -> Int {
      let text = word()
      guard let value = Int32(text) else {
        throw Fault(description: "\(Labels.quoted(String(text))) is not a whole number of a histogram")
      }
      return Int(value)
    }

    mutating func numbers() throws(Fault) -> [Double] {
      guard rest.first == "[" else { throw Fault(description: "a list of a histogram starts with [") }
      rest = rest.dropFirst()
      var result: [Double] = []
      while true {
        skipSpace()
        if rest.first == "]" {
          rest = rest.dropFirst()
          return result
        }
        if rest.isEmpty { throw Fault(description: "a list of a histogram ends with ]") }
        result.append(try number())
      }
    }

    mutating func hint() throws(Fault) -> FloatHistogram.CounterResetHint {
      let text = word()
      switch text {
      case "unknown": return .unknown
      case "reset": return .reset
      case "not_reset": return .notReset
      case "gauge": return .gauge
      default: throw Fault(description: "\(Labels.quoted(String(text))) is not a counter reset hint")
      }
    }
  }
}
