import CNeural

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a Prophet-style model is to be fitted.
public struct ProphetSettings: Sendable, Equatable {
  /// Whether seasonal effects are added to the trend or scale it.
  public enum Mode: UInt8, Sendable {
    case additive = 0
    case multiplicative = 1
  }

  public var mode = Mode.additive
  /// How readily the trend bends: the scale of the Laplace prior on its changes.
  public var changepointPriorScale = 0.05
  /// How large seasonal effects may be: the standard deviation of their normal prior.
  public var seasonalityPriorScale = 10.0
  /// The same for the effects of events.
  public var holidaysPriorScale = 10.0
  /// The number of moments, evenly spaced, at which the trend may bend.
  public var changepointCount = 25
  /// The first share of the history in which it may.
  public var changepointRange = 0.8
  /// The rhythms; nil for those that the history can show.
  public var seasonalities: [Seasonality]?

  public init() {}
}

/// The regression behind `ProphetForecaster`: its features, its posterior and the parameters that maximise it.
///
/// S. J. Taylor and B. Letham, "Forecasting at Scale" (2018), section 3. The Laplace prior makes most trend changes exactly
/// zero. The ramps of neighbouring changepoints are so alike that a search along gradients stops far from the maximum;
/// here each step solves the regression exactly, and the noise follows from what is left. A multiplicative model is made
/// linear around the newest parameters, step by step (Gauss and Newton's method).
struct ProphetFit {
  /// Values scaled to at most 1 in magnitude.
  private let values: [Double]
  /// 0 at the start of the history, 1 at its end, ascending.
  private let times: [Double]
  /// Column by column: time, one, a ramp from each changepoint on, and the features.
  private let columns: [Double]
  private let changepoints: [Double]
  /// The inverse variances of the priors, zero where the prior is Laplace's.
  private let precisions: [Double]
  private let settings: ProphetSettings

  private var rows: Int { values.count }
  private var width: Int { precisions.count }
  /// The columns that make the trend.
  private var trendWidth: Int { 2 + changepoints.count }
  private var sparse: Range<Int> { 2..<trendWidth }

  /// What the fit found.
  struct Solution: Sendable, Equatable {
    var trend = PiecewiseTrend()
    var effects: [Double] = []
    /// The standard deviation of what is left.
    var deviation = 0.1
  }

  /// - Parameters:
  ///   - features: column by column, as many rows as values.
  ///   - featureScales: the standard deviation of the prior of each column's effect.
  init(
    values: [Double], times: [Double], features: [Double], featureScales: [Double], changepoints: [Double],
    settings: ProphetSettings
  ) {
    self.values = values
    self.times = times
    self.changepoints = changepoints
    self.settings = settings
    var columns = times + [Double](repeating: 1, count: times.count)
    for changepoint in changepoints { columns += times.map { max(0, $0 - changepoint) } }
    self.columns = columns + features
    // Slope and offset are N(0, 5), effects N(0, their scale).
    precisions = [1.0 / 25, 1.0 / 25] + changepoints.map { _ in 0 } + featureScales.map { 1 / ($0 * $0) }
  }

  /// Finds the most probable parameters.
  ///
  /// - Complexity: O(values × columns²), for a multiplicative model in each of at most 30 steps.
  func solve() -> Solution {
    var point = [Double](repeating: 0, count: width)
    var deviation = 1.0
    guard settings.mode == .multiplicative else {
      improve(&point, &deviation, linear: columns, targets: values, rounds: 60)
      return solution(point, deviation)
    }
    var best = loss(point, deviation)
    for _ in 0..<30 {
      let (trend, effects) = parts(point)
      var scaled = columns
      for column in 0..<width {
        let factors = column < trendWidth ? effects.map { 1 + $0 } : trend
        for row in 0..<rows { scaled[column * rows + row] *= factors[row] }
      }
      let targets = (0..<rows).map { values[$0] + trend[$0] * effects[$0] }
      var next = point
      var spread = deviation
      // The next step goes on with the noise.
      improve(&next, &spread, linear: scaled, targets: targets, rounds: 2)
      // As far towards the solution of the linear problem as the true one gets better.
      var share = 1.0
      var better: (point: [Double], deviation: Double, loss: Double)?
      while better == nil, share > 1e-3 {
        let tried = zip(point, next).map { $0 + share * ($1 - $0) }
        let left = self.deviation(of: tried)
        let loss = loss(tried, left)
        if loss < best { better = (tried, left, loss) }
        share /= 2
      }
      guard let better else { break }
      let gain = best - better.loss
      (point, deviation, best) = better
      // In units of log likelihood: far below what the data can tell.
      if gain < 0.01 { break }
    }
    return solution(point, deviation)
  }

