import TimeSeries

/// Series in memory that queries can read, written in the notation of ``SeriesNotation``.
public struct SeriesTable: SeriesSource {
  public var series: [SeriesSamples] = []

  /// Makes an empty table.
  public init() {}

  /// Makes a table of series from pairs of labels and values, for instance
  /// `["up{job=\"a\"}": "1x10", "x": "0+1x5"]`; the values are `step` milliseconds apart from `start` on.
  ///
  /// - Throws: ``SeriesNotationError``.
  public init(_ rows: KeyValuePairs<String, String>, step: Int64, start: Int64 = 0) throws {
    for (labels, values) in rows {
      add(try SeriesTable.labels(labels), try SeriesNotation.samples(values, step: step, start: start))
    }
  }

  /// Adds a series.
  public mutating func add(_ labels: Labels, _ samples: [Sample]) {
    series.append(
      SeriesSamples(labels: labels, timestamps: samples.map(\.timestamp), values: samples.map(\.value)))
  }

  public func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) throws -> [SeriesSamples] {
    series.compactMap { candidate in
      guard matchers.allSatisfy({ $0.accepts(candidate.labels) }) else { return nil }
      let kept = candidate.timestamps.indices.filter { (start...max(start, end)).contains(candidate.timestamps[$0]) }
      if kept.isEmpty { return nil }
      return SeriesSamples(
        labels: candidate.labels, timestamps: kept.map { candidate.timestamps[$0] },
        values: kept.map { candidate.values[$0] })
    }
  }

  /// Reads `name{label="value", ...}`.
  ///
  /// - Throws: ``SeriesNotationError``.
  public static func labels(_ text: String) throws -> Labels {
    var labels: [Label] = []
    var rest = text[...]
    let name = rest.prefix { $0 != "{" }.filter { $0 != " " }
    if !name.isEmpty { labels.append(Label(Labels.metricNameLabel, name)) }
    rest = rest.drop { $0 != "{" }.dropFirst()
    while true {
      rest = rest.drop { $0 == " " || $0 == "," }
      if rest.isEmpty || rest.first == "}" { return Labels(labels) }
      let key = rest.prefix { $0 != "=" }
      rest = rest.dropFirst(key.count + 1)
      guard rest.first == "\"" else { throw SeriesNotationError("\(text): no quoted value for \(key)") }
      rest = rest.dropFirst()
      var value = ""
      while let character = rest.popFirst(), character != "\"" {
        guard character == "\\" else {
          value.append(character)
          continue
        }
        guard let escaped = rest.popFirst() else { break }
        value.append(escaped == "n" ? "\n" : escaped)
      }
      labels.append(Label(String(key), value))
    }
  }
}
