import TimeSeries

/// Native histograms on their way through a query.
///
/// A cell or a sample that is a histogram holds a ``HistogramReference`` into the evaluator's table. As long as the
/// table is empty, all values are numbers, and operators take the way that never looks.
extension Evaluator {
  /// Whether any value may be a histogram.
  @inline(__always)
  var hasHistograms: Bool { !histograms.isEmpty }

  /// The histogram for which a value stands, nil for numbers.
  @inline(__always)
  func histogram(_ value: Double) -> FloatHistogram? {
    guard let index = HistogramReference.index(value), index < histograms.count else { return nil }
    return histograms[index]
  }

  /// Whether a value stands for a histogram.
  @inline(__always)
  func isHistogram(_ value: Double) -> Bool { HistogramReference.index(value) != nil }

  /// Takes the histograms of what a source gave into the table.
  func adopt(_ series: [SeriesSamples]) -> [SeriesSamples] {
    if series.allSatisfy(\.histograms.isEmpty) { return series }
    return series.map { item in
      if item.histograms.isEmpty { return item }
      var item = item
      let references = item.histograms.map(keep)
      for index in item.values.indices {
        guard let place = HistogramReference.index(item.values[index]) else { continue }
        item.values[index] = place < references.count ? references[place] : StaleMarker.normalNaN
      }
      item.histograms = []
      return item
    }
  }

  /// Gives every series of a result the histograms that its values refer to.
  func release(_ series: [SeriesSamples]) -> [SeriesSamples] {
    if !hasHistograms { return series }
    return series.map { item in
      if !item.values.contains(where: isHistogram) { return item }
      var item = item
      for index in item.values.indices {
        guard let found = histogram(item.values[index]) else { continue }
        item.values[index] = HistogramReference.value(item.histograms.count)
        item.histograms.append(found)
      }
      return item
    }
  }

  /// An element of a query's result.
  func element(_ labels: Labels, _ cell: Double, at time: Int64) -> VectorElement {
    guard hasHistograms, let histogram = histogram(cell) else {
      return VectorElement(labels: labels, value: cell, timestamp: time)
    }
    return VectorElement(labels: labels, value: StaleMarker.normalNaN, timestamp: time, histogram: histogram)
  }

  /// Series of a subquery, whose points may lie apart: what a hint says of the sample before holds no more.
  func withoutHints(_ series: [ResultSeries]) -> [ResultSeries] {
    if !hasHistograms { return series }
    var series = series
    for row in series.indices {
      for index in series[row].values.indices {
        guard var found = histogram(series[row].values[index]), found.hint == .reset || found.hint == .notReset else {
          continue
        }
        found.hint = .unknown
        series[row].values[index] = keep(found)
      }
    }
    return series
  }

  /// Makes the cells that are histograms absent; says whether there were any.
  @discardableResult
  func blankHistograms(_ grid: inout SeriesGrid) -> Bool {
    if !hasHistograms { return false }
    var found = false
    for index in grid.cells.indices where isHistogram(grid.cells[index]) {
      grid.cells[index] = SeriesGrid.absent
      found = true
    }
    return found
  }

  /// Leaves the numbers of a vector, for functions that ignore histograms.
  func dropHistograms(_ grid: inout SeriesGrid) {
    if blankHistograms(&grid) { grid.removeEmptyRows() }
  }

  /// Changes every number and every histogram of a vector.
  func map(_ grid: inout SeriesGrid, _ number: (Double) -> Double, _ changed: (FloatHistogram) -> FloatHistogram) {
    for index in grid.cells.indices where !grid.cells[index].isAbsent {
      let cell = grid.cells[index]
      grid.cells[index] = histogram(cell).map { keep(changed($0)) } ?? number(cell)
    }
  }

  // MARK: Binary operators

