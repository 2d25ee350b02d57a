/// Trend with sparse bends, rhythms as Fourier sums, events, fitted as one regression.
///
/// S. J. Taylor and B. Letham, "Forecasting at Scale", The American Statistician 72 (2018). The parameters are the
/// most probable ones; the interval adds, to the noise that the fit left, the variance of bends that the future may
/// bring at the rate and size of those in the past: λ·2b²·h³/3 after h, which is what the paper's simulation of
/// future trends (section 3.1.4) converges to in its second moment. That takes what is left for independent noise, which
/// it is not; so intervals are as wide as those of fits to earlier parts of the history ought to have been.
public struct ProphetForecaster: SlowForecastModel, RemembersHistory {
  public static let name = "prophet"

  /// How the model is fitted.
  public let settings: ProphetSettings
  private var history = GappyHistory()
  private var calendar = ForecastCalendar()
  private var solution: Fitted?
  private var updatesSinceFit = 0
  private var calibration = IntervalCalibration()

  /// The most earlier fits that intervals are calibrated on; a multiplicative one costs ten times as much.
  private var reviews: Int { settings.mode == .multiplicative ? 8 : 24 }

  /// A solution and the frame in which its numbers hold.
  private struct Fitted: Sendable, Equatable {
    var solution: ProphetFit.Solution
    var seasonalities: [Seasonality]
    var eventNames: [String]
    /// The time of relative time 0, in UTC milliseconds, and the span up to relative time 1.
    var start: Int64
    var span: Double
    /// What values were multiplied with.
    var factor: Double
  }

  public init() { self.init(settings: ProphetSettings()) }

  public init(settings: ProphetSettings) { self.settings = settings }

  public static var leastValues: Int { 30 }

  public var observationCount: Int { history.facts.observationCount }

  public func dayBefore(steps: Int) -> Double? { history.dayBefore(steps: steps) }

  public mutating func reset(to series: ForecastSeries) {
    history.reset(series)
    calendar = series.calendar
    solution = nil
    calibration = IntervalCalibration()
    updatesSinceFit = 0
  }

  public mutating func observe(_ value: Double) {
    history.append(value)
    updatesSinceFit += 1
  }

  /// When the history has grown by a fiftieth.
  public var isTrainingDue: Bool { solution == nil || updatesSinceFit >= max(12, history.values.count / 50) }

