import Dispatch
import Synchronization
import TimeSeries

/// The one place where samples are: series by their labels, compressed, bounded in time, bytes and number, and kept in
/// a file if there is one.
///
/// Writers resolve labels to a ``SeriesID`` once and append batches; readers select by matchers. Every call takes one
/// short lock; decoding and reading the file happen outside it. Timestamps are UTC milliseconds.
///
/// With a file, what is appended goes into memory and, in the same order, into a journal, which one writer commits:
/// within half a second, or at once for ``appendDurably(_:now:)``. Now and then a checkpoint writes what is new as
/// compressed chunks and shortens the journal, in one transaction. Memory then only needs the last hours.
public final class SeriesStore: SeriesSource, Sendable {
  public let configuration: SeriesStoreConfiguration
  let file: StoreFile?
  let state: Mutex<State>
  /// Where commits and checkpoints happen, one after the other.
  let queue = DispatchQueue(label: "store", qos: .userInitiated)

  struct State {
    var series = SeriesTable()
    var nextID: UInt32 = 0
    var ids: [Labels: UInt32] = [:]
    var index = LabelIndex()
    var metadata: [String: MetricMetadata] = [:]
    var evictionGeneration: UInt64 = 0
    var statistics = SeriesStoreStatistics()
    var durability = Durability()
    var histograms = HistogramTable()
  }

  /// A store in memory only.
  public init(configuration: SeriesStoreConfiguration = .init()) {
    self.configuration = configuration
    file = nil
    state = Mutex(State())
  }

  init(configuration: SeriesStoreConfiguration, file: StoreFile, state: sending State) {
    self.configuration = configuration
    self.file = file
    self.state = Mutex(state)
  }

  /// How many bytes of memory may be taken.
  var memoryLimit: Int {
    file == nil ? min(configuration.retentionBytes, configuration.memoryBytes) : configuration.memoryBytes
  }

  // MARK: Writing

  /// The series with these labels, made if it does not exist; nil if the budget of series or of bytes is full (the
  /// refusal is counted).
  ///
  /// - Complexity: O(1) for a known series, O(labels) for a new one.
  public func resolve(_ labels: Labels) -> SeriesID? {
    let (id, delay) = state.withLock { state in
      (resolve(labels, in: &state).map { SeriesID($0.id) }, flushDelay(isUrgent: false, in: &state))
    }
    schedule(delay)
    return id
  }

  private func resolve(_ labels: Labels, in state: inout State) -> (id: UInt32, series: MemorySeries)? {
    if let id = state.ids[labels], let series = state.series[id] { return (id, series) }
    guard state.ids.count < configuration.maximumSeries, state.nextID < .max, !labels.isEmpty,
      state.statistics.bytes <= memoryLimit
    else {
      state.statistics.refusedSeries += 1
      return nil
    }
    let id = state.nextID
    let series = Self.insert(labels, id: id, in: &state)
    if file != nil { state.durability.pending.writeSeries(id, series.labels) }
    return (id, series)
  }

  /// Adds a series that does not exist.
  @discardableResult
  static func insert(_ labels: Labels, id: UInt32, in state: inout State) -> MemorySeries {
    let interned = state.index.interned(labels)
    state.nextID = max(state.nextID, id &+ 1)
    let series = MemorySeries(labels: interned)
    state.series.insert(series, id: id)
    state.ids[interned] = id
    state.index.insert(interned, id: id)
    state.statistics.series += 1
    state.statistics.bytes += MemorySeries.overhead
    return series
  }

  /// Appends samples; each series must be fed in the order of time.
  ///
  /// With a file they are durable within about a second.
  ///
  /// - Parameters:
  ///   - batch: samples of any series.
  ///   - now: the clock, for the bounds of age and future.
  /// - Complexity: O(samples), about 30 ns each.
  @discardableResult
  public func append(_ batch: SampleBatch, now: Int64) -> AppendOutcome {
    let (outcome, delay) = state.withLock { state in
      let outcome = apply(batch, now: now, isRepeatable: false, in: &state)
      return (outcome, flushDelay(isUrgent: false, in: &state))
    }
    schedule(delay)
    return outcome
  }