  /// The result of an operator on two cells of which one may be a histogram; absent if a comparison does not hold or
  /// the operator does not apply, which is noted.
  func combineMixed(_ node: BinaryExpression, _ left: Double, _ right: Double) -> Double {
    let operation = node.operation
    let range = Expression.binary(node).range
    switch (histogram(left), histogram(right)) {
    case (nil, nil):
      if operation.isTrim { return incompatible(operation, "float", "float", range) }
      guard operation.isComparison else { return ScalarArithmetic.apply(operation, left, right) }
      let holds = ScalarArithmetic.compare(operation, left, right)
      return node.returnsBool ? (holds ? 1 : 0) : holds ? left : SeriesGrid.absent
    case (nil, let b?):
      if operation == .multiply { return keep(b.multiplied(by: left), compacted: true) }
      return incompatible(operation, "float", "histogram", range)
    case (let a?, nil):
      switch operation {
      case .multiply: return keep(a.multiplied(by: right), compacted: true)
      case .divide: return keep(a.divided(by: right), compacted: true)
      case .trimUpper: return keep(a.trimmed(at: right, keepsBelow: true))
      case .trimLower: return keep(a.trimmed(at: right, keepsBelow: false))
      default: return incompatible(operation, "histogram", "float", range)
      }
    case (let a?, let b?):
      switch operation {
      case .add, .subtract:
        var result = a
        do {
          let notes = operation == .add ? try result.add(b) : try result.subtract(b)
          annotations.note(notes, during: operation == .add ? "addition" : "subtraction", at: range)
        } catch {
          annotations.warn(
            "incompatible bucket layout encountered for binary operator \(operation.rawValue)", at: range)
          return SeriesGrid.absent
        }
        return keep(result, compacted: true)
      case .equal, .notEqual:
        let holds = (a == b) == (operation == .equal)
        return node.returnsBool ? (holds ? 1 : 0) : holds ? left : SeriesGrid.absent
      default: return incompatible(operation, "histogram", "histogram", range)
      }
    }
  }

  private func incompatible(_ operation: BinaryOperator, _ left: String, _ right: String, _ range: SourceRange)
    -> Double
  {
    let name = operation.rawValue
    annotations.inform(
      "incompatible sample types encountered for binary operator \(Labels.quoted(name)): \(left) \(name) \(right)",
      at: range)
    return SeriesGrid.absent
  }

  private func keep(_ histogram: FloatHistogram, compacted: Bool) -> Double {
    var result = histogram
    result.compact()
    return keep(result)
  }

  /// A vector of which elements may be histograms, and a number per step.
  func combineMixed(_ node: BinaryExpression, _ vector: SeriesGrid, _ numbers: [Double], isSwapped: Bool) throws
    -> SeriesGrid
  {
    var result = vector
    for row in 0..<result.rows {
      try checkTime()
      for step in 0..<result.steps where !result[row, step].isAbsent {
        let cell = result[row, step]
        let value = isSwapped ? combineMixed(node, numbers[step], cell) : combineMixed(node, cell, numbers[step])
        // A comparison that holds gives the vector's element.
        let holds = node.operation.isComparison && !node.returnsBool && !value.isAbsent
        result[row, step] = holds ? cell : value
      }
    }
    result.removeEmptyRows()
    if node.operation.changesMeaning || node.returnsBool { try dropNames(&result) }
    return result
  }
}

extension Annotations {
  /// Tells what combining histograms had to give up.
  mutating func note(_ combination: HistogramCombination, during operation: String, at range: SourceRange) {
    if combination.hasConflictingHints {
      warn("conflicting counter resets during histogram \(operation)", at: range)
    }
    if combination.hasReconciledBounds {
      inform("mismatched custom buckets were reconciled during \(operation)", at: range)
    }
  }

  mutating func warnOfMixedSamples(_ metric: String, at range: SourceRange) {
    warn("encountered a mix of histograms and floats for metric name \(Labels.quoted(metric))", at: range)
  }

  mutating func warnOfMixedSchemas(_ metric: String, at range: SourceRange) {
    warn(
      "vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
        + Labels.quoted(metric), at: range)
  }

  mutating func informOfIgnored(in aggregation: String, at range: SourceRange) {
    inform("ignored histogram in \(aggregation) aggregation", at: range)
  }

  mutating func informOfIgnored(metric: String, at range: SourceRange) {
    inform(
      "ignored histograms in a range containing both floats and histograms for metric name \(Labels.quoted(metric))",
      at: range)
  }
}
