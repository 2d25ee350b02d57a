/// How far a vector lies from the recent past of several signals, in units of their joint spread.
///
/// Mean and covariance are exponentially weighted, and plain averages until the weights fall below that of the end; a vector far outside is learned with a weight that falls with its
/// distance (a Huber-type bound, P. J. Huber, "Robust Statistics", chapter 8), so that an incident does not become the
/// norm at once. The covariance is factorised (Cholesky) every few vectors with a ridge of a share of its diagonal, so that
/// signals that are copies of one another do no harm; a floor under the diagonal keeps a signal that hardly ever moves from
/// being all there is to see. Distance: P. C. Mahalanobis, "On the generalised distance in
/// statistics", 1936, divided by the root of the number of signals.
///
/// Covariance and factor are kept in single precision, which the ridge makes enough: values should therefore come in
/// units of about their own spread, not farther than 10⁹ from 0.
public struct MahalanobisDistance: Sendable, Hashable {
  /// How many vectors are seen before a distance is given.
  public static let startCount = 100
  private static let refactorEvery = 25
  private static let boundedAt = 3.0

  /// The number of signals.
  public let dimension: Int
  private let rate: Double
  private let ridge: Double
  private let floor: Double
  private var mean: [Double]
  /// The covariance, the lower triangle by rows.
  private var covariance: [Float]
  private var factor: [Float]
  private var seen = 0
  /// How many values of each signal were seen.
  private var counts: [UInt32]
  /// The signals that the factor is of: those that the vector has and that are known.
  private var used: [Bool]
  /// Scratch.
  private var weights: [Double]
  private var difference: [Double]
  private var solved: [Double]

  /// A distance against an exponentially weighted past of about `span` vectors of `dimension` values.
  ///
  /// - Parameters:
  ///   - ridge: what is added to each signal's variance, as a share of it.
  ///   - floor: what is added to each signal's variance, in the square of the values' unit.
  public init(dimension: Int, span: Double = 1500, ridge: Double = 0.05, floor: Double = 0) {
    self.dimension = dimension
    rate = 1 / max(span, 2)
    self.ridge = ridge
    self.floor = floor
    mean = [Double](repeating: 0, count: dimension)
    let triangle = dimension * (dimension + 1) / 2
    covariance = [Float](repeating: 0, count: triangle)
    factor = covariance
    counts = [UInt32](repeating: 0, count: dimension)
    used = [Bool](repeating: false, count: dimension)
    weights = mean
    difference = mean
    solved = mean
  }

  /// The distance of `vector` from the past, which then learns it; nil until enough was seen.
  ///
  /// A value that is missing is NaN: the distance is then that of the others among themselves, and nothing is learned of
  /// the missing one. A signal that comes later than the others counts from the time on at which enough was seen of it.
  ///
  /// - Complexity: O(dimension²), and O(dimension³ / 150) on average for the factor, which is also made anew when other
  ///   signals are missing than before.
  public mutating func add(_ vector: [Double]) -> Double? {
    seen += 1
    var isOtherSet = false
    for index in 0..<dimension {
      let value = index < vector.count ? vector[index] : .nan
      let isPresent = value.isFinite
      if isPresent {
        if counts[index] < .max { counts[index] += 1 }
        if counts[index] == 1 { mean[index] = value }
      }
      difference[index] = isPresent ? value - mean[index] : 0
      weights[index] = isPresent ? max(rate, 1 / Double(counts[index])) : 0
      let isUsed = isPresent && counts[index] > UInt32(Self.startCount)
      if used[index] != isUsed {
        used[index] = isUsed
        isOtherSet = true
      }
    }
    let isKnown = seen > Self.startCount
    if isKnown && (isOtherSet || (seen - Self.startCount) % Self.refactorEvery == 1) { refactor() }
    let distance = isKnown ? length() : 0
    learn(gain: isKnown ? min(1, Self.boundedAt / max(distance, 1e-9)) : 1)
    return isKnown ? distance : nil
  }

  private mutating func learn(gain: Double) {
    for index in 0..<dimension { mean[index] += weights[index] * gain * difference[index] }
    var position = 0
    for row in 0..<dimension {
      let weight = weights[row]
      let scaled = gain * gain * difference[row]
      for column in 0...row {
        // Of a signal that came later than the other less is known.
        let shared = weight > 0 && weights[column] > 0 ? max(weight, weights[column]) : 0
        let old = Double(covariance[position])
        covariance[position] = Float(old + shared * (scaled * difference[column] - old))
        position += 1
      }
    }
  }

  /// The length of the difference in the metric of the factor.
  private mutating func length() -> Double {
    var sum = 0.0
    var used = 0
    var start = 0
    for row in 0..<dimension {
      let pivot = Double(factor[start + row])
      if pivot > 0 {
        var rest = difference[row]
        for column in 0..<row { rest -= Double(factor[start + column]) * solved[column] }
        solved[row] = rest / pivot
        sum += solved[row] * solved[row]
        used += 1
      } else {
        solved[row] = 0
      }
      start += row + 1
    }
    return used > 0 ? (sum / Double(used)).squareRoot() : 0
  }

  /// Writes to `result` the part that each signal has in the square of the newest distance, 1 being usual, and to `sides`
  /// its difference from what is usual.
  ///
  /// A quadratic form is the sum over the signals of the difference times what the inverse covariance makes of all
  /// differences. Signals that no longer hang together share the sum, a copy takes half of what its original has, and what
  /// makes a vector more likely is below zero.
  ///
  /// - Complexity: O(dimension²).
  func parts(into result: inout [Double], sides: inout [Double]) {
    result = solved
    sides = difference
    var start = factor.count
    for row in stride(from: dimension - 1, through: 0, by: -1) {
      start -= row + 1
      let pivot = Double(factor[start + row])
      guard pivot > 0 else {
        result[row] = 0
        continue
      }
      result[row] /= pivot
      for column in 0..<row { result[column] -= Double(factor[start + column]) * result[row] }
    }
    for index in result.indices { result[index] *= difference[index] }
  }

  private mutating func refactor() {
    var start = 0
    for row in 0..<dimension {
      guard used[row] else {
        for column in 0...row { factor[start + column] = 0 }
        start += row + 1
        continue
      }
      let diagonal = Double(covariance[start + row])
      let added = ridge * diagonal + floor
      var other = 0
      for column in 0...row {
        var sum = Double(covariance[start + column]) + (column == row ? added : 0)
        for inner in 0..<column { sum -= Double(factor[start + inner]) * Double(factor[other + inner]) }
        if column < row {
          let pivot = Double(factor[other + column])
          factor[start + column] = pivot > 0 ? Float(sum / pivot) : 0
        } else {
          // A signal that never moved has no spread to measure by.
          let whole = diagonal + floor
          factor[start + row] = whole > 0 && sum > 1e-6 * whole ? Float(sum.squareRoot()) : 0
        }
        other += column + 1
      }
      start += row + 1
    }
  }

  func save(to writer: inout StateWriter) {
    writer.write(Int64(seen))
    for count in counts { writer.write(count) }
    for flag in used { writer.write(flag) }
    writer.write(mean)
    writer.write(covariance)
    writer.write(factor)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    seen = Int(try reader.readCount("seen", in: 0...(1 << 53)))
    for index in counts.indices { counts[index] = try reader.read() }
    for index in used.indices { used[index] = try reader.readBool("signal in use") }
    mean = try reader.readFinites("mean", count: mean.count)
    covariance = try reader.readFloats("covariance", count: covariance.count)
    factor = try reader.readFloats("factor", count: factor.count)
  }
}
