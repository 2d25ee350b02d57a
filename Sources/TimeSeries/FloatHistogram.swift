#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A native histogram with counts that need not be whole, as Prometheus has them (`model/histogram`).
///
/// Exponential schemas -4...8 have buckets on both sides of zero whose bounds grow by 2^(2^-schema), and a zero bucket
/// between them; schema -53 has buckets with bounds of its own and neither a zero bucket nor a negative side.
/// Buckets are kept sparse: only those that were written exist.
public struct FloatHistogram: Sendable {
  /// The schema of histograms with custom bounds.
  public static let customSchema = -53
  /// The schemas with exponential bounds.
  public static let exponentialSchemas = -4...8

  /// What is known about a counter reset between this sample and the one before.
  public enum CounterResetHint: UInt8, Sendable {
    case unknown, reset, notReset, gauge
  }

  /// The buckets of one side, by ascending index.
  public struct Buckets: Sendable, Equatable {
    /// Strictly ascending.
    public private(set) var indices: [Int] = []
    /// As long as ``indices``.
    public private(set) var counts: [Double] = []

    public init() {}

    /// Consecutive buckets from index `first` on.
    public init(first: Int, counts: [Double]) {
      indices = counts.indices.map { first &+ $0 }
      self.counts = counts
    }

    public var isEmpty: Bool { indices.isEmpty }

    /// Adds a bucket; `index` must be larger than all before.
    public mutating func append(_ index: Int, _ count: Double) {
      indices.append(index)
      counts.append(count)
    }

    /// Replaces every count by its value under `transform`.
    public mutating func map(_ transform: (Double) -> Double) {
      for position in counts.indices { counts[position] = transform(counts[position]) }
    }

    /// Sets the count at a position of ``counts``.
    public mutating func set(_ position: Int, to count: Double) { counts[position] = count }
  }

  /// One bucket with its bounds.
  public struct Bucket: Sendable, Equatable {
    public var lower: Double
    public var upper: Double
    public var includesLower: Bool
    public var includesUpper: Bool
    public var count: Double
  }

  /// -4...8, or ``customSchema``.
  public var schema: Int
  /// The width of the zero bucket on either side.
  public var zeroThreshold: Double
  /// The observations in the zero bucket.
  public var zeroCount: Double
  /// All observations.
  public var count: Double
  /// The sum of all observations.
  public var sum: Double
  /// With custom bounds, the bucket of index i ends at `customBounds[i]`, the last one at infinity.
  public var positive: Buckets
  public var negative: Buckets
  /// Ascending; empty for exponential schemas.
  public var customBounds: [Double]
  public var hint: CounterResetHint

  public init(
    schema: Int = 0, zeroThreshold: Double = 0, zeroCount: Double = 0, count: Double = 0, sum: Double = 0,
    positive: Buckets = Buckets(), negative: Buckets = Buckets(), customBounds: [Double] = [],
    hint: CounterResetHint = .unknown
  ) {
    self.schema = schema
    self.zeroThreshold = zeroThreshold
    self.zeroCount = zeroCount
    self.count = count
    self.sum = sum
    self.positive = positive
    self.negative = negative
    self.customBounds = customBounds
    self.hint = hint
  }

  /// Whether the buckets have bounds of their own.
  public var hasCustomBounds: Bool { schema == FloatHistogram.customSchema }

  /// How many float samples the histogram weighs as, for limits of memory.
  public var weight: Int { 8 + (positive.counts.count + negative.counts.count) + customBounds.count / 2 }

  // MARK: Bounds

  /// 2^(i / 2^schema - 1) for the schemas 0...8.
  private static let fractions: [[Double]] = (0...8).map { schema in
    (0..<(1 << schema)).map { exp2(Double($0) / Double(1 << schema) - 1) }
  }

  /// The upper bound of the positive bucket `index`.
  public func bound(_ index: Int) -> Double {
    if hasCustomBounds {
      if index < 0 { return -.infinity }
      return index < customBounds.count ? customBounds[index] : .infinity
    }
    // Beyond these, bounds are zero or infinite with every schema.
    let index = min(max(index, -1 << 24), 1 << 24)
    if schema < 0 {
      let exponent = index << -schema
      // The largest finite bucket ends at the largest number.
      return exponent == 1024 ? .greatestFiniteMagnitude : ldexp(1, Int32(exponent))
    }
    let schema = min(schema, 8)
    let fraction = FloatHistogram.fractions[schema][index & ((1 << schema) - 1)]
    let exponent = (index >> schema) + 1
    return fraction == 0.5 && exponent == 1025 ? .greatestFiniteMagnitude : ldexp(fraction, Int32(exponent))
  }

  /// The positive bucket at a position of ``positive``.
  func positiveBucket(_ position: Int) -> Bucket {
    let index = positive.indices[position]
    let (lower, upper) = (bound(index - 1), bound(index))
    return Bucket(
      lower: lower, upper: upper, includesLower: hasCustomBounds ? index == 0 : lower < 0,
      includesUpper: hasCustomBounds || upper > 0, count: positive.counts[position])
  }

  /// The negative bucket at a position of ``negative``.
  func negativeBucket(_ position: Int) -> Bucket {
    let index = negative.indices[position]
    return Bucket(
      lower: -bound(index), upper: -bound(index - 1), includesLower: true, includesUpper: false,
      count: negative.counts[position])
  }

