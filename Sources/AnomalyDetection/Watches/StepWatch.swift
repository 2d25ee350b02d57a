#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How far a signal has come within the last dozen samples, against what is usual.
///
/// A fast ramp is no single surprising step, and an adaptive forecast soon follows it; where it has got to shows it.
struct StepWatch: Sendable, Hashable {
  private static let distance = 12
  /// What a usual size is learned within, in deviations.
  private static let reach = 6.0
  private static let leastCount = 20.0

  /// The last values, a ring.
  private var values = [Double](repeating: 0, count: StepWatch.distance)
  private var next = 0
  private var known = 0.0
  private var usualWay: ExponentialAverage

  /// A watch whose usual way is that of about `window` samples.
  init(window: Double) {
    usualWay = ExponentialAverage(span: window)
  }

  /// What one sample says.
  struct Reading {
    /// log(1 + way / usual way); nil until known.
    var way: Double?
    /// The value a dozen samples before.
    var from = 0.0
  }

  /// Takes `value` in; usual sizes are learned unless `isHeld`. What is less than `grain` has not moved.
  mutating func add(_ value: Double, grain: Double, isHeld: Bool) -> Reading {
    var reading = Reading()
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
    writer.write(known)
    usualWay.save(to: &writer)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    values = try reader.readFinites("value", count: Self.distance)
    next = Int(try reader.readCount("next value", in: 0...Int64(Self.distance - 1)))
    known = try reader.readFinite("known values", atLeast: 0)
    try usualWay.restore(from: &reader)
  }
}
