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

/// Buckets of one series in the order of time, as bytes: one chunk for each of the five columns.
struct Rollup: Equatable, Sendable {
  private(set) var buckets: [RollupBucket] = []

  /// How many buckets a row of the file holds: twenty hours.
  static let bucketsPerRow = 240

  init(_ buckets: [RollupBucket] = []) { self.buckets = buckets }

  /// Sums up samples in the order of time. Staleness markers and other NaNs are left out.
  init(timestamps: [Int64], values: [Double]) {
    for (timestamp, value) in zip(timestamps, values) where !value.isNaN {
      let start = RollupBucket.start(of: timestamp)
      let bucket = RollupBucket(
        start: start, lastTimestamp: timestamp, count: 1, sum: value, minimum: value, maximum: value, last: value)
      if buckets.last?.start == start { buckets[buckets.count - 1].merge(bucket) } else { buckets.append(bucket) }
    }
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

  private static let columns: [@Sendable (RollupBucket) -> Double] = [
    { $0.count }, { $0.sum }, { $0.minimum }, { $0.maximum }, { $0.last },
  ]

  /// The rollup as bytes; the last sample's time is kept as its distance from the bucket's start.
  var bytes: [UInt8] {
    var result: [UInt8] = []
    var parts: [[UInt8]] = Self.columns.map { column in
      var encoder = ChunkEncoder()
      for bucket in buckets { encoder.append(bucket.start, column(bucket)) }
      return encoder.chunk()?.compacted().bytes ?? []
    }
    var encoder = ChunkEncoder()
    for bucket in buckets { encoder.append(bucket.start, Double(bucket.lastTimestamp - bucket.start)) }
    parts.append(encoder.chunk()?.compacted().bytes ?? [])
    for part in parts {
      withUnsafeBytes(of: UInt32(part.count).littleEndian) { result.append(contentsOf: $0) }
      result += part
    }
    return result
  }

  /// Reads what ``bytes`` wrote; nil if it is damaged.
  init?(start: Int64, end: Int64, count: Int, bytes: UnsafeRawBufferPointer) {
    var offset = 0
    var columns: [[Double]] = []
    var times: [Int64] = []
    for _ in 0..<6 {
      guard offset + 4 <= bytes.count else { return nil }
      let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
      offset += 4
      guard length <= bytes.count - offset,
        let chunk = Chunk(
          start: start, end: end, count: count, bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
        )
      else { return nil }
      offset += length
      times = []
      var values: [Double] = []
      chunk.decode(from: .min, through: .max, into: &times, &values)
      guard values.count == count else { return nil }
      columns.append(values)
    }
    buckets = times.indices.map { index in
      RollupBucket(
        start: times[index], lastTimestamp: times[index] &+ Int64(columns[5][index].isFinite ? columns[5][index] : 0),
        count: columns[0][index], sum: columns[1][index], minimum: columns[2][index], maximum: columns[3][index],
        last: columns[4][index])
    }
  }
}