  /// The zero bucket.
  public var zeroBucket: Bucket {
    Bucket(
      lower: -zeroThreshold, upper: zeroThreshold, includesLower: true, includesUpper: true, count: zeroCount)
  }

  /// All buckets in ascending order, cut at the zero bucket, which is left out if it is empty.
  public var allBuckets: [Bucket] {
    var result: [Bucket] = []
    result.reserveCapacity(negative.counts.count + positive.counts.count + 1)
    for position in negative.counts.indices.reversed() { result.append(cut(negativeBucket(position))) }
    if zeroCount > 0 && !hasCustomBounds { result.append(zeroBucket) }
    for position in positive.counts.indices { result.append(cut(positiveBucket(position))) }
    return result
  }

  private func cut(_ bucket: Bucket) -> Bucket {
    var bucket = bucket
    if bucket.upper < 0 && bucket.upper > -zeroThreshold { bucket.upper = -zeroThreshold }
    if bucket.lower > 0 && bucket.lower < zeroThreshold { bucket.lower = zeroThreshold }
    return bucket
  }

  // MARK: Simple changes

  /// Removes buckets that count nothing.
  public mutating func compact() {
    positive = FloatHistogram.compacted(positive)
    negative = FloatHistogram.compacted(negative)
  }

  private static func compacted(_ buckets: Buckets) -> Buckets {
    if !buckets.counts.contains(0) { return buckets }
    var result = Buckets()
    for (index, count) in zip(buckets.indices, buckets.counts) where count != 0 { result.append(index, count) }
    return result
  }

  /// This histogram with all counts and the sum multiplied.
  public func multiplied(by factor: Double) -> FloatHistogram { scaled { $0 * factor } }

  /// This histogram with all counts and the sum divided; a division by zero leaves no buckets.
  public func divided(by divisor: Double) -> FloatHistogram {
    var result = scaled { $0 / divisor }
    if divisor == 0 {
      result.positive = Buckets()
      result.negative = Buckets()
    }
    return result
  }

  private func scaled(_ transform: (Double) -> Double) -> FloatHistogram {
    var result = self
    result.zeroCount = transform(zeroCount)
    result.count = transform(count)
    result.sum = transform(sum)
    result.positive.map(transform)
    result.negative.map(transform)
    return result
  }

  /// Whether a count or the sum is infinite.
  public var hasOverflow: Bool {
    zeroCount.isInfinite || count.isInfinite || sum.isInfinite || positive.counts.contains(where: \.isInfinite)
      || negative.counts.contains(where: \.isInfinite)
  }

  /// What is wrong with the histogram's shape, nil if nothing.
  public var fault: String? {
    if !hasCustomBounds {
      if !FloatHistogram.exponentialSchemas.contains(schema) {
        return "schema \(schema) is neither between -4 and 8 nor -53"
      }
      return customBounds.isEmpty ? nil : "histogram with exponential schema must not have custom bounds"
    }
    if !negative.isEmpty { return "histogram with custom buckets must not have negative buckets" }
    if zeroCount != 0 || zeroThreshold != 0 { return "histogram with custom buckets must not have a zero bucket" }
    for (lower, upper) in zip(customBounds, customBounds.dropFirst()) where !(lower < upper) {
      return "histogram custom bounds must be in strictly increasing order"
    }
    if customBounds.contains(where: { $0.isNaN || $0 == .infinity }) {
      return "histogram custom bounds must be finite"
    }
    if (positive.indices.first ?? 0) < 0 || (positive.indices.last ?? 0) > customBounds.count {
      return "histogram with \(customBounds.count) custom bounds has buckets outside of them"
    }
    return nil
  }
}

extension FloatHistogram: Equatable {
  /// Equality of everything but the hint; numbers compare by their bits.
  public static func == (left: FloatHistogram, right: FloatHistogram) -> Bool {
    left.schema == right.schema && left.count.bitPattern == right.count.bitPattern
      && left.sum.bitPattern == right.sum.bitPattern && left.zeroThreshold == right.zeroThreshold
      && left.zeroCount.bitPattern == right.zeroCount.bitPattern && left.customBounds == right.customBounds
      && left.positive.equals(right.positive) && left.negative.equals(right.negative)
  }
}

extension FloatHistogram.Buckets {
  fileprivate func equals(_ other: FloatHistogram.Buckets) -> Bool {
    indices == other.indices && zip(counts, other.counts).allSatisfy { $0.bitPattern == $1.bitPattern }
  }
}

/// How a histogram stands among the values of a series or of a vector: a NaN that no arithmetic yields, with the
/// histogram's place in a table that goes along with the values.
public enum HistogramReference {
  /// The value that stands for the histogram at `index`.
  @inlinable
  public static func value(_ index: Int) -> Double {
    Double(bitPattern: 0x7ff4_0000_0000_0000 | UInt64(truncatingIfNeeded: index) & 0xffff_ffff_ffff)
  }

  /// The place of the histogram for which a value stands, nil for numbers.
  @inlinable
  public static func index(_ value: Double) -> Int? {
    value.bitPattern & 0xffff_0000_0000_0000 == 0x7ff4_0000_0000_0000
      ? Int(value.bitPattern & 0xffff_ffff_ffff) : nil
  }
}
