/// How far the values of several signals lie from their own levels of long, each in units of its own usual deviation.
///
/// Means and deviations are exponentially weighted; what lies farther than six deviations is learned as if it lay there, so
/// that an incident becomes the norm only slowly.
struct SlowLevels: Sendable, Hashable {
  private static let reach = 6.0
  /// Values of a signal before anything is said of it, and before what is learned is bounded.
  private static let startCount = 30.0
  private static let freeCount = 100.0
  /// Nothing that is measured is larger; its square is still a number, so that one absurd value spoils no level for good.
  private static let largestValue = 1e30
  /// The deviation that the first change of a signal is given that never moved.
  private static let firstChange = 100.0

  private var levels: [ExponentialAverage]

  /// The levels of `count` signals over about the last `span` values.
  init(count: Int, span: Double) {
    levels = [ExponentialAverage](repeating: ExponentialAverage(span: span), count: count)
  }

  /// Writes the deviation of each of `values` to `result`, NaN where it is missing, and learns them.
  mutating func add(_ values: [Double], into result: inout [Double]) {
    for index in levels.indices {
      let value = index < values.count ? values[index] : .nan
      result[index] = value.isFinite ? Self.add(value, to: &levels[index]) : .nan
    }
  }

  private static func add(_ given: Double, to level: inout ExponentialAverage) -> Double {
    let value = min(max(given, -largestValue), largestValue)
    let difference = value - level.mean
    let deviation = level.deviation
    defer {
      let isBounded = level.count > freeCount && deviation > 0
      let limit = isBounded ? reach * deviation : .infinity
      level.add(level.mean + min(max(difference, -limit), limit))
    }
    guard level.count > startCount else { return 0 }
    if deviation > 0 { return difference / deviation }
    return difference == 0 ? 0 : difference < 0 ? -firstChange : firstChange
  }
}

extension SlowLevels {
  func save(to writer: inout StateWriter) { for level in levels { level.save(to: &writer) } }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    for index in levels.indices { try levels[index].restore(from: &reader) }
  }
}
