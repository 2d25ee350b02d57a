import Glibc
import TimeSeries

/// Random numbers with the distributions that the tests need.
struct SeededGenerator: RandomNumberGenerator {
  private var bits: SplitMix64

  init(seed: UInt64) { bits = SplitMix64(seed: seed &* 7919 &+ 1) }

  mutating func next() -> UInt64 { bits.next() }

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
