import TimeSeries

/// The native histograms of a store. Chunks hold their places here among the numbers (`HistogramReference`).
struct HistogramTable {
  /// A histogram and the time of its sample, in UTC milliseconds.
  struct Entry: Sendable {
    var timestamp: Int64
    var histogram: FloatHistogram
  }

  private(set) var entries: [Int: Entry] = [:]
  /// The place of the next histogram; never used again.
  private(set) var nextPlace = 0
  /// The memory that all histograms take, about.
  private(set) var byteCount = 0

  /// The histogram at a place.
  subscript(place: Int) -> FloatHistogram? { entries[place]?.histogram }

  /// Adds a histogram; the value that stands for it.
  mutating func add(_ entry: Entry) -> Double {
    defer { nextPlace += 1 }
    entries[nextPlace] = entry
    byteCount += Self.bytes(of: entry.histogram)
    return HistogramReference.value(nextPlace)
  }

  /// The value to store for a sample of a batch that is not a number.
  ///
  /// - Parameters:
  ///   - rest: the histograms of the batch from this sample on; taken from if the sample is one.
  ///   - index: the sample's place in the batch.
  ///   - times: when samples are accepted; the histogram of another is not kept.
  mutating func value(
    of rest: inout ArraySlice<(index: Int, histogram: FloatHistogram)>, at index: Int, _ value: Double,
    after series: MemorySeries, _ timestamp: Int64, times: ClosedRange<Int64>
  ) -> Double {
    while let next = rest.first, next.index < index { rest.removeFirst() }
    guard let next = rest.first, next.index == index else {
      // A number that looks like the place of a histogram is not one.
      return HistogramReference.index(value) == nil ? value : StaleMarker.normalNaN
    }
    rest.removeFirst()
    let previous = series.hasSamples ? HistogramReference.index(series.lastValue).flatMap { self[$0] } : nil
    if timestamp == series.lastTimestamp, previous == next.histogram { return series.lastValue }
    guard timestamp > series.lastTimestamp, times.contains(timestamp) else { return value }
    var histogram = next.histogram
    histogram.hint = histogram.storedHint(after: previous)
    return add(Entry(timestamp: timestamp, histogram: histogram))
  }

  /// Forgets the histograms of samples from before `cutoff`; returns freed bytes.
  mutating func drop(before cutoff: Int64) -> Int {
    if entries.isEmpty { return 0 }
    let before = byteCount
    entries = entries.filter { $0.value.timestamp >= cutoff }
    byteCount = entries.reduce(0) { $0 + Self.bytes(of: $1.value.histogram) }
    return before - byteCount
  }

  /// The memory that a histogram takes, about.
  private static func bytes(of histogram: FloatHistogram) -> Int {
    256 + 16 * (histogram.positive.counts.count + histogram.negative.counts.count) + 8 * histogram.customBounds.count
  }
}

extension SeriesStore {
  /// Gives series the histograms that their values refer to; a value whose histogram is gone goes too.
  func attachHistograms(_ series: inout [SeriesSamples]) {
    let hasAny = state.withLock { $0.histograms.nextPlace > 0 }
    if !hasAny { return }
    for row in series.indices {
      guard series[row].values.contains(where: { HistogramReference.index($0) != nil }) else { continue }
      let all = series[row]
      let found = state.withLock { state in
        all.values.map { value in HistogramReference.index(value).flatMap { state.histograms[$0] } }
      }
      var kept = SeriesSamples(labels: all.labels, timestamps: [], values: [])
      for (index, value) in all.values.enumerated() {
        if HistogramReference.index(value) != nil {
          guard let histogram = found[index] else { continue }
          kept.values.append(HistogramReference.value(kept.histograms.count))
          kept.histograms.append(histogram)
        } else {
          kept.values.append(value)
        }
        kept.timestamps.append(all.timestamps[index])
      }
      series[row] = kept
    }
  }
}
