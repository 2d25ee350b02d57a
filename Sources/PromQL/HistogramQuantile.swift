/// Quantiles and fractions of classic histograms, by linear interpolation inside buckets.
enum HistogramQuantile {
  /// A cumulative bucket.
  struct Bucket {
    var upperBound: Double
    var count: Double
  }

  /// What had to be changed to make bucket counts rise with their bounds.
  struct Repair {
    var smallestBucket = Double.infinity
    var largestBucket = -Double.infinity
    var largestDifference = 0.0
  }

  /// The quantile, and what had to be repaired for it, nil if nothing.
  ///
  /// - Parameter buckets: in any order; sorted and merged on the way. Not empty.
  static func quantile(_ quantile: Double, _ buckets: inout [Bucket]) -> (value: Double, repair: Repair?) {
    if quantile.isNaN { return (.nan, nil) }
    if quantile < 0 { return (-.infinity, nil) }
    if quantile > 1 { return (.infinity, nil) }
    guard prepare(&buckets) else { return (.nan, nil) }
    let repair = makeMonotonic(&buckets)
    let last = buckets.count - 1
    let observations = buckets[last].count
    if buckets.count < 2 || observations == 0 { return (.nan, repair) }
    var rank = quantile * observations
    var low = 0
    var high = last
    while low < high {
      let middle = (low + high) / 2
      if buckets[middle].count >= rank { high = middle } else { low = middle + 1 }
    }
    if low == last { return (buckets[last - 1].upperBound, repair) }
    if low == 0 && buckets[0].upperBound <= 0 { return (buckets[0].upperBound, repair) }
    var start = 0.0
    var count = buckets[low].count
    if low > 0 {
      start = buckets[low - 1].upperBound
      count -= buckets[low - 1].count
      rank -= buckets[low - 1].count
    }
    return (start + (buckets[low].upperBound - start) * (rank / count), repair)
  }

  /// The share of observations between `lower` and `upper`.
  ///
  /// - Parameter buckets: in any order; sorted and merged on the way. Not empty.
  static func fraction(_ lower: Double, _ upper: Double, _ buckets: inout [Bucket]) -> Double {
    guard prepare(&buckets) else { return .nan }
    let count = buckets[buckets.count - 1].count
    if count == 0 || lower.isNaN || upper.isNaN { return .nan }
    if lower >= upper { return 0 }
    let low = min(rank(of: lower, buckets) ?? count, count)
    let high = min(rank(of: upper, buckets) ?? count, count)
    return (high - low) / count
  }

  /// How many observations are at or below `value`, nil if it lies beyond the last bucket's start.
  private static func rank(of value: Double, _ buckets: [Bucket]) -> Double? {
    var rank = 0.0
    // Buckets that start above zero hold positive observations only.
    var start = buckets[0].upperBound <= 0 ? -Double.infinity : 0
    for bucket in buckets {
      if start >= value { return rank }
      if bucket.upperBound > value {
        if start == -.infinity { return bucket.count }
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
  private static func makeMonotonic(_ buckets: inout [Bucket]) -> Repair? {
    var repair: Repair?
    var previous = buckets[0].count
    for index in 1..<max(1, buckets.count) {
      let current = buckets[index].count
      if current == previous { continue }
      if almostEqual(previous, current, 1e-12) {
        buckets[index].count = previous
      } else if current < previous {
        buckets[index].count = previous
        var change = repair ?? Repair()
        change.smallestBucket = min(change.smallestBucket, buckets[index].upperBound)
        change.largestBucket = max(change.largestBucket, buckets[index].upperBound)
        change.largestDifference = max(change.largestDifference, previous - current)
        repair = change
      } else {
        previous = current
      }
    }
    return repair
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
