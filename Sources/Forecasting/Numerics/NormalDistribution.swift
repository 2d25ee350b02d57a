#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The standard normal distribution.
public enum NormalDistribution {
  /// The value that a standard normal variable stays below with probability `p`; ±8.3 at the ends.
  ///
  /// Rational approximation with relative error below 1.15e-9: P. J. Acklam, "An algorithm for computing the inverse
  /// normal cumulative distribution function" (2003).
  public static func quantile(_ p: Double) -> Double {
    guard p > 1e-16 else { return -8.3 }
    guard p < 1 - 1e-16 else { return 8.3 }
    if p < 0.02425 { return tail((-2 * log(p)).squareRoot()) }
    if p > 1 - 0.02425 { return -tail((-2 * log(1 - p)).squareRoot()) }
    let q = p - 0.5
    let r = q * q
    let numerator =
      ((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r
        + 1.383577518672690e+02) * r - 3.066479806614716e+01) * r + 2.506628277459239e+00
    let denominator =
      ((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r
        + 6.680131188771972e+01) * r - 1.328068155288572e+01) * r + 1
    return numerator * q / denominator
  }

  private static func tail(_ q: Double) -> Double {
    let numerator =
      ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) * q
        - 2.549732539343734e+00) * q + 4.374664141464968e+00) * q + 2.938163982698783e+00
    let denominator =
      (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q
        + 3.754408661907416e+00) * q + 1
    return numerator / denominator
  }

  /// The probability that a standard normal variable stays below `z`.
  static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }
}
