import Foundation
import GRDB
import HarecastTestKit
import Testing
import TimeSeries

@testable import SeriesStore

/// The folder of a store, which does not exist at first and is gone after the test.
struct StoreFolder {
  private let parent: TemporaryFolder
  var path: String { parent.path + "/data" }
  var file: String { path + "/harecast.db" }

  init() throws { parent = try TemporaryFolder() }
}

@Suite("A store with a file")
struct DurableStoreTests {
  private let now: Int64 = 1_800_000_000_000
  private let minute: Int64 = 60_000
  private let day: Int64 = 86_400_000

  private func open(
    _ folder: StoreFolder, now: Int64? = nil, _ change: (inout SeriesStoreConfiguration) -> Void = { _ in }
  ) throws -> SeriesStore {
    var configuration = SeriesStoreConfiguration(samplesPerChunk: 30)
    change(&configuration)
    return try SeriesStore.open(folder: folder.path, configuration: configuration, now: now ?? self.now)
  }

  private func fill(
    _ store: SeriesStore, _ name: String, from start: Int64, count: Int, step: Int64, now: Int64,
    value: (Int) -> Double = { Double($0) }
  ) async throws {
    let id = try #require(store.resolve(Labels(name: name)))
    var batch = SampleBatch()
    for index in 0..<count { batch.append(id, start + Int64(index) * step, value(index)) }
    let outcome = try await store.appendDurably(batch, now: now)
    #expect(outcome.appended == count)
  }

  private func select(
    _ store: SeriesStore, _ name: String, from: Int64 = 0, through: Int64 = .max, _ hints: SelectHints = SelectHints()
  ) throws -> SeriesSamples? {
    let found = try store.select([LabelMatcher("__name__", equals: name)], from: from, through: through, hints: hints)
    #expect(found.count <= 1)
    return found.first
  }

  @Test("has everything again when it is opened again, and goes on from there")
  func survivesClosing() async throws {
    let folder = try StoreFolder()
    let store = try open(folder)
    try await fill(store, "m", from: now - 100 * minute, count: 90, step: minute, now: now)
    store.setMetadata(MetricMetadata(type: .gauge, help: "h"), for: "m")
    await store.close()
    let again = try open(folder)
    #expect(try select(again, "m")?.values == (0..<90).map(Double.init))
    #expect(again.metadata()["m"]?.help == "h")
    #expect(again.latest([LabelMatcher("__name__", equals: "m")], since: 0).first?.sample.value == 89)
    try await fill(again, "m", from: now - 10 * minute, count: 10, step: minute, now: now) { Double(90 + $0) }
    await again.close()
    let third = try open(folder)
    #expect(try select(third, "m")?.values == (0..<100).map(Double.init))
    await third.close()
  }

  @Test("has everything again without having been closed, from its journal")
  func replaysTheJournal() async throws {
    let folder = try StoreFolder()
    let copy = try StoreFolder()
    let store = try open(folder)
    for round in 0..<7 {
      try await fill(store, "m\(round % 3)", from: now - Int64(20 - round) * minute, count: 1, step: 1, now: now)
    }
    // What a killed process leaves: the files as they are at this moment.
    try FileManager.default.copyItem(atPath: folder.path, toPath: copy.path)
    let again = try open(copy)
    #expect(try select(again, "m0")?.timestamps == [20, 17, 14].map { now - Int64($0) * minute })
    #expect(again.statistics.series == 3)
    await again.close()
    await store.close()
  }

  @Test("has what it acknowledged after a death and an absence longer than memory reaches back")
  func replaysIntoSeriesThatOnlyTheFileKnows() async throws {
    let folder = try StoreFolder()
    let copy = try StoreFolder()
    let store = try open(folder)
    try await fill(store, "m", from: now - 100 * minute, count: 10, step: minute, now: now)
    store.queue.sync { store.checkpoint() }
    // These are in the journal alone.
    try await fill(store, "m", from: now - 50 * minute, count: 5, step: minute, now: now) { Double(10 + $0) }
    try FileManager.default.copyItem(atPath: folder.path, toPath: copy.path)
    await store.close()
    let later = now + 10 * 3_600_000
    let again = try open(copy, now: later)
    #expect(try select(again, "m")?.values == (0..<15).map(Double.init))
    await again.close()
    let third = try open(copy, now: later)
    #expect(try select(third, "m")?.values == (0..<15).map(Double.init))
    let known = try await third.file?.pool.read { database -> Int? in
      try Int.fetchOne(database, sql: "SELECT count(*) FROM series")
    }
    #expect(known == 1)
    await third.close()
  }

