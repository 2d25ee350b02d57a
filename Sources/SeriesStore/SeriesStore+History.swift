import TimeSeries

extension SeriesStore {
  /// Puts older samples of a series where it has none: before its first, or into a gap. What lies within the span of
  /// existing samples is left out.
  ///
  /// - Parameters:
  ///   - timestamps: UTC milliseconds, ascending; as many as `values`.
  ///   - now: the clock, for the bounds of age and future.
  /// - Returns: how many samples were taken; the end of this process can no longer lose them.
  /// - Throws: ``StoreError``.
  public func appendHistory(
    _ labels: Labels, timestamps: [Int64], values: [Double], now: Int64
  ) async throws(StoreError) -> Int {
    guard timestamps.count == values.count, !timestamps.isEmpty else { return 0 }
    let result: Result<Int, StoreError> = await withCheckedContinuation { continuation in
      queue.async { [self] in
        do {
          continuation.resume(returning: .success(try insertHistory(labels, timestamps, values, now: now)))
        } catch let error as StoreError {
          continuation.resume(returning: .failure(error))
        } catch {
          continuation.resume(returning: .failure(StoreFile.storeError(error, path: file?.path ?? "")))
        }
      }
    }
    return try result.get()
  }

  /// On the writer's queue.
  private func insertHistory(_ labels: Labels, _ timestamps: [Int64], _ values: [Double], now: Int64) throws -> Int {
    guard let id = resolve(labels) else { return 0 }
    // What is newer than everything goes the way of all samples.
    let newest = state.withLock { $0.series[id.rawValue]?.lastTimestamp ?? .min }
    var batch = SampleBatch()
    if newest > .min {
      for (timestamp, value) in zip(timestamps, values) where timestamp > newest { batch.append(id, timestamp, value) }
    }
    let known = timestamps.count - batch.count
    let older = try insertOlder(id, labels, Array(timestamps[..<known]), Array(values[..<known]), now: now)
    guard batch.count > 0 else { return older }
    let newer = append(batch, now: now).appended
    // What is said to be taken must not be lost.
    flush(isUrgent: false)
    if case .degraded(let reason) = condition { throw StoreError.notAccepting(reason: reason) }
    return older + newer
  }

  private func insertOlder(
    _ id: SeriesID, _ labels: Labels, _ timestamps: [Int64], _ values: [Double], now: Int64
  ) throws -> Int {
    guard !timestamps.isEmpty else { return 0 }
    var spans = state.withLock { $0.series[id.rawValue]?.spans ?? [] }
    if let file, let first = timestamps.first, let last = timestamps.last {
      spans += try file.pool.read { try file.chunks(of: id.rawValue, from: first, through: last, in: $0) }
        .map { $0.start...$0.end }
    }
    spans.sort { $0.lowerBound < $1.lowerBound }
    let chunks = Self.chunks(
      timestamps, values, outside: spans, from: now - configuration.retentionTime,
      through: now + configuration.futureTolerance)
    guard !chunks.isEmpty else { return 0 }
    try file?.insertHistory(chunks, of: id.rawValue, labels: labels)
    let floor = state.withLock { $0.durability.memoryFloor }
    state.withLock { state in
      guard let series = state.series[id.rawValue] else { return }
      for chunk in chunks {
        if file != nil, chunk.end < max(floor, series.hasSamples ? series.oldestTimestamp : .max) {
          series.hasOlder = true
          continue
        }
        series.insertSaved(chunk)
        state.statistics.bytes += chunk.byteCount + MemoryLayout<MemorySeries.Sealed>.stride
        state.statistics.samples += chunk.count
      }
    }
    return chunks.reduce(0) { $0 + $1.count }
  }

  /// The samples that lie in no span and within the bounds, as sealed chunks that do not reach across a span.
  private static func chunks(
    _ timestamps: [Int64], _ values: [Double], outside spans: [ClosedRange<Int64>], from: Int64, through: Int64
  ) -> [Chunk] {
    var chunks: [Chunk] = []
    var encoder = ChunkEncoder()
    var span = 0
    func seal() {
      if let chunk = encoder.chunk() { chunks.append(chunk.compacted()) }
      encoder = ChunkEncoder()
    }
    for (timestamp, value) in zip(timestamps, values) where timestamp >= from && timestamp <= through {
      while span < spans.count, spans[span].upperBound < timestamp {
        span += 1
        seal()
      }
      if span < spans.count, spans[span].contains(timestamp) {
        seal()
        continue
      }
      if encoder.count > 0, timestamp <= encoder.lastTimestamp { continue }
      if encoder.count >= 240, RollupBucket.start(of: timestamp) != RollupBucket.start(of: encoder.lastTimestamp) {
        seal()
      }
      encoder.append(timestamp, value)
    }
    seal()
    return chunks
  }
}
