extension AutoForecaster {
  /// When the signal first reaches a threshold.
  ///
  /// Reaching it at any step of the horizon is far more likely than being beyond it at a given one, so quantile curves
  /// do not answer this. Paths do: at each step a path stands at a level of the distribution forecast for that step,
  /// and that level wanders as a stationary Gaussian process whose persistence was measured on past errors (a Gaussian
  /// copula). Beside them stand the signal's own past days, see ``PastDays``. The random numbers are the same on every
  /// call.
  ///
  /// - Parameters:
  ///   - threshold: the value to reach; from below if the newest value is below it, else from above.
  ///   - horizonSteps: how far to look, in steps.
  ///   - probability: the level at which ``ThresholdForecast/atProbability`` is read, between 0 and 1.
  /// - Throws: ``ForecastError`` if there is no observation or a parameter is not sensible.
  /// - Complexity: O(horizonSteps) for the distributions and at most 700,000 steps of paths, a few milliseconds.
  public func timeToThreshold(
    _ threshold: Double, horizonSteps: Int, probability: Double = 0.8
  ) throws(ForecastError) -> ThresholdForecast {
    try ForecastLimits.check(horizons: [horizonSteps], quantiles: [0.5])
    guard threshold.isFinite else { throw .invalidThreshold("\(threshold) is not a finite number") }
    guard probability > 0, probability < 1 else {
      throw .invalidThreshold("a probability of \(probability) is not between 0 and 1")
    }
    guard let newest = near.history.last else { throw .noObservations }
    let scaled = threshold * near.history.factor
    var result = ThresholdForecast(
      probability: 1, earliest: 0, likeliest: 0, latest: 0, atProbability: 0,
      direction: newest < scaled ? .upward : .downward, step: facts.step, origin: facts.end)
    guard newest != scaled else { return result }
    let upward = newest < scaled
    let bounds = facts.bounds
    let grid = PassageGrid(horizonSteps)
    let outlooks = outlooks(grid.times)
    // How high the wandering level must rise at each step; beyond a bound nothing can be reached.
    var barriers = [Double](repeating: .infinity, count: grid.times.count)
    if threshold <= bounds.upper, threshold >= bounds.lower {
      for (index, outlook) in outlooks.enumerated() {
        let below = ErrorTable.level(of: outlook.row, below: scaled)
        barriers[index] = NormalDistribution.quantile(upward ? below : 1 - below)
      }
    }
    let persistences = persistences(of: outlooks, at: grid.times)
    var passages = PathSimulation.firstPassages(barriers: barriers, persistences: persistences)
    let past = pastDays(outlooks, at: grid.times)
    let share = 1 / (1 + past.reduce(0) { $0 + $1.weight })
    for index in passages.indices { passages[index] *= share }
    for path in past {
      let first = path.values.firstIndex { upward ? $0 >= scaled : $0 <= scaled }
      // Beyond a bound nothing can be reached.
      if let first, barriers[first].isFinite { passages[first] += share * path.weight }
    }
    var passed = 0.0
    result.earliest = nil
    result.likeliest = nil
    result.latest = nil
    result.atProbability = nil
    for (index, share) in passages.enumerated() {
      passed += share
      let time = Double(grid.times[index])
      if result.earliest == nil, passed >= 0.025 { result.earliest = time }
      if result.latest == nil, passed >= 0.975 { result.latest = time }
      if result.atProbability == nil, passed >= probability { result.atProbability = time }
    }
    if passed >= 0.5 { result.likeliest = Double(grid.times[PathSimulation.likeliest(passages)]) }
    result.probability = min(1, passed)
    return result
  }

  /// How much of the level at which a path stands is left from each time to the next.
  ///
  /// - Parameters:
  ///   - outlooks: those of `times`.
  ///   - times: steps from now, ascending and not empty.
  func persistences(of outlooks: [GridMixture.Outlook], at times: [Int]) -> [Double] {
    let tried = persistence(farthest: times.last ?? 1)
    var previous = 0
    return zip(outlooks, times).map { outlook, time in
      var persistence = power(tried, Double(time - previous))
      if time > outlook.lastTried {
        // The distribution is continued as that of a random walk, whose standardised values at two times correlate
        // by the root of the times' ratio. But far beyond all that was tried it tells what is not known rather than
        // what will be shaken out anew at every step.
        let walk = (Double(previous) / Double(time)).squareRoot()
        persistence = max(persistence, 1 - (1 - walk) * Double(outlook.lastTried) / Double(time))
      }
      previous = time
      // How long a trend lives is settled once, too.
      return persistence + outlook.trendShare * (1 - persistence)
    }
  }

  /// The persistence of the errors from one step to the next, at the horizon asked for or the farthest tried.
  private func persistence(farthest: Int) -> Double {
    guard let ratio = Self.farRatio(step: facts.step), let far, farthest > 16 * ratio,
      let distant = far.persistence(farthest: farthest / ratio)
    else { return near.persistence(farthest: farthest) ?? near.nodes.first?.errors.persistence() ?? 0.9 }
    return power(distant, 1 / Double(ratio))
  }
}

extension GridMixture {
  /// The persistence of the errors from one step to the next, at the horizon asked for or at the farthest one that was
  /// tried; nil if none was tried often enough.
  func persistence(farthest: Int) -> Double? {
    nodes.last { $0.errors.entries.count >= 8 && $0.horizon <= max(12, farthest) }?.errors.persistence()
  }
}

/// The steps at which a passage is looked for: all of a short horizon; of a long one all near steps, and far ones
/// evenly spaced.
private struct PassageGrid {
  private static let mostTimes = 1440

  let times: [Int]

  init(_ horizon: Int) {
    guard horizon > Self.mostTimes else {
      times = Array(1...horizon)
      return
    }
    let widest = horizon / (Self.mostTimes * 3 / 4) + 1
    var times: [Int] = []
    var time = 1
    while time < horizon {
      times.append(time)
      time += max(1, min(widest, time / 50))
    }
    self.times = times + [horizon]
  }
}
