import Foundation
import TimeSeries

extension SplitMix64 {
  /// A normally distributed number (Box and Muller 1958).
  public mutating func normal(mean: Double = 0, deviation: Double = 1) -> Double {
    // 1 - uniform() is never 0, so the logarithm is finite.
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return mean + deviation * radius * cos(2 * .pi * uniform())
  }

  /// Whether an event of this probability happens.
  public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }
}
