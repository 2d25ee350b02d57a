import Glibc

/// SplitMix64 with the distributions that the tests need.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 7919 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) / 9_007_199_254_740_992 }

  mutating func normal() -> Double {
    (-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform())
  }

  mutating func exponential() -> Double { -log(uniform()) }

  /// Student's t with three degrees of freedom.
  mutating func heavy() -> Double {
    let square = { (value: Double) in value * value }
    return normal() / ((square(normal()) + square(normal()) + square(normal())) / 3).squareRoot()
  }
}
