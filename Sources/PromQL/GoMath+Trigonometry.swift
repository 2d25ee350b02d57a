/// Trigonometric functions as Go computes them, bit for bit.
///
/// Sources: S. Moshier's Cephes library (`sin.c`, `tan.c`, `atan.c`); for large arguments Payne and Hanek's reduction
/// as in K. C. Ng, Argument reduction for huge arguments: good to the last bit (1992).
extension GoMath {
  /// An angle in eighths of a turn, odd ones rounded up to even, and what is left of it in radians.
  private struct ReducedAngle {
    /// From 0 through 7.
    var octant: UInt64
    var rest: Double

    /// - Parameter angle: finite, not negative.
    init(_ angle: Double) {
      if angle >= 0x1p29 {
        (octant, rest) = Self.reduced(large: angle)
        return
      }
      octant = UInt64(angle * 1.27323954473516268615)
      octant += octant & 1
      let eighths = Double(octant)
      octant &= 7
      // A quarter of π in three parts, of which the products with a whole number below 2^30 are exact.
      rest =
        ((angle - eighths * 7.85398125648498535156e-1) - eighths * 3.77489470793079817668e-8)
        - eighths * 2.69515142907905952645e-15
    }

    private static func reduced(large angle: Double) -> (octant: UInt64, rest: Double) {
      let bits = angle.bitPattern
      let exponent = Int(bits >> 52) - 1075
      let mantissa = bits & 0x000f_ffff_ffff_ffff | 0x0010_0000_0000_0000
      let digit = (exponent + 61) / 64
      let shift = UInt64((exponent + 61) % 64)
      func word(_ index: Int) -> UInt64 {
        let (first, second) = (fourOverPi[index], fourOverPi[index + 1])
        return shift == 0 ? first : first << shift | second >> (64 - shift)
      }
      let third = word(digit + 2).multipliedFullWidth(by: mantissa).high
      let second = word(digit + 1).multipliedFullWidth(by: mantissa)
      let (low, carry) = second.low.addingReportingOverflow(third)
      var high = word(digit) &* mantissa &+ second.high &+ (carry ? 1 : 0)
      var octant = high >> 61
      high = high << 3 | low >> 61
      let zeros = UInt64(high.leadingZeroBitCount)
      let shifted = (zeros + 1 < 64 ? high << (zeros + 1) : 0) | low >> (64 - (zeros + 1))
      var rest = Double(bitPattern: shifted >> 12 | (1023 - (zeros + 1)) << 52)
      if octant & 1 == 1 {
        octant = (octant + 1) & 7
        rest -= 1
      }
      return (octant, rest * (Double.pi / 4))
    }

    /// The binary digits of 4 / π, the first word whole.
    private static let fourOverPi: [UInt64] = [
      0x0000_0000_0000_0001, 0x45f3_06dc_9c88_2a53, 0xf84e_afa3_ea69_bb81, 0xb6c5_2b32_7887_2083,
      0xfca2_c757_bd77_8ac3, 0x6e48_dc74_849b_a5c0, 0x0c92_5dd4_13a3_2439, 0xfc3b_d639_6253_4e7d,
      0xd104_6bea_5d76_8909, 0xd338_e04d_68be_fc82, 0x7323_ac73_06a6_73e9, 0x3908_bf17_7bf2_5076,
      0x3ff1_2fff_bc0b_301f, 0xde5e_2316_b414_da3e, 0xda6c_fd9e_4f96_136e, 0x9e8c_7ecd_3cbf_d45a,
      0xea4f_758f_d7cb_e2f6, 0x7a0e_73ef_14a5_25d4, 0xd7f6_bf62_3f1a_ba10, 0xac06_608d_f8f6_d757,
    ]
  }

  /// The sine of an angle up to an eighth of a turn.
  private static func sineKernel(_ z: Double) -> Double {
    let s = z * z
    let sum =
      ((((1.58962301576546568060e-10 * s - 2.50507477628578072866e-8) * s + 2.75573136213857245213e-6) * s
        - 1.98412698295895385996e-4) * s + 8.33333333332211858878e-3) * s - 1.66666666666666307295e-1
    return z + z * s * sum
  }