  private func solution(_ point: [Double], _ deviation: Double) -> Solution {
    Solution(
      trend: PiecewiseTrend(
        slope: point[0], offset: point[1], changes: Array(point[sparse]), changepoints: changepoints),
      effects: Array(point[trendWidth...]), deviation: deviation)
  }

  /// Finds the most probable parameters and noise where the model is linear in them, one after the other at most so many times.
  private func improve(
    _ point: inout [Double], _ deviation: inout Double, linear: [Double], targets: [Double], rounds: Int
  ) {
    var products = [Double](repeating: 0, count: width * width)
    var slopes = [Double](repeating: 0, count: width)
    var square = 0.0
    linear.withUnsafeBufferPointer { linear in
      func column(_ index: Int) -> UnsafeBufferPointer<Double> {
        UnsafeBufferPointer(rebasing: linear[(index * rows)..<((index + 1) * rows)])
      }
      targets.withUnsafeBufferPointer { targets in
        square = dotProduct(targets, targets)
        for row in 0..<width {
          slopes[row] = dotProduct(column(row), targets)
          for other in 0...row {
            let product = dotProduct(column(row), column(other))
            products[row * width + other] = product
            products[other * width + row] = product
          }
        }
      }
    }
    for _ in 0..<rounds {
      var curvature = products
      let variance = deviation * deviation
      for index in 0..<width {
        // A trace more than the prior, so that columns that are alike have one solution.
        let own = index * width + index
        curvature[own] += variance * precisions[index] + 1e-10 * products[own] + 1e-12
      }
      point = SparseQuadratic(
        curvature: curvature, slopes: slopes, price: variance / settings.changepointPriorScale, sparse: sparse
      ).minimum(from: point)
      var squares = square
      for row in 0..<width {
        var sum = -2 * slopes[row]
        for column in 0..<width { sum += products[row * width + column] * point[column] }
        squares += point[row] * sum
      }
      let next = Self.deviation(squares: squares, count: rows)
      let isThrough = abs(next - deviation) < 1e-7 * deviation
      deviation = next
      if isThrough { break }
    }
  }

  /// The most probable noise when so much is left, under its half-normal prior of 0.5.
  private static func deviation(squares: Double, count: Int) -> Double {
    let count = Double(count)
    let squares = max(0, squares)
    return max(1e-6, (2 * squares / (count + (count * count + 16 * squares).squareRoot())).squareRoot())
  }

  private func parts(_ point: [Double]) -> (trend: [Double], effects: [Double]) {
    var trend = [Double](repeating: 0, count: rows)
    var effects = trend
    for column in 0..<width where point[column] != 0 {
      for row in 0..<rows {
        let share = point[column] * columns[column * rows + row]
        if column < trendWidth { trend[row] += share } else { effects[row] += share }
      }
    }
    return (trend, effects)
  }

  private func squares(_ point: [Double]) -> Double {
    let (trend, effects) = parts(point)
    var sum = 0.0
    for row in 0..<rows {
      let miss = values[row] - trend[row] * (1 + effects[row])
      sum += miss * miss
    }
    return sum
  }

  private func deviation(of point: [Double]) -> Double { Self.deviation(squares: squares(point), count: rows) }

  /// The negative logarithm of the posterior of a multiplicative model.
  private func loss(_ point: [Double], _ deviation: Double) -> Double {
    var loss = squares(point) / (2 * deviation * deviation) + Double(rows) * log(deviation) + 2 * deviation * deviation
    for index in 0..<width { loss += 0.5 * precisions[index] * point[index] * point[index] }
    for index in sparse { loss += abs(point[index]) / settings.changepointPriorScale }
    return loss
  }
}

/// The sum of the products of two runs of the same length.
func dotProduct(_ left: UnsafeBufferPointer<Double>, _ right: UnsafeBufferPointer<Double>) -> Double {
  guard let first = left.baseAddress, let second = right.baseAddress else { return 0 }
  return neural_dot(min(left.count, right.count), first, second)
}
