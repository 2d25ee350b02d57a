/// A series as a sum of a trend, one or more rhythms and a rest.
///
/// One rhythm: R. B. Cleveland et al., "STL: A seasonal-trend decomposition procedure based on loess", Journal of
/// Official Statistics 6 (1990), without robustness weights. Several: K. Bandara, R. J. Hyndman and C. Bergmeir,
/// "MSTL: A seasonal-trend decomposition algorithm for time series with multiple seasonal patterns" (2021).
struct SeasonalDecomposition: Sendable {
  /// The rhythms' lengths in steps, ascending.
  var periods: [Int]
  var trend: [Double]
  /// One component for each period.
  var seasonal: [[Double]]

  /// What is left of `values` at each step.
  func remainder(of values: ArraySlice<Double>) -> [Double] {
    values.indices.map { index in
      let position = index - values.startIndex
      return seasonal.reduce(values[index] - trend[position]) { $0 - $1[position] }
    }
  }

  /// Decomposes a series; each period must have been seen twice.
  ///
  /// - Parameters:
  ///   - periods: ascending, each at least 2.
  ///   - isExact: whether to fit at every value instead of interpolating between tenths of a window.
  /// - Complexity: O(n × (largest window) / jump) for each of 2 × periods × 5 passes.
  init(_ values: ArraySlice<Double>, periods: [Int], isExact: Bool = false) {
    self.periods = periods
    trend = [Double](repeating: 0, count: values.count)
    seasonal = periods.map { _ in [Double](repeating: 0, count: values.count) }
    var adjusted = Array(values)
    let rounds = periods.count > 1 ? 2 : 1
    for _ in 0..<rounds {
      for (index, period) in periods.enumerated() {
        for step in adjusted.indices { adjusted[step] += seasonal[index][step] }
        let smoothing = Smoothing(period: period, seasonalWindow: 7 + 4 * (index + 1), isExact: isExact)
        let parts = smoothing.decompose(adjusted)
        seasonal[index] = parts.seasonal
        trend = parts.trend
        for step in adjusted.indices { adjusted[step] -= parts.seasonal[step] }
      }
    }
  }

  /// One run of STL with the windows that the paper recommends (section 3.4).
  struct Smoothing {
    let period: Int
    let seasonal: Loess
    let lowPass: Loess
    let trend: Loess

    init(period: Int, seasonalWindow: Int, isExact: Bool) {
      func loess(_ window: Int) -> Loess { Loess(window: window, jump: isExact ? 1 : max(1, window / 10)) }
      func odd(_ value: Double) -> Int { Int(value.rounded(.up)) | 1 }
      self.period = period
      seasonal = loess(seasonalWindow)
      lowPass = loess(odd(Double(period + 1) - 0.5))
      trend = loess(odd(1.5 * Double(period) / (1 - 1.5 / Double(seasonalWindow))))
    }

    func decompose(_ values: [Double]) -> (seasonal: [Double], trend: [Double]) {
      let count = values.count
      var trend = [Double](repeating: 0, count: count)
      var season = trend
      for _ in 0..<5 {
        let cycles = smoothedCycles(zip(values, trend).map { $0 - $1 })
        let passed = averages(averages(averages(cycles, period), period), 3)
        let low = lowPass.smooth(passed[...])
        for index in 0..<count { season[index] = cycles[period + index] - low[index] }
        let adjusted = zip(values, season).map { $0 - $1 }
        trend = self.trend.smooth(adjusted[...])
      }
      return (season, trend)
    }

    /// Smooths the values of each phase on their own; the result starts one period earlier and ends one later.
    private func smoothedCycles(_ values: [Double]) -> [Double] {
      let count = values.count
      var result = [Double](repeating: 0, count: count + 2 * period)
      for phase in 0..<period {
        let own = stride(from: phase, to: count, by: period).map { values[$0] }
        for (round, value) in seasonal.smoothExtended(own).enumerated() where round * period + phase < result.count {
          result[round * period + phase] = value
        }
      }
      return result
    }

    /// The means of every run of `width` values.
    private func averages(_ values: [Double], _ width: Int) -> [Double] {
      guard values.count >= width else { return values }
      var sum = 0.0
      for value in values.prefix(width) { sum += value }
      var result = [sum / Double(width)]
      result.reserveCapacity(values.count - width + 1)
      for index in width..<values.count {
        sum += values[index] - values[index - width]
        result.append(sum / Double(width))
      }
      return result
    }
  }
}
