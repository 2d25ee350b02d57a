/// Two histograms of which one has exponential and the other custom bounds cannot be combined.
public struct HistogramMismatch: Error, Sendable, Equatable {
  public init() {}
}

/// What combining two histograms had to give up.
public struct HistogramCombination: Sendable, Equatable {
  /// One counter was reset before its sample, the other was not.
  public var hasConflictingHints = false
  /// Different custom bounds were reduced to those that both have.
  public var hasReconciledBounds = false

  public init() {}
}

extension FloatHistogram {
  /// This histogram plus another.
  ///
  /// The result has the coarser schema and the wider zero bucket of both; with custom bounds, the bounds that both have.
  ///
  /// - Throws: ``HistogramMismatch``.
  @discardableResult
  public mutating func add(_ other: FloatHistogram) throws(HistogramMismatch) -> HistogramCombination {
    var compensation = emptyCompensation
    return try combine(other, isNegative: false, compensation: &compensation)
  }

  /// This histogram minus another; the hint stays.
  ///
  /// - Throws: ``HistogramMismatch``.
  @discardableResult
  public mutating func subtract(_ other: FloatHistogram) throws(HistogramMismatch) -> HistogramCombination {
    let hint = hint
    var compensation = emptyCompensation
    let result = try combine(other, isNegative: true, compensation: &compensation)
    self.hint = hint
    return result
  }

  /// A histogram of the same buckets that counts nothing.
  fileprivate var emptyCompensation: FloatHistogram {
    var result = scaledToZero
    result.hint = .unknown
    return result
  }

  private var scaledToZero: FloatHistogram {
    var result = self
    result.zeroCount = 0
    result.count = 0
    result.sum = 0
    result.positive.map { _ in 0 }
    result.negative.map { _ in 0 }
    return result
  }

  /// Adds or subtracts, and adds what rounding loses to `compensation`, which has the same buckets all the time.
  fileprivate mutating func combine(
    _ other: FloatHistogram, isNegative: Bool, compensation: inout FloatHistogram
  ) throws(HistogramMismatch) -> HistogramCombination {
    if hasCustomBounds != other.hasCustomBounds { throw HistogramMismatch() }
    var result = HistogramCombination()
    result.hasConflictingHints = adjustHint(other.hint)
    let sign = isNegative ? -1.0 : 1.0
    var other = other
    if hasCustomBounds {
      if customBounds != other.customBounds {
        result.hasReconciledBounds = true
        let bounds = FloatHistogram.common(customBounds, other.customBounds)
        let merged = CompensatedBuckets(positive, compensation.positive).remapped(from: customBounds, to: bounds)
        positive = merged.buckets
        compensation.positive = merged.compensation
        other.positive = CompensatedBuckets(other.positive).remapped(from: other.customBounds, to: bounds).buckets
        customBounds = bounds
        compensation.customBounds = bounds
      }
    } else {
      let (zeroCount, lost) = reconcileZeroBuckets(&other, &compensation)
      Compensated.add(sign * zeroCount, &self.zeroCount, &compensation.zeroCount)
      Compensated.add(sign * lost, &self.zeroCount, &compensation.zeroCount)
      if other.schema > schema { other.reduce(to: schema) }
      if other.schema < schema {
        var mine = CompensatedBuckets(positive, compensation.positive).reduced(by: schema - other.schema)
        (positive, compensation.positive) = (mine.buckets, mine.compensation)
        mine = CompensatedBuckets(negative, compensation.negative).reduced(by: schema - other.schema)
        (negative, compensation.negative) = (mine.buckets, mine.compensation)
        schema = other.schema
        compensation.schema = schema
      }
    }
    Compensated.add(sign * other.count, &count, &compensation.count)
    Compensated.add(sign * other.sum, &sum, &compensation.sum)
    // What lies inside the zero bucket was counted there.
    let threshold = zeroThreshold
    let isOutside = { (histogram: FloatHistogram, index: Int) in
      histogram.hasCustomBounds || histogram.bound(index) > threshold
    }
    var merged = CompensatedBuckets(positive, compensation.positive)
    merged.merge(other.positive, sign: sign) { isOutside(other, $0) }
    (positive, compensation.positive) = (merged.buckets, merged.compensation)
    merged = CompensatedBuckets(negative, compensation.negative)
    merged.merge(other.negative, sign: sign) { isOutside(other, $0) }
    (negative, compensation.negative) = (merged.buckets, merged.compensation)
    return result
  }

  /// Combines the hints; true if one knows of a reset and the other of none.
  private mutating func adjustHint(_ other: CounterResetHint) -> Bool {
    if other == hint || hint == .gauge { return false }
    if other == .gauge {
      hint = .gauge
      return false
    }
    let conflicts = hint != .unknown && other != .unknown
    hint = .unknown
    return conflicts
  }

  // MARK: Resolution