  @Test("sums up what was still growing when the process ended, though the series never came back")
  func rollsUpRestingChunks() async throws {
    let folder = try StoreFolder()
    let start = now - 600_000 - now % 300_000
    let store = try open(folder)
    try await fill(store, "m", from: start, count: 20, step: 15_000, now: now) { Double($0) }
    await store.close()
    let later = now + 10 * 3_600_000
    let again = try open(folder, now: later) { $0.retentionTime = 3_600_000 }
    again.enforceRetention(now: later)
    again.queue.sync {}
    let found = try select(again, "m", SelectHints(aggregate: .sum))
    #expect(found?.timestamps == [start + 285_000] && found?.values == [190])
    await again.close()
  }

  @Test("agrees with a dictionary after random appends, checkpoints, retention passes and reopenings", arguments: 0..<6)
  func agreesWithAModel(seed: Int) async throws {
    let folder = try StoreFolder()
    var random = SplitMix64(seed: UInt64(seed))
    var model: [String: [(Int64, Double)]] = [:]
    var time = now
    var store = try open(folder, now: time) { $0.memoryTime = 10 * 60_000 }
    for _ in 0..<300 {
      switch random.next() % 20 {
      case 0:
        await store.close()
        store = try open(folder, now: time) { $0.memoryTime = 10 * 60_000 }
      case 1: store.queue.sync { store.checkpoint() }
      case 2:
        store.enforceRetention(now: time)
        store.queue.sync {}
      default:
        time += Int64(random.next() % 90_000)
        var batch = SampleBatch()
        for _ in 0..<(random.next() % 6) {
          let name = "s\(random.next() % 5)"
          guard model[name]?.last?.0 != time, let id = store.resolve(Labels(name: name)) else { continue }
          let value = random.next() % 3 == 0 ? Double(random.next() % 100) : Double(random.next() % 1000) / 7
          batch.append(id, time, value)
          model[name, default: []].append((time, value))
        }
        _ = try await store.appendDurably(batch, now: time)
      }
      let start = time - Int64(random.next() % 7_200_000)
      let name = "s\(random.next() % 5)"
      let expected = (model[name] ?? []).filter { $0.0 >= start }
      let found = try select(store, name, from: start)
      #expect(found?.timestamps ?? [] == expected.map(\.0))
      #expect(found?.values.map(\.bitPattern) ?? [] == expected.map(\.1.bitPattern))
    }
    await store.close()
  }

  @Test("keeps hours in memory, days in the file, and answers from both as if they were one")
  func readsOlderSamplesFromTheFile() async throws {
    let folder = try StoreFolder()
    let store = try open(folder) { $0.memoryTime = 3_600_000 }
    try await fill(store, "m", from: now - day, count: 1440, step: minute, now: now)
    store.queue.sync { store.checkpoint() }
    store.enforceRetention(now: now)
    store.queue.sync {}
    #expect(store.statistics.samples < 120)
    #expect(try select(store, "m")?.values == (0..<1440).map(Double.init))
    #expect(try select(store, "m", from: now - 600 * minute, through: now - 590 * minute)?.values.count == 11)
    await store.close()
  }

