import TimeSeries

/// One series in memory: sealed chunks, the open one, and a forecast's future curve if it has one.
///
/// Only touched under the store's lock.
final class MemorySeries {
  /// A chunk that no longer grows.
  struct Sealed {
    var chunk: Chunk
    /// Whether the file has it.
    var isSaved: Bool

    /// The memory that it takes.
    var byteCount: Int { chunk.byteCount + MemoryLayout<Sealed>.stride }
  }

  let labels: Labels
  /// In the order of time.
  private(set) var sealed: [Sealed] = []
  /// How many samples of the open chunk are in the file.
  private(set) var savedOpenCount: Int32 = 0
  /// Whether the file knows the series' labels.
  var isDefined = false
  /// Whether the file has samples from before the oldest in memory.
  var hasOlder = false
  private var emptyPasses: UInt8 = 0
  private var open = ChunkEncoder()
  private(set) var curve: [Sample] = []

  /// The fixed cost of a series beside its samples: the object, its labels, its slot, its dictionary entry and its
  /// postings. It is the resident memory that 100,000 series took, each with six labels, one of them its own.
  static let overhead = 960

  init(labels: Labels) { self.labels = labels }

  var hasSamples: Bool { open.count > 0 || !sealed.isEmpty }
  var lastTimestamp: Int64 { open.count > 0 ? open.lastTimestamp : sealed.last?.chunk.end ?? .min }
  /// The newest value. An empty open chunk beside sealed ones is rare: a series that rests since a restart.
  var lastValue: Double {
    if open.count > 0 { return Double(bitPattern: open.lastBits) }
    guard let chunk = sealed.last?.chunk else { return .nan }
    var timestamps: [Int64] = []
    var values: [Double] = []
    chunk.decode(from: chunk.end, through: chunk.end, into: &timestamps, &values)
    return values.last ?? .nan
  }
  var openByteCount: Int { open.byteCount }
  /// The oldest timestamp in memory; the greatest number if there is none.
  var oldestTimestamp: Int64 { sealed.first?.chunk.start ?? (open.count > 0 ? open.firstTimestamp : .max) }

  /// Whether two retention passes in a row found nothing here. One is not enough: a series is
  /// empty between being resolved and its first sample.
  var isAbandoned: Bool { emptyPasses >= 2 }

  /// Whether everything here is in the file.
  var isSaved: Bool { isDefined && Int(savedOpenCount) == open.count && sealed.allSatisfy(\.isSaved) }

  /// Whether a sample may fall into the range; exact up to the gaps inside a chunk.
  func hasSample(from start: Int64, through end: Int64) -> Bool {
    if sealed.contains(where: { $0.chunk.end >= start && $0.chunk.start <= end }) { return true }
    if open.count > 0, open.lastTimestamp >= start, open.firstTimestamp <= end { return true }
    return curve.contains { $0.timestamp >= start && $0.timestamp <= end }
  }

  /// Appends a sample newer than all others; returns by how many bytes the series grew.
  ///
  /// A chunk is sealed at the border of five minutes where possible, so that rollups are whole.
  func append(_ timestamp: Int64, _ value: Double, samplesPerChunk: Int) -> Int {
    let before = open.byteCount
    var growth = 0
    if isFull(at: timestamp, samplesPerChunk) || isGap(before: timestamp) { growth = seal() }
    open.append(timestamp, value)
    return growth + open.byteCount - before
  }

  private func isFull(at timestamp: Int64, _ samplesPerChunk: Int) -> Bool {
    guard open.count >= samplesPerChunk else { return false }
    return open.count >= 2 * samplesPerChunk || samplesPerChunk < 64
      || RollupBucket.start(of: timestamp) != RollupBucket.start(of: open.lastTimestamp)
  }

  /// Whether nothing came for so long that history may be put in between: no chunk reaches across.
  private func isGap(before timestamp: Int64) -> Bool {
    guard open.count > 1 else { return false }
    let gap = timestamp &- open.lastTimestamp
    return gap > 600_000 && gap / 8 > (open.lastTimestamp &- open.firstTimestamp) / Int64(open.count - 1)
  }