  /// Merges buckets until the schema is `schema`, which must be exponential and not larger.
  public mutating func reduce(to schema: Int) {
    guard !hasCustomBounds, schema < self.schema else { return }
    positive = CompensatedBuckets(positive).reduced(by: self.schema - schema).buckets
    negative = CompensatedBuckets(negative).reduced(by: self.schema - schema).buckets
    self.schema = schema
  }

  /// The bounds that two ascending lists have in common.
  static func common(_ a: [Double], _ b: [Double]) -> [Double] {
    var result: [Double] = []
    var (i, j) = (0, 0)
    while i < a.count && j < b.count {
      if a[i] == b[j] { result.append(a[i]) }
      if a[i] <= b[j] { i += 1 } else { j += 1 }
    }
    return result
  }

  // MARK: Zero bucket

  /// Widens the narrower zero bucket until both are the same; what `other` then counts there, and what rounding lost.
  private mutating func reconcileZeroBuckets(_ other: inout FloatHistogram, _ compensation: inout FloatHistogram) -> (
    count: Double, lost: Double
  ) {
    var otherCount = other.zeroCount
    var otherLost = 0.0
    var otherThreshold = other.zeroThreshold
    while otherThreshold != zeroThreshold {
      if zeroThreshold > otherThreshold {
        (otherCount, otherThreshold, otherLost) = other.zeroBucket(atLeast: zeroThreshold, nil)
      }
      if otherThreshold > zeroThreshold {
        (zeroCount, zeroThreshold, compensation.zeroCount) = zeroBucket(atLeast: otherThreshold, compensation)
        compensation.zeroThreshold = zeroThreshold
        dropInsideZeroBucket(&compensation)
      }
      // A threshold that is not a number is the same as none.
      if zeroThreshold.isNaN || otherThreshold.isNaN { break }
    }
    return (otherCount, otherLost)
  }

  /// The zero bucket if it reached at least to `threshold`: buckets are taken in whole, so it may reach further.
  func zeroBucket(atLeast threshold: Double, _ compensation: FloatHistogram?) -> (
    count: Double, threshold: Double, lost: Double
  ) {
    var threshold = threshold
    if threshold == zeroThreshold { return (zeroCount, threshold, compensation?.zeroCount ?? 0) }
    while true {
      var count = zeroCount
      var lost = compensation?.zeroCount ?? 0
      for position in positive.counts.indices {
        let bucket = positiveBucket(position)
        if bucket.lower >= threshold { break }
        Compensated.add(bucket.count, &count, &lost)
        if let compensation { Compensated.add(compensation.positive.counts[position], &count, &lost) }
        if bucket.upper > threshold {
          if bucket.count != 0 { threshold = bucket.upper }
          break
        }
      }
      var isWider = false
      for position in negative.counts.indices {
        let bucket = negativeBucket(position)
        if bucket.upper <= -threshold { break }
        Compensated.add(bucket.count, &count, &lost)
        if let compensation { Compensated.add(compensation.negative.counts[position], &count, &lost) }
        if bucket.lower < -threshold {
          if bucket.count != 0 {
            threshold = -bucket.lower
            isWider = true
          }
          break
        }
      }
      if !isWider { return (count, threshold, lost) }
    }
  }

  private mutating func dropInsideZeroBucket(_ compensation: inout FloatHistogram) {
    let keeps = { (histogram: FloatHistogram, index: Int) in histogram.bound(index - 1) >= histogram.zeroThreshold }
    let histogram = self
    var kept = CompensatedBuckets(positive, compensation.positive).filtered { keeps(histogram, $0) }
    (positive, compensation.positive) = (kept.buckets, kept.compensation)
    kept = CompensatedBuckets(negative, compensation.negative).filtered { keeps(histogram, $0) }
    (negative, compensation.negative) = (kept.buckets, kept.compensation)
  }
}

/// Sums with what rounding lost beside them (Kahan, in Neumaier's variant).
enum Compensated {
  @inline(__always)
  static func add(_ value: Double, _ sum: inout Double, _ compensation: inout Double) {
    let total = sum + value
    if total.isInfinite {
      compensation = 0
    } else if abs(sum) >= abs(value) {
      compensation += (sum - total) + value
    } else {
      compensation += (value - total) + sum
    }
    sum = total
  }
}

/// The buckets of one side with what rounding lost, bucket by bucket.
private struct CompensatedBuckets {
  var buckets: FloatHistogram.Buckets
  var compensation: FloatHistogram.Buckets

  init() {
    buckets = FloatHistogram.Buckets()
    compensation = FloatHistogram.Buckets()
  }

  init(_ buckets: FloatHistogram.Buckets, _ compensation: FloatHistogram.Buckets? = nil) {
    self.buckets = buckets
    var lost = compensation ?? buckets
    if compensation == nil { lost.map { _ in 0 } }
    self.compensation = lost
  }