  @Test("tells series apart by the bytes of their labels, also those that look the same")
  func keepsBytesOfLabels() async throws {
    let folder = try StoreFolder()
    let store = try open(folder)
    // One letter, and a letter with a combining mark; often enough that the file has a number for each.
    let looks = ["caf\u{e9}", "cafe\u{301}"]
    for (number, look) in looks.enumerated() {
      for series in 0..<6 {
        var batch = SampleBatch()
        let labels = Labels(name: "m", ["place": look, "series": "\(series)"])
        batch.append(try #require(store.resolve(labels)), now, Double(10 * number + series))
        #expect(try await store.appendDurably(batch, now: now).appended == 1)
      }
    }
    await store.close()
    let again = try open(folder)
    let found = try again.select([LabelMatcher("__name__", equals: "m")], from: 0, through: .max)
    let values = found.map { (Array($0.labels["place"]?.utf8 ?? "".utf8), $0.values) }
    for (number, look) in looks.enumerated() {
      let own = values.filter { $0.0 == Array(look.utf8) }.flatMap(\.1).sorted()
      #expect(own == (0..<6).map { Double(10 * number + $0) })
    }
    await again.close()
  }

  @Test("finds series that left memory, and puts them together with what came back under their name")
  func findsColdSeries() async throws {
    let folder = try StoreFolder()
    let store = try open(folder) { $0.memoryTime = 3_600_000 }
    try await fill(store, "gone", from: now - 5 * 3_600_000, count: 10, step: minute, now: now)
    store.queue.sync { store.checkpoint() }
    for _ in 0..<3 {
      store.enforceRetention(now: now)
      store.queue.sync { store.checkpoint() }
    }
    #expect(store.statistics.series == 0)
    #expect(try select(store, "gone")?.values.count == 10)
    #expect(store.series([LabelMatcher("__name__", equals: "gone")], from: 0, through: now).count == 1)
    #expect(try select(store, "gone", from: now - 1000) == nil)
    try await fill(store, "gone", from: now - minute, count: 1, step: 1, now: now) { _ in 77 }
    #expect(try select(store, "gone")?.values == (0..<10).map(Double.init) + [77])
    await store.close()
    let again = try open(folder) { $0.memoryTime = 3_600_000 }
    #expect(try select(again, "gone")?.values == (0..<10).map(Double.init) + [77])
    await again.close()
  }

  @Test("answers with five-minute summaries where samples are gone, by the column that is asked for")
  func keepsRollups() async throws {
    let folder = try StoreFolder()
    let store = try open(folder) {
      $0.retentionTime = 20 * 86_400_000
      $0.memoryTime = 3_600_000
    }
    // Ten minutes of 15 s samples that begin on a border of five minutes, long ago; then a chunk's worth of others.
    let start = now - 10 * day - (now - 10 * day) % 300_000
    try await fill(store, "m", from: start, count: 300, step: 15_000, now: now) { Double($0 % 20) }
    store.queue.sync { store.checkpoint() }
    await store.close()
    let later = try open(folder) {
      $0.retentionTime = 5 * 86_400_000
      $0.memoryTime = 3_600_000
    }
    later.enforceRetention(now: now)
    later.queue.sync {}
    for (aggregate, expected) in [
      (SelectHints.Aggregate.last, 19.0), (.minimum, 0), (.maximum, 19), (.sum, 190), (.average, 9.5), (.count, 20),
    ] {
      let found = try select(later, "m", from: start, through: start + 599_999, SelectHints(aggregate: aggregate))
      #expect(found?.timestamps == [start + 285_000, start + 585_000])
      #expect(found?.values == [expected, expected])
    }
    await later.close()
  }

  @Test("lets summaries answer coarse questions over long ranges, and samples all others")
  func choosesTheTierByStep() async throws {
    let folder = try StoreFolder()
    let store = try open(folder) { $0.memoryTime = 3_600_000 }
    let start = now - 2 * day - (now - 2 * day) % 300_000
    try await fill(store, "m", from: start, count: 2 * 1440, step: minute, now: now) { Double($0) }
    store.queue.sync { store.checkpoint() }
    store.enforceRetention(now: now)
    store.queue.sync {}
    let coarse = try select(store, "m", SelectHints(step: 3_600_000))
    // Two days are 576 buckets; the last hours come from memory, sample by sample.
    let count: Int = coarse?.values.count ?? Int.max
    #expect(count < 776)
    #expect(try select(store, "m", SelectHints(step: 60_000))?.values.count == 2880)
    #expect(try select(store, "m", SelectHints(step: 3_600_000, range: 300_000))?.values.count == 2880)
    await store.close()
  }

  @Test("refuses to load more samples than a query may have")
  func boundsQueries() async throws {
    let store = try open(try StoreFolder())
    try await fill(store, "m", from: now - 100 * minute, count: 90, step: minute, now: now)
    #expect(throws: SampleLimitExceeded(limit: 10)) {
      try select(store, "m", SelectHints(maximumSamples: 10))
    }
    await store.close()
  }

