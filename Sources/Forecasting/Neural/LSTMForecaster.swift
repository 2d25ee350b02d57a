/// A forecast by a stack of LSTM layers over the newest steps of a signal and of others that run beside it.
///
/// What goes in at each step: every signal, standardised, and whether it was measured at all; a signal that was not keeps
/// its last value. The time of day follows as a point on a circle. What comes out are the changes from the last value at a
/// ladder of horizons, all at once (direct multi-step forecasting: S. Ben Taieb et al., "A review and comparison of
/// strategies for multi-step ahead time series forecasting", 2012); between two rungs lies a straight line.
///
/// The newest fifth of the history is held out: it says when training stops, and its errors, by horizon, make the
/// intervals (split conformal: J. Lei et al., "Distribution-free predictive inference for regression", 2018).
public struct LSTMForecaster: SlowForecastModel, LooksBack {
  public static let name = "lstm"

  public let settings: LSTMSettings
  private var history = GappyHistory()
  private var companions: [[Double]] = []
  private var calendar = ForecastCalendar()
  private var fitted: LSTMFit?
  private var updatesSinceFit = 0

  public init() { self.init(settings: LSTMSettings()) }

  public init(settings: LSTMSettings) { self.settings = settings }

  public static var leastValues: Int { 3 * LSTMSettings().lookback }

  public var observationCount: Int { history.facts.observationCount }

  public func dayBefore(steps: Int) -> Double? { history.dayBefore(steps: steps) }

  /// Signals beside a queue's messages may be its rates, its consumers, the memory of its node.
  public static var usesCompanions: Bool { true }

  public mutating func reset(to series: ForecastSeries) {
    history.reset(series)
    calendar = series.calendar
    companions = series.companions
    alignCompanions()
    fitted = nil
    updatesSinceFit = 0
  }

  public mutating func observe(_ value: Double) { observe(value, companions: []) }

  public mutating func observe(_ value: Double, companions values: [Double]) {
    history.append(value)
    for index in companions.indices { companions[index].append(index < values.count ? values[index] : .nan) }
    alignCompanions()
    updatesSinceFit += 1
  }

  /// Each time that the history has grown by a quarter.
  public var isTrainingDue: Bool { updatesSinceFit >= max(settings.lookback, history.values.count / 4) }

  /// - Parameter shouldGoOn: asked after each batch.
  /// - Complexity: seconds; see ``LSTMSettings``.
  public mutating func train(while shouldGoOn: () -> Bool) {
    updatesSinceFit = 0
    fitted = LSTMFit(view, settings: settings, shouldGoOn: shouldGoOn)
  }

  /// Cuts or fills, at the front, companions that are not as long as what is kept of the signal.
  private mutating func alignCompanions() {
    let count = history.values.count
    for index in companions.indices {
      let surplus = companions[index].count - count
      if surplus > 0 { companions[index].removeFirst(surplus) }
      if surplus < 0 { companions[index].insert(contentsOf: [Double](repeating: .nan, count: -surplus), at: 0) }
    }
  }

  private var view: LSTMView {
    LSTMView(
      signals: [history.values] + companions, step: history.facts.step, end: history.facts.end, calendar: calendar)
  }

  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: horizons, quantiles: quantiles)
    guard let filled = history.filled() else { throw .noObservations }
    let gap = filled.stepsSinceLast
    guard let fitted, let changes = fitted.changes(view, lookback: settings.lookback) else {
      let factor = scalingFactor(forMagnitude: filled.magnitude)
      let values = filled.values.map { $0 * factor }
      let cold = ErrorTable(horizons: [1], rows: [ErrorTable.cold(ColdStart.scale(values))])
      let last = values[values.count - 1]
      return history.facts.distribution(horizons: horizons, quantiles: quantiles, factor: factor) { _, horizon in
        cold.row(at: horizon + gap).map { last + $0 }
      }
    }
    let last = filled.values[filled.values.count - 1] * fitted.factor
    return history.facts.distribution(horizons: horizons, quantiles: quantiles, factor: fitted.factor) { _, horizon in
      let centre = last + fitted.change(changes, at: horizon)
      return fitted.errors.row(at: horizon + gap).map { centre + $0 }
    }
  }

  // MARK: Looking back

  /// As far as the network was not taught: what was held out when it learnt, and what came since.
  public var reviewableSteps: Int {
    guard fitted != nil else { return 0 }
    let learnt = min(history.values.count - updatesSinceFit, settings.historyLimit)
    return LSTMFit.heldOut(learnt, settings) + updatesSinceFit
  }

  /// The same network at an earlier time.
  public func before(steps: Int, past: ForecastSeries) -> LSTMForecaster? {
    guard steps <= reviewableSteps, steps < history.values.count else { return nil }
    var earlier = self
    earlier.history.reset(history.series(calendar: calendar).dropping(last: steps))
    for index in companions.indices { earlier.companions[index].removeLast(steps) }
    return earlier
  }

  // MARK: State

  public func saved() -> [UInt8] {
    var writer = StateWriter(modelName: Self.name)
    settings.write(to: &writer)
    history.write(to: &writer)
    writer.write(companions.count)
    for companion in companions { writer.write(companion) }
    calendar.write(to: &writer)
    writer.write(updatesSinceFit)
    writer.write(fitted != nil)
    fitted?.write(to: &writer)
    return writer.bytes
  }

  public init(restoring bytes: [UInt8]) throws(ForecastError) {
    var reader = StateReader(bytes)
    try reader.readHeader(of: Self.name)
    settings = try LSTMSettings(&reader)
    history = try GappyHistory(&reader)
    for _ in 0..<(try reader.readInt(in: 0...64)) { companions.append(try reader.readDoubles(atMost: 10_000)) }
    calendar = try ForecastCalendar(&reader)
    updatesSinceFit = try reader.readInt(in: 0...1_000_000)
    if try reader.readBool() { fitted = try LSTMFit(&reader) }
    try reader.readEnd()
    guard companions.allSatisfy({ $0.count == history.values.count }) else {
      throw .unreadableState("companions of another length than the signal")
    }
    guard fitted.map({ $0.signalCount == companions.count + 1 }) ?? true else {
      throw .unreadableState("a network for another number of signals")
    }
  }
}
