/// The cheap forecasts that are mixed, and the features of the regression among them.
///
/// Everything is computed from the values up to an origin, for a target `horizon` steps later.
struct ExpertPanel {
  static let expertCount = 22
  /// The position of the regression among the experts; it is filled in by the caller.
  static let regression = 21
  /// The experts whose windows are as wide as the horizon, so that their record says nothing about other horizons.
  static let horizonBound = 15..<19
  static let featureCount = 12

  /// The experts' forecasts; NaN where the history is too short for one.
  let experts: UnsafeMutablePointer<Double>
  /// The regression's features as distances from the last value.
  let features: UnsafeMutablePointer<Double>

  /// Room for the mixture's arithmetic.
  let scores: UnsafeMutablePointer<Double>

  /// Calls `body` with a panel.
  static func with<Result>(_ body: (ExpertPanel) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * expertCount + featureCount) { buffer in
      buffer.initialize(repeating: 0)
      guard let base = buffer.baseAddress else { preconditionFailure("an allocation has an address") }
      return body(
        ExpertPanel(experts: base, features: base + 2 * expertCount, scores: base + expertCount))
    }
  }

  /// Computes what every expert but the regression says, and the regression's features.
  ///
  /// - Parameter trendSteps: the number of steps that a trend goes on for.
  @inline(__always)
  func fill(_ view: HistoryView, origin: Int, horizon: Int, trendSteps: Double) {
    let values = view.values
    let last = values[origin]
    let short = view.mean(origin - 2, through: origin)
    let medium = view.mean(origin - 11, through: origin)
    let unit = view.rhythm.unit
    let long = view.mean(origin - unit + 1, through: origin)
    let missing = Double.nan
    let e = experts
    let f = features
    e[0] = last
    e[1] = short
    e[2] = medium
    e[3] = long
    for index in 4..<16 { e[index] = missing }
    e[Self.regression] = missing
    f[0] = 0.05
    f[1] = short - last
    f[2] = medium - last
    f[3] = long - last
    for index in 4..<Self.featureCount { f[index] = 0 }

    if let day = view.rhythm.day {
      let back = ((horizon - 1) / day + 1) * day
      let first = origin + horizon - back
      if first >= 0 {
        let one = values[first]
        let smooth = view.mean(first - 3, through: min(first + 3, origin))
        e[4] = one
        e[8] = smooth
        e[10] = 0.5 * (last + smooth)
        f[4] = one - last
        f[5] = smooth - last
        if origin >= day {
          let then = view.mean(origin - day - 2, through: origin - day)
          e[9] = one + 0.5 * (short - then)
          f[6] = then - last
        }
        if first >= 2 * day {
          let two = values[first - day]
          let three = values[first - 2 * day]
          let mean = (one + two + three) / 3
          e[5] = mean
          e[6] = max(min(one, two), min(max(one, two), three))
          e[7] =
            (smooth + view.mean(first - day - 3, through: min(first - day + 3, origin))
              + view.mean(first - 2 * day - 3, through: min(first - 2 * day + 3, origin))) / 3
          f[7] = mean - last
        }
        let weekly = origin + horizon - ((horizon - 1) / (7 * day) + 1) * 7 * day
        if weekly >= 0 {
          let week = values[weekly]
          e[11] = week
          e[12] = 0.5 * week + 0.5 * (e[5].isNaN ? one : e[5])
          f[8] = week - last
          f[9] = view.mean(weekly - 3, through: min(weekly + 3, origin)) - last
        }
      }
    }
    if let period = view.rhythm.short {
      let back = ((horizon - 1) / period + 1) * period
      let first = origin + horizon - back
      if first >= 2 * period {
        e[13] = values[first]
        e[14] = (values[first] + values[first - period] + values[first - 2 * period]) / 3
        f[10] = e[14] - last
      }
    }
    // Trends from two neighbouring windows as wide as the horizon, anchored at the last value, full and halved; and
    // the line through two windows twice as wide.
    let near = slope(view, origin: origin, window: max(3, horizon))
    let far = slope(view, origin: origin, window: max(8, 2 * horizon))
    e[15] = last + near.slope * trendSteps
    e[16] = last + 0.5 * near.slope * trendSteps
    e[17] = far.level + far.slope * trendSteps
    e[18] = last + 0.5 * far.slope * trendSteps
    e[19] = last + significantSlope(view, origin: origin, window: 8) * trendSteps
    e[20] = last + significantSlope(view, origin: origin, window: 24) * trendSteps
    f[11] = near.slope * trendSteps
  }

  @inline(__always)
  private func slope(_ view: HistoryView, origin: Int, window: Int) -> (slope: Double, level: Double) {
    let width = min(window, (origin + 1) / 2)
    guard width >= 1 else { return (0, view.values[origin]) }
    let newer = view.mean(origin - width + 1, through: origin)
    let older = view.mean(origin - 2 * width + 1, through: origin - width)
    let slope = (newer - older) / Double(width)
    return (slope, newer + slope * Double(width - 1) / 2)
  }

  /// The slope between two neighbouring windows, shrunk towards 0 by how likely a random walk makes one like it: the
  /// positive-part shrinkage of W. James and C. Stein, "Estimation with quadratic loss" (1961), with 4 for the squared
  /// t-value below which nothing is left.
  ///
  /// The difference of the means of two neighbouring windows of w steps of a random walk has a variance of about 2w/3
  /// squared steps. The steps' own size is measured over both windows, less what the slope itself accounts for.
  @inline(__always)
  private func significantSlope(_ view: HistoryView, origin: Int, window: Int) -> Double {
    let width = min(window, (origin + 1) / 2)
    guard width >= 2 else { return 0 }
    let slope = slope(view, origin: origin, window: width).slope
    let start = origin - 2 * width + 1
    let change = 1.25 * (view.changes[origin + 1] - view.changes[start + 1]) / Double(2 * width - 1)
    let noise = max(change * change - 1.5625 * slope * slope, 0.01 * change * change)
    let squared = slope * slope * Double(width)
    guard squared > 0 else { return 0 }
    return slope * max(0, 1 - 4 * noise * 2 / 3 / squared)
  }
}