  @Test("takes history before and between what it has, and nothing twice")
  func takesHistory() async throws {
    let folder = try StoreFolder()
    let store = try open(folder)
    try await fill(store, "m", from: now - 100 * minute, count: 10, step: minute, now: now)
    try await fill(store, "m", from: now - 50 * minute, count: 10, step: minute, now: now) { Double(50 + $0) }
    let timestamps = (0..<200).map { now - 200 * minute + Int64($0) * minute }
    let taken = try await store.appendHistory(
      Labels(name: "m"), timestamps: timestamps, values: (0..<200).map { Double($0 - 100) }, now: now)
    #expect(taken == 180)
    #expect(try select(store, "m")?.values == (0..<200).map { Double($0 - 100) })
    let again = try await store.appendHistory(
      Labels(name: "m"), timestamps: timestamps, values: (0..<200).map { _ in 7 }, now: now)
    #expect(again == 0)
    await store.close()
    let reopened = try open(folder)
    #expect(try select(reopened, "m")?.values == (0..<200).map { Double($0 - 100) })
    await reopened.close()
  }

  @Test(
    "never gives the number of a series that only history has to another one, and finds it again",
    arguments: [false, true])
  func keepsNumbersOfHistoricSeries(isInJournal: Bool) async throws {
    let folder = try StoreFolder()
    let copy = try StoreFolder()
    let store = try open(folder)
    let taken = try await store.appendHistory(
      Labels(name: "old"), timestamps: [now - 8 * 86_400_000], values: [7], now: now)
    #expect(taken == 1)
    // On the writer's queue, so that nothing is written between the copies of the file and of its log.
    try store.queue.sync {
      if isInJournal { store.flush(isUrgent: false) }
      try FileManager.default.copyItem(atPath: folder.path, toPath: copy.path)
    }
    await store.close()
    let again = try open(copy)
    #expect(try select(again, "old")?.values == [7])
    try await fill(again, "new", from: now - minute, count: 1, step: 1, now: now) { _ in 1 }
    again.queue.sync { again.checkpoint() }
    #expect(try select(again, "old")?.values == [7])
    #expect(try select(again, "new")?.values == [1])
    await again.close()
  }

  @Test("keeps small states under their keys")
  func keepsStates() async throws {
    let folder = try StoreFolder()
    let store = try open(folder)
    try store.saveState([1, 2, 3], forKey: "model/a")
    try store.saveState([4], forKey: "model/a")
    try store.saveState([], forKey: "model/b")
    try store.saveState([9], forKey: "alert/x")
    await store.close()
    let again = try open(folder)
    #expect(try again.state(forKey: "model/a") == [4])
    #expect(try again.stateKeys(prefix: "model/") == ["model/a", "model/b"])
    try again.removeState(forKey: "model/a")
    #expect(try again.state(forKey: "model/a") == nil)
    await again.close()
    #expect(throws: StoreError.noFile) { try SeriesStore().saveState([1], forKey: "x") }
  }

  @Test("feeds a reader everything from its first day on, again from where it acknowledged")
  func feedsReaders() async throws {
    let folder = try StoreFolder()
    let store = try open(folder)
    try await fill(store, "before", from: now - minute, count: 1, step: 1, now: now)
    let feed = try store.openFeed(named: "out")
    try await fill(store, "m", from: now - 10 * minute, count: 3, step: minute, now: now)
    let first = try #require(try await feed.next(maximumSamples: 100))
    #expect(first.values == [0, 1, 2])
    #expect(store.labels(of: first.ids[0]) == Labels(name: "m"))
    try await fill(store, "m", from: now - 5 * minute, count: 2, step: minute, now: now) { Double(10 + $0) }
    // A checkpoint shortens the journal, but not by what the reader has not acknowledged.
    store.queue.sync { store.checkpoint() }
    try feed.acknowledge(first.position)
    #expect(try feed.lag().rows == 1)
    await store.close()
    let again = try open(folder)
    let second = try again.openFeed(named: "out")
    let rest = try #require(try await second.next(maximumSamples: 100))
    #expect(rest.values == [10, 11])
    #expect(again.labels(of: rest.ids[0]) == Labels(name: "m"))
    // What was checkpointed is not appended a second time.
    #expect(try select(again, "m")?.values == [0, 1, 2, 10, 11])
    try second.acknowledge(rest.position)
    #expect(try second.lag() == FeedLag())
    await again.close()
    #expect(try await second.next(maximumSamples: 1) == nil)
  }
}
