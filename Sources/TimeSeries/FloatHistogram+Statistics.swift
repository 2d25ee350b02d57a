/// What observations that are not a number did to a statistic of a histogram.
///
/// Such observations are in the count and in no bucket.
public enum NaNObservations: Sendable, Equatable {
  /// There were none.
  case none
  /// The statistic lies among them.
  case isResult
  /// The statistic is of the buckets, in relation to all observations.
  case skew
}

extension FloatHistogram {
  /// The quantile, interpolated inside the bucket in which it lies: exponentially with exponential bounds, linearly
  /// in the zero bucket and with custom bounds.
  public func quantile(_ quantile: Double) -> (value: Double, notes: NaNObservations) {
    if quantile < 0 { return (-.infinity, .none) }
    if quantile > 1 { return (.infinity, .none) }
    if count == 0 || quantile.isNaN { return (.nan, .none) }
    let buckets = allBuckets
    // Counted from the nearer end; what is not a number makes the end uncertain.
    let isForward = sum.isNaN || quantile < 0.5
    var rank = (isForward ? quantile : 1 - quantile) * count
    var seen = 0.0
    var bucket = Bucket(lower: 0, upper: 0, includesLower: false, includesUpper: false, count: 0)
    var next = 0
    while next < buckets.count {
      bucket = buckets[isForward ? next : buckets.count - 1 - next]
      next += 1
      if bucket.count == 0 { continue }
      seen += bucket.count
      if seen >= rank { break }
    }
    if hasCustomBounds {
      if bucket.lower == -.infinity {
        if bucket.upper <= 0 { return (bucket.upper, .none) }
        bucket.lower = 0
      } else if bucket.upper == .infinity {
        return (bucket.lower, .none)
      }
    } else if bucket.lower < 0 && bucket.upper > 0 {
      narrow(&bucket)
    }
    seen = min(seen, count)
    if seen < rank { return sum.isNaN ? (.nan, .isResult) : (bucket.upper, .none) }
    rank = isForward ? rank - (seen - bucket.count) : seen - rank
    var notes = NaNObservations.none
    let found = bucket
    if sum.isNaN {
      for rest in buckets[next...] { seen += rest.count }
      if seen < count { notes = .skew }
    }
    let fraction = rank / found.count
    if hasCustomBounds || (found.lower <= 0 && found.upper >= 0) {
      return (found.lower + (found.upper - found.lower) * fraction, notes)
    }
    let lower = BinaryLogarithm.log2(abs(found.lower))
    let upper = BinaryLogarithm.log2(abs(found.upper))
    if found.lower > 0 { return (BinaryLogarithm.exp2(lower + (upper - lower) * fraction), notes) }
    return (-BinaryLogarithm.exp2(upper + (lower - upper) * (1 - fraction)), notes)
  }

  /// Leaves of the zero bucket the side on which there are other observations, if they are on one side only.
  private func narrow(_ bucket: inout Bucket) {
    if negative.isEmpty && !positive.isEmpty { bucket.lower = 0 }
    if positive.isEmpty && !negative.isEmpty { bucket.upper = 0 }
  }

  /// The share of observations between `lower` and `upper`.
  public func fraction(from lower: Double, to upper: Double) -> (value: Double, notes: NaNObservations) {
    if count == 0 || lower.isNaN || upper.isNaN { return (.nan, .none) }
    if lower >= upper { return (0, .none) }
    let buckets = allBuckets
    var notes = NaNObservations.none
    var total = count
    if sum.isNaN {
      total = buckets.reduce(0) { $0 + $1.count }
      if total < count { notes = .skew }
    }
    let low = min(rank(of: lower, buckets) ?? total, total)
    let high = min(rank(of: upper, buckets) ?? total, total)
    return ((high - low) / count, notes)
  }

  /// How many observations lie below `value`, nil if it is beyond the last bucket.
  private func rank(of value: Double, _ buckets: [Bucket]) -> Double? {
    var rank = 0.0
    for original in buckets {
      var bucket = original
      let spansZero = bucket.lower <= 0 && bucket.upper >= 0
      if spansZero { narrow(&bucket) }
      if bucket.lower >= value { return rank }
      if bucket.upper > value {
        let isLinear = hasCustomBounds || spansZero
        if isLinear && bucket.lower == -.infinity { return bucket.count }
        return rank + bucket.count * bucket.share(below: value, isLinear: isLinear)
      }
      rank += bucket.count
    }
    return nil
  }

  /// The variance, every observation taken for the middle of its bucket.
  public var variance: Double {
    let mean = sum / count
    var total = 0.0
    var lost = 0.0
    for bucket in allBuckets where bucket.count != 0 {
      let middle: Double
      if hasCustomBounds {
        middle = (bucket.upper + bucket.lower) / 2
      } else if bucket.lower <= 0 && bucket.upper >= 0 {
        middle = 0
      } else {
        middle = (bucket.upper * bucket.lower).squareRoot() * (bucket.upper < 0 ? -1 : 1)
      }
      let delta = middle - mean
      Compensated.add(bucket.count * delta * delta, &total, &lost)
    }
    return (total + lost) / count
  }
}

extension FloatHistogram.Bucket {
  /// The share of the bucket's observations that lie below `value`, which is inside of it.
  func share(below value: Double, isLinear: Bool) -> Double {
    if isLinear { return (value - lower) / (upper - lower) }
    let low = BinaryLogarithm.log2(abs(lower))
    let high = BinaryLogarithm.log2(abs(upper))
    let at = BinaryLogarithm.log2(abs(value))
    return value > 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high)
  }
}
