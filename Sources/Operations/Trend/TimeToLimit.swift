/// When a signal reaches a limit if it goes on as it does: seconds from now.
public struct TimeToLimit: Sendable, Hashable, Codable {
  /// As likely sooner as later.
  public var median: Double
  /// The ends of the 95% interval.
  public var lower: Double
  public var upper: Double
  /// How likely the trend lasts until then, 0 to 1.
  public var probability: Double

  public init(median: Double, lower: Double, upper: Double, probability: Double) {
    self.median = median
    self.lower = lower
    self.upper = upper
    self.probability = probability
  }

  /// How likely the limit is reached within `horizon` seconds.
  public func probability(within horizon: Double) -> Double {
    guard median > 0 else { return 1 }
    guard horizon > 0 else { return 0 }
    let spread = max(0.05, Gaussian.logSpread(lower, upper))
    return probability * Gaussian.cumulative((horizon / median).logarithm / spread)
  }
}

/// What is needed of the normal distribution.
enum Gaussian {
  /// The standard deviation of the logarithm whose 95% interval this is.
  static func logSpread(_ lower: Double, _ upper: Double) -> Double {
    lower > 0 && upper > lower ? (upper / lower).logarithm / 3.92 : 0
  }

  /// The standard normal distribution function.
  static func cumulative(_ z: Double) -> Double { 0.5 * complementaryError(-z / 2.0.squareRoot()) }
}
