#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a history says about a resource some steps after an origin: its own lags and rolling statistics, those of the load
/// and the calendar. The resource enters as differences from its value at the origin, so that trees can follow its level.
struct ResourceFeatures: Sendable {
  private static let lags = [1, 3, 6, 12]
  private static let window = 12
  private static let longWindow = 72
  private static let calendarNames = [
    "hour_sine", "hour_cosine", "day_of_week", "is_business_hour", "is_peak_hour", "is_working_day", "is_holiday",
  ]

  let names: [String]
  /// In scaled units, gaps filled.
  let values: [Double]
  let isMeasured: [Bool]
  let scales: Scales
  private let loads: [Track]
  private let own: Track
  private let day: Int
  private let start: Int64
  private let step: Int64
  private let calendar: BusinessCalendar

  /// What the resource and each load are multiplied with, so that magnitudes do not matter, and which rhythms the history
  /// is long enough for.
  struct Scales: Sendable, Equatable {
    var resource: Double
    var loads: [Double]
    /// Whether two days were seen, so that the time of day is more than the passing of time.
    var knowsDays: Bool
    /// Whether two weeks were seen.
    var knowsWeeks: Bool

    init(_ history: ResourceHistory) {
      func scale(_ values: [Double]) -> Double {
        var magnitude = 0.0
        for value in values where value.isFinite { magnitude = max(magnitude, abs(value)) }
        return scalingFactor(forMagnitude: magnitude)
      }
      resource = scale(history.resource.values)
      loads = history.loads.map { scale($0.values) }
      let span = Double(history.resource.values.count) * Double(history.resource.step)
      knowsDays = span >= 2 * 86_400_000
      knowsWeeks = span >= 14 * 86_400_000
    }
  }

  /// Values with running sums.
  private struct Track: Sendable {
    let values: [Double]
    private let sums: RunningSums

    init(_ values: [Double]) {
      self.values = values
      sums = RunningSums(values)
    }

    func at(_ index: Int) -> Double { values[max(0, index)] }

    func mean(_ window: Int, through end: Int) -> Double {
      sums.mean(max(0, end + 1 - window)..<end + 1)
    }

    func deviation(_ window: Int, through end: Int) -> Double {
      sums.deviation(max(0, end + 1 - window)..<end + 1)
    }
  }

  /// Nil without any measured value, or if the scales belong to other loads.
  init?(_ history: ResourceHistory, scales: Scales, calendar: BusinessCalendar) {
    let raw = history.resource.values
    guard scales.loads.count == history.loads.count, let own = Self.filled(raw, scales.resource) else { return nil }
    values = own
    self.scales = scales
    self.own = Track(own)
    isMeasured = raw.map(\.isFinite)
    // A load that was never measured says nothing, and keeps its place.
    loads = zip(history.loads, scales.loads).map { load, scale in
      Track(Self.filled(load.values, scale) ?? [Double](repeating: 0, count: raw.count))
    }
    step = history.resource.step
    start = history.resource.start
    day = step > 0 ? Int(min(100_000, 86_400_000 / step)) : 0
    self.calendar = calendar
    names =
      ["horizon"] + Self.lags.map { "lag_\($0)" }
      + [
        "rolling_mean_\(Self.window)", "rolling_std_\(Self.window)", "rolling_mean_\(Self.longWindow)",
        "same_time_last_day",
      ]
      + Self.calendarNames
      + history.loads.flatMap {
        [$0.name, "\($0.name)_rolling_mean_\(Self.window)", "\($0.name)_change_\(Self.window)"]
      }
  }

  /// The newest measured position.
  var origin: Int { isMeasured.lastIndex(of: true) ?? 0 }

  /// Gaps take the value before them, those in front the one after; what is far larger than all that the scale was made
  /// for is cut.
  private static func filled(_ raw: [Double], _ scale: Double) -> [Double]? {
    guard let first = raw.first(where: \.isFinite) else { return nil }
    var last = first * scale
    return raw.map { value in
      if value.isFinite { last = value * scale }
      return min(1e6, max(-1e6, last))
    }
  }

  /// The features of the value `horizon` steps after `origin`.
  func row(origin: Int, horizon: Int) -> [Double] {
    let here = own.at(origin)
    var row: [Double] = []
    row.reserveCapacity(names.count)
    row.append(Double(horizon))
    for lag in Self.lags { row.append(own.at(origin - lag) - here) }
    row.append(own.mean(Self.window, through: origin) - here)
    row.append(own.deviation(Self.window, through: origin))
    row.append(own.mean(Self.longWindow, through: origin) - here)
    let before = day > 0 ? origin + horizon - ((horizon - 1) / day + 1) * day : -1
    row.append(before >= 0 ? own.at(before) - here : 0)
    let moment = calendar.moment(at: start &+ Int64(origin + horizon) &* step)
    let angle = Double(moment.millisecond) / 86_400_000 * 2 * Double.pi
    row.append(scales.knowsDays ? sin(angle) : 0)
    row.append(scales.knowsDays ? cos(angle) : 0)
    row.append(scales.knowsWeeks ? Double(moment.weekday) : 0)
    row.append(scales.knowsDays && moment.isBusinessHour ? 1 : 0)
    row.append(scales.knowsDays && moment.isPeakHour ? 1 : 0)
    row.append(scales.knowsWeeks && moment.isWorkingDay ? 1 : 0)
    row.append(scales.knowsWeeks && moment.holiday != nil ? 1 : 0)
    for load in loads {
      row.append(load.at(origin))
      row.append(load.mean(Self.window, through: origin))
      row.append(load.at(origin) - load.at(origin - Self.window))
    }
    return row
  }
}