  /// Closes the open chunk; returns the bytes of what it became. The next sample must be appended at once, unless the
  /// series is about to leave memory.
  @discardableResult
  func seal() -> Int {
    guard let chunk = open.chunk()?.compacted() else { return 0 }
    append(Sealed(chunk: chunk, isSaved: false))
    open = ChunkEncoder(after: open)
    savedOpenCount = 0
    return sealed[sealed.count - 1].byteCount
  }

  /// An array that doubled would mostly be half empty: a series has few chunks.
  private func append(_ one: Sealed) {
    if sealed.count == sealed.capacity { sealed.reserveCapacity(sealed.count + 1 + sealed.count / 4) }
    sealed.append(one)
  }

  /// Takes over what the file has, oldest first; the last chunk goes on growing if it `isOpen`.
  func restore(_ chunk: Chunk, isOpen: Bool) {
    reseal()
    // What still grew must be the newest, or what comes next would be out of order.
    if let newest = sealed.last?.chunk, chunk.start <= newest.end { return insertSaved(chunk) }
    guard isOpen else {
      append(Sealed(chunk: chunk, isSaved: true))
      return
    }
    var timestamps: [Int64] = []
    var values: [Double] = []
    chunk.decode(from: .min, through: .max, into: &timestamps, &values)
    open = ChunkEncoder()
    for (timestamp, value) in zip(timestamps, values) { open.append(timestamp, value) }
    savedOpenCount = Int32(open.count)
  }

  /// An open chunk that turns out not to be the last is sealed; the file learns it at the next checkpoint.
  private func reseal() { if open.count > 0 { seal() } }

  /// Puts a chunk that is in the file among the sealed ones.
  func insertSaved(_ chunk: Chunk) {
    let index = sealed.firstIndex { $0.chunk.start > chunk.start } ?? sealed.endIndex
    sealed.insert(Sealed(chunk: chunk, isSaved: true), at: index)
  }

  /// The stretches of time that chunks here cover.
  var spans: [ClosedRange<Int64>] {
    var result = sealed.map { $0.chunk.start...$0.chunk.end }
    if open.count > 0 { result.append(open.firstTimestamp...open.lastTimestamp) }
    return result
  }

  /// Replaces the future curve; returns by how many bytes the series grew.
  func setCurve(_ samples: [Sample]) -> Int {
    let before = curve.count
    curve = samples
    return (samples.count - before) * MemoryLayout<Sample>.size
  }

  // MARK: Checkpoints

  /// What of the series is not in the file yet.
  func appendUnsaved(id: UInt32, to plan: inout CheckpointPlan) {
    if !isDefined { plan.series.append((id, labels)) }
    for one in sealed where !one.isSaved {
      plan.chunks.append(CheckpointPlan.Piece(id: id, chunk: one.chunk, isOpen: false))
    }
    if open.count > Int(savedOpenCount), let chunk = open.chunk() {
      plan.chunks.append(CheckpointPlan.Piece(id: id, chunk: chunk, isOpen: true))
    }
  }

  /// How far the series was when a plan was made.
  struct Mark: Sendable {
    var id: UInt32
    /// The end of the last sealed chunk.
    var sealedEnd: Int64
    var open: Int32
    var openStart: Int64
  }

  func mark(id: UInt32) -> Mark {
    Mark(
      id: id, sealedEnd: sealed.last?.chunk.end ?? .min, open: Int32(open.count),
      openStart: open.count > 0 ? open.firstTimestamp : .min)
  }

  /// Notes that everything up to a mark is in the file.
  func noteSaved(_ mark: Mark) {
    isDefined = true
    for index in sealed.indices where sealed[index].chunk.end <= mark.sealedEnd { sealed[index].isSaved = true }
    if open.count > 0, open.firstTimestamp == mark.openStart { savedOpenCount = max(savedOpenCount, mark.open) }
  }

  // MARK: Retention

