/// Predicts the next value from the last ones: an autoregressive model fitted by recursive least squares.
///
/// Weights are updated with each value under exponential forgetting (S. Haykin, "Adaptive Filter Theory", chapter
/// on the RLS algorithm); the error that is learned is bounded by the caller, so that one outlier does not turn the
/// model.
public struct AutoregressiveFilter: Sendable, Hashable {
  /// How many past values a prediction rests on.
  public static let order = 6
  private static let width = order + 1
  private static let initialCovariance = 1000.0
  private static let largestCovariance = 1e5

  /// The share of its weight that an observation keeps at each step.
  private let forgetting: Double
  private var weights: [Double]
  private var covariance: [Double]
  private var inputs: [Double]
  private var gain: [Double]

  public init(forgetting: Double = 0.9995) {
    self.forgetting = forgetting
    weights = [Double](repeating: 0, count: Self.width)
    weights[0] = 1
    covariance = []
    inputs = [Double](repeating: 0, count: Self.width)
    inputs[Self.order] = 1
    gain = [Double](repeating: 0, count: Self.width)
    resetCovariance()
  }

  private mutating func resetCovariance() {
    covariance = [Double](repeating: 0, count: Self.width * Self.width)
    for index in 0..<Self.width { covariance[index * Self.width + index] = Self.initialCovariance }
  }

  /// Sets all past values to `value`, as at the start and after a gap.
  public mutating func fillHistory(with value: Double) {
    for index in 0..<Self.order { inputs[index] = value }
  }

  /// The newest value; after a gap the one that ended it.
  var newest: Double { inputs[0] }

  /// The expected next value.
  public var prediction: Double {
    var sum = 0.0
    for index in 0..<Self.width { sum += weights[index] * inputs[index] }
    return sum
  }

  /// Learns `value`; the error is taken into the weights at most as `largestError`.
  ///
  /// - Complexity: O(order²).
  public mutating func add(_ value: Double, largestError: Double) {
    let width = Self.width
    let error = min(max(value - prediction, -largestError), largestError)
    var norm = forgetting
    for row in 0..<width {
      var sum = 0.0
      for column in 0..<width { sum += covariance[row * width + column] * inputs[column] }
      gain[row] = sum
      norm += sum * inputs[row]
    }
    let scale = 1 / norm
    let keep = 1 / forgetting
    for row in 0..<width {
      let factor = gain[row] * scale
      weights[row] += factor * error
      for column in 0...row {
        let entry = (covariance[row * width + column] - factor * gain[column]) * keep
        covariance[row * width + column] = entry
        covariance[column * width + row] = entry
      }
    }
    var trace = 0.0
    for index in 0..<width { trace += covariance[index * width + index] }
    // Without excitation the covariance grows without bound; numerical trouble shows in the trace as well.
    if !(trace > 0 && trace < Self.largestCovariance) { resetCovariance() }
    for index in stride(from: Self.order - 1, to: 0, by: -1) { inputs[index] = inputs[index - 1] }
    inputs[0] = value
  }

  func save(to writer: inout StateWriter) {
    writer.write(weights)
    // It is symmetric: the lower triangle is enough.
    for row in 0..<Self.width { writer.write(Array(covariance[row * Self.width...row * Self.width + row])) }
    writer.write(inputs)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    weights = try reader.readFinites("weight", count: Self.width)
    for row in 0..<Self.width {
      for column in 0...row {
        let entry = try reader.readFinite("covariance")
        covariance[row * Self.width + column] = entry
        covariance[column * Self.width + row] = entry
      }
    }
    inputs = try reader.readFinites("input", count: Self.width)
  }
}