  mutating func append(_ index: Int, _ count: Double, _ lost: Double) {
    buckets.append(index, count)
    compensation.append(index, lost)
  }

  /// Adds to the last bucket if it has this index, else appends one.
  mutating func accumulate(_ index: Int, _ count: Double, _ lost: Double) {
    guard buckets.indices.last == index else { return append(index, count, lost) }
    let last = buckets.counts.count - 1
    var (sum, rest) = (buckets.counts[last], compensation.counts[last])
    Compensated.add(count, &sum, &rest)
    Compensated.add(lost, &sum, &rest)
    buckets.set(last, to: sum)
    compensation.set(last, to: rest)
  }

  func filtered(_ keeps: (Int) -> Bool) -> CompensatedBuckets {
    var result = CompensatedBuckets()
    for (position, index) in buckets.indices.enumerated() where keeps(index) {
      let (count, lost) = (buckets.counts[position], compensation.counts[position])
      if count != 0 || lost != 0 { result.append(index, count, lost) }
    }
    return result
  }

  /// The buckets of a schema that is smaller by `difference`.
  func reduced(by difference: Int) -> CompensatedBuckets {
    var result = CompensatedBuckets()
    for (position, index) in buckets.indices.enumerated() {
      result.accumulate(((index - 1) >> difference) + 1, buckets.counts[position], compensation.counts[position])
    }
    return result
  }

  /// The buckets between the bounds `target`, a part of the bounds `source`.
  func remapped(from source: [Double], to target: [Double]) -> CompensatedBuckets {
    var result = CompensatedBuckets()
    var next = 0
    for (position, index) in buckets.indices.enumerated() {
      let upper = index < source.count ? source[max(0, index)] : .infinity
      while next < target.count && target[next] < upper { next += 1 }
      result.accumulate(next, buckets.counts[position], compensation.counts[position])
    }
    return result
  }

  /// Adds the buckets of another histogram that `counts` accepts.
  mutating func merge(_ other: FloatHistogram.Buckets, sign: Double, where counts: (Int) -> Bool) {
    if other.isEmpty { return }
    var result = CompensatedBuckets()
    var (i, j) = (0, 0)
    while i < buckets.indices.count || j < other.indices.count {
      if j < other.indices.count && !counts(other.indices[j]) {
        j += 1
        continue
      }
      let takesMine = j == other.indices.count || i < buckets.indices.count && buckets.indices[i] <= other.indices[j]
      let takesOther = i == buckets.indices.count || j < other.indices.count && other.indices[j] <= buckets.indices[i]
      if takesMine { result.append(buckets.indices[i], buckets.counts[i], compensation.counts[i]) }
      if takesOther { result.accumulate(other.indices[j], sign * other.counts[j], 0) }
      if takesMine { i += 1 }
      if takesOther { j += 1 }
    }
    self = result
  }
}

/// The sum of histograms, compensated for rounding.
public struct HistogramSum: Sendable {
  private var total: FloatHistogram
  private var compensation: FloatHistogram

  public init(_ first: FloatHistogram) {
    total = first
    compensation = first.emptyCompensation
  }

  /// - Throws: ``HistogramMismatch``.
  public mutating func add(_ histogram: FloatHistogram) throws(HistogramMismatch) -> HistogramCombination {
    try total.combine(histogram, isNegative: false, compensation: &compensation)
  }

  /// Multiplies what was added until now.
  mutating func scale(by factor: Double) {
    total = total.multiplied(by: factor)
    compensation = compensation.multiplied(by: factor)
  }

  mutating func divide(by divisor: Double) {
    total = total.divided(by: divisor)
    compensation = compensation.divided(by: divisor)
  }

  var hasOverflow: Bool { total.hasOverflow }

  /// The sum.
  public var value: FloatHistogram {
    var result = total
    let hint = result.hint
    // Both have the same buckets, so that they always go together.
    _ = try? result.add(compensation)
    result.hint = hint
    return result
  }
}

/// The mean of histograms: a compensated sum, which turns to an incremental mean when it would overflow.
public struct HistogramMean: Sendable {
  private var sum: HistogramSum
  private var count = 1.0
  private var isIncremental = false

  public init(_ first: FloatHistogram) { sum = HistogramSum(first) }

  /// - Throws: ``HistogramMismatch``.
  public mutating func add(_ histogram: FloatHistogram) throws(HistogramMismatch) -> HistogramCombination {
    count += 1
    if !isIncremental {
      var next = sum
      let result = try next.add(histogram)
      if !next.hasOverflow {
        sum = next
        return result
      }
      isIncremental = true
      sum.divide(by: count - 1)
    }
    sum.scale(by: (count - 1) / count)
    return try sum.add(histogram.divided(by: count))
  }

  /// The mean.
  public var value: FloatHistogram {
    if isIncremental { return sum.value }
    var result = sum
    result.divide(by: count)
    return result.value
  }
}