  /// Takes a batch into memory and into the journal's buffer.
  ///
  /// - Parameter isRepeatable: whether samples older than the newest of their series may be there already, because the
  ///   batch was sent before and not acknowledged. What memory has is in the journal's buffer, in the file, or waits for
  ///   the next checkpoint, and need not be journalled again.
  func apply(_ batch: SampleBatch, now: Int64, isRepeatable: Bool, in state: inout State) -> AppendOutcome {
    let oldest = now - configuration.retentionTime
    let newest = now + configuration.futureTolerance
    let isJournalled = file != nil
    var outcome = AppendOutcome()
    var bytes = 0
    var past = RecentPast()
    var last: (id: UInt32, timestamp: Int64) = (0, 0)
    var rest = batch.histograms[...]
    let histogramBytes = state.histograms.byteCount
    let place = isJournalled ? state.durability.pending.beginSamples() : 0
    for index in batch.ids.indices {
      let id = batch.ids[index].rawValue
      guard let series = state.series[id] else {
        outcome.refuse(index, .unknownSeries)
        continue
      }
      let timestamp = batch.timestamps[index]
      var value = batch.values[index]
      if value.isNaN {
        if isJournalled, rest.first?.index == index {
          rest.removeFirst()
          outcome.refuse(index, .histogram)
          continue
        }
        value = state.histograms.value(
          of: &rest, at: index, value, after: series, timestamp, times: min(oldest, newest)...newest)
      }
      if timestamp < series.lastTimestamp {
        guard isRepeatable, past.has(timestamp, value, of: series, id: id) else {
          outcome.refuse(index, .outOfOrder)
          continue
        }
        outcome.duplicate += 1
        continue
      } else if timestamp == series.lastTimestamp {
        guard series.lastValue.bitPattern == value.bitPattern else {
          outcome.refuse(index, .conflicting)
          continue
        }
        outcome.duplicate += 1
        continue
      } else if timestamp < oldest {
        outcome.refuse(index, .tooOld)
        continue
      } else if timestamp > newest {
        outcome.refuse(index, .tooFarAhead)
        continue
      } else {
        bytes += series.append(timestamp, value, samplesPerChunk: configuration.samplesPerChunk)
        outcome.appended += 1
      }
      if isJournalled { state.durability.pending.writeSample(id, timestamp, value, after: &last) }
    }
    if isJournalled { state.durability.pending.endSamples(at: place, count: outcome.appended) }
    state.statistics.bytes += bytes + state.histograms.byteCount - histogramBytes
    state.statistics.samples += outcome.appended
    state.statistics.outcome += outcome
    return outcome
  }

  /// Replaces the future curve of a series: points that a range query past the newest real sample
  /// returns. An empty curve removes it. Refused silently if the series budget is full (the
  /// refusal is counted).
  ///
  /// Curves are not kept in the file: whoever made one makes it again.
  ///
  /// - Parameter samples: ascending in time.
  public func setCurve(_ labels: Labels, samples: [Sample]) {
    let delay = state.withLock { state -> Delay? in
      guard let (_, series) = resolve(labels, in: &state) else { return nil }
      state.statistics.bytes += series.setCurve(samples)
      return flushDelay(isUrgent: false, in: &state)
    }
    schedule(delay)
  }

  /// Remembers what a metric is.
  public func setMetadata(_ metadata: MetricMetadata, for metricName: String) {
    state.withLock { state in
      guard state.metadata[metricName] != metadata else { return }
      state.metadata[metricName] = metadata
      if file != nil { state.durability.newMetadata[metricName] = metadata }
    }
  }

  /// What metrics are, by metric name.
  public func metadata() -> [String: MetricMetadata] { state.withLock { $0.metadata } }

  /// Changes whenever series were evicted: a cache of ids must then be dropped.
  public var evictionGeneration: UInt64 { state.withLock { $0.evictionGeneration } }

  /// What the store holds and has refused.
  public var statistics: SeriesStoreStatistics {
    state.withLock { state in
      var statistics = state.statistics
      statistics.journalBytes = state.durability.journalBytes
      return statistics
    }
  }

  /// The labels of a series; nil if neither memory nor the file knows it.
  public func labels(of id: SeriesID) -> Labels? {
    if let labels = state.withLock({ $0.series[id.rawValue]?.labels }) { return labels }
    return try? file?.labels(of: id.rawValue)
  }
}