  /// The cosine of an angle up to an eighth of a turn.
  private static func cosineKernel(_ z: Double) -> Double {
    let s = z * z
    let sum =
      ((((-1.13585365213876817300e-11 * s + 2.08757008419747316778e-9) * s - 2.75573141792967388112e-7) * s
        + 2.48015872888517045348e-5) * s - 1.38888888888730564116e-3) * s + 4.16666666666665929218e-2
    return 1 - 0.5 * s + s * s * sum
  }

  static func sin(_ angle: Double) -> Double {
    if angle == 0 { return angle }
    if !angle.isFinite { return .nan }
    let reduced = ReducedAngle(abs(angle))
    let octant = reduced.octant & 3
    let result = octant == 2 ? cosineKernel(reduced.rest) : sineKernel(reduced.rest)
    return (reduced.octant > 3) != (angle < 0) ? -result : result
  }

  static func cos(_ angle: Double) -> Double {
    if !angle.isFinite { return .nan }
    let reduced = ReducedAngle(abs(angle))
    let octant = reduced.octant & 3
    let result = octant == 2 ? sineKernel(reduced.rest) : cosineKernel(reduced.rest)
    return (reduced.octant > 3) != (octant > 1) ? -result : result
  }

  static func tan(_ angle: Double) -> Double {
    if angle == 0 { return angle }
    if !angle.isFinite { return .nan }
    let reduced = ReducedAngle(abs(angle))
    let z = reduced.rest
    let s = z * z
    var result = z
    if s > 1e-14 {
      let numerator =
        s * ((-1.30936939181383777646e4 * s + 1.15351664838587416140e6) * s - 1.79565251976484877988e7)
      let denominator =
        (((s + 1.36812963470692954678e4) * s - 1.32089234440210967447e6) * s + 2.50083801823357915839e7) * s
        - 5.38695755929454629881e7
      result = z + z * (numerator / denominator)
    }
    if reduced.octant & 2 == 2 { result = -1 / result }
    return angle < 0 ? -result : result
  }

  // MARK: Inverses

  /// The arc tangent of a number that is not negative.
  private static func arcTangent(_ x: Double) -> Double {
    func kernel(_ x: Double) -> Double {
      let s = x * x
      let numerator =
        (((-8.750608600031904122785e-01 * s - 1.615753718733365076637e+01) * s - 7.500855792314704667340e+01) * s
          - 1.228866684490136173410e+02) * s - 6.485021904942025371773e+01
      let denominator =
        ((((s + 2.485846490142306297962e+01) * s + 1.650270098316988542046e+02) * s + 4.328810604912902668951e+02) * s
          + 4.853903996359136964868e+02) * s + 1.945506571482613964425e+02
      return x * (s * numerator / denominator) + x
    }
    if x <= 0.66 { return kernel(x) }
    // What the nearest number to a right angle lacks.
    let missing = 6.123233995736765886130e-17
    // Beyond the tangent of three eighths of π.
    if x > 2.41421356237309504880 { return Double.pi / 2 - kernel(1 / x) + missing }
    return Double.pi / 4 + kernel((x - 1) / (x + 1)) + 0.5 * missing
  }

  static func atan(_ x: Double) -> Double {
    if x == 0 { return x }
    return x > 0 ? arcTangent(x) : -arcTangent(-x)
  }

  static func asin(_ value: Double) -> Double {
    if value == 0 { return value }
    let x = abs(value)
    if !(x <= 1) { return .nan }
    let cosine = (1 - x * x).squareRoot()
    let result = x > 0.7 ? Double.pi / 2 - arcTangent(cosine / x) : arcTangent(x / cosine)
    return value < 0 ? -result : result
  }

  static func acos(_ x: Double) -> Double { Double.pi / 2 - asin(x) }

  /// The angle of the point (x, y).
  static func atan2(_ y: Double, _ x: Double) -> Double {
    if y.isNaN || x.isNaN { return .nan }
    func signed(_ angle: Double) -> Double { y.sign == .minus ? -angle : angle }
    if y == 0 { return signed(x.sign == .plus ? 0 : .pi) }
    if x == 0 { return signed(.pi / 2) }
    if x.isInfinite {
      if y.isInfinite { return signed(x > 0 ? .pi / 4 : 2.35619449019234492885) }
      return signed(x > 0 ? 0 : .pi)
    }
    if y.isInfinite { return signed(.pi / 2) }
    let angle = atan(y / x)
    if x > 0 { return angle }
    return angle <= 0 ? angle + .pi : angle - .pi
  }
}
