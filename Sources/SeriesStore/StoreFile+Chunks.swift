import CMalloc
import Foundation
import GRDB
import TimeSeries

/// What a checkpoint writes.
struct CheckpointPlan: Sendable {
  struct Piece: Sendable {
    var id: UInt32
    var chunk: Chunk
    /// Whether the chunk may still grow.
    var isOpen: Bool
  }

  var series: [(id: UInt32, labels: Labels)] = []
  var chunks: [Piece] = []
  /// Journal bodies that could not be written before, and the one that is due, for the feeds.
  var owed: [[UInt8]] = []
  var body: [UInt8] = []
  var nextID: UInt32 = 0
  var metadata: [String: MetricMetadata] = [:]
}

/// The two resolutions in which samples are kept.
enum Tier: Int {
  case raw = 0
  case rollup = 1
}

extension StoreFile {
  // MARK: Journal

  /// Appends a body to the journal.
  func commit(_ body: [UInt8], time: Int64) throws {
    try pool.write { database in _ = try Self.insert(body, time: time, in: database) }
  }

  private static func insert(_ body: [UInt8], time: Int64, in database: Database) throws -> Int64 {
    try database.cachedStatement(sql: "INSERT INTO journal(time, body) VALUES(?, ?)")
      .execute(arguments: [time, Data(body)])
    return database.lastInsertedRowID
  }

  // MARK: Checkpoint

