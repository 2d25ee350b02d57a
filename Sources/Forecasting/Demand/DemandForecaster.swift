/// Forecasts traffic up to days ahead from the calendar, its own habits and how it departs from them now.
///
/// A profile of usual traffic by kind of day (``BusinessCalendar``: weekday, holiday, the days around holidays, events) is
/// corrected by a ridge regression for each of a ladder of horizons on lags, rolling means and business hours (direct
/// forecasting: S. Ben Taieb et al., "A review and comparison of strategies for multi-step ahead time series forecasting",
/// 2012). Everything is learnt forwards in time: each forecast that was ever made is compared with its truth, and those
/// errors are the intervals (J. Lei et al., "Distribution-free predictive inference for regression", 2018).
public struct DemandForecaster: Sendable {
  public let calendar: BusinessCalendar
  /// The farthest horizon that is learnt, in steps; beyond it the last rung answers.
  public let farthest: Int

  /// So many of the newest forecasts tell how good they are: about a week of hours.
  private static let judgedOutcomes = 200

  private var history = GappyHistory()
  private var factor = 1.0
  private var learner: DemandLearner?

  /// - Parameter farthest: in steps; a week of hours by default.
  public init(calendar: BusinessCalendar, farthest: Int = 168) {
    self.calendar = calendar
    self.farthest = min(2016, max(1, farthest))
  }

  /// The number of values learnt that were not missing.
  public var observationCount: Int { history.facts.observationCount }

  /// The time of the newest value, missing or not, in UTC milliseconds.
  public var end: Int64 { history.facts.end }

  /// For how many milliseconds nothing was measured up to ``end``.
  public var silence: Int64 {
    let missing = history.values.count - 1 - (history.values.lastIndex { !$0.isNaN } ?? -1)
    return Int64(missing) * history.facts.step
  }

  /// Learns a history, forgetting what was known before.
  ///
  /// - Complexity: O(values × rungs): some milliseconds for five weeks of hours.
  public mutating func fit(_ series: ForecastSeries) {
    history.reset(series)
    learn()
  }

  /// Learns the value of the next step; NaN if it is missing.
  ///
  /// - Complexity: O(rungs); now and then, when a value is of another magnitude than all before, as much as `fit`.
  public mutating func update(_ value: Double) {
    history.append(value)
    guard var learner, !value.isFinite || abs(value * factor) < 1e6 else { return learn() }
    self.learner = nil
    learner.learn(value.isFinite ? value * factor : nil, at: history.facts.end)
    self.learner = learner
  }

  private mutating func learn() {
    guard let filled = history.filled() else {
      learner = nil
      return
    }
    factor = scalingFactor(forMagnitude: filled.magnitude)
    var learner = DemandLearner(calendar: calendar, step: history.facts.step, farthest: farthest)
    var time = history.facts.end &- Int64(history.values.count - 1) &* history.facts.step
    for value in history.values {
      learner.learn(value.isNaN ? nil : value * factor, at: time)
      time = time &+ history.facts.step
    }
    self.learner = learner
  }

  /// Forecasts the given horizons (in steps, ascending) at the given quantiles (ascending).
  ///
  /// - Throws: ``ForecastError`` if there is no observation or the request is not sensible.
  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: horizons, quantiles: quantiles)
    guard let learner, observationCount > 0 else { throw .noObservations }
    let facts = history.facts
    let rows = learner.distributions(horizons: horizons, from: facts.end)
    return facts.distribution(horizons: horizons, quantiles: quantiles, factor: factor) { index, _ in rows[index] }
  }

  /// The kinds of days in the history that is kept, in the local time of the calendar.
  ///
  /// - Parameter parts: into how many parts a day is cut.
  /// - Complexity: that of ``DemandPatterns/init(_:parts:)``: some milliseconds for six weeks.
  public func patterns(parts: Int = 24) -> DemandPatterns { DemandPatterns(kept, parts: parts) }

  /// The means of the parts of the present local day that have begun, NaN where nothing was measured.
  public func today(parts: Int = 24) -> [Double] { DemandPatterns.today(kept, parts: parts) }

  private var kept: ForecastSeries {
    let start = history.facts.end &- Int64(max(0, history.values.count - 1)) &* history.facts.step
    return ForecastSeries(values: history.values, step: history.facts.step, start: start, calendar: calendar.clock)
  }

  /// How good the forecasts have been at the rung of the ladder nearest to a horizon; nil before the first truth.
  public func record(horizon: Int) -> ForecastRecord? {
    learner?.rung(nearest: horizon).flatMap { rung in
      ForecastRecord(
        horizon: rung.horizon,
        outcomes: rung.outcomes.suffix(Self.judgedOutcomes).map { outcome in
          (outcome.forecast / factor, outcome.naive.map { $0 / factor }, outcome.truth / factor)
        })
    }
  }
}
