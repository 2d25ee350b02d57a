/// The history of one signal on an even grid, oldest value first.
///
/// A value that is NaN or infinite counts as missing. The bounds are facts about the signal (a free disk never
/// exceeds its size), not wishes: forecasts are cut at them.
public struct ForecastSeries: Sendable, Equatable {
  /// The values, `step` apart; NaN where nothing was measured.
  public var values: [Double]

  /// The distance between two values in milliseconds; at least 1.
  public var step: Int64

  /// The time of `values[0]` in UTC milliseconds.
  public var start: Int64

  /// The local time that daily habits follow, and special days.
  ///
  /// Rhythms that are learnt as lags follow local time without it, but for the days on which clocks change.
  public var calendar: ForecastCalendar

  /// The least value that the signal can take, if there is one.
  public var lowerBound: Double?

  /// The greatest value that the signal can take, if there is one.
  public var upperBound: Double?

  /// Signals that run beside this one and may tell what comes, each of as many values on the same grid; NaN where missing.
  /// Only models with ``ForecastModel/usesCompanions`` look at them.
  public var companions: [[Double]]

  /// Makes a series from values that are `step` milliseconds apart, the first at `start`.
  public init(
    values: [Double], step: Int64, start: Int64 = 0, calendar: ForecastCalendar = ForecastCalendar(),
    lowerBound: Double? = nil, upperBound: Double? = nil, companions: [[Double]] = []
  ) {
    self.values = values
    self.step = max(1, step)
    self.start = start
    self.calendar = calendar
    self.lowerBound = lowerBound
    self.upperBound = upperBound
    self.companions = companions
  }

  /// The time of the newest value in UTC milliseconds, missing or not; `start` of an empty series.
  public var end: Int64 {
    start &+ Int64(max(0, values.count - 1)) &* step
  }

  /// The values of some positions, with those of the companions.
  public func part(_ positions: ClosedRange<Int>) -> ForecastSeries {
    var result = self
    result.values = Array(values[positions])
    result.start = start &+ Int64(positions.lowerBound) &* step
    for index in companions.indices { result.companions[index] = Array(companions[index][positions]) }
    return result
  }

  /// The series without its newest values.
  public func dropping(last count: Int) -> ForecastSeries {
    var result = self
    result.values.removeLast(min(count, values.count))
    for index in companions.indices { result.companions[index].removeLast(min(count, companions[index].count)) }
    return result
  }
}
