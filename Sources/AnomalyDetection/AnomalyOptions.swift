/// Which way a value must leave its expected range to count as an anomaly.
public enum AnomalyDirection: String, Sendable, Hashable, CaseIterable {
  /// Only values above the expected range.
  case up
  /// Only values below the expected range.
  case down
  /// Values on either side, and values that stopped moving.
  case both

  /// Whether a deviation to `side` counts; one without a side always does.
  func admits(_ side: AnomalyVerdict.Side?) -> Bool {
    switch self {
    case .both: true
    case .up: side != .below
    case .down: side != .above
    }
  }
}

/// How far a value must be from what was expected before statistics are asked at all.
///
/// A deviation counts only if it exceeds both parts: `absolute` in the signal's unit, and `relative` times the
/// magnitude of the expected value.
public struct DeadBand: Sendable, Hashable {
  /// The smallest deviation of interest, in the unit of the signal.
  public var absolute: Double
  /// The smallest deviation of interest, as a share of the expected value: 0.1 is 10%.
  public var relative: Double

  public init(absolute: Double = 0, relative: Double = 0) {
    self.absolute = absolute
    self.relative = relative
  }

  /// Whether any deviation lies within the band.
  var isSet: Bool { absolute > 0 || relative > 0 }

  /// Whether `value` is farther from `expected` than the band; a band that is not set is exceeded by any value.
  public func isExceeded(by value: Double, expected: Double) -> Bool {
    guard isSet else { return true }
    let deviation = (value - expected).magnitude
    return deviation > absolute && deviation > relative * expected.magnitude
  }
}

/// What an `AnomalyScorer` is told about its signal; nothing else is tuned per signal.
public struct AnomalyOptions: Sendable, Hashable {
  /// One alarm in thirty days.
  public static let defaultFalseAlarmsPerDay = 1.0 / 30

  /// Milliseconds between two samples as planned.
  public var step: Int64
  /// How often a day the score of a healthy signal may cross 1.0, counted in incidents.
  public var falseAlarmsPerDay: Double
  public var direction: AnomalyDirection
  public var deadBand: DeadBand
  /// Milliseconds that local time is ahead of UTC; it places the hours of the day and the days of the week.
  public var timeZoneOffset: Int64

  public init(
    step: Int64 = 60_000, falseAlarmsPerDay: Double = AnomalyOptions.defaultFalseAlarmsPerDay,
    direction: AnomalyDirection = .both, deadBand: DeadBand = DeadBand(), timeZoneOffset: Int64 = 0
  ) {
    self.step = step
    self.falseAlarmsPerDay = falseAlarmsPerDay
    self.direction = direction
    self.deadBand = deadBand
    self.timeZoneOffset = timeZoneOffset
  }
}
