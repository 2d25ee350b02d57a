/// Four single-precision numbers at a time: what the `auto` forecaster does for one expert it does for all of them.
typealias Lanes = SIMD4<Float>

extension SIMD4 where Scalar == Float {
  /// The numbers without their signs.
  @inline(__always)
  var magnitudes: Self { unsafeBitCast(unsafeBitCast(self, to: SIMD4<UInt32>.self) & 0x7FFF_FFFF, to: Self.self) }

  /// The lesser of each two numbers; the library's own function for this takes them one by one.
  @inline(__always)
  func lesser(_ other: Self) -> Self { replacing(with: other, where: other .< self) }

  /// The greater of each two numbers.
  @inline(__always)
  func greater(_ other: Self) -> Self { replacing(with: other, where: other .> self) }

  /// The logarithm to base 2 of each number, which must be positive and normal, to a ten-millionth of itself or of 1.
  ///
  /// By the series of the inverse hyperbolic tangent for a fraction between √½ and √2.
  @inline(__always)
  var binaryLogarithms: Self {
    let leastFraction: UInt32 = 0x3F35_04F3
    let shifted = unsafeBitCast(self, to: SIMD4<UInt32>.self) &- leastFraction
    let exponent = Self(unsafeBitCast(shifted, to: SIMD4<Int32>.self) &>> 23)
    let fraction = unsafeBitCast((shifted & 0x007F_FFFF) &+ leastFraction, to: Self.self)
    let ratio = (fraction - 1) / (fraction + 1)
    let square = ratio * ratio
    var series = square * 0.320_598_9 + 0.412_198_6
    series = series * square + 0.577_078
    series = series * square + 0.961_796_7
    series = series * square + 2.885_390_1
    return exponent + ratio * series
  }

  /// 2 to the power of each number, which must lie between -120 and 120, to a few ten-millionths of itself.
  @inline(__always)
  var binaryExponentials: Self {
    // Adding this rounds to a whole number, which then stands in the last bits.
    let rounding: Float = 12_582_912
    let shifted = self + rounding
    let rest = self - (shifted - rounding)
    // The series of e to the power of ln 2 · rest.
    var power = rest * 0.000_154_035_3 + 0.001_333_355_8
    power = power * rest + 0.009_618_129
    power = power * rest + 0.055_504_11
    power = power * rest + 0.240_226_5
    power = power * rest + 0.693_147_18
    power = power * rest + 1
    let exponent = unsafeBitCast(shifted, to: SIMD4<UInt32>.self) &<< 23
    return unsafeBitCast(unsafeBitCast(power, to: SIMD4<UInt32>.self) &+ exponent, to: Self.self)
  }
}
