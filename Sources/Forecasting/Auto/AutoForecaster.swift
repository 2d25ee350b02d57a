/// The forecaster that needs no choice: mixtures of cheap experts on one grid or two.
///
/// See ``GridMixture`` for how it learns. Where the step is so short that the values kept do not reach back over two
/// weeks, a second mixture sees every n-th value, a quarter of an hour apart, over five weeks: the near future comes
/// from the first, the far future from the second, and between them they are blended.
public struct AutoForecaster: ForecastModel {
  public static let name = "auto"

  /// The values kept where one grid is enough: fifteen days of five minutes.
  private static let soleCapacity = 4320
  /// The values kept on the near one of two grids: two days of minutes.
  private static let nearCapacity = 2880
  /// The values kept on the far grid: five weeks of quarter hours.
  private static let farCapacity = 3360
  /// The least step of the far grid, in milliseconds.
  private static let farStep: Int64 = 900_000
  /// The far grid has a say from this many of its values on.
  private static let farIsReady = 120
  /// Between these horizons, in steps of the far grid, the say goes over from the near grid to the far one.
  private static let handover = (from: 8.0, through: 24.0)

  var facts = SignalFacts()
  var near = GridMixture(step: 60_000, capacity: soleCapacity, farthestTrial: 1440)
  var far: GridMixture?

  public init() {}

  public var observationCount: Int { facts.observationCount }

  /// - Complexity: O(n), about 4 ms for 4,032 values.
  public mutating func fit(_ series: ForecastSeries) {
    let ratio = Self.farRatio(step: series.step)
    guard let ratio else { return fit(series, far: []) }
    var every: [Double] = []
    var time = series.start
    for value in series.values {
      if Self.isFarPoint(time, step: series.step, ratio: ratio) { every.append(value) }
      time &+= series.step
    }
    fit(series, far: every)
  }

  /// Learns a history whose far past is known on the far grid only.
  ///
  /// - Parameters:
  ///   - series: the history at the model's step.
  ///   - far: the values on the far grid (see ``farRatio(step:)``), the newest not after the end of `series`.
  public mutating func fit(_ series: ForecastSeries, far values: [Double]) {
    facts = SignalFacts(series)
    for value in values where value.isFinite { facts.noteLeast(value) }
    for value in series.values { facts.note(value) }
    (near, far) = Self.grids(step: series.step)
    near.learn(series.values[...])
    far?.learn(values[...])
    far?.keepErrorQuantiles()
  }

