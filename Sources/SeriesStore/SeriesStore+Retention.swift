import Dispatch
import TimeSeries

extension SeriesStore {
  /// Drops what the bounds of time and bytes no longer allow. Call it about once a minute.
  ///
  /// In memory chunks go oldest first; a series without samples goes with its labels. Series written within the last
  /// five minutes stay whatever the byte bound says; while it is exceeded, new series are refused instead. With a file,
  /// memory only gives up what the file has, and the file is trimmed in the background.
  ///
  /// - Complexity: O(series), and O(chunks log chunks) when the byte bound is exceeded.
  public func enforceRetention(now: Int64) {
    let hasFile = file != nil
    let isDue = state.withLock { state in
      let kept = hasFile ? min(configuration.memoryTime, configuration.retentionTime) : configuration.retentionTime
      state.durability.memoryFloor = max(state.durability.memoryFloor, now - kept)
      Self.drop(before: now - kept, countsAsPass: true, onlySaved: hasFile, in: &state)
      state.statistics.bytes -= state.histograms.drop(before: now - configuration.retentionTime)
      let excess = state.statistics.bytes - memoryLimit
      if excess > 0 {
        let cutoff = Self.cutoff(freeing: excess, newestAllowed: now - Self.protectedAge, in: state)
        Self.drop(before: cutoff, countsAsPass: false, onlySaved: hasFile, in: &state)
        state.durability.memoryFloor = max(state.durability.memoryFloor, cutoff)
      }
      return hasFile && (state.durability.isCheckpointDue(at: now, configuration) || excess > 0)
    }
    guard let file else { return }
    queue.async { [self] in
      if isDue { checkpoint() }
      trim(file, now: now)
    }
  }

  /// What is younger than this is never dropped for its bytes, in milliseconds: the span in which a query still takes a
  /// sample for the present value.
  private static let protectedAge: Int64 = 300_000

  /// The time before which chunks must go to free `excess` bytes, but not after `newestAllowed`.
  private static func cutoff(freeing excess: Int, newestAllowed: Int64, in state: borrowing State) -> Int64 {
    var ends: [(end: Int64, bytes: Int)] = []
    state.series.forEach { _, series in
      for one in series.sealed {
        ends.append((one.chunk.end, one.byteCount))
      }
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

  private static func drop(before cutoff: Int64, countsAsPass: Bool, onlySaved: Bool, in state: inout State) {
    var evicted: [UInt32: Labels] = [:]
    var freedBytes = 0
    var freedSamples = 0
    var cold = 0
    state.series.forEach { id, series in
      let freed = series.drop(before: cutoff, countsAsPass: countsAsPass, onlySaved: onlySaved)
      freedBytes += freed.bytes
      freedSamples += freed.samples
      if series.isAbandoned {
        evicted[id] = series.labels
        if series.hasOlder { cold += 1 }
      }
    }
    state.statistics.bytes -= freedBytes
    state.statistics.samples -= freedSamples
    guard !evicted.isEmpty else { return }
    for (id, labels) in evicted {
      state.ids[labels] = nil
      state.series.remove(id)
    }
    state.index.removeAll { evicted[$0] != nil }
    let names = state.index.postings[Labels.metricNameLabel] ?? [:]
    state.metadata = state.metadata.filter { family, _ in
      ["", "_total", "_bucket", "_count", "_sum", "_info"].contains { names[family + $0] != nil }
    }
    state.evictionGeneration += 1
    state.durability.coldSeries += cold
    state.statistics.series -= evicted.count
    state.statistics.evictedSeries += evicted.count
    state.statistics.bytes -= evicted.count * MemorySeries.overhead
  }

  /// Deletes from the file what time and bytes no longer allow, in slices, so that no transaction takes long.
  private func trim(_ file: StoreFile, now: Int64) {
    do {
      var rawFloor = now - configuration.retentionTime
      var deleted = 0
      for (tier, cutoff) in [(Tier.raw, rawFloor), (.rollup, now - configuration.rollupRetentionTime)] {
        for _ in 0..<20 {
          let count = try file.deleteChunks(tier, before: cutoff)
          deleted += count
          if count == 0 { break }
        }
      }
      // Samples go before summaries, which are smaller and reach back farther.
      var bytes = file.fileBytes()
      for tier in [Tier.raw, .raw, .raw, .raw, .rollup, .rollup]
      where bytes.used + bytes.log > configuration.retentionBytes {
        guard let cutoff = try file.end(atShare: 0.1, of: tier), cutoff < now - Self.protectedAge else { continue }
        for _ in 0..<50 {
          let count = try file.deleteChunks(tier, before: cutoff + 1)
          deleted += count
          if count == 0 { break }
        }
        if tier == .raw { rawFloor = max(rawFloor, cutoff) }
        bytes = file.fileBytes()
      }
      var gone = 0
      if deleted > 0 {
        let live = state.withLock { state in
          var ids: Set<UInt32> = []
          state.series.forEach { id, _ in ids.insert(id) }
          return ids
        }
        gone = try file.deleteEmptySeries(keeping: live.contains).count
        bytes = file.fileBytes()
      }
      state.withLock { state in
        state.statistics.fileBytes = bytes.used
        state.statistics.logBytes = bytes.log
        state.durability.rawFloor = max(state.durability.rawFloor, rawFloor)
        state.durability.coldSeries = max(0, state.durability.coldSeries - gone)
      }
    } catch {
      degrade(error)
    }
  }
}
