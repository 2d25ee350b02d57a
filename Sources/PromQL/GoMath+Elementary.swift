#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

import TimeSeries

/// Exponentials, logarithms and hyperbolic functions as Go computes them on x86-64, bit for bit, so that results are
/// Prometheus's to the last digit. A system's library rounds other arguments the wrong way.
///
/// Sources: N. Shibata, Efficient evaluation methods of elementary functions suitable for SIMD computation (2010), for
/// the exponential; Hart and Cheney, Computer Approximations (1968), index 2029, for the hyperbolic sine; Cody and
/// Waite's rational approximation in S. Moshier's Cephes library (`tanh.c`); FreeBSD's msun (`s_log1p.c`,
/// `s_asinh.c`, `e_acosh.c`, `e_atanh.c`, `e_pow.c` for the special cases).
extension GoMath {
  private static let ln2 = 6.93147180559945286227e-01

  /// e to the power of `value`: a Taylor series for a sixteenth of the reduced argument, squared four times.
  static func exp(_ value: Double) -> Double {
    if value.isNaN || value == .infinity { return value }
    if value == -.infinity { return 0 }
    if value > 7.09782712893384e+02 { return .infinity }
    let scaled = value * 1.4426950408889634073599246810018920
    if scaled < -1100 { return 0 }
    let power = scaled.rounded(.toNearestOrEven)
    var x = value.addingProduct(-power, 0.69314718055966295651160180568695068359375)
    x = x.addingProduct(-power, 0.28235290563031577122588448175013436025525412068e-12)
    x *= 0.0625
    var sum = (1.9841269841269841270e-4).addingProduct(2.4801587301587301587e-5, x)
    sum = (1.3888888888888888889e-3).addingProduct(sum, x)
    sum = (8.3333333333333333333e-3).addingProduct(sum, x)
    sum = (4.1666666666666666667e-2).addingProduct(sum, x)
    sum = (1.6666666666666666667e-1).addingProduct(sum, x)
    sum = (0.5).addingProduct(sum, x)
    sum = (1.0).addingProduct(sum, x)
    // (1 + x)² - 1 = x (x + 2), four times over.
    x *= sum
    x *= x + 2
    x *= x + 2
    x *= x + 2
    x = (1.0).addingProduct(x, x + 2)
    let exponent = Int(power)
    if exponent > -1023 {
      return exponent >= 1024 ? .infinity : x * Double(sign: .plus, exponent: exponent, significand: 1)
    }
    if exponent + 1023 < -52 { return 0 }
    // What is too small for a normal number is scaled in two steps, so that it is rounded once.
    return x * Double(sign: .plus, exponent: exponent + 1022, significand: 1)
      * Double(sign: .plus, exponent: -1022, significand: 1)
  }

