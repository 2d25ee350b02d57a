import TimeSeries

/// Prometheus's query language over any ``SeriesSource``.
///
/// The engine has no state besides its options; queries may run on any number of tasks at once.
public struct QueryEngine: Sendable {
  /// How queries are evaluated.
  public let options: QueryOptions

  /// Makes an engine; one is as cheap as its options, so a request with a timeout of its own may have one of its own.
  public init(options: QueryOptions = .init()) { self.options = options }

  /// Parses and type-checks a query.
  ///
  /// - Throws: ``ParseError`` for the first mistake, with its place.
  public func parse(_ text: String) throws(ParseError) -> Expression {
    try Parser.parse(text, options: options.parserOptions)
  }

  /// Parses a vector selector, as in the query API's `match[]`, and returns its matchers.
  ///
  /// - Throws: ``ParseError`` for the first mistake, with its place.
  public func parseMatchers(_ text: String) throws(ParseError) -> [LabelMatcher] {
    try Parser.parseSelector(text, options: options.parserOptions).matchers
  }

  /// The value of `expression` at `time`, in UTC milliseconds.
  ///
  /// A range vector as the whole query yields a matrix of the samples themselves.
  ///
  /// - Throws: ``QueryError``, or what the source throws.
  public func instant(_ expression: Expression, at time: Int64, source: any SeriesSource) throws -> QueryResult {
    let evaluator = try Evaluator(
      expression, start: time, end: time, step: 0, options: options, source: source)
    let grid = StepGrid(start: time, interval: 1, count: 1)
    let value: QueryValue
    if expression.type == .matrix {
      value = .matrix(try evaluator.samples(of: expression, grid).sorted { $0.labels < $1.labels })
    } else {
      switch try evaluator.evaluate(expression, grid) {
      case .scalar(let numbers): value = .scalar(Sample(time, numbers.first ?? .nan))
      case .string(let text): value = .string(text, timestamp: time)
      case .vector(let vector):
        let result = try evaluator.finish(vector)
        value = .vector(
          zip(result.identities, result.cells).compactMap { identity, cell in
            cell.isAbsent ? nil : evaluator.element(identity.labels, cell, at: time)
          })
      }
    }
    return QueryResult(
      value: value, warnings: evaluator.annotations.warnings, infos: evaluator.annotations.infos)
  }

  /// The values of `expression` at `start`, `start + step`, … up to `end`, in UTC milliseconds.
  ///
  /// A scalar expression yields one series without labels.
  ///
  /// - Throws: ``QueryError``, or what the source throws.
  public func range(
    _ expression: Expression, from start: Int64, through end: Int64, step: Int64, source: any SeriesSource
  ) throws -> QueryResult {
    let type = expression.type
    if type != .vector && type != .scalar {
      throw QueryError.badRequest(
        "invalid expression type \(Labels.quoted(type == .matrix ? "range vector" : type.rawValue)) for range query, "
          + "must be Scalar or instant Vector")
    }
    if end < start { throw QueryError.badRequest("end timestamp must not be before start time") }
    if step <= 0 {
      throw QueryError.badRequest(
        "zero or negative query resolution step widths are not accepted. Try a positive integer")
    }
    let (length, overflow) = end.subtractingReportingOverflow(start)
    if overflow || length / step > Int64(options.maximumPoints) {
      throw QueryError.badRequest(
        "exceeded maximum resolution of \(PrometheusNumber.grouped(options.maximumPoints)) points per timeseries. "
          + "Try decreasing the query resolution (?step=XX)")
    }
    let evaluator = try Evaluator(
      expression, start: start, end: end, step: step, options: options, source: source)
    let grid = StepGrid(start: start, interval: step, count: Int(length / step) + 1, end: end)
    let series = try evaluator.merged(
      try evaluator.evaluateInBlocks(expression, grid, isWholeQuery: true))
    return QueryResult(
      value: .matrix(series.sorted { $0.labels < $1.labels }), warnings: evaluator.annotations.warnings,
      infos: evaluator.annotations.infos)
  }
}

extension Evaluator {
  /// The samples in the window of a range vector.
  func samples(of expression: Expression, _ grid: StepGrid) throws -> [SeriesSamples] {
    let vector = try evaluateRange(expression, grid)
    let end = vector.times.start
    let start = end &- vector.window
    var result: [ResultSeries] = []
    for (index, series) in vector.series.enumerated() {
      let (low, high) = series.timestamps.withUnsafeBufferPointer {
        ($0.firstIndex(after: start), $0.firstIndex(after: end))
      }
      if low >= high { continue }
      let identity = SeriesIdentity(
        labels: series.labels, dropsName: index < vector.dropsName.count && vector.dropsName[index])
      result.append(
        ResultSeries(
          identity: identity, timestamps: Array(series.timestamps[low..<high]), values: Array(series.values[low..<high])
        ))
    }
    return try merged(result)
  }

  /// The series of a result with names dropped; those with the same labels become one.
  ///
  /// - Throws: ``QueryError`` if two of these have a sample at the same time, or, with delayed name removal, if there are
  ///   any.
  func merged(_ series: [ResultSeries]) throws -> [SeriesSamples] {
    var result: [SeriesSamples] = []
    result.reserveCapacity(series.count)
    var rows: [Labels: Int] = [:]
    rows.reserveCapacity(series.count)
    for item in series {
      let labels = item.identity.dropsName ? item.identity.labels.withoutMetadata : item.identity.labels
      guard let row = rows[labels] else {
        rows[labels] = result.count
        result.append(SeriesSamples(labels: labels, timestamps: item.timestamps, values: item.values))
        continue
      }
      if !isEager { throw QueryError.duplicateLabels }
      var order = Array(zip(result[row].timestamps + item.timestamps, result[row].values + item.values))
      order.sort { $0.0 < $1.0 }
      for index in 1..<order.count where order[index].0 == order[index - 1].0 { throw QueryError.duplicateLabels }
      result[row].timestamps = order.map(\.0)
      result[row].values = order.map(\.1)
    }
    return release(result)
  }
}

extension PrometheusNumber {
  /// A whole number with commas between groups of three digits.
  static func grouped(_ number: Int) -> String {
    var result = ""
    let digits = String(number)
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { result += "," }
      result.append(digit)
    }
    return result
  }
}
