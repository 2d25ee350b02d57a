#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How small a part of what was expected a value is, for signals that are never below zero.
///
/// Rates and counts scatter in proportion to their size, and they cannot fall by more than they are: beside the bursts of such a
/// signal no fall looks large. Of what was expected, though, an outage leaves a small part, and bursts leave more than
/// all, which says nothing here.
struct ShareWatch: Sendable, Hashable {
  /// What a usual loss is learned within, in deviations.
  private static let reach = 6.0
  /// The least usual loss, as a logarithm: 2% less is nothing.
  private static let leastLoss = 0.02
  private static let leastCount = 20.0

  /// How many deviations are added to the mean loss.
  private let deviations: Double
  private var usual: ExponentialAverage

  /// A watch whose usual loss is the mean one of about `span` samples and `deviations` more.
  init(span: Double, deviations: Double) {
    self.deviations = deviations
    usual = ExponentialAverage(span: span)
  }

  /// log(1 + loss / usual loss), the loss being the logarithm of `expected` over `value` or zero; nil until known. Both are
  /// distances to zero; below `floor` one part is like another. A loss is learned unless `isHeld`.
  mutating func add(_ value: Double, expected: Double, floor: Double, isHeld: Bool) -> Double? {
    let loss = expected > value ? log((max(expected, 0) + floor) / (max(value, 0) + floor)) : 0
    let isKnown = usual.count > Self.leastCount
    let magnitude = isKnown ? log1p(loss / max(usual.mean + deviations * usual.deviation, Self.leastLoss)) : nil
    if !isKnown {
      usual.add(loss)
    } else if !isHeld {
      usual.add(min(loss, usual.mean + Self.reach * usual.deviation + Self.leastLoss))
    }
    return magnitude
  }

  func save(to writer: inout StateWriter) { usual.save(to: &writer) }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) { try usual.restore(from: &reader) }
}
