#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How far the values of the last hundred samples together lie from what their times of day or week brought before.
///
/// Two exponentially weighted means run side by side, of the values and of what was expected of them; their distance,
/// relative to its usual size, shows a small deviation that lasts, which no short smoothing sees. A deviation that is over
/// is none: the distance counts only as far as the newest values still lie on its side.
struct DriftWatch: Sendable, Hashable {
  /// Samples over which both means run.
  private static let span = 100.0
  /// The distance counts at most as this multiple of the newest deviation.
  private static let lastingFactor = 2.0

  private let samplesPerDay: Double
  private var values = 0.0
  private var expected = 0.0
  private var count = 0.0
  private var usual: ExponentialAverage

  /// A watch whose usual distance is that of about the last four times `window` samples.
  init(window: Double, samplesPerDay: Double) {
    usual = ExponentialAverage(span: 4 * window)
    self.samplesPerDay = samplesPerDay
  }

  /// What one sample says.
  struct Reading {
    /// log(1 + distance / usual distance).
    var magnitude: Double
    /// The mean that was expected.
    var expected: Double
    var side: AnomalyVerdict.Side
  }

  /// Takes `value` where `season` was expected and the newest values together deviate by `deviation`; nil until a day of
  /// distances is known. A distance is learned unless `isHeld`; what is less than `grain` has not moved.
  mutating func add(
    _ value: Double, season: Double, deviation: Double, grain: Double, isHeld: Bool
  ) -> Reading? {
    let weight = max(2 / (Self.span + 1), 1 / (count + 1))
    values += (value - values) * weight
    expected += (season - expected) * weight
    count += 1
    guard count > Self.span else { return nil }
    let away = values - expected
    let still = max(away < 0 ? -deviation : deviation, 0)
    let distance = min(away.magnitude, Self.lastingFactor * still)
    let scale = max(usual.mean + 0.2 * usual.deviation, grain)
    let isKnown = usual.count > samplesPerDay
    if !isHeld { usual.add(usual.count > 20 ? min(distance, usual.mean + 6 * usual.deviation + grain) : distance) }
    guard isKnown else { return nil }
    return Reading(magnitude: log1p(distance / scale), expected: expected, side: away < 0 ? .below : .above)
  }

  func save(to writer: inout StateWriter) {
    for number in [values, expected, count] { writer.write(number) }
    usual.save(to: &writer)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    values = try reader.readFinite("drifting mean")
    expected = try reader.readFinite("expected mean")
    count = try reader.readFinite("drift count", atLeast: 0)
    try usual.restore(from: &reader)
  }
}