  /// The natural logarithm of 1 + `x`.
  static func log1p(_ x: Double) -> Double {
    if x < -1 || x.isNaN { return .nan }
    if x == -1 { return -.infinity }
    if x == .infinity { return x }
    let ln2High = 6.93147180369123816490e-01
    let ln2Low = 1.90821492927058770002e-10
    let size = abs(x)
    var exponent = 1
    var f = 0.0
    var mantissa: UInt64 = 1
    if size < 4.142135623730950488017e-01 {
      if size < 0x1p-29 { return size < 0x1p-54 ? x : x - x * x * 0.5 }
      if x > -2.928932188134524755992e-01 {
        exponent = 0
        f = x
      }
    }
    // What rounding 1 + x lost, relative to it.
    var lost = 0.0
    if exponent != 0 {
      let sum = size < 0x1p53 ? 1 + x : x
      exponent = Int(sum.bitPattern >> 52) - 1023
      if size < 0x1p53 { lost = (exponent > 0 ? 1 - (sum - x) : x - (sum - 1)) / sum }
      mantissa = sum.bitPattern & 0x000f_ffff_ffff_ffff
      let reduced: Double
      if mantissa < 0x0006_a09e_667f_3bcd {
        reduced = Double(bitPattern: mantissa | 0x3ff0_0000_0000_0000)
      } else {
        exponent += 1
        reduced = Double(bitPattern: mantissa | 0x3fe0_0000_0000_0000)
        mantissa = (0x0010_0000_0000_0000 - mantissa) >> 2
      }
      f = reduced - 1
    }
    let k = Double(exponent)
    let half = 0.5 * f * f
    if mantissa == 0 {
      if f == 0 { return exponent == 0 ? 0 : k * ln2High + (lost + k * ln2Low) }
      let rest = half * (1 - 0.66666666666666666 * f)
      return exponent == 0 ? f - rest : k * ln2High - ((rest - (k * ln2Low + lost)) - f)
    }
    let s = f / (2 + f)
    let z = s * s
    let high =
      2.222219843214978396e-01 + z
      * (1.818357216161805012e-01 + z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01))
    let rest =
      z * (6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * high)))
    if exponent == 0 { return f - (half - s * (half + rest)) }
    return k * ln2High - ((half - (s * (half + rest) + (k * ln2Low + lost))) - f)
  }

  // MARK: Hyperbolic functions

  static func sinh(_ value: Double) -> Double {
    let x = abs(value)
    let result: Double
    if x > 21 {
      result = exp(x) / 2
    } else if x > 0.5 {
      let power = exp(x)
      result = (power - 1 / power) * 0.5
    } else {
      let square = x * x
      let numerator =
        (((-0.2630563213397497062819489e+2 * square - 0.2894211355989563807284660366e+4) * square
          - 0.8991272022039509355398013511e+5) * square - 0.6307673640497716991184787251e+6) * x
      result =
        numerator
        / (((square - 0.173678953558233699533450911e+3) * square + 0.1521517378790019070696485176e+5) * square
          - 0.6307673640497716991212077277e+6)
    }
    // Zero keeps its sign.
    return value.sign == .minus ? -result : result
  }

  static func cosh(_ value: Double) -> Double {
    let power = exp(abs(value))
    return abs(value) > 21 ? power / 2 : (power + 1 / power) * 0.5
  }

  static func tanh(_ x: Double) -> Double {
    let size = abs(x)
    if size > 0.5 * 8.8029691931113054295988e+01 { return x < 0 ? -1 : 1 }
    if size >= 0.625 {
      let result = 1 - 2 / (exp(2 * size) + 1)
      return x < 0 ? -result : result
    }
    if x == 0 || x.isNaN { return x }
    let s = x * x
    let numerator =
      (-9.64399179425052238628E-1 * s - 9.92877231001918586564E1) * s - 1.61468768441708447952E3
    let denominator =
      ((s + 1.12811678491632931402E2) * s + 2.23548839060100448583E3) * s + 4.84406305325125486048E3
    return x + x * s * numerator / denominator
  }

  static func asinh(_ value: Double) -> Double {
    if !value.isFinite { return value }
    let x = abs(value)
    let result: Double
    if x > 0x1p28 {
      result = BinaryLogarithm.naturalLogarithm(x) + ln2
    } else if x > 2 {
      result = BinaryLogarithm.naturalLogarithm(2 * x + 1 / ((x * x + 1).squareRoot() + x))
    } else if x < 0x1p-28 {
      result = x
    } else {
      result = log1p(x + x * x / (1 + (1 + x * x).squareRoot()))
    }
    return value.sign == .minus ? -result : result
  }

  static func acosh(_ x: Double) -> Double {
    if !(x >= 1) { return .nan }
    if x == 1 { return 0 }
    if x >= 0x1p28 { return BinaryLogarithm.naturalLogarithm(x) + ln2 }
    if x > 2 { return BinaryLogarithm.naturalLogarithm(2 * x - 1 / (x + (x * x - 1).squareRoot())) }
    let t = x - 1
    return log1p(t + (2 * t + t * t).squareRoot())
  }

  static func atanh(_ value: Double) -> Double {
    let x = abs(value)
    if !(x <= 1) { return .nan }
    let result: Double
    if x == 1 {
      result = .infinity
    } else if x < 0x1p-28 {
      result = x
    } else if x < 0.5 {
      result = 0.5 * log1p(x + x + (x + x) * x / (1 - x))
    } else {
      result = 0.5 * log1p((x + x) / (1 - x))
    }
    return value.sign == .minus ? -result : result
  }

  // MARK: Powers

  /// `base` to the power of `exponent`: the whole part by repeated squaring of the significand, the rest by the
  /// exponential.
  static func pow(_ base: Double, _ exponent: Double) -> Double {
    if let special = specialPower(base, exponent) { return special }
    var whole = abs(exponent).rounded(.towardZero)
    var rest = abs(exponent) - whole
    if rest != 0 && base < 0 { return .nan }
    if whole >= 0x1p63 {
      if base == -1 { return 1 }
      return (abs(base) < 1) == (exponent > 0) ? 0 : .infinity
    }
    var significand = 1.0
    var power = 0
    if rest != 0 {
      if rest > 0.5 {
        rest -= 1
        whole += 1
      }
      significand = exp(rest * BinaryLogarithm.naturalLogarithm(base))
    }
    var square = base.significand / 2
    if base < 0 { square = -square }
    var squarePower = Int(base.exponent) + 1
    var bits = Int64(whole)
    while bits != 0 {
      if squarePower < -4096 || squarePower > 4096 {
        power += squarePower
        break
      }
      if bits & 1 == 1 {
        significand *= square
        power += squarePower
      }
      square *= square
      squarePower <<= 1
      if square < 0.5 {
        square += square
        squarePower -= 1
      }
      bits >>= 1
    }
    if exponent < 0 {
      significand = 1 / significand
      power = -power
    }
    return scale(significand, by: power)
  }

  private static func specialPower(_ base: Double, _ exponent: Double) -> Double? {
    if exponent == 0 || base == 1 { return 1 }
    if exponent == 1 { return base }
    if base.isNaN || exponent.isNaN { return .nan }
    let isOdd = abs(exponent) < 0x1p53 && abs(exponent.remainder(dividingBy: 2)) == 1
    if base == 0 {
      let size = exponent < 0 ? Double.infinity : 0
      return isOdd && base.sign == .minus ? -size : size
    }
    if exponent.isInfinite {
      if base == -1 { return 1 }
      return (abs(base) < 1) == (exponent > 0) ? 0 : .infinity
    }
    if base.isInfinite {
      let size = exponent < 0 ? 0 : Double.infinity
      return isOdd && base < 0 ? -size : size
    }
    if exponent == 0.5 { return base.squareRoot() }
    if exponent == -0.5 { return 1 / base.squareRoot() }
    return nil
  }

  /// `value` times a power of two, rounded once where the result is not normal.
  private static func scale(_ value: Double, by power: Int) -> Double {
    if value == 0 || !value.isFinite { return value }
    let exponent = Int(value.exponent) + power
    if exponent < -1075 { return value < 0 ? -0.0 : 0 }
    if exponent > 1023 { return value < 0 ? -.infinity : .infinity }
    let significand = value < 0 ? -value.significand : value.significand
    if exponent >= -1022 { return Double(sign: .plus, exponent: exponent, significand: significand) }
    return Double(sign: .plus, exponent: exponent + 53, significand: significand) * 0x1p-53
  }
}
