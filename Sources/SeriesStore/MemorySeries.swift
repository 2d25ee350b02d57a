import TimeSeries

/// One series in memory: sealed chunks, the open one, and a forecast's future curve if it has one.
///
/// Only touched under the store's lock.
final class MemorySeries {
  let labels: Labels
  private(set) var sealed: [Chunk] = []
  private var open = ChunkEncoder()
  private(set) var curve: [Sample] = []
  private var emptyPasses = 0

  /// The fixed cost of a series beside its samples: the object, its slot, its dictionary entry and
  /// its postings, measured on a store of 100,000 series with six labels each.
  static let overhead = 420

  init(labels: Labels) { self.labels = labels }

  var hasSamples: Bool { open.count > 0 || !sealed.isEmpty }
  var lastTimestamp: Int64 { open.count > 0 ? open.lastTimestamp : sealed.last?.end ?? .min }
  var lastValue: Double { Double(bitPattern: open.lastBits) }
  var openByteCount: Int { open.byteCount }

  /// Whether two retention passes in a row found nothing here. One is not enough: a series is
  /// empty between being resolved and its first sample.
  var isAbandoned: Bool { emptyPasses >= 2 }

  /// Whether a sample may fall into the range; exact up to the gaps inside a chunk.
  func hasSample(from start: Int64, through end: Int64) -> Bool {
    if sealed.contains(where: { $0.end >= start && $0.start <= end }) { return true }
    if open.count > 0, open.lastTimestamp >= start, open.firstTimestamp <= end { return true }
    return curve.contains { $0.timestamp >= start && $0.timestamp <= end }
  }

  /// Appends a sample newer than all others; returns by how many bytes the series grew.
  func append(_ timestamp: Int64, _ value: Double, samplesPerChunk: Int) -> Int {
    let before = open.byteCount
    var growth = 0
    if open.count >= samplesPerChunk, let chunk = open.chunk() {
      sealed.append(chunk)
      growth = chunk.byteCount + MemoryLayout<Chunk>.size
      open = ChunkEncoder()
    }
    open.append(timestamp, value)
    return growth + open.byteCount - before
  }

  /// Replaces the future curve; returns by how many bytes the series grew.
  func setCurve(_ samples: [Sample]) -> Int {
    let before = curve.count
    curve = samples
    return (samples.count - before) * MemoryLayout<Sample>.size
  }

  /// Drops sealed chunks that end before `cutoff`, and the open one if it does too; returns freed
  /// bytes and samples.
  ///
  /// - Parameter countsAsPass: whether finding the series empty counts towards its eviction.
  func drop(before cutoff: Int64, countsAsPass: Bool) -> (bytes: Int, samples: Int) {
    var bytes = 0
    var samples = 0
    let expired = sealed.prefix { $0.end < cutoff }.count
    if expired > 0 {
      for chunk in sealed[..<expired] {
        bytes += chunk.byteCount + MemoryLayout<Chunk>.size
        samples += chunk.count
      }
      sealed.removeFirst(expired)
    }
    if sealed.isEmpty, open.count > 0, open.lastTimestamp < cutoff {
      bytes += open.byteCount
      samples += open.count
      open = ChunkEncoder()
      bytes -= open.byteCount
    }
    if let last = curve.last, last.timestamp < cutoff { bytes -= setCurve([]) }
    if hasSamples || !curve.isEmpty {
      emptyPasses = 0
    } else {
      emptyPasses += samples > 0 ? 2 : countsAsPass ? 1 : 0
    }
    return (bytes, samples)
  }

  /// What a reader needs, so that decoding can happen outside the lock.
  func snapshot(from start: Int64, through end: Int64) -> SeriesSnapshot? {
    var chunks: [Chunk] = []
    for chunk in sealed where chunk.end >= start && chunk.start <= end { chunks.append(chunk) }
    if open.count > 0, open.lastTimestamp >= start, open.firstTimestamp <= end, let chunk = open.chunk() {
      chunks.append(chunk)
    }
    let newest = hasSamples ? lastTimestamp : Int64.min
    var future = curve[...]
    if !future.isEmpty {
      future = future.drop { $0.timestamp <= newest || $0.timestamp < start }
      future = future.prefix { $0.timestamp <= end }
    }
    if chunks.isEmpty && future.isEmpty { return nil }
    return SeriesSnapshot(labels: labels, chunks: chunks, curve: future)
  }
}

/// The compressed samples of one series in a range, detached from the store.
struct SeriesSnapshot: Sendable {
  let labels: Labels
  let chunks: [Chunk]
  let curve: ArraySlice<Sample>

  /// The decoded samples; nil if none falls into the range.
  func decode(from start: Int64, through end: Int64) -> SeriesSamples? {
    var timestamps: [Int64] = []
    var values: [Double] = []
    let capacity = chunks.reduce(curve.count) { $0 + $1.count }
    timestamps.reserveCapacity(capacity)
    values.reserveCapacity(capacity)
    for chunk in chunks { chunk.decode(from: start, through: end, into: &timestamps, &values) }
    for sample in curve {
      timestamps.append(sample.timestamp)
      values.append(sample.value)
    }
    return timestamps.isEmpty ? nil : SeriesSamples(labels: labels, timestamps: timestamps, values: values)
  }
}
