extension AutoForecaster {
  /// Which thresholds the signal will reach, and when: curves of the greatest value to come.
  ///
  /// The last of a curve's values is that quantile of the greatest value that the signal will have had by then. A
  /// threshold up to there is reached by the curve at the step by which it likeliest is. The curve of the median thus
  /// reaches the thresholds that are as likely to be reached as not, at the time that
  /// ``timeToThreshold(_:horizonSteps:probability:)`` gives as the likeliest. The distribution of the value itself cannot
  /// tell: a signal that visits the threshold for a moment in each of many hours is unlikely to be there at any given one
  /// of them. The random numbers are the same on every call.
  ///
  /// - Parameters:
  ///   - steps: how far to look.
  ///   - quantiles: ascending levels.
  /// - Returns: the curves at horizons 1 to `steps`; their means are the medians.
  /// - Throws: ``ForecastError`` if there is no observation or a parameter is not sensible.
  /// - Complexity: O(steps), about 0.1 ms for each.
  public func runningMaximum(steps: Int, quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: [steps], quantiles: quantiles)
    guard steps <= ForecastLimits.maximumHorizonCount else { throw .invalidHorizons("\(steps) steps are too many") }
    guard !near.history.isEmpty else { throw .noObservations }
    let horizons = Array(1...steps)
    let outlooks = outlooks(horizons)
    let maxima = PathSimulation.maxima(
      rows: outlooks.map(\.row), persistences: persistences(of: outlooks, at: horizons),
      past: pastDays(outlooks, at: horizons))
    let rows = PathSimulation.arrivals(maxima, levels: quantiles + [0.5])
    let bounds = facts.bounds
    let factor = near.history.factor
    let bounded = rows.map { row in row.map { min(bounds.upper, max(bounds.lower, finite($0 / factor))) } }
    return ForecastDistribution(
      origin: facts.end, step: facts.step, horizons: horizons, quantiles: quantiles,
      values: bounded.flatMap { $0.dropLast() }, mean: bounded.map { $0[quantiles.count] })
  }

  /// Past days as paths, with the weight that they have against that of all simulated paths together, which is 1.
  ///
  /// Simulated paths know how far a forecast may be off, and alone know where a trend leads that no past day had.
  func pastDays(_ outlooks: [GridMixture.Outlook], at times: [Int]) -> [PastDays.Path] {
    let days = PastDays(self, at: times, centres: outlooks.map { ErrorTable.mean(of: $0.row) })
    guard !days.paths.isEmpty, let last = outlooks.last else { return [] }
    let say = (1 - last.trendShare) / (1 + Self.simulated * days.weight)
    return days.paths.map { PastDays.Path(values: $0.values, weight: $0.weight * say) }
  }

  /// What simulated paths weigh for each past day's weight, and the weight of one day more.
  private static let simulated = 0.3
}
