/// An exponentially weighted mean with its mean absolute and mean squared deviation.
///
/// The first samples weigh 1/n, so that the start is a plain average, until 1/n falls below the configured rate
/// (S. W. Roberts, "Control Chart Tests Based on Geometric Moving Averages", Technometrics 1959).
public struct ExponentialAverage: Sendable, Hashable {
  /// The weight of a new value once the start is over, within 0...1.
  public let rate: Double
  /// How many values were added.
  public private(set) var count: Double = 0
  /// The weighted mean; 0 before the first value.
  public private(set) var mean: Double = 0
  /// The weighted variance around the mean; 0 before the second value.
  public private(set) var variance: Double = 0

  /// An average in which a value keeps half its weight after about 0.35 × `span` further values: rate 2 / (span + 1).
  public init(span: Double) {
    rate = 2 / (max(span, 1) + 1)
  }

  /// The square root of the variance.
  public var deviation: Double { variance.squareRoot() }

  /// Takes `value` into mean and variance.
  public mutating func add(_ value: Double) {
    count += 1
    let weight = max(rate, 1 / count)
    let difference = value - mean
    mean += weight * difference
    variance = (1 - weight) * (variance + weight * difference * difference)
  }

  /// Takes `value` in as if it lay at most `reach` deviations from the mean; any value where there is no deviation yet.
  mutating func add(_ value: Double, within reach: Double) {
    let most = deviation > 0 ? reach * deviation : .infinity
    add(min(max(value, mean - most), mean + most))
  }

  /// Forgets everything and starts at `value`.
  mutating func restart(at value: Double) {
    count = 1
    mean = value
    variance = 0
  }

  func save(to writer: inout StateWriter) {
    writer.write(count)
    writer.write(mean)
    writer.write(variance)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    count = try reader.readFinite("count", atLeast: 0)
    mean = try reader.readFinite("mean")
    variance = try reader.readFinite("variance", atLeast: 0)
  }
}
