import TimeSeries

extension Evaluator {
  /// `histogram_count`, `_sum`, `_avg`, `_stddev` and `_stdvar`, which leave out all that is not a native histogram.
  func evaluateHistogramStatistic(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    var result = try evaluateVector(call.arguments[0], grid)
    for index in result.cells.indices where !result.cells[index].isAbsent {
      if index & 255 == 0 { try checkTime() }
      guard let histogram = histogram(result.cells[index]) else {
        result.cells[index] = SeriesGrid.absent
        continue
      }
      switch call.function {
      case .histogramCount: result.cells[index] = histogram.count
      case .histogramSum: result.cells[index] = histogram.sum
      case .histogramAvg: result.cells[index] = histogram.sum / histogram.count
      case .histogramStddev: result.cells[index] = histogram.variance.squareRoot()
      default: result.cells[index] = histogram.variance
      }
      // A count may be anything that was written, but not what marks an absent cell.
      if result.cells[index].isAbsent { result.cells[index] = StaleMarker.normalNaN }
    }
    result.removeEmptyRows()
    try dropNames(&result)
    return result
  }

  /// Splits a vector: its native histograms, and in `vector` what is left.
  func takeNativeHistograms(_ vector: inout SeriesGrid) -> SeriesGrid {
    var native = SeriesGrid(steps: vector.steps)
    if !hasHistograms { return native }
    native = vector
    for index in native.cells.indices where !isHistogram(native.cells[index]) {
      native.cells[index] = SeriesGrid.absent
    }
    native.removeEmptyRows()
    dropHistograms(&vector)
    return native
  }

  /// The native histograms of which there is no classic one with the same labels at the same step; where there is,
  /// neither counts.
  func withoutClassicTwins(
    _ native: SeriesGrid, _ classic: [ClassicHistogram], _ vector: inout SeriesGrid, at range: SourceRange
  ) -> SeriesGrid {
    if native.rows == 0 || classic.isEmpty { return native }
    var twins: [Labels: Int] = [:]
    for (index, histogram) in classic.enumerated() { twins[histogram.signature] = index }
    var native = native
    for row in 0..<native.rows {
      let labels = visibleLabels(native.identities[row])
      guard let twin = twins[labels] else { continue }
      for step in 0..<native.steps where !native[row, step].isAbsent {
        let buckets = classic[twin].buckets
        if buckets.allSatisfy({ vector[$0.row, step].isAbsent }) { continue }
        annotations.warn(
          "vector contains a mix of classic and native histograms for metric name \(Labels.quoted(labels.metricName))",
          at: range)
        native[row, step] = SeriesGrid.absent
        for bucket in buckets { vector[bucket.row, step] = SeriesGrid.absent }
      }
    }
    return native
  }

  /// Adds what `value` makes of native histograms, with their metrics' names, to a result.
  func fill(
    _ builder: inout GridBuilder, _ native: SeriesGrid, _ relabel: (Labels) -> Labels,
    _ value: (FloatHistogram, String, Int) -> Double?
  ) throws {
    for row in 0..<native.rows {
      try checkTime()
      let labels = native.identities[row].labels
      let identity = SeriesIdentity(labels: relabel(isEager ? labels.withoutMetadata : labels), dropsName: true)
      let name = isEager ? "" : labels.metricName
      for step in 0..<native.steps {
        guard let histogram = histogram(native[row, step]), let result = value(histogram, name, step) else { continue }
        try builder.set(builder.row(for: identity), step, result)
      }
    }
  }

  /// A quantile of a native histogram.
  func quantile(_ quantile: Double, _ histogram: FloatHistogram, _ name: String, _ range: SourceRange) -> Double {
    let (value, notes) = histogram.quantile(quantile)
    annotations.note(notes, of: "histogram_quantile", name, at: range)
    return value
  }
}

extension Annotations {
  /// Tells of observations that are not a number.
  mutating func note(_ notes: NaNObservations, of function: String, _ metric: String, at range: SourceRange) {
    let consequence: String
    switch (notes, function) {
    case (.none, _): return
    case (.isResult, _): consequence = "result is NaN"
    case (.skew, "histogram_fraction"): consequence = "which are excluded from all fractions"
    case (.skew, _): consequence = "result is skewed higher"
    }
    inform(
      "input to \(function) has NaN observations, \(consequence) for metric name \(Labels.quoted(metric))", at: range)
  }
}
