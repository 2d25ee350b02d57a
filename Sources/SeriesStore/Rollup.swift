import TimeSeries

/// Samples summed up by five minutes of UTC: what is kept of a series when its samples are gone.
struct RollupBucket: Equatable, Sendable {
  /// The start of the five minutes, in UTC milliseconds.
  var start: Int64
  /// When the newest sample in them was.
  var lastTimestamp: Int64
  var count: Double
  var sum: Double
  var minimum: Double
  var maximum: Double
  var last: Double

  /// The width of a bucket in milliseconds.
  static let width: Int64 = 300_000

  /// The start of the bucket that `timestamp` lies in.
  static func start(of timestamp: Int64) -> Int64 {
    let rest = timestamp % width
    return timestamp - (rest < 0 ? rest + width : rest)
  }

  /// Takes in another part of the same five minutes.
  mutating func merge(_ other: RollupBucket) {
    count += other.count
    sum += other.sum
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    if other.lastTimestamp > lastTimestamp {
      lastTimestamp = other.lastTimestamp
      last = other.last
    }
  }

  /// What a reader of one kind is given.
  func value(_ aggregate: SelectHints.Aggregate) -> Double {
    switch aggregate {
    case .last: last
    case .minimum: minimum
    case .maximum: maximum
    case .sum: sum
    case .count: count
    case .average: count > 0 ? sum / count : last
    }
  }
}

/// Buckets of one series in the order of time.
struct Rollup: Equatable, Sendable {
  private(set) var buckets: [RollupBucket] = []

  /// How many buckets a row of the file holds: twenty hours.
  static let bucketsPerRow = 240

  init(_ buckets: [RollupBucket] = []) { self.buckets = buckets }

  /// Sums up samples in the order of time. Staleness markers and other NaNs are left out.
  ///
  /// Sums are compensated (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", 1974), so
  /// that a sum of decimals mostly is the nearest number to a decimal, which takes few bits.
  init(timestamps: [Int64], values: [Double]) {
    var compensation = 0.0
    for (timestamp, value) in zip(timestamps, values) where !value.isNaN {
      let start = RollupBucket.start(of: timestamp)
      let bucket = RollupBucket(
        start: start, lastTimestamp: timestamp, count: 1, sum: value, minimum: value, maximum: value, last: value)
      if let newest = buckets.last, newest.start == start {
        let total = newest.sum + value
        compensation +=
          newest.sum.magnitude >= value.magnitude ? (newest.sum - total) + value : (value - total) + newest.sum
        buckets[buckets.count - 1].merge(bucket)
      } else {
        addToLastSum(compensation)
        compensation = 0
        buckets.append(bucket)
      }
    }
    addToLastSum(compensation)
  }

  private mutating func addToLastSum(_ compensation: Double) {
    if !buckets.isEmpty, compensation.isFinite { buckets[buckets.count - 1].sum += compensation }
  }

  /// Adds buckets that are not older than the newest one here.
  mutating func append(_ more: Rollup) {
    for bucket in more.buckets {
      if let newest = buckets.last, newest.start == bucket.start {
        buckets[buckets.count - 1].merge(bucket)
      } else {
        buckets.append(bucket)
      }
    }
  }

  /// Buckets of several rows, sorted, with parts of the same five minutes put together.
  static func merged(_ rows: [Rollup]) -> Rollup {
    var result = Rollup()
    result.append(Rollup(rows.flatMap(\.buckets).sorted { $0.start < $1.start }))
    return result
  }
}
