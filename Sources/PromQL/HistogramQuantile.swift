/// Quantiles and fractions of classic histograms, by linear interpolation inside buckets.
enum HistogramQuantile {
  /// A cumulative bucket.
  struct Bucket {
    var upperBound: Double
    var count: Double
  }

  /// The quantile, and whether counts had to be lifted to rise with their bounds.
  ///
  /// - Parameter buckets: in any order; sorted and merged on the way. Not empty.
  static func quantile(_ quantile: Double, _ buckets: inout [Bucket]) -> (value: Double, isRepaired: Bool) {
    if quantile.isNaN { return (.nan, false) }
    if quantile < 0 { return (-.infinity, false) }
    if quantile > 1 { return (.infinity, false) }
    guard prepare(&buckets) else { return (.nan, false) }
    let isRepaired = makeMonotonic(&buckets)
    let last = buckets.count - 1
    let observations = buckets[last].count
    if buckets.count < 2 || observations == 0 { return (.nan, false) }
    var rank = quantile * observations
    var low = 0
    var high = last
    while low < high {
      let middle = (low + high) / 2
      if buckets[middle].count >= rank { high = middle } else { low = middle + 1 }
    }
    if low == last { return (buckets[last - 1].upperBound, isRepaired) }
    if low == 0 && buckets[0].upperBound <= 0 { return (buckets[0].upperBound, isRepaired) }
    var start = 0.0
    var count = buckets[low].count
    if low > 0 {
      start = buckets[low - 1].upperBound
      count -= buckets[low - 1].count
      rank -= buckets[low - 1].count
    }
    return (start + (buckets[low].upperBound - start) * (rank / count), isRepaired)
  }

  /// The share of observations between `lower` and `upper`.
  ///
  /// - Parameter buckets: in any order; sorted and merged on the way. Not empty.
  static func fraction(_ lower: Double, _ upper: Double, _ buckets: inout [Bucket]) -> Double {
    guard prepare(&buckets) else { return .nan }
    let count = buckets[buckets.count - 1].count
    if count == 0 || lower.isNaN || upper.isNaN { return .nan }
    if lower >= upper { return 0 }
    let low = rank(of: lower, buckets).map { $0 > count ? count : $0 } ?? count
    let high = rank(of: upper, buckets).map { $0 > count ? count : $0 } ?? count
    return (high - low) / count
  }

  /// How many observations are at or below `value`, nil if it lies beyond the last bucket's start; NaN within the first
  /// bucket, which has no lower bound to interpolate from.
  private static func rank(of value: Double, _ buckets: [Bucket]) -> Double? {
    var rank = 0.0
    var start = -Double.infinity
    for bucket in buckets {
      if start >= value { return rank }
      if bucket.upperBound > value {
        return rank + (bucket.count - rank) * (value - start) / (bucket.upperBound - start)
      }
      rank = bucket.count
      start = bucket.upperBound
    }
    return nil
  }

  /// Sorts by bound and adds up buckets with the same; false if the last is not unbounded.
  private static func prepare(_ buckets: inout [Bucket]) -> Bool {
    buckets.sort { $0.upperBound < $1.upperBound }
    guard buckets[buckets.count - 1].upperBound == .infinity else { return false }
    var last = 0
    for index in 1..<max(1, buckets.count) {
      if buckets[index].upperBound == buckets[last].upperBound {
        buckets[last].count += buckets[index].count
      } else {
        last += 1
        buckets[last] = buckets[index]
      }
    }
    buckets.removeLast(buckets.count - 1 - last)
    return true
  }

  /// Lifts counts that are under their predecessor's. Relative differences up to 1e-12 are taken for
  /// rounding and evened out in silence.
  private static func makeMonotonic(_ buckets: inout [Bucket]) -> Bool {
    var isRepaired = false
    var previous = buckets[0].count
    for index in 1..<max(1, buckets.count) {
      let current = buckets[index].count
      if current == previous { continue }
      if almostEqual(previous, current, 1e-12) {
        buckets[index].count = previous
      } else if current < previous {
        buckets[index].count = previous
        isRepaired = true
      } else {
        previous = current
      }
    }
    return isRepaired
  }

  private static func almostEqual(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    if a.isNaN && b.isNaN { return true }
    if a == b { return true }
    let sum = abs(a) + abs(b)
    let difference = abs(a - b)
    if a == 0 || b == 0 || sum < .leastNormalMagnitude { return difference < tolerance * .leastNormalMagnitude }
    return difference / min(sum, .greatestFiniteMagnitude) < tolerance
  }
}