  /// - Complexity: O(n × features²) for each of at most 25 fits; about 60 ms for 4,032 values.
  public mutating func train(while shouldGoOn: () -> Bool) {
    refit()
    calibration = calibrated(while: shouldGoOn)
  }

  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: horizons, quantiles: quantiles)
    guard let fitted = solution else { throw .noObservations }
    let normal = ErrorTable.levels.map(NormalDistribution.quantile)
    return history.facts.distribution(horizons: horizons, quantiles: quantiles, factor: fitted.factor) { _, horizon in
      let (centre, spread) = expectation(fitted, horizon)
      return zip(normal, calibration.factors(at: horizon)).map { centre + $0 * $1 * spread }
    }
  }

  /// What is expected at a horizon, and the standard deviation that the model gives it, in scaled units.
  private func expectation(_ fitted: Fitted, _ horizon: Int) -> (centre: Double, spread: Double) {
    let time = history.facts.end &+ Int64(horizon) &* history.facts.step
    let relative = Double(time &- fitted.start) / fitted.span
    var row: [Double] = []
    appendFeatures(at: time, fitted, to: &row)
    var effect = 0.0
    for (feature, coefficient) in zip(row, fitted.solution.effects) { effect += feature * coefficient }
    let trend = fitted.solution.trend.value(at: relative)
    let isMultiplicative = settings.mode == .multiplicative
    let centre = isMultiplicative ? trend * (1 + effect) : trend + effect
    let factor = isMultiplicative ? 1 + effect : 1
    // Bends come as often in the future as the past could have had them, and as large as they were on average.
    var meanChange = 0.0
    let changes = fitted.solution.trend.changes
    for change in changes { meanChange += abs(change) / Double(max(1, changes.count)) }
    let ahead = max(0, relative - 1)
    let bends = Double(changes.count) * 2 * meanChange * meanChange * ahead * ahead * ahead / 3
    let deviation = fitted.solution.deviation
    return (centre, (deviation * deviation + bends * factor * factor).squareRoot())
  }

  // MARK: Looking back

  public var knownHistory: ForecastSeries { history.series(calendar: calendar) }

  public var reviewableSteps: Int { history.values.count * 2 / 3 }

  public func before(steps: Int, past: ForecastSeries) -> ProphetForecaster? {
    guard steps < history.values.count else { return nil }
    var earlier = self
    earlier.history.reset(past)
    earlier.refit()
    return earlier.solution == nil ? nil : earlier
  }

  /// How wide the intervals of fits to earlier parts of the history ought to have been.
  private func calibrated(while shouldGoOn: () -> Bool) -> IntervalCalibration {
    let known = knownHistory
    let count = known.values.count
    guard count >= Self.leastValues else { return IntervalCalibration() }
    let review = Review(count: count, span: reviewableSteps, limit: reviews)
    var misses: [IntervalCalibration.Miss] = []
    var origins = 0
    for steps in review.stepsBack where shouldGoOn() {
      guard let earlier = before(steps: steps, past: known.dropping(last: steps)), let fitted = earlier.solution
      else { continue }
      origins += 1
      for horizon in review.horizons(stepsBack: steps) {
        let truth = known.values[count - steps + horizon - 1]
        guard truth.isFinite else { continue }
        let (centre, spread) = earlier.expectation(fitted, horizon)
        misses.append(
          IntervalCalibration.Miss(
            horizon: horizon, size: (truth * fitted.factor - centre) / spread, weight: review.weight(stepsBack: steps)))
      }
    }
    return IntervalCalibration(misses, ladder: review.ladder, span: review.span, origins: origins)
  }

  // MARK: Fitting

  private mutating func refit() {
    updatesSinceFit = 0
    let facts = history.facts
    let known = history.values.indices.filter { !history.values[$0].isNaN }
    guard let first = known.first, let last = known.last else {
      solution = nil
      return
    }
    let origin = facts.end &- Int64(history.values.count - 1) &* facts.step
    let start = origin &+ Int64(first) &* facts.step
    let span = Double(max(1, last - first)) * Double(facts.step)
    var magnitude = 0.0
    for index in known { magnitude = max(magnitude, abs(history.values[index])) }
    // The priors speak of values whose greatest magnitude is one.
    let scaling = magnitude > 1e-300 && magnitude < 1e300 ? 1 / magnitude : scalingFactor(forMagnitude: magnitude)
    let wanted = settings.seasonalities ?? Seasonality.automatic(span: span, step: facts.step)
    var fitted = Fitted(
      solution: ProphetFit.Solution(), seasonalities: wanted, eventNames: calendar.eventNames, start: start, span: span,
      factor: scaling)
    let values = known.map { history.values[$0] * scaling }
    if known.count < 3 {
      fitted.solution.trend.offset = values.reduce(0, +) / Double(values.count)
      fitted.solution.effects = [Double](repeating: 0, count: featureScales(fitted).count)
      fitted.solution.deviation = max(0.1, abs(fitted.solution.trend.offset))
      solution = fitted
      return
    }
    let times = known.map { Double($0 - first) * Double(facts.step) / span }
    let scales = featureScales(fitted)
    var features = [Double](repeating: 0, count: known.count * scales.count)
    var row: [Double] = []
    for (position, index) in known.enumerated() {
      row.removeAll(keepingCapacity: true)
      appendFeatures(at: origin &+ Int64(index) &* facts.step, fitted, to: &row)
      for column in row.indices { features[column * known.count + position] = row[column] }
    }
    fitted.solution =
      ProphetFit(
        values: values, times: times, features: features, featureScales: scales,
        changepoints: changepoints(times), settings: settings
      ).solve()
    solution = fitted
  }

  /// Evenly spaced over the observations of the first `changepointRange` of the history, the first one left out.
  private func changepoints(_ times: [Double]) -> [Double] {
    let usable = Int(Double(times.count) * min(1, max(0, settings.changepointRange)))
    let count = min(settings.changepointCount, usable - 1)
    guard count > 0 else { return [] }
    return (1...count).map { times[Int((Double($0 * (usable - 1)) / Double(count)).rounded(.toNearestOrEven))] }
  }

  private func featureScales(_ fitted: Fitted) -> [Double] {
    fitted.seasonalities.flatMap {
      [Double](repeating: max(1e-3, settings.seasonalityPriorScale), count: $0.width)
    } + fitted.eventNames.map { _ in max(1e-3, settings.holidaysPriorScale) }
  }

  private func appendFeatures(at time: Int64, _ fitted: Fitted, to row: inout [Double]) {
    let local = calendar.localTime(at: time)
    for seasonality in fitted.seasonalities { seasonality.appendFeatures(at: local, to: &row) }
    guard !fitted.eventNames.isEmpty else { return }
    let under = Set(calendar.events(at: time).map(\.name))
    for name in fitted.eventNames { row.append(under.contains(name) ? 1 : 0) }
  }

  // MARK: State

  /// Raised when what is saved changes.
  private static let layout = 2

  public func saved() -> [UInt8] {
    var writer = StateWriter(modelName: Self.name)
    writer.write(layout: Self.layout)
    history.write(to: &writer)
    calendar.write(to: &writer)
    settings.write(to: &writer)
    writer.write(updatesSinceFit)
    calibration.write(to: &writer)
    writer.write(solution != nil)
    guard let solution else { return writer.bytes }
    writer.write(solution.solution.trend.slope)
    writer.write(solution.solution.trend.offset)
    writer.write(solution.solution.trend.changes)
    writer.write(solution.solution.trend.changepoints)
    writer.write(solution.solution.effects)
    writer.write(solution.solution.deviation)
    writer.write(solution.seasonalities.count)
    for seasonality in solution.seasonalities { seasonality.write(to: &writer) }
    writer.write(solution.start)
    writer.write(solution.span)
    writer.write(solution.factor)
    return writer.bytes
  }

  public init(restoring bytes: [UInt8]) throws(ForecastError) {
    var reader = StateReader(bytes)
    try reader.readHeader(of: Self.name)
    try reader.readLayout(Self.layout)
    history = try GappyHistory(&reader)
    calendar = try ForecastCalendar(&reader)
    settings = try ProphetSettings(&reader)
    updatesSinceFit = try reader.readInt(in: 0...1_000_000)
    calibration = try IntervalCalibration(&reader)
    if try reader.readBool() {
      var found = ProphetFit.Solution()
      found.trend.slope = try reader.readDouble()
      found.trend.offset = try reader.readDouble()
      found.trend.changes = try reader.readDoubles(atMost: 10_000)
      found.trend.changepoints = try reader.readDoubles(atMost: 10_000)
      found.effects = try reader.readDoubles(atMost: 100_000)
      found.deviation = try reader.readDouble()
      var seasonalities: [Seasonality] = []
      for _ in 0..<(try reader.readInt(in: 0...64)) { seasonalities.append(try Seasonality(&reader)) }
      let fitted = Fitted(
        solution: found, seasonalities: seasonalities, eventNames: calendar.eventNames,
        start: try reader.readInt64(), span: try reader.readDouble(), factor: try reader.readDouble())
      guard found.trend.changes.count == found.trend.changepoints.count,
        found.effects.count == featureScales(fitted).count, fitted.span > 0, fitted.factor > 0, found.deviation > 0
      else { throw .unreadableState("a fit that does not belong to its settings") }
      solution = fitted
    }
    try reader.readEnd()
  }
}

