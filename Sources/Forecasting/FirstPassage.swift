extension AutoForecaster {
  /// When the signal first reaches a threshold.
  ///
  /// Reaching it at any step of the horizon is far more likely than being beyond it at a given one, so quantile curves
  /// do not answer this. Paths do: at each step a path stands at a level of the distribution forecast for that step,
  /// and that level wanders as a stationary Gaussian process whose persistence was measured on past errors (a Gaussian
  /// copula). The random numbers are the same on every call.
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
    guard let newest = near.history.values.last else { throw .noObservations }
    let scaled = threshold * near.history.factor
    var result = ThresholdForecast(
      probability: 1, earliest: 0, median: 0, latest: 0, atProbability: 0,
      direction: newest < scaled ? .upward : .downward, step: facts.step, origin: facts.end)
    guard newest != scaled else { return result }
    let upward = newest < scaled
    let bounds = facts.bounds
    let grid = PassageGrid(horizonSteps)
    // How high the wandering level must rise at each step; beyond a bound nothing can be reached.
    var barriers = [Double](repeating: .infinity, count: grid.times.count)
    var persistences = [Double](repeating: 0, count: grid.times.count)
    let tried = persistence(farthest: horizonSteps)
    if threshold <= bounds.upper, threshold >= bounds.lower {
      var previous = 0
      let outlooks = outlooks(grid.times)
      for (index, time) in grid.times.enumerated() {
        let outlook = outlooks[index]
        let below = ErrorTable.level(of: outlook.row, below: scaled)
        barriers[index] = NormalDistribution.quantile(upward ? below : 1 - below)
        var persistence = power(tried, Double(time - previous))
        if time > outlook.lastTried {
          // The distribution is continued as that of a random walk, whose standardised values at two times correlate
          // by the root of the times' ratio. But far beyond all that was tried it tells what is not known rather than
          // what will be shaken out anew at every step.
          let walk = (Double(previous) / Double(time)).squareRoot()
          persistence = max(persistence, 1 - (1 - walk) * Double(outlook.lastTried) / Double(time))
        }
        // How long a trend lives is settled once, too.
        persistences[index] = persistence + outlook.trendShare * (1 - persistence)
        previous = time
      }
    }
    let passages = PathSimulation.firstPassages(barriers: barriers, persistences: persistences)
    var passed = 0.0
    result.earliest = nil
    result.median = nil
    result.latest = nil
    result.atProbability = nil
    for (index, share) in passages.enumerated() {
      passed += share
      let time = Double(grid.times[index])
      if result.earliest == nil, passed >= 0.025 { result.earliest = time }
      if result.median == nil, passed >= 0.5 { result.median = time }
      if result.latest == nil, passed >= 0.975 { result.latest = time }
      if result.atProbability == nil, passed >= probability { result.atProbability = time }
    }
    result.probability = min(1, passed)
    return result
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

/// Stationary Gaussian paths, the same on every call.
enum PathSimulation {
  private static let normals: [Double] = (0..<4096).map { NormalDistribution.quantile((Double($0) + 0.5) / 4096) }

  /// The share of paths that first reach the barrier at each step.
  ///
  /// A path is z[t] = φ·z[t-1] + √(1-φ²)·noise, started from its stationary law. Every path runs with its mirror
  /// image (antithetic variates), so that the marginal law is symmetric.
  ///
  /// - Parameter persistences: φ of the step to each barrier, as many as there are barriers; the first is not used.
  static func firstPassages(barriers: [Double], persistences: [Double]) -> [Double] {
    var counts = [Int](repeating: 0, count: barriers.count)
    guard !barriers.isEmpty, barriers.contains(where: { $0 < 8 }) else { return barriers.map { _ in 0 } }
    let pairs = min(1000, max(250, 250_000 / barriers.count))
    let phis = persistences.map { min(1, max(0, $0)) }
    let noises = phis.map { (1 - $0 * $0).squareRoot() }
    // xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    normals.withUnsafeBufferPointer { normals in
      func draw() -> Double {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return normals[Int((state &* 0x2545_F491_4F6C_DD1D) >> 52)]
      }
      for _ in 0..<pairs {
        var z = draw()
        var isOpen = true
        var isMirrorOpen = true
        for index in barriers.indices {
          if index > 0 { z = phis[index] * z + noises[index] * draw() }
          if isOpen, z >= barriers[index] {
            counts[index] += 1
            isOpen = false
          }
          if isMirrorOpen, -z >= barriers[index] {
            counts[index] += 1
            isMirrorOpen = false
          }
          if !isOpen, !isMirrorOpen { break }
        }
      }
    }
    return counts.map { Double($0) / Double(2 * pairs) }
  }
}
