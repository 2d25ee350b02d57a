/// The cheap forecasts that are mixed, and the features of the regression among them.
///
/// Everything is computed from the values up to an origin, for a target `horizon` steps later.
struct ExpertPanel {
  static let expertCount = 24
  /// The position of the regression among the experts; it is filled in by the caller.
  static let regression = 21
  /// The position of the median of the newest day; it is worked out by the caller.
  static let dayMedian = 22
  /// The experts whose windows are as wide as the horizon, so that their record says nothing about other horizons.
  static let horizonBound = 15..<19
  static let featureCount = 12

  /// How many ``Lanes`` hold a number for each expert; in the last ones there is room for more.
  static let expertLanes = (expertCount + 3) / 4
  static let featureLanes = featureCount / 4
  /// The numbers that a panel has room for.
  private static let size = 4 * (expertLanes + featureLanes)

  /// The experts' forecasts as changes of the value at the origin; NaN where the history is too short for one.
  let experts: UnsafeMutablePointer<Float>
  /// The regression's features as distances from the value at the origin.
  let features: UnsafeMutablePointer<Float>

  private init(_ base: UnsafeMutablePointer<Float>) {
    experts = base
    features = base + 4 * Self.expertLanes
    base.initialize(repeating: .nan, count: Self.size)
  }

  /// The forecasts of four experts.
  @inline(__always)
  func experts(_ lane: Int) -> Lanes { Self.load(experts, lane) }

  /// Four features.
  @inline(__always)
  func features(_ lane: Int) -> Lanes { Self.load(features, lane) }

  /// Safe: experts and features begin at multiples of sixteen bytes, and there is room for whole lanes of both.
  @inline(__always)
  private static func load(_ numbers: UnsafeMutablePointer<Float>, _ lane: Int) -> Lanes {
    UnsafeRawPointer(numbers).load(fromByteOffset: 16 * lane, as: Lanes.self)
  }

  /// Calls `body` with panels.
  static func with<Result>(_ count: Int, _ body: ([ExpertPanel]) -> Result) -> Result {
    withUnsafeTemporaryAllocation(byteCount: 4 * size * count, alignment: 16) { buffer in
      let numbers = buffer.bindMemory(to: Float.self)
      guard let base = numbers.baseAddress else { preconditionFailure("an allocation has an address") }
      return body((0..<count).map { ExpertPanel(base + size * $0) })
    }
  }

  /// Calls `body` with a panel.
  static func with<Result>(_ body: (ExpertPanel) -> Result) -> Result { with(1) { body($0[0]) } }

