import Foundation
import HarecastTestKit
import Testing
import TimeSeries

@testable import SeriesStore

/// A store and a plain table are given the same samples; whatever happens to the store between, both must have the same.
@Suite("A store against a table that only remembers")
struct StoreModelTests {
  private typealias Table = [String: [Sample]]

  @Test("through restarts, crashes, checkpoints, retention and repeated requests", arguments: 0..<4)
  func agrees(_ seed: Int) async throws {
    let parent = try TemporaryFolder()
    var folder = parent.path + "/0"
    var random = SplitMix64(seed: UInt64(seed))
    var configuration = SeriesStoreConfiguration(samplesPerChunk: seed % 2 == 0 ? 20 : 100)
    configuration.memoryTime = seed % 3 == 0 ? 2 * 3_600_000 : 6 * 3_600_000
    var now: Int64 = 1_800_000_000_000
    var table: Table = [:]
    var store = try SeriesStore.open(folder: folder, configuration: configuration, now: now)
    for round in 0..<150 {
      switch random.below(20) {
      case 0:
        await store.close()
        store = try SeriesStore.open(folder: folder, configuration: configuration, now: now)
      case 1:
        // What another process would find if this one ended now.
        let copy = parent.path + "/\(round + 1)"
        try store.queue.sync { try Self.copy(folder, to: copy) }
        await store.close()
        folder = copy
        store = try SeriesStore.open(folder: folder, configuration: configuration, now: now)
      case 2, 3:
        store.enforceRetention(now: now)
        if random.below(3) == 0 { now += Int64(random.below(10_800_000)) }
      case 4: store.queue.async { [store] in store.checkpoint() }
      default: try await append(&table, to: store, &now, &random)
      }
      try compare(store, table, "s\(random.below(6))", since: now - Int64(random.below(20_000_000)))
    }
    for name in table.keys { try compare(store, table, name, since: 0) }
    await store.close()
  }

  private static func copy(_ folder: String, to copy: String) throws {
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    for name in ["harecast.db", "harecast.db-wal"] where FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
      try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(copy)/\(name)")
    }
  }

  private func append(_ table: inout Table, to store: SeriesStore, _ now: inout Int64, _ random: inout SplitMix64)
    async throws
  {
    for _ in 0..<random.below(20) {
      now += Int64(random.below(60_000)) + 1
      var batch = SampleBatch()
      for series in 0..<6 where random.below(4) != 0 {
        let name = "s\(series)"
        let id = try #require(store.resolve(Labels(name: name, ["job": "model"])))
        let value =
          switch random.below(20) {
          case 0: StaleMarker.value
          case 1..<8: Double(random.below(1000)) / 7
          default: Double(random.below(1000)) / 10
          }
        batch.append(id, now, value)
        table[name, default: []].append(Sample(now, value))
      }
      #expect(try await store.appendDurably(batch, now: now).appended == batch.count)
      guard random.below(10) == 0 else { continue }
      let again = try await store.appendDurably(batch, now: now)
      #expect(again.duplicate == batch.count && again.refused == 0)
    }
  }

  private func compare(_ store: SeriesStore, _ table: Table, _ name: String, since start: Int64) throws {
    let matchers = [LabelMatcher("__name__", equals: name)]
    let found = try store.select(matchers, from: start, through: .max)
    let samples = found.first.map { zip($0.timestamps, $0.values).map { Sample($0, $1) } } ?? []
    #expect(found.count <= 1)
    #expect(samples == (table[name] ?? []).filter { $0.timestamp >= start })
    if let newest = store.latest(matchers, since: .min).first { #expect(newest.sample == table[name]?.last) }
  }

  @Test("for readers that run while samples come, chunks are saved and memory lets go")
  func agreesWithReadersMeanwhile() async throws {
    let parent = try TemporaryFolder()
    var configuration = SeriesStoreConfiguration(samplesPerChunk: 20)
    configuration.memoryTime = 3_600_000
    let store = try SeriesStore.open(folder: parent.path + "/data", configuration: configuration, now: Self.origin)
    let progress = Progress()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for round in 0..<400 {
          let now = Self.origin + Int64(round) * 15_000
          var batch = SampleBatch()
          for series in 0..<10 {
            let id = try #require(store.resolve(Labels(name: "m", ["series": "\(series)"])))
            batch.append(id, now, Double(round))
          }
          #expect(try await store.appendDurably(batch, now: now).appended == 10)
          await progress.advance(to: round)
        }
        await progress.end()
      }
      group.addTask {
        var last = Int.min
        while await !progress.isOver, !Task.isCancelled {
          // Without it, those who only read and never wait would leave no thread to the one who writes.
          await Task.yield()
          // A series without samples is forgotten at the second pass, and passes are minutes apart.
          let round = await progress.round
          if round != last { store.enforceRetention(now: Self.origin + Int64(round) * 15_000) }
          last = round
          await withCheckedContinuation { done in
            store.queue.async {
              store.checkpoint()
              done.resume()
            }
          }
        }
      }
      for _ in 0..<2 {
        group.addTask {
          while await !progress.isOver, !Task.isCancelled {
            await Task.yield()
            let least = await progress.round
            let found = try store.select([LabelMatcher("__name__", equals: "m")], from: 0, through: .max)
            #expect(found.count == 10 || least < 0)
            for series in found {
              // From the first on, none missing, none doubled, at least all that were acknowledged.
              #expect(series.timestamps == series.timestamps.indices.map { Self.origin + Int64($0) * 15_000 })
              #expect(series.values == series.values.indices.map(Double.init))
              #expect(series.timestamps.count > least)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    await store.close()
  }

  private static let origin: Int64 = 1_800_000_000_000

  private actor Progress {
    private(set) var round = -1
    private(set) var isOver = false
    func advance(to round: Int) { self.round = round }
    func end() { isOver = true }
  }
}
