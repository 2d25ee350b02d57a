#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One number that says of a moment how unusual several signals are together: smoothed, with a tail of its own.
struct GroupStatistic: Sendable {
  /// A single value counts at least with this share of itself, however calm it was before.
  private static let instant = 0.5
  /// Thresholds follow slowly: a group's moments are many, and its incidents long.
  private static let agility = 0.1
  private static let share = 0.05
  /// The natural logarithm of how often per value the tail is entered: what is rarer is unusual at all.
  static let logShare = log(GroupStatistic.share)
  /// No tail is held to end: what no peak has reached yet may still be reached.
  private static let leastShape = 0.05

  private let span: Double
  private var smooth = 0.0
  private var tail: PeaksOverThreshold

  /// A statistic smoothed over about `span` values (1 for not at all) whose tail starts at `leastThreshold` or above.
  init(span: Double, leastThreshold: Double) {
    self.span = span
    tail = PeaksOverThreshold(
      share: Self.share, leastThreshold: leastThreshold, leastShape: Self.leastShape, agility: Self.agility)
  }

  /// Whether enough was seen to say how rare a value is.
  var isReady: Bool { tail.isReady }

  /// Takes the next value and learns it; returns the natural logarithm of how often per value one as high is to be
  /// expected.
  mutating func take(_ value: Double, isHeld: Bool) -> Double {
    smooth += (value - smooth) * 2 / (span + 1)
    let magnitude = max(smooth, Self.instant * value)
    let logRate = tail.logRate(of: magnitude)
    tail.add(magnitude, isHeld: isHeld)
    return logRate
  }

  func save(to writer: inout StateWriter) {
    writer.write(smooth)
    tail.save(to: &writer)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    smooth = try reader.readFinite("smoothed statistic", atLeast: 0)
    try tail.restore(from: &reader)
  }
}
