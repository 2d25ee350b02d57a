/// One horizon of a demand forecast: a regression of the deviation from the profile, and the errors that it made.
struct DemandRung: Sendable {
  let horizon: Int
  /// Every how many steps a forecast is made to learn from.
  let stride: Int
  private var equations: NormalEquations
  private(set) var coefficients: [Double] = []
  /// Forecasts that wait for their truth, by their origin.
  private var pending: [Pending] = []
  /// The faded absolute errors of each candidate of ``candidates(row:profile:naive:)``.
  private var losses: [Double] = []
  /// Forecasts and what became of them, newest last.
  private(set) var outcomes: [DemandOutcome] = []

  static let mostOutcomes = 400
  private static let penalty = 0.03
  /// How sharply the better candidate is preferred.
  private static let sharpness = 4.0
  /// Records that differ by less, in scaled units, are equally good.
  private static let leastLoss = 1e-6
  /// What a row keeps of its weight from one to the next.
  private static let fade = 0.9985

  private struct Pending: Sendable {
    var origin: Int
    var row: [Double]
    var profile: Double
    var candidates: [Double]
    var forecast: Double
    var naive: Double?
  }

  init(horizon: Int) {
    self.horizon = horizon
    stride = max(1, horizon / 24)
    equations = NormalEquations(width: DemandFeatures.width)
  }

  /// What a regression, the profile alone and the value a week before say.
  private func candidates(row: [Double], profile: Double, naive: Double?) -> [Double] {
    var deviation = 0.0
    if coefficients.count == row.count {
      for index in row.indices { deviation += coefficients[index] * row[index] }
    }
    return [profile + (deviation.isFinite ? deviation : 0), profile, naive ?? profile]
  }

  /// The candidates weighted by a power of their records (N. Littlestone and M. Warmuth, "The weighted majority
  /// algorithm", 1994): with little history the simple ones have their say.
  func forecast(row: [Double], profile: Double, naive: Double?) -> Double {
    blend(candidates(row: row, profile: profile, naive: naive))
  }

  private func blend(_ candidates: [Double]) -> Double {
    guard losses.count == candidates.count, let least = losses.min() else { return max(0, candidates[1]) }
    var sum = 0.0
    var total = 0.0
    for (candidate, loss) in zip(candidates, losses) {
      let weight = power((least + Self.leastLoss) / (loss + Self.leastLoss), Self.sharpness)
      sum += weight * candidate
      total += weight
    }
    return max(0, sum / total)
  }

  /// Takes note of a forecast; its truth comes `horizon` steps later.
  mutating func announce(origin: Int, row: [Double], profile: Double, naive: Double?) {
    let candidates = candidates(row: row, profile: profile, naive: naive)
    pending.append(
      Pending(
        origin: origin, row: row, profile: profile, candidates: candidates, forecast: blend(candidates), naive: naive))
  }

  /// Compares the forecast made `horizon` steps before `position` with the truth and learns from it; nil is a missing one.
  mutating func resolve(position: Int, value: Double?) {
    guard let first = pending.first, first.origin + horizon <= position else { return }
    pending.removeFirst()
    guard first.origin + horizon == position, let value else { return }
    outcomes.append(DemandOutcome(forecast: first.forecast, naive: first.naive, truth: value))
    if outcomes.count > Self.mostOutcomes + 50 { outcomes.removeFirst(50) }
    if losses.isEmpty { losses = first.candidates.map { _ in 0 } }
    for (index, candidate) in first.candidates.enumerated() {
      losses[index] = losses[index] * 0.99 + abs(value - candidate)
    }
    equations.fade(Self.fade)
    equations.add(first.row, target: value - first.profile, weight: 1)
  }

  /// Brings the coefficients up to date, if there is enough to learn from.
  ///
  /// Rows whose horizons overlap tell the same thing again: the farther the horizon, the fewer independent ones there are,
  /// and the stronger is the pull towards the profile.
  mutating func solve(leastRows: Double) {
    let rows = equations.weight * equations.unit
    guard rows >= leastRows else { return }
    let independent = rows * Double(stride) / Double(horizon)
    let penalty = Self.penalty * max(1, Double(equations.width) / independent)
    guard let solution = equations.solve(penalty: penalty),
      solution.allSatisfy(\.isFinite)
    else { return }
    coefficients = solution
  }

  // MARK: Errors

  /// The quantiles of the errors to expect.
  ///
  /// Under three ideas of how the size of an error grows with the level (not at all, as its root, in proportion); the
  /// one whose quantiles describe the past best by their pinball loss is taken.
  ///
  /// - Parameter cold: the standard deviation of an error before any is known.
  /// - Complexity: O(n log n) in the outcomes remembered.
  func errors(cold: Double) -> Errors {
    guard !outcomes.isEmpty else { return Errors(exponent: 0, mean: 1, row: ErrorTable.cold(cold)) }
    var mean = 0.0
    for outcome in outcomes { mean += outcome.forecast }
    mean = max(mean / Double(outcomes.count), 1e-9)
    let weights = outcomes.indices.map { decay(Double(outcomes.count - 1 - $0) / 200) }
    var total = 0.0
    for weight in weights { total += weight }
    let independent = total * Double(stride) / Double(horizon)
    var best: (loss: Double, errors: Errors)?
    for exponent in [0.0, 0.5, 1.0] {
      var candidate = Errors(exponent: exponent, mean: mean, row: [])
      let scales = outcomes.map { candidate.scale($0.forecast) }
      let scaled = zip(outcomes, scales).map { ($0.truth - $0.forecast) / $1 }
      var squares = 0.0
      for (error, weight) in zip(scaled, weights) { squares += error * error * weight }
      candidate.row = ErrorTable.quantiles(
        errors: scaled, weights: weights, effectiveCount: independent,
        priorScale: max(2 * (squares / total).squareRoot(), 1e-12))
      var loss = 0.0
      for (column, level) in Self.judgedLevels {
        for (index, error) in scaled.enumerated() {
          let miss = error - candidate.row[column]
          loss += weights[index] * scales[index] * max(level * miss, (level - 1) * miss)
        }
      }
      if loss < best?.loss ?? .infinity { best = (loss, candidate) }
    }
    return best?.errors ?? Errors(exponent: 0, mean: 1, row: ErrorTable.cold(cold))
  }

  /// The quantiles of errors relative to a scale that depends on the level.
  struct Errors: Sendable {
    var exponent: Double
    var mean: Double
    /// At `ErrorTable.levels`, in units of the scale.
    var row: [Double]

    func scale(_ level: Double) -> Double { exponent == 0 ? 1 : power(0.1 + max(0, level) / mean, exponent) }

    /// The quantiles of the value itself.
    func around(_ forecast: Double) -> [Double] {
      let scale = scale(forecast)
      return row.map { forecast + $0 * scale }
    }
  }

  private static let judgedLevels: [(column: Int, level: Double)] = [0.025, 0.1, 0.5, 0.9, 0.975].map { level in
    (ErrorTable.levels.firstIndex(of: level) ?? ErrorTable.middle, level)
  }
}

/// A forecast, what the seasonal naive method would have said, and what came true.
struct DemandOutcome: Sendable {
  var forecast: Double
  var naive: Double?
  var truth: Double
}
