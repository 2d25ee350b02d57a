extension HorizonNode {
  /// How sharply the better one of two error scales is preferred, per doubling of the evidence: the mean of many
  /// scales is blunter than the best of them, but with few independent errors nobody knows which that is.
  private static let sharpness = 5.0

  /// So many independent errors are needed to believe half of a bias.
  private static let biasEvidence = 30.0

  /// How many independent errors the prior is worth: of far horizons few independent errors are known, and their outermost
  /// ones tell more of chance than of the signal.
  private static let priorCount = 16.0

  /// The levels at which scales are judged.
  private static let judgedLevels = [0.025, 0.1, 0.5, 0.9, 0.975]

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
    let (scaled, spread) = scaled(past, over: mixed)
    let row = ErrorTable.quantiles(
      errors: scaled, weights: past.weights, effectiveCount: past.effectiveCount, priorScale: max(spread, cold),
      prior: .laplace, priorCount: Self.priorCount)
    // A bias seen in few independent errors is mostly chance.
    let shift = Self.biasEvidence / (Self.biasEvidence + past.effectiveCount) * row[ErrorTable.middle]
    return row.map { ($0 - shift) * mixed.now }
  }

  /// The errors over their scales, and the standard deviation of the prior that goes with them.
  private func scaled(_ past: PastErrors, over course: ErrorScale.Course) -> (errors: [Double], spread: Double) {
    var errors: [Double] = []
    errors.reserveCapacity(past.errors.count)
    var sum = 0.0
    for (index, error) in past.errors.enumerated() {
      let value = error / course.values[index]
      errors.append(value)
      sum += past.weights[index] * abs(value)
    }
    // The standard deviation of a Laplace distribution is √2 times its mean absolute error; of few errors that is known
    // badly. The root of the mean square would make a single burst widen all intervals.
    let doubt = 1 + 1 / (1 + past.effectiveCount)
    return (errors, past.total > 0 ? doubt * 2.0.squareRoot() * sum / past.total : 0)
  }

  /// The pinball loss that quantiles under a scale would have had.
  ///
  /// - Complexity: O(n): to compare scales, quantiles to a hundredth of the spread will do.
  private func loss(of course: ErrorScale.Course, _ past: PastErrors, cold: Double) -> Double {
    let (errors, spread) = scaled(past, over: course)
    let quantiles = ErrorTable.coarseQuantiles(
      at: Self.judgedLevels, errors: errors, weights: past.weights, total: past.total,
      effectiveCount: past.effectiveCount, priorScale: max(spread, cold), prior: .laplace, priorCount: Self.priorCount)
    var loss = 0.0
    for (level, quantile) in zip(Self.judgedLevels, quantiles) {
      var sum = 0.0
      for index in errors.indices {
        let miss = errors[index] - quantile
        sum += past.weights[index] * course.values[index] * max(level * miss, (level - 1) * miss)
      }
      loss += sum
    }
    return loss
  }
}
