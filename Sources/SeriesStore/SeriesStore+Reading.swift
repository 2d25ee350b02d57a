import GRDB
import TimeSeries

extension SeriesStore {
  /// The series that all matchers accept, with their samples in `start ... end`.
  ///
  /// - Complexity: O(candidates of the most selective matcher + samples).
  /// - Throws: ``StoreError`` if the file cannot be read, `SampleLimitExceeded` beyond what `hints` allow.
  public func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) throws -> [SeriesSamples] {
    try select(matchers, from: start, through: end, hints: SelectHints())
  }

  /// The same, where a coarser tier may answer.
  ///
  /// Where samples are gone, the five-minute summaries answer, with the column that `hints.aggregate` names. Where both
  /// are there, summaries answer a question whose points are a quarter of an hour apart or more and that reaches back
  /// beyond memory, unless it looks at ranges shorter than an hour, which summaries would leave nearly empty.
  public func select(
    _ matchers: [LabelMatcher], from start: Int64, through end: Int64, hints: SelectHints
  ) throws -> [SeriesSamples] {
    guard start <= end else { return [] }
    var (snapshots, hasTwins) = state.withLock { state in
      (
        matching(matchers, in: state).map { $1.snapshot(id: $0, from: start, through: end) }, state.durability.hasTwins
      )
    }
    if let file { try complete(&snapshots, matchers, file, start...end, hints) }
    if hasTwins { mergeTwins(&snapshots, start...end) }
    var left = hints.maximumSamples
    var result: [SeriesSamples] = []
    result.reserveCapacity(snapshots.count)
    for snapshot in snapshots
    where !snapshot.chunks.isEmpty || !snapshot.curve.isEmpty || !snapshot.older.timestamps.isEmpty {
      guard let samples = snapshot.decode(from: start, through: end) else { continue }
      left -= samples.timestamps.count
      if left < 0 { throw SampleLimitExceeded(limit: hints.maximumSamples) }
      result.append(samples)
    }
    attachHistograms(&result)
    return result
  }

  /// Adds what only the file has.
  private func complete(
    _ snapshots: inout [SeriesSnapshot], _ matchers: [LabelMatcher], _ file: StoreFile, _ range: ClosedRange<Int64>,
    _ hints: SelectHints
  ) throws {
    let (memoryFloor, rawFloor, hasCold) = state.withLock { state in
      (state.durability.memoryFloor, state.durability.rawFloor, state.durability.coldSeries > 0)
    }
    let asksFile = snapshots.contains { range.lowerBound < $0.memoryStart }
    guard asksFile || (hasCold && range.lowerBound < memoryFloor) else { return }
    let isCoarse =
      hints.step >= 3 * RollupBucket.width && range.lowerBound < memoryFloor
      && (hints.range == 0 || hints.range >= 12 * RollupBucket.width)
    do {
      try file.pool.read { database in
        if hasCold, range.lowerBound < memoryFloor { try self.appendCold(&snapshots, matchers, file, database) }
        var left = hints.maximumSamples
        for index in snapshots.indices where range.lowerBound < snapshots[index].memoryStart {
          try snapshots[index].readOlder(
            from: file, in: database, range: range, coarseUntil: isCoarse ? memoryFloor : rawFloor,
            aggregate: hints.aggregate)
          left -= snapshots[index].older.timestamps.count
          if left < 0 { throw SampleLimitExceeded(limit: hints.maximumSamples) }
        }
      }
    } catch let error as SampleLimitExceeded {
      throw error
    } catch {
      state.withLock { $0.statistics.failedReads += 1 }
      throw StoreFile.storeError(error, path: file.path)
    }
    mergeTwins(&snapshots, range)
  }

  /// Adds series that left memory.
  private func appendCold(
    _ snapshots: inout [SeriesSnapshot], _ matchers: [LabelMatcher], _ file: StoreFile, _ database: Database
  ) throws {
    let known = Set(snapshots.map(\.id))
    for (id, labels) in try file.series(matchers, in: database) where !known.contains(id) {
      snapshots.append(
        SeriesSnapshot(id: id, labels: labels, chunks: [], curve: [], memoryStart: .max))
    }
  }

  /// Puts together what one label set has under several ids: a series that left memory and came back.
  private func mergeTwins(_ snapshots: inout [SeriesSnapshot], _ range: ClosedRange<Int64>) {
    var places: [Labels: Int] = [:]
    var merged: [SeriesSnapshot] = []
    for snapshot in snapshots {
      guard let place = places[snapshot.labels] else {
        places[snapshot.labels] = merged.count
        merged.append(snapshot)
        continue
      }
      merged[place] = merged[place].joined(with: snapshot, range)
    }
    snapshots = merged
  }

  /// The labels of the series that all matchers accept and that have a sample in the range.
  ///
  /// Series that left memory are found by their labels alone.
  public func series(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) -> [Labels] {
    let (found, asksFile) = state.withLock { state in
      (
        matching(matchers, in: state).filter { id, series in
          series.hasSample(from: start, through: end) || (series.hasOlder && start < series.oldestTimestamp)
        }.map(\.1.labels), state.durability.coldSeries > 0 && start < state.durability.memoryFloor
      )
    }
    guard asksFile, let file else { return found }
    do {
      let cold = try file.pool.read { try file.series(matchers, in: $0) }
      return Array(Set(found + cold.map(\.labels)))
    } catch {
      state.withLock { $0.statistics.failedReads += 1 }
      return found
    }
  }

  /// The label names of those series, sorted.
  public func labelNames(_ matchers: [LabelMatcher] = [], from start: Int64, through end: Int64) -> [String] {
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
      matching(matchers, in: state).compactMap { _, series in
        guard series.hasSamples, series.lastTimestamp >= since, !series.lastValue.isStaleMarker else {
          return nil
        }
        return (series.labels, Sample(series.lastTimestamp, series.lastValue))
      }
    }
  }

  private func matching(_ matchers: [LabelMatcher], in state: borrowing State) -> [(UInt32, MemorySeries)] {
    var result: [(UInt32, MemorySeries)] = []
    if let candidates = state.index.candidates(matchers) {
      result.reserveCapacity(candidates.count)
      for id in candidates {
        guard let series = state.series[id], matchers.allSatisfy({ $0.accepts(series.labels) }) else { continue }
        result.append((id, series))
      }
    } else {
      state.series.forEach { id, series in
        if matchers.allSatisfy({ $0.accepts(series.labels) }) { result.append((id, series)) }
      }
    }
    return result
  }
}

