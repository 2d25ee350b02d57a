import Dispatch
import TimeSeries

/// What the store knows about its file, under the store's lock.
struct Durability {
  /// Records that are not committed yet.
  var pending = JournalWriter()
  /// Who waits for the pending records to be committed.
  var waiters: [CheckedContinuation<StoreError?, Never>] = []
  /// Journal bodies that could not be written, oldest first: memory has their samples, the feeds have not.
  var owed: [[UInt8]] = []
  var isFlushScheduled = false
  var isUrgentFlushScheduled = false
  var degradedReason: String?
  /// When the file was last found not to take anything, in milliseconds of a clock that only runs forwards.
  var lastFailure: UInt64 = 0
  var newMetadata: [String: MetricMetadata] = [:]
  var journalBytes = 0
  var lastCheckpoint: Int64 = .min
  /// Before this time, memory may lack what the file has.
  var memoryFloor: Int64 = .min
  /// Before this time, the file has summaries only.
  var rawFloor: Int64 = .min
  /// Whether one label set may be in memory under two ids.
  var hasTwins = false
  /// How many series only the file knows.
  var coldSeries = 0
  /// Tells each feed that there is something to read.
  var feeds: [AsyncStream<Void>.Continuation] = []
  var isClosed = false

  func isCheckpointDue(at now: Int64, _ configuration: SeriesStoreConfiguration) -> Bool {
    degradedReason != nil || journalBytes >= configuration.checkpointBytes
      || (journalBytes > 0 && (lastCheckpoint == .min || now - lastCheckpoint >= configuration.checkpointInterval))
  }
}

/// When the writer is to look at the journal's buffer.
enum Delay {
  case now
  case soon
}

extension SeriesStore {
  /// Opens the store in a folder, made if it does not exist, with everything that was acknowledged.
  ///
  /// - Parameter now: the clock, to know what is recent enough for memory.
  /// - Complexity: O(series + samples of the last hours + journal).
  /// - Throws: ``StoreError`` naming the path. A file that is not ours, newer or damaged is left as it is.
  public static func open(
    folder: String, configuration: SeriesStoreConfiguration = .init(), now: Int64
  ) throws(StoreError) -> SeriesStore {
    let file = try StoreFile(folder: folder, isFullySynchronous: configuration.isFullySynchronous)
    do {
      let state = try load(file, configuration, now: now)
      return SeriesStore(configuration: configuration, file: file, state: state)
    } catch {
      file.close()
      throw StoreFile.storeError(error, path: file.path)
    }
  }

  /// What the file is called in its folder.
  public static let fileName = "harecast.db"

  /// Whether samples are taken for good.
  public var condition: StoreCondition {
    state.withLock { state in state.durability.degradedReason.map { .degraded(reason: $0) } ?? .accepting }
  }

  /// Appends samples and returns when the end of this process can no longer lose them.
  ///
  /// Several callers share one transaction. Without a file it is the same as ``append(_:now:)``.
  ///
  /// - Throws: ``StoreError/notAccepting(reason:)``; the samples may be appended again then.
  public func appendDurably(_ batch: SampleBatch, now: Int64) async throws(StoreError) -> AppendOutcome {
    guard file != nil else { return state.withLock { apply(batch, now: now, isRepeatable: true, in: &$0) } }
    var outcome = AppendOutcome()
    let failure: StoreError? = await withCheckedContinuation { continuation in
      let (answer, delay) = state.withLock { state -> (StoreError??, Delay?) in
        if state.durability.isClosed { return (.some(.notAccepting(reason: "the store is closed")), nil) }
        if let reason = state.durability.degradedReason {
          // The writer looks whether it works again, so that a retry finds it so.
          return (.some(.notAccepting(reason: reason)), flushDelay(isUrgent: true, in: &state))
        }
        outcome = apply(batch, now: now, isRepeatable: true, in: &state)
        guard outcome.appended + outcome.duplicate > 0 else { return (.some(nil), nil) }
        state.durability.waiters.append(continuation)
        return (nil, flushDelay(isUrgent: true, in: &state))
      }
      // Without an answer yet, the writer gives it.
      if let answer { continuation.resume(returning: answer) }
      schedule(delay)
    }
    if let failure { throw failure }
    return outcome
  }

  /// Whether the writer has to be told that there is something to do, and how soon; under the lock.
  func flushDelay(isUrgent: Bool, in state: inout State) -> Delay? {
    guard file != nil, !state.durability.isClosed else { return nil }
    if isUrgent {
      if state.durability.isUrgentFlushScheduled { return nil }
      state.durability.isUrgentFlushScheduled = true
      return .now
    }
    if state.durability.isFlushScheduled || state.durability.pending.bytes.isEmpty { return nil }
    state.durability.isFlushScheduled = true
    return .soon
  }

  func schedule(_ delay: Delay?) {
    switch delay {
    case .now: queue.async { [self] in flush(isUrgent: true) }
    case .soon: queue.asyncAfter(deadline: .now() + .milliseconds(500)) { [self] in flush(isUrgent: false) }
    case nil: break
    }
  }

  // MARK: The writer

