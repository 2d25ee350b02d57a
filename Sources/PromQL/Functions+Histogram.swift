import TimeSeries

extension Evaluator {
  /// `histogram_quantile`, `histogram_quantiles` and `histogram_fraction` on classic histograms.
  func evaluateHistogram(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    let vectorIndex: Int
    switch call.function {
    case .histogramQuantile: vectorIndex = 1
    case .histogramFraction: vectorIndex = 2
    default: vectorIndex = 0
    }
    let argument = call.arguments[vectorIndex]
    var scalars: [(values: [Double], range: SourceRange)] = []
    for index in call.arguments.indices where index != vectorIndex && call.arguments[index].type == .scalar {
      scalars.append((try evaluateScalar(call.arguments[index], grid), call.arguments[index].range))
    }
    if call.function != .histogramFraction {
      for scalar in scalars { for value in scalar.values { annotations.checkQuantile(value, at: scalar.range) } }
    }
    let vector = try evaluateVector(argument, grid)
    let histograms = groupBuckets(vector, at: argument.range)
    var builder = GridBuilder(steps: grid.count)
    switch call.function {
    case .histogramFraction:
      try fill(&builder, histograms, vector, { $0 }) { buckets, _, step in
        HistogramQuantile.fraction(scalars[0].values[step], scalars[1].values[step], &buckets)
      }
    case .histogramQuantile:
      try fill(&builder, histograms, vector, { $0 }) { buckets, histogram, step in
        quantile(scalars[0].values[step], &buckets, histogram, grid.time(step), argument.range)
      }
    default:
      let label = try text(call.arguments[1])
      for scalar in scalars {
        // The label says the quantile of each step, so that steps may lie in different series.
        for value in Set(scalar.values.map(\.bitPattern)).map(Double.init(bitPattern:)) {
          let shown = Evaluator.openMetrics(value)
          try fill(&builder, histograms, vector, { $0.setting(label, to: shown) }) { buckets, histogram, step in
            scalar.values[step].bitPattern == value.bitPattern
              ? quantile(value, &buckets, histogram, grid.time(step), argument.range) : nil
          }
        }
      }
    }
    return builder.grid
  }

  /// The series of one classic histogram.
  private struct Histogram {
    var identity: SeriesIdentity
    var buckets: [(row: Int, upperBound: Double)] = []
  }

  private func groupBuckets(_ vector: SeriesGrid, at range: SourceRange) -> [Histogram] {
    var numbering = LabelProjection.Numbering(BucketLabels.projection, isEager: isEager)
    var histograms: [Histogram] = []
    for row in 0..<vector.rows {
      let identity = vector.identities[row]
      let bound = identity.labels["le"] ?? ""
      guard let upperBound = NumberParsing.labelValue(bound) else {
        let name = isEager ? "" : " for metric name \(GoText.quoted(identity.labels.metricName))"
        annotations.warn(
          "bucket label \"le\" is missing or has a malformed value of \(GoText.quoted(bound))\(name)", at: range)
        continue
      }
      let ordinal = numbering.ordinal(of: identity)
      if ordinal == histograms.count {
        histograms.append(
          Histogram(identity: SeriesIdentity(labels: numbering.labels(of: ordinal), dropsName: true)))
      }
      histograms[ordinal].buckets.append((row, upperBound))
    }
    if isEager {
      for index in histograms.indices {
        histograms[index].identity.labels = histograms[index].identity.labels.withoutMetadata
      }
    }
    return histograms
  }

  private func fill(
    _ builder: inout GridBuilder, _ histograms: [Histogram], _ vector: SeriesGrid, _ relabel: (Labels) -> Labels,
    _ value: (inout [HistogramQuantile.Bucket], Histogram, Int) -> Double?
  ) throws {
    var buckets: [HistogramQuantile.Bucket] = []
    for (index, histogram) in histograms.enumerated() {
      if index & 63 == 0 { try checkTime() }
      var row: Int?
      for step in 0..<vector.steps {
        buckets.removeAll(keepingCapacity: true)
        for bucket in histogram.buckets where !vector[bucket.row, step].isAbsent {
          buckets.append(HistogramQuantile.Bucket(upperBound: bucket.upperBound, count: vector[bucket.row, step]))
        }
        if buckets.isEmpty { continue }
        guard let result = value(&buckets, histogram, step) else { continue }
        var identity = histogram.identity
        identity.labels = relabel(identity.labels)
        let index = row ?? builder.row(for: identity)
        row = index
        try builder.set(index, step, result)
      }
    }
  }

  private func quantile(
    _ quantile: Double, _ buckets: inout [HistogramQuantile.Bucket], _ histogram: Histogram, _ time: Int64,
    _ range: SourceRange
  ) -> Double {
    let (value, repair) = HistogramQuantile.quantile(quantile, &buckets)
    if let repair {
      let name = isEager ? "" : histogram.identity.labels.metricName
      annotations.addRepair(repair, metricName: name, time: time, at: range)
    }
    return value
  }

  /// A number as OpenMetrics labels have it: whole numbers with `.0`.
  private static func openMetrics(_ value: Double) -> String {
    let text = PrometheusNumber.formatSignificant(value)
    return value.isFinite && !text.contains(".") && !text.contains("e") ? text + ".0" : text
  }
}

/// What tells histograms apart: all labels but the bucket's bound.
private enum BucketLabels {
  static let projection = LabelProjection(allBut: "le")
}