  /// Drops sealed chunks that end before `cutoff`, and the open one if it does too; returns freed
  /// bytes and samples.
  ///
  /// - Parameters:
  ///   - countsAsPass: whether finding the series empty counts towards its eviction.
  ///   - onlySaved: whether what is not in the file must stay.
  func drop(before cutoff: Int64, countsAsPass: Bool, onlySaved: Bool) -> (bytes: Int, samples: Int) {
    var bytes = 0
    var samples = 0
    if onlySaved, open.count > 0, open.lastTimestamp < cutoff {
      let before = open.byteCount
      bytes -= seal() + open.byteCount - before
    }
    let expired = sealed.prefix { $0.chunk.end < cutoff && ($0.isSaved || !onlySaved) }.count
    if expired > 0 {
      for one in sealed[..<expired] {
        bytes += one.byteCount
        samples += one.chunk.count
      }
      sealed.removeFirst(expired)
      if onlySaved { hasOlder = true }
    }
    if !onlySaved, sealed.isEmpty, open.count > 0, open.lastTimestamp < cutoff {
      bytes += open.byteCount
      samples += open.count
      open = ChunkEncoder()
      bytes -= open.byteCount
    }
    if let last = curve.last, last.timestamp < cutoff { bytes -= setCurve([]) }
    if hasSamples || !curve.isEmpty {
      emptyPasses = 0
    } else {
      emptyPasses = min(100, emptyPasses + (samples > 0 ? 2 : countsAsPass ? 1 : 0))
    }
    return (bytes, samples)
  }

  /// Adds the samples from `start` on, as far as memory has them.
  func decode(from start: Int64, into timestamps: inout [Int64], _ values: inout [Double]) {
    for one in sealed where one.chunk.end >= start {
      one.chunk.decode(from: start, through: .max, into: &timestamps, &values)
    }
    if open.count > 0 { open.chunk()?.decode(from: start, through: .max, into: &timestamps, &values) }
  }

  /// What a reader needs, so that decoding can happen outside the lock.
  func snapshot(id: UInt32, from start: Int64, through end: Int64) -> SeriesSnapshot {
    var chunks: [Chunk] = []
    for one in sealed where one.chunk.end >= start && one.chunk.start <= end { chunks.append(one.chunk) }
    if open.count > 0, open.lastTimestamp >= start, open.firstTimestamp <= end, let chunk = open.chunk() {
      chunks.append(chunk)
    }
    let newest = hasSamples ? lastTimestamp : Int64.min
    var future = curve[...]
    if !future.isEmpty {
      future = future.drop { $0.timestamp <= newest || $0.timestamp < start }
      future = future.prefix { $0.timestamp <= end }
    }
    return SeriesSnapshot(
      id: id, labels: labels, chunks: chunks, curve: future, memoryStart: hasOlder ? oldestTimestamp : .min)
  }
}

/// The compressed samples of one series in a range, detached from the store.
struct SeriesSnapshot: Sendable {
  let id: UInt32
  let labels: Labels
  var chunks: [Chunk]
  let curve: ArraySlice<Sample>
  /// Before this time the file has to be asked; the least number if memory has everything.
  let memoryStart: Int64
  /// Samples from the file that come before the chunks.
  var older: (timestamps: [Int64], values: [Double]) = ([], [])

  /// At most so many samples are in it.
  var sampleBound: Int { chunks.reduce(curve.count + older.timestamps.count) { $0 + $1.count } }

  /// The decoded samples; nil if none falls into the range.
  func decode(from start: Int64, through end: Int64) -> SeriesSamples? {
    var (timestamps, values) = older
    timestamps.reserveCapacity(sampleBound)
    values.reserveCapacity(sampleBound)
    for chunk in chunks { chunk.decode(from: start, through: end, into: &timestamps, &values) }
    for sample in curve {
      timestamps.append(sample.timestamp)
      values.append(sample.value)
    }
    return timestamps.isEmpty ? nil : SeriesSamples(labels: labels, timestamps: timestamps, values: values)
  }
}