  /// Commits everything that waits in one transaction; while degraded, tries a checkpoint instead, which holds all.
  ///
  /// On the writer's queue.
  func flush(isUrgent: Bool) {
    guard let file else { return }
    let (isDegraded, lastFailure) = state.withLock { state in
      if isUrgent { state.durability.isUrgentFlushScheduled = false } else { state.durability.isFlushScheduled = false }
      return (state.durability.degradedReason != nil, state.durability.lastFailure)
    }
    if isDegraded {
      // A checkpoint holds the lock for as long as it looks at all series: once a second is often enough to fail.
      if Self.uptime() - lastFailure >= 1000 { return checkpoint() }
      // Who began to wait while the commit failed must not wait for the next attempt.
      let waiters = state.withLock { state in
        defer { state.durability.waiters = [] }
        return state.durability.waiters
      }
      waiters.forEach { $0.resume(returning: .notAccepting(reason: conditionReason)) }
      return
    }
    let (body, waiters, isLarge) = state.withLock {
      state -> ([UInt8], [CheckedContinuation<StoreError?, Never>], Bool) in
      let body = state.durability.pending.bytes
      state.durability.pending = JournalWriter(reserving: min(body.count, 1 << 20))
      state.durability.journalBytes += body.count
      defer { state.durability.waiters = [] }
      return (body, state.durability.waiters, state.durability.journalBytes >= configuration.checkpointBytes)
    }
    guard !body.isEmpty else { return waiters.forEach { $0.resume(returning: nil) } }
    do {
      try file.commit(body, time: Self.wallClock())
      waiters.forEach { $0.resume(returning: nil) }
      signalFeeds()
      if isLarge { checkpoint() }
    } catch {
      degrade(error, lost: body)
      state.withLock { owe([body], in: &$0) }
      waiters.forEach { $0.resume(returning: .notAccepting(reason: conditionReason)) }
    }
  }

  /// Writes everything that is new into the file and empties the journal; ends a degraded condition if it succeeds.
  func checkpoint() {
    guard let file else { return }
    let started = Self.uptime()
    let (plan, marks, waiters) = state.withLock {
      state -> (CheckpointPlan, [MemorySeries.Mark], [CheckedContinuation<StoreError?, Never>]) in
      var plan = CheckpointPlan()
      var marks: [MemorySeries.Mark] = []
      state.series.forEach { id, series in
        guard !series.isSaved else { return }
        series.appendUnsaved(id: id, to: &plan)
        marks.append(series.mark(id: id))
      }
      plan.owed = state.durability.owed
      plan.body = state.durability.pending.bytes
      plan.nextID = state.nextID
      plan.metadata = state.durability.newMetadata
      state.durability.owed = []
      state.durability.pending = JournalWriter()
      defer { state.durability.waiters = [] }
      return (plan, marks, state.durability.waiters)
    }
    // A turn later, when the plan is gone.
    defer { queue.async { file.releaseMemory() } }
    do {
      let dropped = try file.checkpoint(plan, time: Self.wallClock(), keepBytes: configuration.feedBytes)
      let seconds = Double(Self.uptime() - started) / 1000
      state.withLock { state in
        for mark in marks { state.series[mark.id]?.noteSaved(mark) }
        for (name, metadata) in plan.metadata where state.durability.newMetadata[name] == metadata {
          state.durability.newMetadata[name] = nil
        }
        state.durability.degradedReason = nil
        state.durability.journalBytes = 0
        state.durability.lastCheckpoint = Self.wallClock()
        state.statistics.checkpoints += 1
        state.statistics.checkpointSeconds = seconds
        state.statistics.droppedFeedRows += dropped
      }
      waiters.forEach { $0.resume(returning: nil) }
      signalFeeds()
    } catch {
      degrade(error, lost: plan.body)
      state.withLock { owe(plan.owed + [plan.body], in: &$0) }
      waiters.forEach { $0.resume(returning: .notAccepting(reason: conditionReason)) }
    }
  }

  private var conditionReason: String {
    if case .degraded(let reason) = condition { return reason }
    return "the file could not be written"
  }

  /// Keeps what could not be journalled for the feeds, if there are any; of too much the oldest is dropped and counted.
  private func owe(_ bodies: [[UInt8]], in state: inout State) {
    guard !state.durability.feeds.isEmpty else { return }
    state.durability.owed += bodies.filter { !$0.isEmpty }
    var bytes = state.durability.owed.reduce(0) { $0 + $1.count }
    let limit = min(configuration.feedBytes, configuration.memoryBytes / 8)
    while bytes > limit {
      bytes -= state.durability.owed.removeFirst().count
      state.statistics.droppedFeedRows += 1
    }
  }

  /// Notes that the file cannot be written. Memory keeps what it has; the next checkpoint that works saves it.
  func degrade(_ error: any Error, lost: [UInt8] = []) {
    let text = StoreFile.storeError(error, path: file?.path ?? "").description
    state.withLock { state in
      state.durability.degradedReason = text
      state.durability.lastFailure = Self.uptime()
      state.statistics.failedCommits += 1
      if !lost.isEmpty {
        state.statistics.notDurableSamples += lost.withUnsafeBytes { JournalReader($0).sampleCount }
      }
    }
  }

  static func wallClock() -> Int64 { SystemTime().now() }

  private static func uptime() -> UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }

  /// Writes everything down and lets go of the file. Nothing may be appended afterwards.
  public func close() async {
    guard let file else { return }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      queue.async { [self] in
        let isOpen = state.withLock { state in
          defer { state.durability.isClosed = true }
          return !state.durability.isClosed
        }
        if isOpen {
          checkpoint()
          state.withLock { state in
            for feed in state.durability.feeds { feed.finish() }
            state.durability.feeds = []
          }
          file.close()
        }
        continuation.resume()
      }
    }
  }
}
