import Synchronization
import TimeSeries

/// The one place where samples are: series by their labels, compressed in memory, bounded in time,
/// bytes and number.
///
/// Writers resolve labels to a ``SeriesID`` once and append batches; readers select by matchers.
/// Every call takes one short lock; decoding happens outside it. Timestamps are UTC milliseconds.
public final class SeriesStore: SeriesSource, Sendable {
  public let configuration: SeriesStoreConfiguration
  private let state: Mutex<State>

  private struct State {
    /// By id; ids only grow and are never used again.
    var slots: [UInt32: MemorySeries] = [:]
    var nextID: UInt32 = 0
    var ids: [Labels: UInt32] = [:]
    var index = LabelIndex()
    var symbols: Set<String> = []
    var metadata: [String: MetricMetadata] = [:]
    var evictionGeneration: UInt64 = 0
    var statistics = SeriesStoreStatistics()
  }

  public init(configuration: SeriesStoreConfiguration = .init()) {
    self.configuration = configuration
    state = Mutex(State())
  }

  // MARK: Writing

  /// The series with these labels, made if it does not exist; nil if the budget of series or of bytes is full (the
  /// refusal is counted).
  ///
  /// - Complexity: O(1) for a known series, O(labels) for a new one.
  public func resolve(_ labels: Labels) -> SeriesID? {
    state.withLock { resolve(labels, in: &$0).map { SeriesID($0.id) } }
  }

  private func resolve(_ labels: Labels, in state: inout State) -> (id: UInt32, series: MemorySeries)? {
    if let id = state.ids[labels], let series = state.slots[id] { return (id, series) }
    guard state.ids.count < configuration.maximumSeries, state.nextID < .max, !labels.isEmpty,
      state.statistics.bytes <= configuration.retentionBytes
    else {
      state.statistics.refusedSeries += 1
      return nil
    }
    let interned = Labels(
      sortedUnique: labels.elements.map { label in
        Label(
          state.symbols.insert(label.name).memberAfterInsert, state.symbols.insert(label.value).memberAfterInsert)
      })
    let id = state.nextID
    state.nextID += 1
    let series = MemorySeries(labels: interned)
    state.slots[id] = series
    state.ids[interned] = id
    state.index.insert(interned, id: id)
    state.statistics.series += 1
    state.statistics.bytes += MemorySeries.overhead
    return (id, series)
  }

  /// Appends samples; each series must be fed in the order of time.
  ///
  /// - Parameters:
  ///   - batch: samples of any series.
  ///   - now: the clock, for the bounds of age and future.
  /// - Complexity: O(samples), about 30 ns each.
  @discardableResult
  public func append(_ batch: SampleBatch, now: Int64) -> AppendOutcome {
    let oldest = now - configuration.retentionTime
    let newest = now + configuration.futureTolerance
    return state.withLock { state in
      var outcome = AppendOutcome()
      var bytes = 0
      for index in batch.ids.indices {
        guard let series = state.slots[batch.ids[index].rawValue] else {
          outcome.unknownSeries += 1
          continue
        }
        let timestamp = batch.timestamps[index]
        if timestamp <= series.lastTimestamp {
          if timestamp == series.lastTimestamp { outcome.duplicate += 1 } else { outcome.outOfOrder += 1 }
        } else if timestamp < oldest {
          outcome.tooOld += 1
        } else if timestamp > newest {
          outcome.tooFarAhead += 1
        } else {
          bytes += series.append(
            timestamp, batch.values[index], samplesPerChunk: configuration.samplesPerChunk)
          outcome.appended += 1
        }
      }
      state.statistics.bytes += bytes
      state.statistics.samples += outcome.appended
      state.statistics.outcome += outcome
      return outcome
    }
  }

  /// Replaces the future curve of a series: points that a range query past the newest real sample
  /// returns. An empty curve removes it. Refused silently if the series budget is full (the
  /// refusal is counted).
  ///
  /// - Parameter samples: ascending in time.
  public func setCurve(_ labels: Labels, samples: [Sample]) {
    state.withLock { state in
      guard let (_, series) = resolve(labels, in: &state) else { return }
      state.statistics.bytes += series.setCurve(samples)
    }
  }

  /// Remembers what a metric is.
  public func setMetadata(_ metadata: MetricMetadata, for metricName: String) {
    state.withLock { $0.metadata[metricName] = metadata }
  }

  // MARK: Reading

