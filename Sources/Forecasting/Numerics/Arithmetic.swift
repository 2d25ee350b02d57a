#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `base` to the power of `exponent`.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// 2 to the power of `exponent`.
func exponential2(_ exponent: Double) -> Double { exp2(exponent) }

/// The logarithm to base 2.
func binaryLogarithm(_ value: Double) -> Double { log2(value) }

/// The natural logarithm.
func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// 0.5 to the power of `halfLives`.
func decay(_ halfLives: Double) -> Double { exp2(-halfLives) }

/// The value of a position between 0 and 1 in a sorted sample, interpolated.
func sortedQuantile(_ sorted: [Double], _ level: Double) -> Double {
  guard let last = sorted.last else { return .nan }
  let position = level * Double(sorted.count - 1)
  let index = Int(position)
  guard index + 1 < sorted.count else { return last }
  return sorted[index] + (sorted[index + 1] - sorted[index]) * (position - Double(index))
}

/// The median of a sample; NaN if it is empty.
///
/// - Complexity: O(n log n).
func median(_ values: some Sequence<Double>) -> Double { sortedQuantile(values.sorted(), 0.5) }

/// A power of two that brings values of the given magnitude near 1, so that squares neither overflow nor vanish.
///
/// Multiplying by a power of two loses no bits.
func scalingFactor(forMagnitude magnitude: Double) -> Double {
  guard magnitude > 0, magnitude.isFinite else { return 1 }
  return Double(sign: .plus, exponent: min(1000, max(-1000, -Int(magnitude.exponent))), significand: 1)
}

/// The nearest finite value.
func finite(_ value: Double) -> Double {
  if value.isNaN { return 0 }
  return min(Double.greatestFiniteMagnitude, max(-Double.greatestFiniteMagnitude, value))
}

/// A ladder of horizons from 1 to `last`, each about 1.5 times the one before.
func horizonLadder(through last: Int) -> [Int] {
  var ladder = [1]
  var rung = 1
  while rung < last {
    rung = min(last, max(rung + 1, (rung * 3 + 1) / 2))
    ladder.append(rung)
  }
  return ladder
}
