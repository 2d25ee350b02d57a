/// What is known at an origin of how traffic departs from its profile, as the features of a linear regression.
///
/// All are deviations, so that a penalty leads to the profile itself.
struct DemandFeatures: Sendable {
  static let width = 16

  /// The steps of a day.
  let day: Int
  private let windows: [Int]
  /// The values; NaN where missing.
  private(set) var values: [Double] = []
  /// What departed from the profile as it was known at the time; 0 where missing.
  private var residuals: [Double] = []
  /// What was expected; 0 where the value is missing.
  private var expected: [Double] = []
  private var residualSums: [Double]
  private var expectedSums: [Double]
  /// How many values were dropped from the front.
  private(set) var dropped = 0

  init(day: Int) {
    self.day = day
    windows = [max(2, day / 8), max(3, day / 2), max(4, day), max(5, 7 * day)]
    residualSums = Array(repeating: 0, count: windows.count)
    expectedSums = residualSums
  }

  /// The position of the newest value; -1 before the first.
  var position: Int { dropped + values.count - 1 }

  mutating func append(_ value: Double?, expected usual: Double) {
    values.append(value ?? .nan)
    residuals.append(value.map { $0 - usual } ?? 0)
    expected.append(value == nil ? 0 : usual)
    let last = values.count - 1
    for (index, window) in windows.enumerated() {
      residualSums[index] += residuals[last]
      expectedSums[index] += expected[last]
      if last >= window {
        residualSums[index] -= residuals[last - window]
        expectedSums[index] -= expected[last - window]
      }
    }
    // Two weeks are looked back at, and the horizon. Trimmed in blocks; the sums are made anew against rounding.
    let kept = 28 * day
    guard values.count > kept + 7 * day else { return }
    dropped += values.count - kept
    values.removeFirst(values.count - kept)
    residuals.removeFirst(residuals.count - kept)
    expected.removeFirst(expected.count - kept)
    for (index, window) in windows.enumerated() {
      residualSums[index] = residuals.suffix(window).reduce(0, +)
      expectedSums[index] = expected.suffix(window).reduce(0, +)
    }
  }

  /// The value a whole number of periods before the target that is known at the origin; nil if it is missing.
  ///
  /// - Parameter shift: how many steps later the same local time was then, if clocks have changed since.
  func seasonal(_ horizon: Int, period: Int, shift: Int) -> Double? {
    at(horizon, period, shift).flatMap { values[$0].isNaN ? nil : values[$0] }
  }

  private func at(_ horizon: Int, _ period: Int, _ shift: Int) -> Int? {
    let index = values.count - 1 + horizon - ((horizon - 1) / period + 1) * period + shift
    return values.indices.contains(index) ? index : nil
  }

  /// The features of the value `horizon` steps after the newest.
  ///
  /// - Parameters:
  ///   - usual: what the profile expects at the target.
  ///   - moment: what the calendar says of the target.
  ///   - shifts: as for ``seasonal(_:period:shift:)``, for a day and for a week.
  func row(
    horizon: Int, usual: Double, moment: BusinessCalendar.Moment, shifts: (day: Int, week: Int)
  ) -> [Double] {
    var row: [Double] = []
    row.reserveCapacity(Self.width)
    row.append(1)
    row.append(residuals.last ?? 0)
    for (index, window) in windows.enumerated() {
      let count = Double(min(window, max(1, values.count)))
      row.append(residualSums[index] / count)
    }
    // The same in proportion: a doubled level doubles nights and days.
    for index in 1..<windows.count {
      let ratio = expectedSums[index] > 0 ? residualSums[index] / expectedSums[index] : 0
      row.append(usual * min(4, max(-1, ratio)))
    }
    row.append(at(horizon, day, shifts.day).map { residuals[$0] } ?? 0)
    row.append(at(horizon, 7 * day, shifts.week).map { residuals[$0] } ?? 0)
    row.append(
      seasonal(horizon, period: 7 * day, shift: shifts.week).map {
        moment.isWorkingDay || moment.holiday == nil ? $0 - usual : 0
      } ?? 0)
    row.append(usual)
    row.append(moment.isBusinessHour ? usual : 0)
    row.append(moment.isPeakHour ? usual : 0)
    row.append(moment.isWorkingDay ? 0 : usual)
    return row
  }
}
