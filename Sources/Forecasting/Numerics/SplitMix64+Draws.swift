import TimeSeries

extension SplitMix64 {
  /// An index of a collection that has `count` > 0 elements.
  mutating func index(below count: Int) -> Int { min(count - 1, Int(uniform() * Double(count))) }

  /// A standard normal number (G. E. P. Box and M. E. Muller, 1958).
  mutating func normal() -> Double { NormalDistribution.quantile(max(1e-12, uniform())) }
}
