extension HorizonNode {
  /// How sharply the better one of two error scales is preferred, per doubling of the evidence: the mean of many
  /// scales is blunter than the best of them, but with few independent errors nobody knows which that is.
  private static let sharpness = 5.0

  /// So many independent errors are needed to believe half of a bias.
  private static let biasEvidence = 10.0

  /// The prior's spread, relative to that of the errors, and how many independent errors it is worth: of far horizons few
  /// independent errors are known, and their outermost ones tell more of chance than of the signal.
  private static let prior = (spread: 1.5, count: 3.0)

  private static let judgedLevels: [(column: Int, level: Double)] = [0.025, 0.1, 0.5, 0.9, 0.975].map { level in
    (ErrorTable.levels.firstIndex(of: level) ?? ErrorTable.middle, level)
  }

  /// The quantiles of the error to expect now, at `ErrorTable.levels`.
  ///
  /// Each ``ErrorScale`` is judged by how well the quantiles under it would have described the past (pinball loss, R.
  /// Koenker and G. Bassett, "Regression quantiles", 1978), and the better ones are averaged to one scale. The quantiles
  /// are those of the errors over that scale: calibrated on the very thing that is used, which an average of quantiles,
  /// one set for each scale, would not be.
  ///
  /// - Parameter cold: the standard deviation of a change over one step, from ``ColdStart``.
  /// - Complexity: O(n log n) in the errors remembered.
  func errorQuantiles(_ view: HistoryView, panel: ExpertPanel, cold: Double) -> [Double] {
    let past = PastErrors(self, view)
    let cold = cold * Double(horizon).squareRoot()
    let centre = predict(view, panel: panel, horizon: horizon)
    var candidates: [(loss: Double, course: ErrorScale.Course)] = []
    for scale in ErrorScale.allCases {
      guard let course = scale.course(of: past, view, centre: centre) else { continue }
      candidates.append((loss(of: course, past, cold: cold), course))
    }
    let sharpness = Self.sharpness * binaryLogarithm(1 + past.effectiveCount)
    let best = candidates.lazy.map(\.loss).min() ?? 0
    var mixed = ErrorScale.Course(values: [Double](repeating: 0, count: past.errors.count), now: 0)
    var total = 0.0
    for (loss, course) in candidates {
      let share = loss > 0 ? power(best / loss, sharpness) : 1
      mixed.add(course, share: share)
      total += share
    }
    mixed.divide(by: total)
    let (_, row) = quantiles(of: past, over: mixed, cold: cold)
    // A bias seen in few independent errors is mostly chance.
    let shift = Self.biasEvidence / (Self.biasEvidence + past.effectiveCount) * row[ErrorTable.middle]
    return row.map { ($0 - shift) * mixed.now }
  }

  /// The errors over their scales, and the quantiles of these.
  private func quantiles(
    of past: PastErrors, over course: ErrorScale.Course, cold: Double
  ) -> (scaled: [Double], row: [Double]) {
    var scaled: [Double] = []
    scaled.reserveCapacity(past.errors.count)
    var sum = 0.0
    for (index, error) in past.errors.enumerated() {
      let value = error / course.values[index]
      scaled.append(value)
      sum += past.weights[index] * abs(value)
    }
    // The standard deviation of a normal distribution with this mean absolute error, √(π/2) times it. The root of the
    // mean square would make a single burst widen all intervals.
    let spread = past.total > 0 ? 1.2533 * sum / past.total : 0
    return (
      scaled,
      ErrorTable.quantiles(
        errors: scaled, weights: past.weights, effectiveCount: past.effectiveCount,
        priorScale: max(Self.prior.spread * spread, cold), priorCount: Self.prior.count)
    )
  }

  /// The pinball loss that quantiles under a scale would have had.
  private func loss(of course: ErrorScale.Course, _ past: PastErrors, cold: Double) -> Double {
    let (scaled, row) = quantiles(of: past, over: course, cold: cold)
    var loss = 0.0
    for (column, level) in Self.judgedLevels {
      let quantile = row[column]
      for index in scaled.indices {
        let miss = scaled[index] - quantile
        loss += past.weights[index] * course.values[index] * max(level * miss, (level - 1) * miss)
      }
    }
    return loss
  }
}
