import TimeSeries

/// Puts timestamped samples onto the even grid that models learn from.
public enum SignalHistory {
  /// The most grid points that one call makes; older samples are left out.
  public static let maximumPoints = 1_000_000

  /// The values of a series at `through`, `through - step`, … back to `from`, as a forecast series.
  ///
  /// Each grid point takes the newest sample of the step that ends with it, the point's own time included; a step
  /// without a sample (or with a stale marker) is NaN. Leading empty steps are left out, so that the result starts
  /// with a value. Samples must be in time order.
  ///
  /// - Complexity: O(samples + grid points).
  public static func regularise(
    _ samples: SeriesSamples, step: Int64, from: Int64, through: Int64,
    calendar: ForecastCalendar = ForecastCalendar(), lowerBound: Double? = nil, upperBound: Double? = nil
  ) -> ForecastSeries {
    regularise(
      timestamps: samples.timestamps, values: samples.values, step: step, from: from, through: through,
      calendar: calendar, lowerBound: lowerBound, upperBound: upperBound)
  }

  /// The same for bare arrays of equal length; if they differ, the excess is ignored.
  public static func regularise(
    timestamps: [Int64], values: [Double], step: Int64, from: Int64, through: Int64,
    calendar: ForecastCalendar = ForecastCalendar(), lowerBound: Double? = nil, upperBound: Double? = nil
  ) -> ForecastSeries {
    let step = max(1, step)
    var result = ForecastSeries(
      values: [], step: step, start: through, calendar: calendar, lowerBound: lowerBound,
      upperBound: upperBound)
    let (span, overflow) = through.subtractingReportingOverflow(from)
    guard through >= from, !overflow else { return result }
    let points = Int(min(span / step, Int64(maximumPoints - 1))) + 1
    var grid = [Double](repeating: .nan, count: points)
    var firstFilled = points
    for (timestamp, value) in zip(timestamps, values) where timestamp <= through {
      let (age, overflow) = through.subtractingReportingOverflow(timestamp)
      guard !overflow else { continue }
      let back = age / step
      guard back < Int64(points) else { continue }
      let index = points - 1 - Int(back)
      grid[index] = value.isFinite ? value : .nan
      if value.isFinite { firstFilled = min(firstFilled, index) }
    }
    result.values = Array(grid[firstFilled...])
    result.start = through &- Int64(max(0, result.values.count - 1)) &* step
    return result
  }
}
