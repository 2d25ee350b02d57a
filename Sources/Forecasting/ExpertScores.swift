/// How far each expert was off lately, and the mixture that follows from it.
///
/// Absolute errors are averaged over three exponentially fading memories: a few horizons (a change of regime), a day
/// or two, and a week. An expert's weight is a power of the best average over its own (in the line of N. Littlestone
/// and M. Warmuth, "The weighted majority algorithm", 1994); the power grows with the logarithm of the evidence, so
/// that experts of similar record share while little is known and the better one rules when much is.
struct ExpertScores: Sendable, Equatable {
  private static let count = ExpertPanel.expertCount

  /// Faded sums of absolute errors: short memory, middle, long; then the same for the sums of weights.
  private var sums = [Float](repeating: 0, count: 6 * count)

  /// How much each memory matters.
  private static let shares = (short: 0.6, middle: 0.8, long: 0.15)

  /// The short memory's half-life is this many horizons and 12 steps more; the others' are in days.
  private static let halfLives = (short: 4.0, middle: 1.5, long: 7.0)

  /// The power of the mixture per doubling of the evidence.
  private static let sharpness = 3.0

  /// How much the record at a short horizon matters for far ones in the average; its cube divides the weight.
  private static let recentShare = 0.3

  init() {}

  /// Lets the past fade.
  mutating func fade(steps: Int, horizon: Int, unit: Int) {
    guard steps > 0 else { return }
    let steps = Double(steps)
    let short = Float(decay(steps / (Self.halfLives.short * Double(horizon) + 12)))
    let middle = Float(decay(steps / (Self.halfLives.middle * Double(unit))))
    let long = Float(decay(steps / (Self.halfLives.long * Double(unit))))
    sums.withUnsafeMutableBufferPointer { sums in
      let n = Self.count
      for index in 0..<n {
        sums[index] *= short
        sums[n + index] *= middle
        sums[2 * n + index] *= long
        sums[3 * n + index] *= short
        sums[4 * n + index] *= middle
        sums[5 * n + index] *= long
      }
    }
  }

  /// Takes note of what the experts said and what came.
  mutating func add(_ panel: ExpertPanel, actual: Double, density: Double) {
    sums.withUnsafeMutableBufferPointer { sums in
      let n = Self.count
      for index in 0..<n {
        let said = panel.experts[index]
        let present = !said.isNaN
        let loss = present ? Float(abs(said - actual) * density) : 0
        let weight = present ? Float(density) : 0
        sums[index] += loss
        sums[n + index] += loss
        sums[2 * n + index] += loss
        sums[3 * n + index] += weight
        sums[4 * n + index] += weight
        sums[5 * n + index] += weight
      }
    }
  }

  /// The number of steps that the record rests on, over the long memory.
  var evidence: Double { Double(sums[5 * Self.count]) }

  /// An expert's mean absolute error over the middle memory; 0 without any record.
  func usualError(of expert: Int) -> Double {
    let weight = sums[4 * Self.count + expert]
    return weight > 0 ? Double(sums[Self.count + expert] / weight) : 0
  }

  /// Each expert's recent mean absolute error relative to that of the last value as a forecast, from 0.01 to
  /// 10; 1 for experts without a record, and for those that are another at another horizon.
  func recentRelativeErrors() -> [Double] {
    let n = Self.count
    let unit = sums[3 * n] > 0 ? sums[0] / sums[3 * n] : 0
    return (0..<n).map { index in
      guard unit > 0, sums[3 * n + index] > 0, !ExpertPanel.horizonBound.contains(index) else { return 1 }
      return Double(min(10, max(0.01, sums[index] / sums[3 * n + index] / unit)))
    }
  }

  /// The experts' forecasts weighted by their record; the first expert's without any record.
  ///
  /// - Parameters:
  ///   - independentSteps: after how many steps two errors tell something new.
  ///   - recent: relative errors at a short horizon, from `recentRelativeErrors()`. A far horizon learns of a change of
  ///     regime only when it has passed; where its own record does not tell experts apart, this does.
  func mix(_ panel: ExpertPanel, independentSteps: Double, recent: [Double] = []) -> Double {
    sums.withUnsafeBufferPointer { sums in
      let n = Self.count
      let tiny = 1e-12
      let scores = panel.scores
      for index in 0..<n {
        scores[index] =
          Self.shares.short * Double(sums[index]) / (Double(sums[3 * n + index]) + tiny)
          + Self.shares.middle * Double(sums[n + index]) / (Double(sums[4 * n + index]) + tiny)
          + Self.shares.long * Double(sums[2 * n + index]) / (Double(sums[5 * n + index]) + tiny)
      }
      if !recent.isEmpty {
        let unit = Self.recentShare * max(scores[0], 1e-6)
        for index in 0..<n { scores[index] += unit * min(3, recent[index]) }
      }
      var best = Double.infinity
      var worst = 0.0
      for index in 0..<n where !panel.experts[index].isNaN && sums[5 * n + index] > 0 {
        best = min(best, scores[index])
        worst = max(worst, scores[index])
      }
      guard best.isFinite else { return panel.experts[0] }
      // Differences below a fraction of the worst are no reason to prefer one.
      let floor = 1e-9 + 0.002 * worst
      let power = Self.sharpness * binaryLogarithm(1 + evidence / independentSteps)
      let pruned = (best + floor) * exponential2(8 / power)
      var sum = 0.0
      var total = 0.0
      for index in 0..<n
      where !panel.experts[index].isNaN && sums[5 * n + index] > 0 && scores[index] + floor <= pruned {
        var weight = exponential2(power * binaryLogarithm((best + floor) / (scores[index] + floor)))
        if !recent.isEmpty { weight /= recent[index] * recent[index] * recent[index] }
        sum += weight * panel.experts[index]
        total += weight
      }
      return total > 0 ? sum / total : panel.experts[0]
    }
  }
}
