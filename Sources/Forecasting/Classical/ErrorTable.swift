/// The distribution of forecast errors at a ladder of horizons, as quantiles at fixed levels.
///
/// The quantiles are empirical (split conformal: J. Lei et al., "Distribution-free predictive inference for
/// regression", 2018), weighted towards the recent past, with one or more pseudo-observations of prior mass spread over
/// a known distribution: with few independent errors that mass fills the tails, with many it vanishes, so that short
/// histories answer with wide intervals and no separate rule for a cold start is needed.
struct ErrorTable: Sendable {
  /// The levels at which error quantiles are kept; 0.5 is in the middle.
  static let levels: [Double] = [
    0.0025, 0.005, 0.0125, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.9875, 0.995, 0.9975,
  ]
  static let width = levels.count

  /// The position of the median in a row.
  static let middle = width / 2

  private static let normalLevels = levels.map(NormalDistribution.quantile)

  /// What the prior mass is spread over.
  enum Prior {
    case normal
    /// Two exponential distributions back to back: many small errors, and now and then a large one.
    case laplace

    /// 24 quantiles at a standard deviation of one.
    fileprivate var points: [Double] { self == .normal ? Self.normalPoints : Self.laplacePoints }

    private static let levels = (0..<24).map { (Double($0) + 0.5) / 24 }
    private static let normalPoints = levels.map(NormalDistribution.quantile)
    private static let laplacePoints = levels.map { level in
      (level < 0.5 ? naturalLogarithm(2 * level) : -naturalLogarithm(2 * (1 - level))) / 2.0.squareRoot()
    }
  }

  /// The error quantiles where nothing was measured: normal, of the given standard deviation.
  static func cold(_ scale: Double) -> [Double] { normalLevels.map { $0 * scale } }

  /// The error quantiles of one horizon from weighted errors.
  ///
  /// - Parameters:
  ///   - effectiveCount: how many independent errors the sample is worth; sets the share of the prior.
  ///   - errors: at most 4,000.
  ///   - priorScale: the standard deviation of the prior.
  ///   - prior: its shape.
  ///   - priorCount: how many independent errors the prior is worth.
  /// - Complexity: O(n log n).
  static func quantiles(
    errors: [Double], weights: [Double], effectiveCount: Double, priorScale: Double, prior: Prior = .normal,
    priorCount: Double = 1
  ) -> [Double] {
    var total = 0.0
    for weight in weights { total += weight }
    guard total > 0, effectiveCount > 0 else { return normalLevels.map { $0 * priorScale } }
    let dataShare = effectiveCount / (effectiveCount + priorCount)
    let priorShare = 1 - dataShare
    let priorPoints = prior.points
    let pointMass = priorShare / Double(priorPoints.count)
    let count = errors.count
    // Sorted as integers that hold the error's leading bits in their order, and behind them its position: several
    // times faster than sorting pairs, and errors that agree in 40 bits may stand in any order.
    var keys: [UInt64] = []
    keys.reserveCapacity(count + priorPoints.count)
    for (index, error) in errors.enumerated() { keys.append(key(error, index)) }
    for (index, point) in priorPoints.enumerated() { keys.append(key(point * priorScale, count + index)) }
    keys.sort()
    var pairs: [(error: Double, weight: Double)] = []
    pairs.reserveCapacity(keys.count)
    let share = dataShare / total
    for key in keys {
      let index = Int(key & positionMask)
      pairs.append(
        index < count
          ? (errors[index], weights[index] * share) : (priorPoints[index - count] * priorScale, pointMass))
    }
    return read(sorted: pairs)
  }

  /// A few quantiles of weighted errors, found by counting: to a 32nd of the prior's standard deviation, and within eight
  /// of them.
  ///
  /// - Parameters: as for ``quantiles(errors:weights:effectiveCount:priorScale:prior:priorCount:)``.
  ///   - total: the sum of the weights.
  /// - Complexity: O(n).
  static func coarseQuantiles(
    at levels: [Double], errors: [Double], weights: [Double], total: Double, effectiveCount: Double,
    priorScale: Double, prior: Prior, priorCount: Double
  ) -> [Double] {
    let points = prior.points
    guard priorScale > 0 else { return levels.map { _ in 0 } }
    let count = 512
    let middle = Double(count / 2)
    let width = 8 * priorScale / middle
    func bin(_ error: Double) -> Int { Int(min(Double(count - 1), max(0, error / width + middle))) }
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { masses in
      masses.initialize(repeating: 0)
      let dataShare = total > 0 ? effectiveCount / (effectiveCount + priorCount) : 0
      if dataShare > 0 {
        for (error, weight) in zip(errors, weights) { masses[bin(error)] += weight * dataShare / total }
      }
      for point in points { masses[bin(point * priorScale)] += (1 - dataShare) / Double(points.count) }
      var below = 0.0
      var index = 0
      return levels.map { level in
        while index < count - 1, below + masses[index] < level {
          below += masses[index]
          index += 1
        }
        let share = masses[index] > 0 ? min(1, max(0, (level - below) / masses[index])) : 0.5
        return (Double(index) + share - middle) * width
      }
    }
  }

  private static let positionMask: UInt64 = 0xFFF

