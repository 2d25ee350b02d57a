import CLBFGS

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
/// S. J. Taylor and B. Letham, "Forecasting at Scale" (2018), section 3. The Laplace prior makes most trend changes
/// exactly zero under OWL-QN (G. Andrew and J. Gao, "Scalable training of L1-regularized log-linear models", 2007).
final class ProphetFit {
  /// Values scaled to at most 1 in magnitude.
  private let values: [Double]
  /// 0 at the start of the history, 1 at its end, ascending.
  private let times: [Double]
  /// Column by column.
  private let features: [Double]
  private let featureScales: [Double]
  private let changepoints: [Double]
  private let settings: ProphetSettings

  private var trend: [Double]
  private var effects: [Double]
  private var derivatives: [Double]
  private var effectDerivatives: [Double]

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
    self.features = features
    self.featureScales = featureScales
    self.changepoints = changepoints
    self.settings = settings
    trend = [Double](repeating: 0, count: values.count)
    effects = trend
    derivatives = trend
    effectDerivatives = trend
  }

  /// Finds the most probable parameters.
  ///
  /// - Complexity: O(values × (features + 2)) for each of at most 200 iterations.
  func solve() -> Solution {
    let (first, last) = (values[0], values[values.count - 1])
    let width = featureScales.count
    var parameters = [Double](repeating: 0, count: 3 + width + changepoints.count)
    parameters[0] = last - first
    parameters[1] = first
    var spread = 0.0
    for index in values.indices {
      let miss = values[index] - first - (last - first) * times[index]
      spread += miss * miss
    }
    parameters[2] = log(max(1e-4, (spread / Double(values.count)).squareRoot()))
    var settings = lbfgs_parameter_t()
    lbfgs_parameter_init(&settings)
    settings.max_iterations = 200
    settings.epsilon = 1e-5
    settings.past = 4
    settings.delta = 1e-8
    if !changepoints.isEmpty, self.settings.changepointPriorScale > 0 {
      settings.linesearch = Int32(LBFGS_LINESEARCH_BACKTRACKING)
      settings.orthantwise_c = 1 / self.settings.changepointPriorScale
      settings.orthantwise_start = Int32(3 + width)
      settings.orthantwise_end = Int32(parameters.count)
    }
    let start = parameters
    var loss = 0.0
    let count = Int32(parameters.count)
    let status = parameters.withUnsafeMutableBufferPointer { buffer in
      lbfgs(
        count, buffer.baseAddress, &loss,
        { context, point, gradient, _, _ in
          guard let context, let point, let gradient else { return .infinity }
          return Unmanaged<ProphetFit>.fromOpaque(context).takeUnretainedValue().loss(at: point, gradient: gradient)
        }, nil, Unmanaged.passUnretained(self).toOpaque(), &settings)
    }
    // A search that ends early leaves its best point; only one that left the numbers is not used.
    if status == Int32(LBFGSERR_OUTOFMEMORY) || !parameters.allSatisfy(\.isFinite) { parameters = start }
    return Solution(
      trend: PiecewiseTrend(
        slope: parameters[0], offset: parameters[1], changes: Array(parameters[(3 + width)...]),
        changepoints: changepoints),
      effects: Array(parameters[3..<3 + width]), deviation: exp(parameters[2]))
  }

  /// The negative logarithm of the posterior, without the Laplace prior, and its gradient.
  private func loss(at point: UnsafePointer<Double>, gradient: UnsafeMutablePointer<Double>) -> Double {
    let count = values.count
    let width = featureScales.count
    let deviation = exp(point[2])
    guard deviation > 1e-9, deviation < 1e9 else { return .infinity }
    let precision = 1 / (deviation * deviation)
    PiecewiseTrend.evaluate(
      slope: point[0], offset: point[1], changes: point + 3 + width, changepoints: changepoints, times: times,
      into: &trend)
    evaluateEffects(point + 3)
    let isMultiplicative = settings.mode == .multiplicative
    var squares = 0.0
    for index in 0..<count {
      let effect = effects[index]
      let expected = isMultiplicative ? trend[index] * (1 + effect) : trend[index] + effect
      let miss = expected - values[index]
      squares += miss * miss
      let derivative = miss * precision
      derivatives[index] = isMultiplicative ? derivative * (1 + effect) : derivative
      effectDerivatives[index] = isMultiplicative ? derivative * trend[index] : derivative
    }
    for index in 0..<3 + width + changepoints.count { gradient[index] = 0 }
    for index in 0..<count {
      gradient[0] += derivatives[index] * times[index]
      gradient[1] += derivatives[index]
    }
    PiecewiseTrend.addGradient(
      derivatives: derivatives, times: times, changepoints: changepoints, to: gradient + 3 + width)
    // The library's rule for ending compares losses as ratios, which only positive ones allow: hence the constant.
    var loss = 0.5 * squares * precision + Double(count) * (point[2] + 25)
    gradient[2] = Double(count) - squares * precision
    // The priors: slope and offset N(0, 5), deviation half-normal(0.5), effects N(0, their scale).
    loss += (point[0] * point[0] + point[1] * point[1]) / 50 + 2 * deviation * deviation
    gradient[0] += point[0] / 25
    gradient[1] += point[1] / 25
    gradient[2] += 4 * deviation * deviation
    features.withUnsafeBufferPointer { features in
      effectDerivatives.withUnsafeBufferPointer { derivatives in
        for column in 0..<width {
          let inverse = 1 / (featureScales[column] * featureScales[column])
          let effect = point[3 + column]
          loss += 0.5 * effect * effect * inverse
          gradient[3 + column] =
            effect * inverse
            + dotProduct(
              UnsafeBufferPointer(rebasing: features[(column * count)..<((column + 1) * count)]), derivatives)
        }
      }
    }
    return loss
  }

  private func evaluateEffects(_ coefficients: UnsafePointer<Double>) {
    let count = values.count
    features.withUnsafeBufferPointer { features in
      effects.withUnsafeMutableBufferPointer { effects in
        effects.update(repeating: 0)
        for column in featureScales.indices {
          let coefficient = coefficients[column]
          let base = column * count
          for index in 0..<count { effects[index] += coefficient * features[base + index] }
        }
      }
    }
  }
}

/// The sum of the products of two runs of the same length.
func dotProduct(_ left: UnsafeBufferPointer<Double>, _ right: UnsafeBufferPointer<Double>) -> Double {
  var sums = SIMD4<Double>.zero
  var index = 0
  let end = min(left.count, right.count)
  while index + 4 <= end {
    let first = SIMD4(left[index], left[index + 1], left[index + 2], left[index + 3])
    let second = SIMD4(right[index], right[index + 1], right[index + 2], right[index + 3])
    sums += first * second
    index += 4
  }
  var sum = sums.sum()
  while index < end {
    sum += left[index] * right[index]
    index += 1
  }
  return sum
}