  /// Writes a checkpoint and shortens the journal by what it covers, in one transaction.
  ///
  /// - Parameters:
  ///   - keepBytes: how many bytes of journal the feeds may hold back.
  /// - Returns: how many rows were dropped although a feed had not read them.
  func checkpoint(_ plan: CheckpointPlan, time: Int64, keepBytes: Int) throws -> Int {
    try pool.write { database in
      // Where nobody reads the journal, what the checkpoint covers need not go into it.
      let slowest = try Int64.fetchOne(database, sql: "SELECT min(position) FROM feed")
      for body in plan.owed + [plan.body] where slowest != nil && !body.isEmpty {
        _ = try Self.insert(body, time: time, in: database)
      }
      let newest = try Int64.fetchOne(database, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'journal'") ?? 0
      try self.insertSeries(plan.series, in: database)
      for piece in plan.chunks {
        try Self.insert(piece.chunk, of: piece.id, isOpen: piece.isOpen, in: database)
        if !piece.isOpen { try Self.rollUp(piece.chunk, of: piece.id, in: database) }
      }
      for (name, metadata) in plan.metadata {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO metadata VALUES(?, ?, ?, ?)")
          .execute(arguments: [name, metadata.type.rawValue, metadata.help, metadata.unit])
      }
      try Self.setProperty("checkpoint", newest, in: database)
      try Self.setProperty("next_series", Int64(plan.nextID), in: database)
      return try Self.shortenJournal(through: newest, slowest: slowest, keepBytes: keepBytes, in: database)
    }
  }

  /// Gives back memory that only a checkpoint needed: pages of the file, and what the heap keeps of its plan.
  func releaseMemory() {
    try? pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA shrink_memory") }
    hc_malloc_trim()
  }

  /// Writes down what series are called.
  private func insertSeries(_ series: [(id: UInt32, labels: Labels)], in database: Database) throws {
    if series.isEmpty { return }
    // Known to readers before the file has them: whoever sees a series there can read its labels.
    let known = symbols.withLock { symbols in
      symbols.learn(from: series.lazy.map(\.labels))
      return symbols
    }
    let insertSymbol = try database.cachedStatement(sql: "INSERT OR IGNORE INTO symbol VALUES(?, ?)")
    for (number, text) in known.unsaved { try insertSymbol.execute(arguments: [number, text]) }
    let insertSeries = try database.cachedStatement(sql: "INSERT OR REPLACE INTO series VALUES(?, ?, ?)")
    for (id, labels) in series {
      try insertSeries.execute(
        arguments: [Int64(id), known.number(of: labels.metricName), Data(known.bytes(of: labels))])
    }
    database.afterNextTransaction { [self] _ in symbols.withLock { $0.noteSaved() } }
  }

  private static func shortenJournal(
    through newest: Int64, slowest: Int64?, keepBytes: Int, in database: Database
  ) throws -> Int {
    guard let slowest else {
      try database.execute(sql: "DELETE FROM journal WHERE position <= ?", arguments: [newest])
      return 0
    }
    try database.execute(sql: "DELETE FROM journal WHERE position <= ?", arguments: [min(newest, slowest)])
    // What feeds hold back has a bound; beyond it the oldest rows go, unread.
    var bytes = 0
    var cut: Int64 = 0
    let rows = try Row.fetchCursor(
      database, sql: "SELECT position, length(body) FROM journal ORDER BY position DESC")
    while let row = try rows.next() {
      bytes += try row.stored(1, as: Int.self)
      if bytes > keepBytes {
        cut = try row.stored(0)
        break
      }
    }
    guard cut > 0 else { return 0 }
    try database.execute(sql: "DELETE FROM journal WHERE position <= ?", arguments: [min(cut, newest)])
    return database.changesCount
  }

  private static func insert(_ chunk: Chunk, of id: UInt32, isOpen: Bool, in database: Database) throws {
    try database.cachedStatement(sql: "INSERT OR REPLACE INTO chunk VALUES(?, ?, ?, ?, ?, ?, ?)").execute(
      arguments: [
        Tier.raw.rawValue, Int64(id), chunk.start, chunk.end, chunk.count, isOpen ? 1 : 0,
        Data((isOpen ? chunk.compacted() : chunk).bytes),
      ])
  }

  /// Adds a sealed chunk's five-minute buckets to the newest row of its series, or to a new one.
  private static func rollUp(_ chunk: Chunk, of id: UInt32, in database: Database) throws {
    var timestamps: [Int64] = []
    var values: [Double] = []
    chunk.decode(from: .min, through: .max, into: &timestamps, &values)
    var rollup = Rollup(timestamps: timestamps, values: values)
    guard let first = rollup.buckets.first else { return }
    // The row that the first bucket belongs to: the newest one that does not begin after it.
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT start, "end", count, data FROM chunk WHERE series = ? AND tier = 1 AND start <= ?
          ORDER BY start DESC LIMIT 1
          """), arguments: [Int64(id), first.start])
    if let row, let known = try rollupRow(row), let newest = known.buckets.last, newest.start <= first.start,
      newest.start == first.start || known.buckets.count < Rollup.bucketsPerRow
    {
      var joined = known
      joined.append(rollup)
      rollup = joined
    } else if let row, let known = try rollupRow(row), known.buckets.first?.start == first.start {
      rollup = Rollup.merged([known, rollup])
    }
    guard let start = rollup.buckets.first?.start, let end = rollup.buckets.last?.start else { return }
    try database.cachedStatement(sql: "INSERT OR REPLACE INTO chunk VALUES(?, ?, ?, ?, ?, 0, ?)").execute(
      arguments: [
        Tier.rollup.rawValue, Int64(id), start, end + RollupBucket.width - 1, rollup.buckets.count, Data(rollup.bytes),
      ])
  }

  private static func rollupRow(_ row: Row) throws -> Rollup? {
    try row.withUnsafeData(atIndex: 3) { data in
      try data?.withUnsafeBytes {
        try Rollup(start: row.stored(0), end: row.stored(1), count: row.stored(2), bytes: $0)
      }
    }
  }

  /// Seals chunks that were still growing when a process ended and that end before `cutoff`: nobody will go on with
  /// them, and only sealed ones are summed up.
  func sealResting(before cutoff: Int64) throws {
    try pool.write { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT start, "end", count, data, series FROM chunk INDEXED BY chunk_age
          WHERE tier = 0 AND open = 1 AND "end" < ?
          """, arguments: [cutoff])
      for row in rows {
        guard let chunk = try Self.chunk(row), let id = UInt32(exactly: try row.stored(4, as: Int64.self)) else {
          continue
        }
        try Self.insert(chunk, of: id, isOpen: false, in: database)
        try Self.rollUp(chunk, of: id, in: database)
      }
    }
  }

  // MARK: Reading

  /// The rows of a series' tier that overlap `from ... through`, oldest first, each made into something by `read`.
  private func rows<Value>(
    _ tier: Tier, of id: UInt32, from: Int64, through: Int64, in database: Database, _ read: (Row) throws -> Value?
  ) throws -> [Value] {
    let rows = try Row.fetchCursor(
      database.cachedStatement(
        sql: """
          SELECT start, "end", count, data FROM chunk
          WHERE series = ? AND tier = ? AND start <= ? AND "end" >= ? ORDER BY start
          """), arguments: [Int64(id), tier.rawValue, through, from])
    var result: [Value] = []
    while let row = try rows.next() {
      if let value = try read(row) { result.append(value) }
    }
    return result
  }

  /// The raw chunks of a series that overlap `from ... through`, oldest first.
  func chunks(of id: UInt32, from: Int64, through: Int64, in database: Database) throws -> [Chunk] {
    try rows(.raw, of: id, from: from, through: through, in: database, Self.chunk)
  }

  /// The newest raw chunk of a series.
  static func newestChunk(of id: UInt32, in database: Database) throws -> Chunk? {
    try Row.fetchOne(
      database,
      sql: """
        SELECT start, "end", count, data FROM chunk WHERE series = ? AND tier = 0 ORDER BY start DESC LIMIT 1
        """, arguments: [Int64(id)]
    ).flatMap(chunk)
  }

  static func chunk(_ row: Row) throws -> Chunk? {
    try row.withUnsafeData(atIndex: 3) { data in
      try data?.withUnsafeBytes {
        try Chunk(start: row.stored(0), end: row.stored(1), count: row.stored(2), bytes: $0)
      }
    }
  }

  /// The five-minute buckets of a series that overlap `from ... through`, oldest first.
  func rollup(of id: UInt32, from: Int64, through: Int64, in database: Database) throws -> Rollup {
    Rollup.merged(try rows(.rollup, of: id, from: from, through: through, in: database, Self.rollupRow))
  }

  /// The series of the file that all matchers accept, by id.
  func series(_ matchers: [LabelMatcher], in database: Database) throws -> [(id: UInt32, labels: Labels)] {
    var sql = "SELECT id, labels FROM series"
    var arguments: StatementArguments = []
    let names = matchers.first { $0.name == Labels.metricNameLabel && $0.literalValues != nil }?.literalValues
    if let names {
      let numbers = symbols.withLock { symbols in names.compactMap { symbols.number(of: $0) } }
      sql += " WHERE name IN (\(numbers.map { _ in "?" }.joined(separator: ",")))"
      arguments = StatementArguments(numbers)
    }
    let rows = try Row.fetchCursor(database, sql: sql, arguments: arguments)
    var result: [(id: UInt32, labels: Labels)] = []
    while let row = try rows.next() {
      guard let labels = try labels(row, at: 1), matchers.allSatisfy({ $0.accepts(labels) }) else { continue }
      result.append((UInt32(truncatingIfNeeded: try row.stored(0, as: Int64.self)), labels))
    }
    return result
  }

  func labels(_ row: Row, at index: Int) throws -> Labels? {
    try row.withUnsafeData(atIndex: index) { data in
      data?.withUnsafeBytes { bytes in symbols.withLock { $0.labels(bytes) } }
    }
  }

  /// The labels of one series.
  func labels(of id: UInt32) throws -> Labels? { try pool.read { try labels(of: id, in: $0) } }

  func labels(of id: UInt32, in database: Database) throws -> Labels? {
    try Row.fetchOne(database, sql: "SELECT labels FROM series WHERE id = ?", arguments: [Int64(id)])
      .flatMap { try labels($0, at: 0) }
  }

  // MARK: History

  /// Writes sealed chunks of samples that lie before or between those of a series.
  func insertHistory(_ chunks: [Chunk], of id: UInt32, labels: Labels) throws {
    try pool.write { database in
      if try Int.fetchOne(database, sql: "SELECT 1 FROM series WHERE id = ?", arguments: [Int64(id)]) == nil {
        try self.insertSeries([(id, labels)], in: database)
      }
      for chunk in chunks {
        try Self.insert(chunk, of: id, isOpen: false, in: database)
        try Self.rollUp(chunk, of: id, in: database)
      }
    }
  }

  // MARK: Retention

  /// Deletes up to `limit` chunks of a tier that end before `cutoff`; returns how many it were.
  func deleteChunks(_ tier: Tier, before cutoff: Int64, limit: Int = 20_000) throws -> Int {
    try pool.write { database in
      try database.execute(
        sql: """
          DELETE FROM chunk WHERE (series, tier, start) IN (
            SELECT series, tier, start FROM chunk INDEXED BY chunk_age
            WHERE tier = ? AND open IN (0, 1) AND "end" < ? LIMIT ?)
          """, arguments: [tier.rawValue, cutoff, limit])
      return database.changesCount
    }
  }

  /// The end of the chunk that stands at the given share (0 to 1) of a tier's sealed chunks, by age; nil if there is none.
  func end(atShare share: Double, of tier: Tier) throws -> Int64? {
    try pool.read { database in
      let count =
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM chunk INDEXED BY chunk_age WHERE tier = ? AND open = 0",
          arguments: [tier.rawValue]) ?? 0
      return try Int64.fetchOne(
        database,
        sql: """
          SELECT "end" FROM chunk INDEXED BY chunk_age WHERE tier = ? AND open = 0 ORDER BY "end" LIMIT 1 OFFSET ?
          """, arguments: [tier.rawValue, Int(Double(max(0, count - 1)) * share)])
    }
  }

  /// Deletes series that have no chunk any more, but those in `kept`, and gives free pages back to the disk.
  func deleteEmptySeries(keeping kept: (UInt32) -> Bool) throws -> [UInt32] {
    try pool.write { database in
      let rows = try Int64.fetchAll(
        database, sql: "SELECT id FROM series WHERE NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.series = series.id)")
      let gone = rows.map { UInt32(truncatingIfNeeded: $0) }.filter { !kept($0) }
      for id in gone {
        try database.cachedStatement(sql: "DELETE FROM series WHERE id = ?").execute(arguments: [Int64(id)])
      }
      if !gone.isEmpty { try self.deleteUnusedSymbols(in: database) }
      try database.execute(sql: "PRAGMA incremental_vacuum(2000)")
      return gone
    }
  }

  /// Strings that only series had which are gone would pile up for ever.
  private func deleteUnusedSymbols(in database: Database) throws {
    let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM series") ?? 0
    guard symbols.withLock({ $0.count }) > 1000 + count else { return }
    var used: Set<Int64> = []
    let rows = try Row.fetchCursor(database, sql: "SELECT labels FROM series")
    while let row = try rows.next() {
      try row.withUnsafeData(atIndex: 0) { data in
        data?.withUnsafeBytes { used.formUnion(LabelSymbols.numbers(in: $0)) }
      }
    }
    for number in symbols.withLock({ $0.forget(except: used) }) {
      try database.cachedStatement(sql: "DELETE FROM symbol WHERE id = ?").execute(arguments: [number])
    }
  }
}
