/// What an `AnomalyScorer` says about one sample.
public struct AnomalyVerdict: Sendable, Hashable {
  /// What became of the sample.
  public enum Disposition: String, Sendable, Hashable {
    /// It was scored and learned.
    case scored
    /// It was NaN or infinite: skipped, the last verdict repeated.
    case notFinite
    /// Its timestamp was not after the newest one: ignored, the last verdict repeated.
    case late
  }

  /// Which way the value left its expected range.
  public enum Side: String, Sendable, Hashable {
    case above, below
  }

  /// What about the signal is unusual.
  public enum Reason: String, Sendable, Hashable, CaseIterable {
    /// The value is not what the recent past led to expect.
    case jump
    /// The recent values together are far from the level of the last day.
    case level
    /// The recent values together are far from what this time of day or week brought before.
    case season
    /// For long the values have lain on one side of what this time of day or week brought before.
    case drift
    /// The value is higher, or lower, than any of the last month.
    case record
    /// The signal has become restless: many unexpected values shortly after one another.
    case restlessness
    /// The value has stayed the same for longer than it ever does.
    case flatline
    /// A signal that never changed has changed.
    case firstChange
    /// There has been no value for longer than is usual.
    case silence
  }

  /// How unusual the newest value is; 1.0 is the alerting line.
  ///
  /// The score is the logarithm of how rare the observation is in units of the logarithm of the budget, so 2.0 is as
  /// rare as the budget's probability squared. It lies within 0...10. A higher score leaves an echo of 0.6 or less that fades
  /// over a thousand samples; so it is 1.0 or more only where the sample itself is that unusual.
  public var score: Double
  /// Whether enough was seen for the score to hold the budget, about 130 samples; before, it stays below 1.0.
  public var isWarmedUp: Bool
  /// The lower of the bounds between which this sample would not have alerted by itself, in the signal's unit.
  ///
  /// NaN before anything is known, −∞ if low values do not count.
  public var expectedLow: Double
  /// The upper one; NaN before anything is known, +∞ if high values do not count.
  public var expectedHigh: Double
  /// Which way the value left its expected range; nil if it did not or if no side applies.
  public var direction: Side?
  /// What weighed most in the score; nil while nothing stands out.
  public var reason: Reason?
  /// True on the one sample that starts an incident, and again on a sample that makes it clearly worse.
  public var alert: Bool
  /// The timestamp of the sample that started the incident under way; nil if there is none.
  public var since: Int64?
  public var disposition: Disposition

  public init(
    score: Double = 0, isWarmedUp: Bool = false, expectedLow: Double = .nan, expectedHigh: Double = .nan,
    direction: Side? = nil, reason: Reason? = nil, alert: Bool = false, since: Int64? = nil,
    disposition: Disposition = .scored
  ) {
    self.score = score
    self.isWarmedUp = isWarmedUp
    self.expectedLow = expectedLow
    self.expectedHigh = expectedHigh
    self.direction = direction
    self.reason = reason
    self.alert = alert
    self.since = since
    self.disposition = disposition
  }
}

extension AnomalyVerdict {
  func save(to writer: inout StateWriter) {
    writer.write(score)
    writer.write(isWarmedUp)
    writer.write(expectedLow)
    writer.write(expectedHigh)
    writer.write(UInt8(direction.map { $0 == .above ? 1 : 2 } ?? 0))
    writer.write(UInt8(reason.flatMap { Reason.allCases.firstIndex(of: $0) }.map { $0 + 1 } ?? 0))
    writer.write(since != nil)
    writer.write(since ?? 0)
  }

  init(from reader: inout StateReader) throws(AnomalyStateError) {
    self.init()
    score = try reader.readFinite("score", atLeast: 0)
    isWarmedUp = try reader.readBool("warm-up")
    expectedLow = try reader.readDouble()
    expectedHigh = try reader.readDouble()
    let side = try reader.readCount("direction", of: UInt8.self, atMost: 2)
    direction = side == 0 ? nil : side == 1 ? .above : .below
    let index = try reader.readCount("reason", of: UInt8.self, atMost: UInt8(Reason.allCases.count))
    reason = index == 0 ? nil : Reason.allCases[Int(index) - 1]
    let isUnderWay = try reader.readBool("since")
    let start: Int64 = try reader.read()
    since = isUnderWay ? start : nil
  }
}