extension SeriesSnapshot {
  /// Reads what lies before memory: summaries up to `coarseUntil`, samples from there on.
  mutating func readOlder(
    from file: StoreFile, in database: Database, range: ClosedRange<Int64>, coarseUntil: Int64,
    aggregate: SelectHints.Aggregate
  ) throws {
    let end = min(range.upperBound, memoryStart == .min ? range.upperBound : memoryStart - 1)
    guard range.lowerBound <= end else { return }
    var rawStart = range.lowerBound
    if range.lowerBound < coarseUntil {
      let rollup = try file.rollup(of: id, from: range.lowerBound, through: min(end, coarseUntil), in: database)
      for bucket in rollup.buckets where bucket.start < coarseUntil {
        guard bucket.lastTimestamp >= range.lowerBound, bucket.lastTimestamp <= end else { continue }
        older.timestamps.append(bucket.lastTimestamp)
        older.values.append(bucket.value(aggregate))
      }
      rawStart = max(rawStart, (older.timestamps.last ?? rawStart - 1) + 1)
    }
    for chunk in try file.chunks(of: id, from: rawStart, through: end, in: database) {
      let last = older.timestamps.last.map { $0 + 1 } ?? rawStart
      chunk.decode(from: max(rawStart, last), through: end, into: &older.timestamps, &older.values)
    }
  }

  /// Two parts of one series' past as one.
  func joined(with other: SeriesSnapshot, _ range: ClosedRange<Int64>) -> SeriesSnapshot {
    var samples: [(Int64, Double)] = []
    for part in [self, other] {
      var (timestamps, values) = part.older
      for chunk in part.chunks {
        chunk.decode(from: range.lowerBound, through: range.upperBound, into: &timestamps, &values)
      }
      samples += zip(timestamps, values).map { ($0, $1) }
    }
    samples.sort { $0.0 < $1.0 }
    var result = SeriesSnapshot(
      id: id, labels: labels, chunks: [], curve: curve.isEmpty ? other.curve : curve, memoryStart: .min)
    for (timestamp, value) in samples where result.older.timestamps.last != timestamp {
      result.older.timestamps.append(timestamp)
      result.older.values.append(value)
    }
    return result
  }
}
