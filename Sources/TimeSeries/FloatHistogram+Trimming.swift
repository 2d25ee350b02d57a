extension FloatHistogram {
  /// The histogram without the observations above `limit`, or without those below it.
  ///
  /// A bucket in which the limit lies keeps the share that its interpolation puts on the kept side. The sum becomes that
  /// of the kept buckets, every observation taken for the middle of what is left of its bucket; if nothing is cut, all
  /// stays as it was.
  public func trimmed(at limit: Double, keepsBelow: Bool) -> FloatHistogram {
    var result = self
    var kept = 0.0
    var total = 0.0
    var isCut = false
    var counts = [false, false]
    for (side, isPositive) in [(positive, true), (negative, false)] {
      for position in side.counts.indices where side.counts[position] != 0 {
        counts[isPositive ? 0 : 1] = true
        let bucket = isPositive ? positiveBucket(position) : negativeBucket(position)
        let (count, middle) = rest(of: bucket, limit, keepsBelow, isPositive)
        kept += count
        total += middle * count
        if count == bucket.count { continue }
        isCut = true
        if isPositive { result.positive.set(position, to: count) } else { result.negative.set(position, to: count) }
      }
    }
    if zeroCount > 0 {
      let (count, middle) = restOfZeroBucket(limit, keepsBelow, hasPositive: counts[0], hasNegative: counts[1])
      kept += count
      total += middle * count
      if count != zeroCount { isCut = true }
      result.zeroCount = count
    }
    if !isCut { return self }
    result.count = kept
    result.sum = total
    result.compact()
    return result
  }

  /// How many observations of a bucket are kept, and the middle of where they lie.
  private func rest(of bucket: Bucket, _ limit: Double, _ keepsBelow: Bool, _ isPositive: Bool) -> (Double, Double) {
    if keepsBelow ? bucket.upper <= limit : bucket.lower >= limit {
      return (bucket.count, middle(bucket.lower, bucket.upper, isPositive))
    }
    guard keepsBelow ? bucket.lower < limit : bucket.upper > limit else { return (0, 0) }
    if bucket.lower == -.infinity || bucket.upper == .infinity { return openRest(of: bucket, limit, keepsBelow) }
    let below = bucket.count * bucket.share(below: limit, isLinear: hasCustomBounds)
    return keepsBelow
      ? (below, middle(bucket.lower, limit, isPositive))
      : (bucket.count - below, middle(limit, bucket.upper, isPositive))
  }

  /// The same for a bucket without end on one side, in which the limit lies: what is known to be positive is
  /// interpolated from zero, else nothing says where the observations are.
  private func openRest(of bucket: Bucket, _ limit: Double, _ keepsBelow: Bool) -> (Double, Double) {
    let finite = { (value: Double) in value.isInfinite ? 0 : value }
    if bucket.lower == -.infinity {
      let isSpanning = bucket.upper > 0 && bucket.upper < .infinity
      if keepsBelow {
        if limit > 0 && isSpanning { return (bucket.count * limit / bucket.upper, limit / 2) }
        return bucket.upper <= 0 ? (bucket.count, limit) : (0, finite(bucket.upper))
      }
      if limit >= 0 && isSpanning { return (bucket.count * (1 - limit / bucket.upper), (limit + bucket.upper) / 2) }
      return (0, finite(bucket.upper))
    }
    if keepsBelow { return (0, finite(bucket.lower)) }
    return limit >= bucket.lower ? (bucket.count, limit) : (0, finite(bucket.lower))
  }

  private func middle(_ lower: Double, _ upper: Double, _ isPositive: Bool) -> Double {
    if lower.isInfinite && upper.isInfinite { return 0 }
    if lower.isInfinite { return upper > 0 ? upper / 2 : upper }
    if upper.isInfinite { return lower }
    if hasCustomBounds { return (lower + upper) / 2 }
    let mean = abs(lower * upper).squareRoot()
    return isPositive ? mean : -mean
  }

  private func restOfZeroBucket(
    _ limit: Double, _ keepsBelow: Bool, hasPositive: Bool, hasNegative: Bool
  ) -> (Double, Double) {
    // With observations on one side only, the zero bucket lies on that side.
    let lower = hasPositive && !hasNegative ? 0 : -zeroThreshold
    let upper = hasNegative && !hasPositive ? 0 : zeroThreshold
    if keepsBelow ? limit >= upper && limit > lower : limit <= lower { return (zeroCount, (lower + upper) / 2) }
    if keepsBelow ? limit <= lower : limit >= upper { return (0, 0) }
    let (from, to) = keepsBelow ? (lower, limit) : (limit, upper)
    return (zeroCount * ((to - from) / (upper - lower)), (from + to) / 2)
  }
}
