extension HorizonNode {
  /// The half-lives, in days (for a young signal, in quarters of its age), with which past errors lose weight: most
  /// of it soon, a tenth slowly.
  private static let halfLives = (fast: 2.0, slow: 10.0)
  private static let slowShare = 0.1

  /// How much the errors of the last few horizons weigh, whatever their number, against all others: what makes the
  /// intervals adapt to a change of regime.
  private static let newestShare = 0.2

  /// What is added to every relative scale, so that none comes near zero.
  private static let leastScale = 0.15

  /// How sharply the better one of two error scales is preferred, per doubling of the evidence: the mean of many
  /// scales is wider than the best of them, but with few independent errors nobody knows which that is.
  private static let sharpness = 5.0

  /// So many independent errors are needed to believe half of a bias.
  private static let biasEvidence = 10.0

  private static let judgedLevels: [(column: Int, level: Double)] = [0.025, 0.1, 0.5, 0.9, 0.975].map { level in
    (ErrorTable.levels.firstIndex(of: level) ?? ErrorTable.middle, level)
  }

  /// The quantiles of the error to expect now, at `ErrorTable.levels`.
  ///
  /// One set of quantiles for each ``ErrorScale``, mixed by how well each would have described the past (pinball
  /// loss, R. Koenker and G. Bassett, "Regression quantiles", 1978).
  ///
  /// - Parameter cold: the standard deviation of a change over one step, from ``ColdStart``.
  /// - Complexity: O(n log n) in the errors remembered.
  func errorQuantiles(_ view: HistoryView, panel: ExpertPanel, cold: Double) -> [Double] {
    let now = view.count - 1
    // The errors of a young signal's first steps tell little about it; they fade within its own age.
    let unit = min(Double(view.rhythm.unit), Double(now + 1) / 4)
    var past: [(error: Double, target: Int)] = []
    var weights: [Double] = []
    past.reserveCapacity(errors.entries.count)
    weights.reserveCapacity(errors.entries.count)
    var total = 0.0
    var recent: [Double] = []
    var recentTotal = 0.0
    // Errors are mostly evenly apart: from one to the next, what is left of a weight changes by the same factors.
    var left = (fast: 1.0, slow: 1.0, new: 1.0)
    var factors = left
    var gap = 0
    var reached = now
    for entry in errors.entries.reversed() {
      let target = entry.target
      guard target >= horizon, target < view.count else { continue }
      if reached - target != gap {
        gap = reached - target
        let age = Double(gap)
        factors = (
          decay(age / (Self.halfLives.fast * unit)), decay(age / (Self.halfLives.slow * unit)),
          decay(age / (2 * Double(horizon) + 6))
        )
      }
      if gap != 0 {
        left = (left.fast * factors.fast, left.slow * factors.slow, left.new * factors.new)
        reached = target
      }
      let weight = Double(entry.density) * (left.fast + Self.slowShare * left.slow)
      past.append((Double(entry.error), target))
      weights.append(weight)
      total += weight
      let new = Double(entry.density) * left.new
      recent.append(new)
      recentTotal += new
    }
    if recentTotal > 0 {
      let share = Self.newestShare * total / recentTotal
      for index in weights.indices { weights[index] += share * recent[index] }
    }
    let effectiveCount = total / independentSteps
    let cold = cold * Double(horizon).squareRoot()
    let centre = predict(view, panel: panel, horizon: horizon)
    var candidates: [(loss: Double, row: [Double])] = []
    for scale in ErrorScale.allCases {
      guard
        let candidate = quantiles(
          scale, of: past, weights: weights, effectiveCount: effectiveCount, cold: cold, view: view, centre: centre)
      else { continue }
      candidates.append(candidate)
    }
    let sharpness = Self.sharpness * binaryLogarithm(1 + effectiveCount)
    let best = candidates.lazy.map(\.loss).min() ?? 0
    var row = [Double](repeating: 0, count: ErrorTable.width)
    var totalShare = 0.0
    for candidate in candidates {
      let share = candidate.loss > 0 ? power(best / candidate.loss, sharpness) : 1
      totalShare += share
      for index in row.indices { row[index] += share * candidate.row[index] }
    }
    // A bias seen in few independent errors is mostly chance.
    let doubt = Self.biasEvidence / (Self.biasEvidence + effectiveCount)
    let shift = doubt * row[ErrorTable.middle]
    return row.map { ($0 - shift) / totalShare }
  }

  /// The error quantiles under one scale, and the pinball loss that they would have had; nil if the scale says
  /// nothing here.
  private func quantiles(
    _ scale: ErrorScale, of past: [(error: Double, target: Int)], weights: [Double], effectiveCount: Double,
    cold: Double, view: HistoryView, centre: Double
  ) -> (loss: Double, row: [Double])? {
    var scales: [Double] = []
    scales.reserveCapacity(past.count)
    var mean = 0.0
    for entry in past {
      let value = scale.value(
        view, origin: entry.target - horizon, horizon: horizon, centre: view.values[entry.target] - entry.error)
      scales.append(value)
      mean += value
    }
    mean /= Double(max(1, past.count))
    guard scale == .constant || mean > 0 else { return nil }
    if scale == .constant { mean = 1 }
    var scaled: [Double] = []
    scaled.reserveCapacity(past.count)
    var squares = 0.0
    for (index, entry) in past.enumerated() {
      scales[index] = scales[index] / mean + Self.leastScale
      let error = entry.error / scales[index]
      scaled.append(error)
      squares += weights[index] * error * error
    }
    var total = 0.0
    for weight in weights { total += weight }
    let spread = total > 0 ? (squares / total).squareRoot() : 0
    // A scale is not trusted beyond what it was ever tried at.
    let now = min(
      1.25 * (scales.max() ?? 1),
      scale.value(view, origin: view.count - 1, horizon: horizon, centre: centre) / mean + Self.leastScale)
    let row = ErrorTable.quantiles(
      errors: scaled, weights: weights, effectiveCount: effectiveCount, priorScale: max(2 * spread, cold))
    var loss = 0.0
    for (column, level) in Self.judgedLevels {
      let quantile = row[column]
      for index in scaled.indices {
        let miss = scaled[index] - quantile
        loss += weights[index] * scales[index] * max(level * miss, (level - 1) * miss)
      }
    }
    return (loss, row.map { $0 * now })
  }
}
