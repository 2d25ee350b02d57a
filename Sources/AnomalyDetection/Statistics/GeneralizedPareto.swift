#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The generalised Pareto distribution of excesses over a high threshold.
///
/// Survival is (1 + ξ·y/σ)^(−1/ξ), or exp(−y/σ) at ξ = 0; ξ > 0 is a heavy tail, ξ < 0 a tail that ends at −σ/ξ.
/// By the theorem of Balkema, de Haan and Pickands it is the limit of the excesses of nearly any distribution.
public struct GeneralizedPareto: Sendable, Hashable {
  /// ξ.
  public var shape: Double
  /// σ, above zero.
  public var scale: Double

  public init(shape: Double, scale: Double) {
    self.shape = shape
    self.scale = scale
  }

  /// The distribution with this mean and variance, by the method of moments.
  ///
  /// ξ = ½(1 − mean²/variance), σ = ½·mean·(1 + mean²/variance) (J. R. M. Hosking, J. R. Wallis, "Parameter and
  /// Quantile Estimation for the Generalized Pareto Distribution", Technometrics 29 (3), 1987, section 2).
  public init(mean: Double, variance: Double) {
    let ratio = mean * mean / variance
    shape = 0.5 * (1 - ratio)
    scale = 0.5 * mean * (1 + ratio)
  }

  /// The natural logarithm of the probability that an excess is greater than `excess`.
  public func logSurvival(_ excess: Double) -> Double {
    if excess <= 0 { return 0 }
    if shape.magnitude < 1e-9 { return -excess / scale }
    let argument = shape * excess / scale
    return argument <= -1 ? -.infinity : -log1p(argument) / shape
  }

  /// The excess that is exceeded with the probability exp(`logProbability`).
  public func excess(atLogSurvival logProbability: Double) -> Double {
    if logProbability >= 0 { return 0 }
    if shape.magnitude < 1e-9 { return -logProbability * scale }
    return scale / shape * expm1(-shape * logProbability)
  }
}
