import TimeSeries

extension Evaluator {
  /// `histogram_quantile`, `histogram_quantiles` and `histogram_fraction` on native and classic histograms.
  func evaluateHistogram(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    let vectorIndex: Int
    switch call.function {
    case .histogramQuantile: vectorIndex = 1
    case .histogramFraction: vectorIndex = 2
    default: vectorIndex = 0
    }
    let argument = call.arguments[vectorIndex]
    let place = call.place(of: vectorIndex)
    var scalars: [(values: [Double], range: SourceRange)] = []
    for index in call.arguments.indices where index != vectorIndex && call.arguments[index].type == .scalar {
      scalars.append((try evaluateScalar(call.arguments[index], grid), call.place(of: index)))
    }
    var vector = try evaluateVector(argument, grid)
    if call.function != .histogramFraction {
      for scalar in scalars { for value in scalar.values { annotations.checkQuantile(value, at: scalar.range) } }
    }
    let native = takeNativeHistograms(&vector)
    let histograms = groupBuckets(vector, at: place)
    let natives = withoutClassicTwins(native, histograms, &vector, at: place)
    var builder = GridBuilder(steps: grid.count)
    switch call.function {
    case .histogramFraction:
      try fill(&builder, natives, { $0 }) { histogram, name, step in
        let (value, notes) = histogram.fraction(from: scalars[0].values[step], to: scalars[1].values[step])
        annotations.note(notes, of: "histogram_fraction", name, at: scalars[0].range)
        return value
      }
      try fill(&builder, histograms, vector, { $0 }) { buckets, _, step in
        HistogramQuantile.fraction(scalars[0].values[step], scalars[1].values[step], &buckets)
      }
    case .histogramQuantile:
      try fill(&builder, natives, { $0 }) { histogram, name, step in
        quantile(scalars[0].values[step], histogram, name, scalars[0].range)
      }
      try fill(&builder, histograms, vector, { $0 }) { buckets, name, step in
        quantile(scalars[0].values[step], &buckets, name, place)
      }
    default:
      let label = try text(call.arguments[1])
      for scalar in scalars {
        // The label says the quantile of each step, so that steps may lie in different series.
        for value in Set(scalar.values.map(\.bitPattern)).map(Double.init(bitPattern:)) {
          let shown = Evaluator.openMetrics(value)
          try fill(&builder, natives, { $0.setting(label, to: shown) }) { histogram, name, step in
            scalar.values[step].bitPattern == value.bitPattern
              ? quantile(value, histogram, name, scalar.range) : nil
          }
          try fill(&builder, histograms, vector, { $0.setting(label, to: shown) }) { buckets, name, step in
            scalar.values[step].bitPattern == value.bitPattern
              ? quantile(value, &buckets, name, place) : nil
          }
        }
      }
    }
    return builder.grid
  }

  /// The series of one classic histogram.
  struct ClassicHistogram {
    var identity: SeriesIdentity
    /// All labels but the bound.
    var signature: Labels
    var buckets: [(row: Int, upperBound: Double)] = []
  }

  private func groupBuckets(_ vector: SeriesGrid, at range: SourceRange) -> [ClassicHistogram] {
    var numbering = LabelProjection.Numbering(BucketLabels.projection, isEager: isEager)
    var histograms: [ClassicHistogram] = []
    for row in 0..<vector.rows {
      let identity = vector.identities[row]
      let bound = identity.labels["le"] ?? ""
      guard let upperBound = NumberParsing.labelValue(bound) else {
        annotations.warn(
          "bucket label \"le\" is missing or has a malformed value of \(Labels.quoted(bound)) for metric name "
            + Labels.quoted(visibleLabels(identity).metricName), at: range)
        continue
      }
      let ordinal = numbering.ordinal(of: identity)
      if ordinal == histograms.count {
        let labels = numbering.labels(of: ordinal)
        histograms.append(
          ClassicHistogram(identity: SeriesIdentity(labels: labels, dropsName: true), signature: labels))
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
    _ builder: inout GridBuilder, _ histograms: [ClassicHistogram], _ vector: SeriesGrid, _ relabel: (Labels) -> Labels,
    _ value: (inout [HistogramQuantile.Bucket], String, Int) -> Double?
  ) throws {
    var buckets: [HistogramQuantile.Bucket] = []
    for (index, histogram) in histograms.enumerated() {
      if index & 63 == 0 { try checkTime() }
      var row: Int?
      // Without delayed removal, the name is gone after the first step.
      var name = histogram.signature.metricName
      for step in 0..<vector.steps {
        buckets.removeAll(keepingCapacity: true)
        for bucket in histogram.buckets where !vector[bucket.row, step].isAbsent {
          buckets.append(HistogramQuantile.Bucket(upperBound: bucket.upperBound, count: vector[bucket.row, step]))
        }
        if buckets.isEmpty { continue }
        let result = value(&buckets, name, step)
        if isEager { name = "" }
        guard let result else { continue }
        var identity = histogram.identity
        identity.labels = relabel(identity.labels)
        let index = row ?? builder.row(for: identity)
        row = index
        try builder.set(index, step, result)
      }
    }
  }

  private func quantile(
    _ quantile: Double, _ buckets: inout [HistogramQuantile.Bucket], _ metricName: String, _ range: SourceRange
  ) -> Double {
    let (value, isRepaired) = HistogramQuantile.quantile(quantile, &buckets)
    if isRepaired {
      annotations.inform(
        "input to histogram_quantile needed to be fixed for monotonicity (see "
          + "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name "
          + Labels.quoted(metricName), at: range)
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