  /// The series that all matchers accept, with their samples in `start ... end`.
  ///
  /// - Complexity: O(candidates of the most selective matcher + samples).
  public func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64)
    -> [SeriesSamples]
  {
    let snapshots = state.withLock { state in
      matching(matchers, in: state).compactMap { $0.snapshot(from: start, through: end) }
    }
    return snapshots.compactMap { $0.decode(from: start, through: end) }
  }

  /// The labels of the series that all matchers accept and that have a sample in the range.
  public func series(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) -> [Labels] {
    state.withLock { state in
      matching(matchers, in: state).filter { $0.hasSample(from: start, through: end) }.map(\.labels)
    }
  }

  /// The label names of those series, sorted.
  public func labelNames(_ matchers: [LabelMatcher] = [], from start: Int64, through end: Int64)
    -> [String]
  {
    if matchers.isEmpty { return state.withLock { $0.index.postings.keys.sorted() } }
    return Set(series(matchers, from: start, through: end).flatMap { $0.elements.map(\.name) }).sorted()
  }

  /// The values of the label `name` among those series, sorted.
  public func labelValues(
    _ name: String, _ matchers: [LabelMatcher] = [], from start: Int64, through end: Int64
  ) -> [String] {
    if matchers.isEmpty { return state.withLock { $0.index.postings[name]?.keys.sorted() ?? [] } }
    return Set(series(matchers, from: start, through: end).compactMap { $0[name] }).sorted()
  }

  /// The newest sample of every series that all matchers accept, if it is not older than `since`
  /// and not a staleness marker. Future curves do not count.
  public func latest(_ matchers: [LabelMatcher], since: Int64) -> [(labels: Labels, sample: Sample)] {
    state.withLock { state in
      matching(matchers, in: state).compactMap { series in
        guard series.hasSamples, series.lastTimestamp >= since, !series.lastValue.isStaleMarker else {
          return nil
        }
        return (series.labels, Sample(series.lastTimestamp, series.lastValue))
      }
    }
  }

  /// What metrics are, by metric name.
  public func metadata() -> [String: MetricMetadata] { state.withLock { $0.metadata } }

  /// Changes whenever series were evicted: a cache of ids must then be dropped.
  public var evictionGeneration: UInt64 { state.withLock { $0.evictionGeneration } }

  /// What the store holds and has refused.
  public var statistics: SeriesStoreStatistics { state.withLock { $0.statistics } }

  private func matching(_ matchers: [LabelMatcher], in state: borrowing State) -> [MemorySeries] {
    let accepts: (MemorySeries) -> Bool = { series in matchers.allSatisfy { $0.accepts(series.labels) } }
    guard let candidates = state.index.candidates(matchers) else {
      return state.slots.values.filter(accepts)
    }
    return candidates.compactMap { state.slots[$0] }.filter(accepts)
  }

  // MARK: Retention

  /// Drops what the bounds of time and bytes no longer allow. Call it about once a minute.
  ///
  /// Chunks go oldest first; a series without samples goes with its labels. Series written within the last five minutes
  /// stay whatever the byte bound says; while it is exceeded, new series are refused instead.
  ///
  /// - Complexity: O(series), and O(chunks log chunks) when the byte bound is exceeded.
  public func enforceRetention(now: Int64) {
    state.withLock { state in
      Self.drop(before: now - configuration.retentionTime, countsAsPass: true, in: &state)
      let excess = state.statistics.bytes - configuration.retentionBytes
      if excess > 0 {
        let cutoff = Self.cutoff(freeing: excess, newestAllowed: now - Self.protectedAge, in: state)
        Self.drop(before: cutoff, countsAsPass: false, in: &state)
      }
    }
  }

  /// What is younger than this is never dropped for its bytes, in milliseconds: the span in which a query still takes a
  /// sample for the present value.
  private static let protectedAge: Int64 = 300_000

  /// The time before which chunks must go to free `excess` bytes, but not after `newestAllowed`.
  private static func cutoff(freeing excess: Int, newestAllowed: Int64, in state: borrowing State) -> Int64 {
    var ends: [(end: Int64, bytes: Int)] = []
    for series in state.slots.values {
      for chunk in series.sealed { ends.append((chunk.end, chunk.byteCount + MemoryLayout<Chunk>.size)) }
      if series.hasSamples { ends.append((series.lastTimestamp, series.openByteCount + MemorySeries.overhead)) }
    }
    ends.sort { $0.end < $1.end }
    var freed = 0
    for entry in ends where entry.end < newestAllowed {
      freed += entry.bytes
      if freed >= excess { return entry.end + 1 }
    }
    return newestAllowed
  }

  private static func drop(before cutoff: Int64, countsAsPass: Bool, in state: inout State) {
    var evicted: [UInt32: Labels] = [:]
    for (id, series) in state.slots {
      let freed = series.drop(before: cutoff, countsAsPass: countsAsPass)
      state.statistics.bytes -= freed.bytes
      state.statistics.samples -= freed.samples
      if series.isAbandoned { evicted[id] = series.labels }
    }
    guard !evicted.isEmpty else { return }
    for (id, labels) in evicted {
      state.ids[labels] = nil
      state.slots[id] = nil
    }
    state.index.removeAll { evicted[$0] != nil }
    state.symbols = []
    for labels in state.ids.keys {
      for label in labels.elements {
        state.symbols.insert(label.name)
        state.symbols.insert(label.value)
      }
    }
    let names = state.index.postings[Labels.metricNameLabel] ?? [:]
    state.metadata = state.metadata.filter { family, _ in
      ["", "_total", "_bucket", "_count", "_sum", "_info"].contains { names[family + $0] != nil }
    }
    state.evictionGeneration += 1
    state.statistics.series -= evicted.count
    state.statistics.evictedSeries += evicted.count
    state.statistics.bytes -= evicted.count * MemorySeries.overhead
  }
}
