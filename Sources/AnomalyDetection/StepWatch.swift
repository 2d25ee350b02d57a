#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How far a signal has come within the last dozen samples, and how large its steps of late are, against what is usual.
///
/// A fast ramp is no single surprising step, and an adaptive forecast soon follows it; where it has got to shows it. The
/// mean logarithm of the last steps shows a signal that has become louder, whatever the forecast makes of it.
struct StepWatch: Sendable, Hashable {
  private static let distance = 12
  private static let span = 16.0
  /// What a usual size is learned within, in deviations.
  private static let reach = 6.0
  private static let leastCount = 20.0
  private static let leastDeviation = 0.05

  /// The last values, a ring.
  private var values = [Double](repeating: 0, count: StepWatch.distance)
  private var next = 0
  private var known = 0.0
  private var usualWay: ExponentialAverage
  private var loudness = 0.0
  private var usualLoudness: ExponentialAverage

  /// A watch whose usual way is that of about `window` samples, its usual loudness that of three times as many.
  init(window: Double) {
    usualWay = ExponentialAverage(span: window)
    usualLoudness = ExponentialAverage(span: 3 * window)
  }

  /// What one sample says.
  struct Reading {
    /// log(1 + way / usual way); nil until known.
    var way: Double?
    /// The value a dozen samples before.
    var from = 0.0
    /// log(1 + loudness above the usual one in deviations); nil until known.
    var loudness: Double?
  }

  /// Takes `value` in; usual sizes are learned unless `isHeld`. What is less than `grain` has not moved.
  mutating func add(_ value: Double, grain: Double, isHeld: Bool) -> Reading {
    var reading = Reading()
    if known > 0 {
      let before = values[(next + Self.distance - 1) % Self.distance]
      let size = log((value - before).magnitude + grain)
      loudness = known == 1 ? size : loudness + (size - loudness) * 2 / (Self.span + 1)
      if known > Self.span {
        if usualLoudness.count > Self.leastCount {
          let deviation = max(usualLoudness.deviation, Self.leastDeviation)
          reading.loudness = log1p(max(loudness - usualLoudness.mean, 0) / deviation)
        }
        Self.learn(loudness, in: &usualLoudness, isHeld)
      }
    }
    if known >= Double(Self.distance) {
      reading.from = values[next]
      let way = (value - reading.from).magnitude
      if usualWay.count > Self.leastCount {
        reading.way = log1p(way / max(usualWay.mean + usualWay.deviation, grain))
      }
      Self.learn(way, in: &usualWay, isHeld)
    }
    values[next] = value
    next = (next + 1) % Self.distance
    known += 1
    return reading
  }

  private static func learn(_ size: Double, in average: inout ExponentialAverage, _ isHeld: Bool) {
    guard average.count > leastCount else { return average.add(size) }
    if isHeld { return }
    let bound = reach * average.deviation + 1e-9
    average.add(min(max(size, average.mean - bound), average.mean + bound))
  }

  /// Starts anew after a gap; what is usual stays.
  mutating func interrupt() { known = 0 }

  func save(to writer: inout StateWriter) {
    writer.write(values)
    writer.write(Int64(next))
    for number in [known, loudness] { writer.write(number) }
    usualWay.save(to: &writer)
    usualLoudness.save(to: &writer)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    values = try reader.readFinites("value", count: Self.distance)
    next = Int(try reader.readCount("next value", in: 0...Int64(Self.distance - 1)))
    known = try reader.readFinite("known values", atLeast: 0)
    loudness = try reader.readFinite("loudness")
    try usualWay.restore(from: &reader)
    try usualLoudness.restore(from: &reader)
  }
}
