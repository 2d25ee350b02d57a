#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a history says about a value some steps after its end, as differences from its last value.
///
/// Differences instead of values let trees, which never answer outside what they saw, follow a level into the unknown.
struct LagFeatures {
  static let lags = [1, 2, 3, 6, 12, 24, 48]
  static let windows = [12, 36, 72, 144]

  /// The names of the features, in the order in which they are appended.
  static let names =
    ["horizon"] + lags.map { "lag_\($0)" } + windows.flatMap { ["rolling_mean_\($0)", "rolling_std_\($0)"] }
    + ["same_time_last_day", "same_time_last_day_change", "same_time_last_week"] + CalendarFeatures.names

  private let values: [Double]
  private let sums: RunningSums
  private let period: Int?
  private let step: Int64
  /// The time of the first value.
  private let start: Int64
  private let calendar: ForecastCalendar
  private let clock = CalendarFeatures()

  /// - Parameters:
  ///   - values: without gaps.
  ///   - period: the main rhythm in steps, a day where there is one.
  init(values: [Double], period: Int?, step: Int64, start: Int64, calendar: ForecastCalendar) {
    self.values = values
    self.period = period
    self.step = step
    self.start = start
    self.calendar = calendar
    sums = RunningSums(values)
  }

  /// Appends the features of the value `horizon` steps after position `origin`.
  func append(origin: Int, horizon: Int, to row: inout [Float]) {
    let last = values[origin]
    row.append(Float(horizon))
    for lag in Self.lags { row.append(origin >= lag ? Float(values[origin - lag] - last) : .nan) }
    for window in Self.windows {
      guard origin + 1 >= window else {
        row.append(.nan)
        row.append(.nan)
        continue
      }
      let range = origin + 1 - window..<origin + 1
      row.append(Float(sums.mean(range) - last))
      row.append(Float(sums.deviation(range)))
    }
    let period = period ?? 0
    let day = period > 0 ? origin + horizon - ((horizon - 1) / period + 1) * period : -1
    row.append(day >= 0 ? Float(values[day] - last) : .nan)
    row.append(day >= 0 && origin >= period ? Float(values[day] - values[origin - period]) : .nan)
    let week = period > 0 ? origin + horizon - ((horizon - 1) / (7 * period) + 1) * 7 * period : -1
    row.append(week >= 0 ? Float(values[week] - last) : .nan)
    row += clock.values(at: start &+ Int64(origin + horizon) &* step, in: calendar)
  }
}