  /// Computes what every expert but the regression says, and the regression's features.
  ///
  /// - Parameters:
  ///   - trendSteps: the number of steps that a trend goes on for.
  ///   - median: the median of the day up to the origin, as a change of the value there.
  @inline(__always)
  func fill(_ view: HistoryView, origin: Int, horizon: Int, trendSteps: Double, median: Float) {
    let values = view.values
    let last = values[origin]
    let short = view.mean(origin - 2, through: origin)
    let medium = view.mean(origin - 11, through: origin)
    let unit = view.rhythm.unit
    let long = view.mean(origin - unit + 1, through: origin)
    let e = experts
    let f = features
    e[0] = 0
    e[1] = Float(short - last)
    e[2] = Float(medium - last)
    e[3] = Float(long - last)
    for index in 4..<15 { e[index] = .nan }
    e[Self.regression] = .nan
    e[Self.dayMedian] = median
    e[23] = .nan
    f[0] = 0.05
    f[1] = e[1]
    f[2] = e[2]
    f[3] = e[3]
    for index in 4..<Self.featureCount { f[index] = 0 }

    if let day = view.rhythm.day {
      let back = ((horizon - 1) / day + 1) * day
      let first = origin + horizon - back
      if first >= 0 {
        let one = values[first] - last
        let smooth = view.mean(first - 3, through: min(first + 3, origin)) - last
        e[4] = Float(one)
        e[8] = Float(smooth)
        e[10] = Float(0.5 * smooth)
        f[4] = e[4]
        f[5] = e[8]
        if origin >= day {
          let then = view.mean(origin - day - 2, through: origin - day)
          e[9] = Float(one + 0.5 * (short - then))
          f[6] = Float(then - last)
        }
        if origin >= 2 * day {
          // As yesterday, and higher by as much as the last day was higher than the one before.
          let growth = long - view.mean(origin - 2 * day + 1, through: origin - day)
          e[23] = Float(smooth + growth * Double(back / day))
        }
        if first >= 2 * day {
          let two = values[first - day] - last
          let three = values[first - 2 * day] - last
          e[5] = Float((one + two + three) / 3)
          e[6] = Float(Self.medianOfDays(view, newest: first, day: day) - last)
          let smoothTwo = view.mean(first - day - 3, through: min(first - day + 3, origin)) - last
          let smoothThree = view.mean(first - 2 * day - 3, through: min(first - 2 * day + 3, origin)) - last
          e[7] = Float((smooth + smoothTwo + smoothThree) / 3)
          f[7] = e[5]
        }
        let weekly = origin + horizon - ((horizon - 1) / (7 * day) + 1) * 7 * day
        if weekly >= 0 {
          e[11] = Float(values[weekly] - last)
          e[12] = 0.5 * (e[11] + (e[5].isNaN ? e[4] : e[5]))
          f[8] = e[11]
          f[9] = Float(view.mean(weekly - 3, through: min(weekly + 3, origin)) - last)
        }
      }
    }
    if let period = view.rhythm.short {
      let back = ((horizon - 1) / period + 1) * period
      let first = origin + horizon - back
      if first >= 2 * period {
        e[13] = Float(values[first] - last)
        e[14] = Float((values[first] + values[first - period] + values[first - 2 * period]) / 3 - last)
        f[10] = e[14]
      }
    }
    // Trends from two neighbouring windows as wide as the horizon, anchored at the last value, full and halved; and
    // the line through two windows twice as wide.
    let near = slope(view, origin: origin, window: max(3, horizon))
    let far = slope(view, origin: origin, window: max(8, 2 * horizon))
    e[15] = Float(near.slope * trendSteps)
    e[16] = 0.5 * e[15]
    e[17] = Float(far.level - last + far.slope * trendSteps)
    e[18] = Float(0.5 * far.slope * trendSteps)
    e[19] = Float(significantSlope(view, origin: origin, window: 8) * trendSteps)
    e[20] = Float(significantSlope(view, origin: origin, window: 24) * trendSteps)
    f[11] = e[15]
  }

  /// The median of the values at the same time on three, five or seven days, as many as are known.
  ///
  /// Taken of seven, by a network of thirteen comparisons (N. Devillard, "Fast median search", 1998); of fewer, together with
  /// as many boundless values on either side.
  @inline(__always)
  private static func medianOfDays(_ view: HistoryView, newest: Int, day: Int) -> Double {
    let values = view.values
    let hasFive = newest >= 4 * day
    let hasSeven = newest >= 6 * day
    var (a, b, c) = (values[newest], values[newest - day], values[newest - 2 * day])
    var d = hasFive ? values[newest - 3 * day] : -.infinity
    var e = hasFive ? values[newest - 4 * day] : .infinity
    var f = hasSeven ? values[newest - 5 * day] : -.infinity
    var g = hasSeven ? values[newest - 6 * day] : .infinity
    func order(_ one: inout Double, _ two: inout Double) { (one, two) = (min(one, two), max(one, two)) }
    order(&a, &f)
    order(&a, &d)
    order(&b, &g)
    order(&c, &e)
    order(&a, &b)
    order(&d, &f)
    order(&c, &g)
    order(&c, &d)
    order(&d, &g)
    order(&e, &f)
    order(&b, &e)
    order(&b, &d)
    return min(d, e)
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