extension ProphetSettings {
  func write(to writer: inout StateWriter) {
    writer.write(mode == .multiplicative)
    writer.write(changepointPriorScale)
    writer.write(seasonalityPriorScale)
    writer.write(holidaysPriorScale)
    writer.write(changepointCount)
    writer.write(changepointRange)
    writer.write(seasonalities?.count ?? -1)
    for seasonality in seasonalities ?? [] { seasonality.write(to: &writer) }
  }

  init(_ reader: inout StateReader) throws(ForecastError) {
    mode = try reader.readBool() ? .multiplicative : .additive
    changepointPriorScale = try reader.readDouble()
    seasonalityPriorScale = try reader.readDouble()
    holidaysPriorScale = try reader.readDouble()
    changepointCount = try reader.readInt(in: 0...10_000)
    changepointRange = try reader.readDouble()
    let count = try reader.readInt(in: -1...64)
    if count >= 0 {
      var list: [Seasonality] = []
      for _ in 0..<count { list.append(try Seasonality(&reader)) }
      seasonalities = list
    }
  }
}

extension Seasonality {
  func write(to writer: inout StateWriter) {
    writer.write(name)
    writer.write(period)
    writer.write(order)
  }

  init(_ reader: inout StateReader) throws(ForecastError) {
    let name = try reader.readString()
    let period = try reader.readInt64()
    self.init(name: name, period: period, order: try reader.readInt(in: 1...50))
  }
}
