import Foundation
import GRDB
import Testing
import TimeSeries

@testable import SeriesStore

@Suite("Faults of the store's file")
struct StoreFaultTests {
  private let now: Int64 = 1_800_000_000_000

  private func append(_ store: SeriesStore, _ value: Double, at time: Int64) async throws {
    let id = try #require(store.resolve(Labels(name: "m")))
    var batch = SampleBatch()
    batch.append(id, time, value)
    _ = try await store.appendDurably(batch, now: now)
  }

  @Test("a file of somebody else is refused and left as it is", arguments: [0, 1, 2])
  func refusesForeignFiles(_ kind: Int) throws {
    let folder = try StoreFolder()
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    switch kind {
    case 0:
      try Data(
        "this is a letter to my aunt, and it is longer than a hundred bytes, as letters to aunts tend to be, dear reader"
          .utf8
      ).write(to: URL(filePath: folder.file))
    case 1: try Data("short".utf8).write(to: URL(filePath: folder.file))
    default:
      let other = try DatabaseQueue(path: folder.file)
      try other.write { try $0.execute(sql: "CREATE TABLE recipes(name TEXT)") }
      try other.close()
    }
    let before = try Data(contentsOf: URL(filePath: folder.file))
    #expect(throws: StoreError.foreign(path: folder.file)) { try SeriesStore.open(folder: folder.path, now: now) }
    #expect(try Data(contentsOf: URL(filePath: folder.file)) == before)
  }

  @Test("a file of a newer version is refused, and says so")
  func refusesNewerFiles() async throws {
    let folder = try StoreFolder()
    let store = try SeriesStore.open(folder: folder.path, now: now)
    await store.close()
    let file = try DatabaseQueue(path: folder.file)
    try await file.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES('99')") }
    try file.close()
    #expect(throws: StoreError.newer(path: folder.file)) { try SeriesStore.open(folder: folder.path, now: now) }
  }