  /// A number that sorts as the error does.
  private static func key(_ error: Double, _ index: Int) -> UInt64 {
    let bits = error.bitPattern
    let ordered = bits >> 63 == 1 ? ~bits : bits | 1 << 63
    return ordered & ~positionMask | UInt64(index)
  }

  /// Reads the levels off a sorted weighted sample whose weights add up to 1, interpolating between midpoints.
  static func read(sorted pairs: [(error: Double, weight: Double)]) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(width)
    var index = 0
    var below = 0.0
    var previousMiddle = 0.0
    for level in levels {
      while index < pairs.count, below + pairs[index].weight / 2 < level {
        previousMiddle = below + pairs[index].weight / 2
        below += pairs[index].weight
        index += 1
      }
      if index == 0 {
        result.append(pairs[0].error)
      } else if index == pairs.count {
        result.append(pairs[index - 1].error)
      } else {
        let nextMiddle = below + pairs[index].weight / 2
        let share = nextMiddle > previousMiddle ? (level - previousMiddle) / (nextMiddle - previousMiddle) : 1
        let low = pairs[index - 1].error
        result.append(low + (pairs[index].error - low) * min(1, max(0, share)))
      }
    }
    return result
  }

  /// The horizons of the ladder in steps, ascending.
  private(set) var horizons: [Int]

  /// One row of `width` error quantiles per horizon; empty where no horizon asked for needs it.
  private(set) var rows: [[Double]]

  init(horizons: [Int], rows: [[Double]]) {
    self.horizons = horizons
    self.rows = rows
  }

  /// Widens a row by the doubt whether a change that was never tested will come at all: it may fail to, or be twice as
  /// large, at two standard deviations.
  static func widen(_ row: inout [Double], byDoubtOf change: Double) {
    guard change != 0 else { return }
    let median = row[middle]
    for index in row.indices {
      let spread = row[index] - median
      let doubt = normalLevels[index] * change / 2
      let both = (spread * spread + doubt * doubt).squareRoot()
      row[index] = median + (index < middle ? -both : both)
    }
  }

  /// The error quantiles at any horizon: interpolated between two rungs, widened like a random walk beyond the last.
  func row(at horizon: Int) -> [Double] {
    guard let last = horizons.last, let lastRow = rows.last else {
      return [Double](repeating: 0, count: Self.width)
    }
    if horizon >= last {
      let factor = (Double(horizon) / Double(last)).squareRoot()
      let median = lastRow[Self.middle]
      return lastRow.map { median + ($0 - median) * factor }
    }
    guard let upper = horizons.firstIndex(where: { $0 >= horizon }) else { return lastRow }
    if horizons[upper] == horizon || upper == 0 { return rows[upper] }
    let share = Double(horizon - horizons[upper - 1]) / Double(horizons[upper] - horizons[upper - 1])
    return zip(rows[upper - 1], rows[upper]).map { $0 + ($1 - $0) * share }
  }

  /// The value of a row at any level, linear between levels and normal beyond the outermost.
  static func value(of row: [Double], at level: Double) -> Double {
    let lastIndex = width - 1
    if level <= levels[0] {
      let ratio = NormalDistribution.quantile(level) / normalLevels[0]
      return row[middle] + (row[0] - row[middle]) * ratio
    }
    if level >= levels[lastIndex] {
      let ratio = NormalDistribution.quantile(level) / normalLevels[lastIndex]
      return row[middle] + (row[lastIndex] - row[middle]) * ratio
    }
    let upper = levels.firstIndex { $0 >= level } ?? lastIndex
    if upper == 0 || levels[upper] == level { return row[upper] }
    let share = (level - levels[upper - 1]) / (levels[upper] - levels[upper - 1])
    return row[upper - 1] + (row[upper] - row[upper - 1]) * share
  }

  /// The share of the distribution below a value: the inverse of `value(of:at:)`, within the outermost levels.
  static func level(of row: [Double], below value: Double) -> Double {
    if value <= row[0] {
      let spread = row[middle] - row[0]
      guard spread > 0 else { return value < row[0] ? 0 : levels[0] }
      return NormalDistribution.cumulative(normalLevels[0] * (row[middle] - value) / spread)
    }
    let lastIndex = width - 1
    if value >= row[lastIndex] {
      let spread = row[lastIndex] - row[middle]
      guard spread > 0 else { return value > row[lastIndex] ? 1 : levels[lastIndex] }
      return NormalDistribution.cumulative(normalLevels[lastIndex] * (value - row[middle]) / spread)
    }
    let upper = row.firstIndex { $0 >= value } ?? lastIndex
    let span = row[upper] - row[upper - 1]
    let share = span > 0 ? (value - row[upper - 1]) / span : 1
    return levels[upper - 1] + (levels[upper] - levels[upper - 1]) * share
  }

  /// The mean of the distribution: the integral of the quantile function by the trapezoid rule.
  static func mean(of row: [Double]) -> Double {
    var sum = row[0] * levels[0] + row[width - 1] * (1 - levels[width - 1])
    for index in 1..<width { sum += 0.5 * (row[index] + row[index - 1]) * (levels[index] - levels[index - 1]) }
    return sum
  }
}
