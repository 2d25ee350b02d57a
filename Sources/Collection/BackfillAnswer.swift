import TimeSeries

/// What is wrong with a source's answer.
struct BackfillAnswerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The byte in the answer.
  let offset: Int
  let message: String

  var description: String { "byte \(offset) of the answer: \(message)" }
}

/// Reads an answer of `query_range` series by series.
struct BackfillAnswer {
  static let mostLabels = 256
  static let longestLabel = 1 << 16

  private var json: BackfillJSON
  private let span: BackfillSpan
  private var isFirstElement = true
  /// How many series of native histograms were passed over.
  private(set) var histogramSeries = 0

  /// Reads up to the first series.
  ///
  /// - Parameter span: the time asked for, the moment of its end included; other times are errors.
  init(_ bytes: [UInt8], span: BackfillSpan) throws(BackfillAnswerError) {
    json = BackfillJSON(bytes)
    self.span = span
    try enter("data")
    try enter("result")
    try json.expect(UInt8(ascii: "["))
  }

  /// Enters an object and stops before the value of `key`.
  private mutating func enter(_ wanted: String) throws(BackfillAnswerError) {
    try json.expect(UInt8(ascii: "{"))
    var isFirst = true
    while let key = try json.nextKey(isFirst: &isFirst) {
      if key == wanted { return }
      if key == "resultType", try json.string() != "matrix" { throw json.error("the result is no matrix") }
      if key != "resultType" { try json.skipValue() }
    }
    throw json.error("there is no \"\(wanted)\"")
  }

  /// The next series, its timestamps ascending; nil at the end of the answer, which is checked.
  mutating func next() throws(BackfillAnswerError) -> SeriesSamples? {
    while try json.nextElement(isFirst: &isFirstElement) {
      let series = try readSeries()
      if !series.timestamps.isEmpty { return series }
    }
    for _ in 0..<2 {
      var isFirst = false
      while try json.nextKey(isFirst: &isFirst) != nil { try json.skipValue() }
    }
    try json.expectEnd()
    return nil
  }

  private mutating func readSeries() throws(BackfillAnswerError) -> SeriesSamples {
    try json.expect(UInt8(ascii: "{"))
    var series = SeriesSamples(labels: .empty, timestamps: [], values: [])
    var isFirst = true
    while let key = try json.nextKey(isFirst: &isFirst) {
      switch key {
      case "metric": series.labels = try Self.labels(&json)
      case "values": try readValues(into: &series)
      case "histograms":
        histogramSeries += 1
        try json.skipValue()
      default: try json.skipValue()
      }
    }
    return series
  }

  private static func labels(_ json: inout BackfillJSON) throws(BackfillAnswerError) -> Labels {
    try json.expect(UInt8(ascii: "{"))
    var labels: [Label] = []
    var isFirst = true
    while let name = try json.nextKey(isFirst: &isFirst) {
      if labels.count >= mostLabels { throw json.error("a series has more than \(mostLabels) labels") }
      let value = try json.string()
      if name.utf8.count > longestLabel || value.utf8.count > longestLabel {
        throw json.error("a label is longer than \(longestLabel) bytes")
      }
      labels.append(Label(name, value))
    }
    return Labels(labels)
  }

  private mutating func readValues(into series: inout SeriesSamples) throws(BackfillAnswerError) {
    try json.expect(UInt8(ascii: "["))
    var isFirst = true
    while try json.nextElement(isFirst: &isFirst) {
      try json.expect(UInt8(ascii: "["))
      let time = try json.milliseconds()
      try json.expect(UInt8(ascii: ","))
      let value = try json.quotedNumber()
      try json.expect(UInt8(ascii: "]"))
      if time < span.start || time > span.end { throw json.error("a sample lies outside of the time asked for") }
      if let last = series.timestamps.last, time <= last { throw json.error("samples are not in the order of time") }
      series.timestamps.append(time)
      series.values.append(value)
    }
  }

  /// Ends a series at the first step without a value, as the source ended it there, and leaves the value at the moment
  /// of the span's end to the next span.
  static func markGaps(_ series: inout SeriesSamples, step: Int64, end: Int64) {
    var timestamps: [Int64] = []
    var values: [Double] = []
    for (index, time) in series.timestamps.enumerated() where time < end {
      timestamps.append(time)
      values.append(series.values[index])
      let next = index + 1 < series.timestamps.count ? series.timestamps[index + 1] : .max
      if next - time > step {
        timestamps.append(time + step)
        values.append(StaleMarker.value)
      }
    }
    series.timestamps = timestamps
    series.values = values
  }

  /// The names in an answer of `label/__name__/values`.
  static func names(_ bytes: [UInt8], limit: Int) throws(BackfillAnswerError) -> [String] {
    try list(bytes, limit: limit, of: "metrics") { json throws(BackfillAnswerError) in try json.string() }
  }

  /// The label sets in an answer of `series`.
  static func series(_ bytes: [UInt8], limit: Int) throws(BackfillAnswerError) -> [Labels] {
    try list(bytes, limit: limit, of: "series") { json throws(BackfillAnswerError) in try labels(&json) }
  }

  /// The elements of the list `data`.
  private static func list<Element>(
    _ bytes: [UInt8], limit: Int, of what: String,
    read: (inout BackfillJSON) throws(BackfillAnswerError) -> Element
  ) throws(BackfillAnswerError) -> [Element] {
    var json = BackfillJSON(bytes)
    try json.expect(UInt8(ascii: "{"))
    var elements: [Element]?
    var isFirst = true
    while let key = try json.nextKey(isFirst: &isFirst) {
      guard key == "data" else {
        try json.skipValue()
        continue
      }
      try json.expect(UInt8(ascii: "["))
      var found: [Element] = []
      var isFirst = true
      while try json.nextElement(isFirst: &isFirst) {
        found.append(try read(&json))
        if found.count > limit { throw json.error("more than \(limit) \(what) match") }
      }
      elements = found
    }
    try json.expectEnd()
    guard let elements else { throw json.error("there is no \"data\"") }
    return elements
  }

  /// The words of an error in Prometheus's shape, cut to a line; nil if the answer has none.
  static func errorText(_ bytes: [UInt8]) -> String? {
    var json = BackfillJSON(bytes)
    var isFirst = true
    do throws(BackfillAnswerError) {
      try json.expect(UInt8(ascii: "{"))
      while let key = try json.nextKey(isFirst: &isFirst) {
        if key == "error" { return line(try json.string()) }
        try json.skipValue()
      }
    } catch {
      return nil
    }
    return nil
  }

  /// `text` as one line of at most 200 characters.
  static func line(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }
    return String(String.UnicodeScalarView(scalars))
  }
}
