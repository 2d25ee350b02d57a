/// The logarithm and power of two as Go computes them, bit for bit, so that interpolated quantiles are Prometheus's to
/// the last digit. The algorithms and their coefficients are those of FreeBSD's msun (`e_log.c`, `e_exp.c`).
public enum BinaryLogarithm {
  private static let ln2High = 6.93147180369123816490e-01
  private static let ln2Low = 1.90821492927058770002e-10
  private static let ln2 = 0.693147180559945309417232121458176568

  /// log2(`value`).
  public static func log2(_ value: Double) -> Double {
    guard value > 0, value < .infinity else { return value == 0 ? -.infinity : value > 0 ? value : .nan }
    // A fraction from one half up to one.
    let fraction = value.significand / 2
    let exponent = Double(value.exponent + 1)
    if fraction == 0.5 { return exponent - 1 }
    return log(fraction) * (1 / ln2) + exponent
  }

  /// log10(`value`).
  public static func log10(_ value: Double) -> Double {
    // The constant is 1 / ln 10.
    naturalLogarithm(value) * 0.43429448190325182765
  }

  /// The natural logarithm; -Inf of zero, NaN of what is negative.
  public static func naturalLogarithm(_ value: Double) -> Double {
    guard value > 0, value < .infinity else { return value == 0 ? -.infinity : value > 0 ? value : .nan }
    return log(value)
  }

  /// The natural logarithm of a positive finite number.
  public static func log(_ value: Double) -> Double {
    var fraction = value.significand / 2
    var exponent = Double(value.exponent + 1)
    if fraction < 0.70710678118654752440 {
      fraction *= 2
      exponent -= 1
    }
    let f = fraction - 1
    let s = f / (2 + f)
    let s2 = s * s
    let s4 = s2 * s2
    let odd =
      s2
      * (6.666666666666735130e-01 + s4
        * (2.857142874366239149e-01 + s4 * (1.818357216161805012e-01 + s4 * 1.479819860511658591e-01)))
    let even =
      s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01))
    let rest = odd + even
    let half = 0.5 * f * f
    return exponent * ln2High - ((half - (s * (half + rest) + exponent * ln2Low)) - f)
  }

  /// 2 to the power of `value`.
  public static func exp2(_ value: Double) -> Double {
    if value.isNaN || value == .infinity { return value }
    if value == -.infinity || value < -1.0740e+03 { return 0 }
    if value > 1.0239999999999999e+03 { return .infinity }
    let whole = (value + (value > 0 ? 0.5 : value < 0 ? -0.5 : 0)).rounded(.towardZero)
    let rest = value - whole
    let high = rest * ln2High
    let low = -rest * ln2Low
    let r = high - low
    let t = r * r
    let c =
      r - t
      * (1.66666666666666657415e-01 + t
        * (-2.77777777770155933842e-03 + t
          * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))))
    let y = 1 - ((low - (r * c) / (2 - c)) - high)
    return Double(sign: .plus, exponent: Int(whole), significand: y)
  }
}