  /// - Complexity: O(n) in the values kept with a tiny constant, 18 to 37 µs; now and then, when the signal's rhythm
  ///   has changed or old values are dropped, as much as `fit`.
  public mutating func update(_ value: Double) {
    facts.note(value)
    near.update(value)
    if let ratio = Self.farRatio(step: facts.step), Self.isFarPoint(facts.end, step: facts.step, ratio: ratio) {
      far?.update(value)
      far?.keepErrorQuantiles()
    }
  }

  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: horizons, quantiles: quantiles)
    guard !near.history.isEmpty else { throw .noObservations }
    let outlooks = outlooks(horizons)
    return facts.distribution(horizons: horizons, quantiles: quantiles, factor: near.history.factor) { index, _ in
      outlooks[index].row
    }
  }

  /// The value that was measured a whole number of days before the point `steps` ahead, the fewest that are past;
  /// nil if it is not known.
  public func dayBefore(steps: Int) -> Double? {
    guard let day = SeasonalPeriods.daily(step: facts.step) else { return nil }
    let back = ((max(1, steps) - 1) / day + 1) * day - steps
    let value = near.history.value(at: near.history.count - 1 + near.history.trailingGap - back)
    return value.map { $0 / near.history.factor }
  }

  // MARK: Grids

  /// How many steps of a signal make one of its far grid; nil where one grid is enough.
  ///
  /// The far grid's points lie at multiples of its step since the epoch, or within one step after.
  public static func farRatio(step: Int64) -> Int? {
    guard step > 0, step * Int64(soleCapacity) < 14 * SeasonalPeriods.dayMilliseconds else { return nil }
    let least = (farStep + step - 1) / step
    // A day shall be a whole number of far steps.
    return (least...(4 * least)).first { SeasonalPeriods.dayMilliseconds % ($0 * step) == 0 }.map { Int($0) }
  }

  /// How many values are kept at the signal's step, and on the far grid, at most.
  public static func historyCounts(step: Int64) -> (near: Int, far: Int) {
    farRatio(step: step) == nil ? (soleCapacity, 0) : (nearCapacity, farCapacity)
  }

  static func isFarPoint(_ time: Int64, step: Int64, ratio: Int) -> Bool {
    let width = step * Int64(ratio)
    return ((time % width) + width) % width < step
  }

  /// - Parameters:
  ///   - units: the origin and factor of the values on the near grid, where they are known already.
  ///   - farUnits: likewise for the far grid.
  static func grids(
    step: Int64, units: (origin: Double, factor: Double)? = nil, farUnits: (origin: Double, factor: Double)? = nil
  ) -> (near: GridMixture, far: GridMixture?) {
    guard let ratio = farRatio(step: step) else {
      return (GridMixture(step: step, capacity: soleCapacity, units: units, farthestTrial: 1440), nil)
    }
    return (
      GridMixture(step: step, capacity: nearCapacity, units: units, farthestTrial: max(24, 24 * ratio)),
      GridMixture(
        step: step * Int64(ratio), capacity: farCapacity, units: farUnits, nearestTrial: Int(handover.from),
        farthestTrial: 1440)
    )
  }

  // MARK: Paths

  /// The outlook at each of the horizons, in the units of the near grid.
  ///
  /// - Parameter horizons: ascending and not empty.
  func outlooks(_ horizons: [Int]) -> [GridMixture.Outlook] {
    guard let far, let ratio = Self.farRatio(step: facts.step), far.history.count >= Self.farIsReady else {
      return near.outlooks(horizons)
    }
    let width = far.step
    let lag = Int((((facts.end % width) + width) % width) / facts.step)
    /// Where a horizon lies on the far grid: the steps before and after it, and how far between.
    func place(_ horizon: Int) -> (below: Int, above: Int, share: Double) {
      let (whole, rest) = (horizon + lag).quotientAndRemainder(dividingBy: ratio)
      if rest == 0 || whole == 0 { return (max(1, whole), max(1, whole), 0) }
      return (whole, whole + 1, Double(rest) / Double(ratio))
    }
    let first = Self.handover.from * Double(ratio)
    let distant = horizons.filter { Double($0) > first }
    guard !distant.isEmpty else { return near.outlooks(horizons) }
    var farHorizons: [Int] = []
    for horizon in distant {
      let (below, above, _) = place(horizon)
      for one in [below, above] where one > farHorizons.last ?? 0 { farHorizons.append(one) }
    }
    let known = far.outlooks(farHorizons)
    var position: [Int: Int] = [:]
    for (index, horizon) in farHorizons.enumerated() { position[horizon] = index }
    let factor = near.history.factor / far.history.factor
    // What is left to the far grid alone need not be asked of the near one.
    let (from, through) = Self.handover
    let shared = horizons.prefix { Double($0) < through * Double(ratio) }
    var result = shared.isEmpty ? [] : near.outlooks(Array(shared))
    for (index, horizon) in horizons.enumerated() where Double(horizon) > first {
      let (below, above, share) = place(horizon)
      guard let low = position[below], let high = position[above] else { continue }
      var outlook = known[low]
      if above != below { outlook.blend(known[high], share: share) }
      for column in outlook.row.indices { outlook.row[column] *= factor }
      outlook.lastTried *= ratio
      if index < shared.count {
        let say = (Double(horizon) / Double(ratio) - from) / (through - from)
        result[index].blend(outlook, share: say)
      } else {
        result.append(outlook)
      }
    }
    return result
  }
}