  @Test("a damaged file is refused with its path, whichever page is hit")
  func refusesDamagedFiles() async throws {
    let folder = try StoreFolder()
    let store = try SeriesStore.open(folder: folder.path, now: now)
    for index in 0..<50 { try await append(store, Double(index), at: now - Int64(100 - index) * 1000) }
    await store.close()
    let whole = try Data(contentsOf: URL(filePath: folder.file))
    for page in 1..<(whole.count / 4096) {
      var damaged = whole
      for offset in page * 4096..<(page + 1) * 4096 { damaged[offset] = 0xa5 }
      try damaged.write(to: URL(filePath: folder.file))
      do {
        // A page that nothing was asked of may be damaged unnoticed; what is read must be right.
        let opened = try SeriesStore.open(folder: folder.path, now: now)
        _ = try? opened.select([LabelMatcher("__name__", equals: "m")], from: 0, through: .max)
        await opened.close()
      } catch {
        #expect("\(error)".hasPrefix(folder.file))
      }
    }
    for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.file + end) }
    try whole.prefix(whole.count / 2).write(to: URL(filePath: folder.file))
    #expect(throws: StoreError.self) { try SeriesStore.open(folder: folder.path, now: now) }
  }

  @Test("a folder that cannot be made is named")
  func namesImpossibleFolders() throws {
    #expect { try SeriesStore.open(folder: "/proc/nowhere/data", now: now) } throws: {
      "\($0)".hasPrefix("/proc/nowhere/data: cannot keep data here")
    }
  }

  @Test("a second process, or a second store, is kept out")
  func keepsOthersOut() async throws {
    let folder = try StoreFolder()
    let store = try SeriesStore.open(folder: folder.path, now: now)
    #expect(throws: StoreError.inUse(path: folder.path)) { try SeriesStore.open(folder: folder.path, now: now) }
    await store.close()
    let next = try SeriesStore.open(folder: folder.path, now: now)
    await next.close()
  }

  @Test("when the disk is full nothing is acknowledged, everything is served, and nothing is lost once there is room")
  func survivesAFullDisk() async throws {
    let folder = try StoreFolder()
    let store = try SeriesStore.open(folder: folder.path, now: now)
    try await append(store, 1, at: now - 5000)
    // A quota of pages behaves as a full disk does.
    try await store.file?.pool.writeWithoutTransaction { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
    var refused = 0
    var time = now - 4000
    while refused == 0, time < now {
      let id = try #require(store.resolve(Labels(name: "m")))
      var batch = SampleBatch()
      for offset in 0..<100 { batch.append(id, time + Int64(offset), Double(time) * 1.000_001 + Double(offset) * 0.37) }
      do { _ = try await store.appendDurably(batch, now: now) } catch { refused += 1 }
      time += 100
    }
    #expect(refused == 1)
    guard case .degraded(let reason) = store.condition else {
      Issue.record("the store must know that it is degraded")
      return
    }
    #expect(reason.contains("full"))
    #expect(try store.select([LabelMatcher("__name__", equals: "m")], from: 0, through: .max).first?.values.first == 1)
    await #expect(throws: StoreError.self) { try await append(store, 7, at: now) }
    let samples = try store.select([LabelMatcher("__name__", equals: "m")], from: 0, through: .max).first?.timestamps
    try await store.file?.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    // The refused write asked the writer to look again; a retry finds it working.
    for _ in 0..<200 where store.condition != .accepting { store.queue.sync { store.checkpoint() } }
    #expect(store.condition == .accepting)
    try await append(store, 8, at: now + 1)
    await store.close()
    let again = try SeriesStore.open(folder: folder.path, now: now)
    let found = try again.select([LabelMatcher("__name__", equals: "m")], from: 0, through: .max).first
    #expect(found?.timestamps == (samples ?? []) + [now + 1])
    await again.close()
  }

  @Test("journal records read back, and damage ends the reading instead of inventing")
  func readsRecords() {
    var writer = JournalWriter()
    writer.writeSeries(7, Labels(name: "a", ["b": "ü"]))
    let place = writer.beginSamples()
    var last: (id: UInt32, timestamp: Int64) = (0, 0)
    let samples: [(UInt32, Int64, Double)] = [
      (7, now, 1.5), (3, now - 1, -0.0), (.max, .max, .infinity), (0, .min, StaleMarker.value), (1, 0, 0),
    ]
    for (id, timestamp, value) in samples { writer.writeSample(id, timestamp, value, after: &last) }
    writer.endSamples(at: place, count: samples.count)
    let empty = writer.beginSamples()
    writer.endSamples(at: empty, count: 0)
    func read(_ bytes: [UInt8]) -> (labels: [Labels], samples: [(UInt32, Int64, UInt64)], isWhole: Bool) {
      var labels: [Labels] = []
      var found: [(UInt32, Int64, UInt64)] = []
      let isWhole = bytes.withUnsafeBytes { buffer in
        var reader = JournalReader(buffer)
        return reader.forEach { record in
          switch record {
          case .series(_, let one): labels.append(one)
          case .sample(let id, let timestamp, let value): found.append((id, timestamp, value.bitPattern))
          }
        }
      }
      return (labels, found, isWhole)
    }
    let whole = read(writer.bytes)
    #expect(whole.isWhole && whole.labels == [Labels(name: "a", ["b": "ü"])])
    #expect(whole.samples.map(\.0) == samples.map(\.0) && whole.samples.map(\.1) == samples.map(\.1))
    #expect(whole.samples.map(\.2) == samples.map(\.2.bitPattern))
    // Only where the first record ends is the beginning a journal of its own.
    for count in 1..<writer.bytes.count {
      #expect(read(Array(writer.bytes.prefix(count))).isWhole == (count == place - 5))
    }
    for index in writer.bytes.indices {
      for flip in [UInt8(0xff), 0x80, 1] {
        var damaged = writer.bytes
        damaged[index] ^= flip
        #expect(read(damaged).samples.count <= 1 << 20)
      }
    }
  }
}
