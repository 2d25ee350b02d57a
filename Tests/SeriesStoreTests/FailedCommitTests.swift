import Foundation
import GRDB
import Testing
import TimeSeries

@testable import SeriesStore

@Suite("Samples whose commit failed", .timeLimit(.minutes(1)))
struct FailedCommitTests {
  private let now: Int64 = 1_800_000_000_000

  private struct Refusal: Error {}

  private func batch(_ store: SeriesStore, _ samples: [(Int64, Double)]) throws -> SampleBatch {
    let id = try #require(store.resolve(Labels(name: "m")))
    var batch = SampleBatch()
    for (offset, value) in samples { batch.append(id, now + offset, value) }
    return batch
  }

  /// Samples that do not compress, at these offsets.
  private func noise(_ offsets: ClosedRange<Int64>) -> [(Int64, Double)] {
    offsets.map { offset -> (Int64, Double) in
      let rest = Double(offset % 7) * 0.37
      return (offset, Double(offset) * 1.000_001 + rest)
    }
  }

  /// Waits while nothing but the store's queue can end the condition that `fail` caused.
  private func recover(_ store: SeriesStore) {
    for _ in 0..<200 where store.condition != .accepting { store.queue.sync { store.checkpoint() } }
  }

  /// Keeps everything out of the file, as a full disk does, or ends that.
  private func setFull(_ isFull: Bool, _ store: SeriesStore) throws {
    try store.file?.pool.writeWithoutTransaction { database in
      let pages = isFull ? try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0 : 1_000_000
      try database.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
  }

  @Test func `they reach the feeds once the file takes them, each once and in order`() async throws {
    let folder = try StoreFolder()
    let store = try SeriesStore.open(folder: folder.path, now: now)
    let feed = try store.openFeed(named: "out")
    _ = try await store.appendDurably(try batch(store, [(0, 1)]), now: now)
    try setFull(true, store)
    // More than the free room of the file's pages.
    let large = noise(1...5000)
    await #expect(throws: StoreError.self) { try await store.appendDurably(try batch(store, large), now: now) }
    guard case .degraded = store.condition else {
      Issue.record("the disk is full, and the store must say so")
      return
    }
    // Scraping goes on meanwhile, and so does the sender, who repeats what was not acknowledged.
    store.append(try batch(store, [(6000, 6)]), now: now)
    store.queue.sync { store.checkpoint() }
    #expect(store.condition != .accepting)
    await #expect(throws: StoreError.self) { try await store.appendDurably(try batch(store, large), now: now) }
    try setFull(false, store)
    recover(store)
    let outcome = try await store.appendDurably(try batch(store, large), now: now)
    #expect(outcome.duplicate == large.count && outcome.refused == 0, "the repeated request is no error")
    _ = try await store.appendDurably(try batch(store, [(7000, 7)]), now: now)
    var timestamps: [Int64] = []
    while timestamps.last != now + 7000 {
      let next = try #require(try await feed.next(maximumSamples: 100_000))
      timestamps += next.timestamps
    }
    let offsets = timestamps.map { $0 - now }
    #expect(offsets == Array(0...5000) + [6000, 7000])
    await store.close()
  }

  @Test func `of more than there is room for, the feeds miss the oldest, and it is counted`() async throws {
    let folder = try StoreFolder()
    var configuration = SeriesStoreConfiguration()
    configuration.feedBytes = 100_000
    let store = try SeriesStore.open(folder: folder.path, configuration: configuration, now: now)
    _ = try store.openFeed(named: "out")
    _ = try await store.appendDurably(try batch(store, [(0, 1)]), now: now)
    try setFull(true, store)
    for part in 0..<10 {
      store.append(try batch(store, noise(Int64(part * 5000 + 1)...Int64(part * 5000 + 5000))), now: now)
      store.queue.sync { store.checkpoint() }
    }
    // A sample takes ten bytes or so: two parts of the ten have room.
    let owed = store.state.withLock { $0.durability.owed.map(\.count) }
    #expect(owed.reduce(0, +) <= 100_000)
    #expect(owed.count + store.statistics.droppedFeedRows == 10)
    try setFull(false, store)
    recover(store)
    #expect(store.state.withLock { $0.durability.owed.isEmpty })
    await store.close()
  }

  @Test func `who began to wait while a commit failed is told at once`() async throws {
    let folder = try StoreFolder()
    let store = try SeriesStore.open(folder: folder.path, now: now)
    _ = try await store.appendDurably(try batch(store, [(0, 1)]), now: now)
    store.queue.suspend()
    let late = Task { try await store.appendDurably(try batch(store, [(1, 2)]), now: now) }
    while store.statistics.samples < 2 { await Task.yield() }
    store.degrade(Refusal())
    store.queue.resume()
    await #expect(throws: StoreError.self) { try await late.value }
    recover(store)
    #expect(try await store.appendDurably(try batch(store, [(1, 2)]), now: now).duplicate == 1)
    await store.close()
    let again = try SeriesStore.open(folder: folder.path, now: now)
    let found = try again.select([LabelMatcher("__name__", equals: "m")], from: 0, through: .max).first
    #expect(found?.values == [1, 2])
    await again.close()
  }
}
