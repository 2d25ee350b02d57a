import Dispatch
import GRDB
import TimeSeries

/// Samples that a ``JournalFeed`` gives, as parallel arrays.
public struct FeedBatch: Sendable {
  /// What to acknowledge once all of these samples are dealt with.
  public var position: Int64
  /// How many journal rows before these were dropped unread, because the feed was too far behind.
  public var missedRows = 0
  public var ids: [SeriesID] = []
  /// UTC milliseconds.
  public var timestamps: [Int64] = []
  public var values: [Double] = []
}

/// How far a feed is behind.
public struct FeedLag: Sendable, Equatable {
  /// Journal rows that are not acknowledged yet.
  public var rows = 0
  /// Their bytes.
  public var bytes = 0
  /// When the oldest of them was written, in UTC milliseconds; nil if there is none.
  public var oldest: Int64?
}

/// Everything that is appended to a store from some moment on, in order, for one reader that may fall behind or end.
///
/// The position up to which the reader has acknowledged is in the store's file; the journal is kept from there on, up to
/// `feedBytes`. What was given and not acknowledged is given again after a restart.
public final class JournalFeed: Sendable {
  public let name: String
  private let file: StoreFile
  private let signals: AsyncStream<Void>
  private let cursor: Cursor
  private let queue = DispatchQueue(label: "feed", qos: .utility)

  private actor Cursor {
    var position: Int64
    init(_ position: Int64) { self.position = position }
    func move(to position: Int64) { self.position = position }
  }

  init(name: String, file: StoreFile, position: Int64, signals: AsyncStream<Void>) {
    self.name = name
    self.file = file
    self.signals = signals
    cursor = Cursor(position)
  }

  /// The next samples, at least one and about `maximumSamples` at most; waits for them. Only one call may be under way.
  ///
  /// - Returns: nil when the store is closed or the task is cancelled.
  /// - Throws: ``StoreError`` if the journal cannot be read.
  public func next(maximumSamples: Int) async throws(StoreError) -> FeedBatch? {
    while !file.isClosed {
      do {
        if let batch = try await read(maximumSamples) { return batch }
      } catch {
        // The end of the task or of the store is no fault of the file.
        if Task.isCancelled || file.isClosed { return nil }
        throw StoreFile.storeError(error, path: file.path)
      }
      var hasSignal = false
      for await _ in signals {
        hasSignal = true
        break
      }
      if !hasSignal { return nil }
    }
    return nil
  }

  private func read(_ maximumSamples: Int) async throws -> FeedBatch? {
    let start = await cursor.position
    let batch = try await file.pool.read { database in
      var batch = FeedBatch(position: start)
      let rows = try Row.fetchCursor(
        database, sql: "SELECT position, body FROM journal WHERE position > ? ORDER BY position",
        arguments: [batch.position])
      while batch.ids.count < maximumSamples, let row = try rows.next() {
        let position: Int64 = try row.stored(0)
        // Rows are numbered without gaps.
        batch.missedRows += Int(position - batch.position - 1)
        batch.position = position
        try row.withUnsafeData(atIndex: 1) { data in
          data?.withUnsafeBytes { bytes in
            var reader = JournalReader(bytes)
            reader.forEach { record in
              guard case .sample(let id, let timestamp, let value) = record else { return }
              batch.ids.append(SeriesID(id))
              batch.timestamps.append(timestamp)
              batch.values.append(value)
            }
          }
        }
      }
      return batch
    }
    if batch.position > start { await cursor.move(to: batch.position) }
    return batch.ids.isEmpty ? nil : batch
  }

  /// Says that everything up to a position is dealt with.
  ///
  /// - Throws: ``StoreError`` if it cannot be written down.
  public func acknowledge(_ position: Int64) throws(StoreError) {
    do {
      try file.pool.write {
        try $0.execute(
          sql: "UPDATE feed SET position = max(position, ?) WHERE name = ?", arguments: [position, name])
      }
    } catch {
      throw StoreFile.storeError(error, path: file.path)
    }
  }

  /// Says that everything up to a position is dealt with, if one is given, and how far the feed is behind then. Waits for
  /// the file on a thread of its own, not on one of the concurrency runtime.
  ///
  /// - Throws: ``StoreError`` if it cannot be written down or read.
  public func progress(acknowledging position: Int64?) async throws(StoreError) -> FeedLag {
    let result: Result<FeedLag, StoreError> = await withCheckedContinuation { continuation in
      queue.async { [self] in
        do throws(StoreError) {
          if let position { try acknowledge(position) }
          continuation.resume(returning: .success(try lag()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  /// How far the feed is behind.
  public func lag() throws(StoreError) -> FeedLag {
    do {
      return try file.pool.read { database in
        guard
          let row = try Row.fetchOne(
            database,
            sql: """
              SELECT count(*), sum(length(body)), min(time) FROM journal
              WHERE position > (SELECT position FROM feed WHERE name = ?)
              """, arguments: [name])
        else { return FeedLag() }
        return FeedLag(rows: row[0], bytes: row[1] ?? 0, oldest: row[2])
      }
    } catch {
      throw StoreFile.storeError(error, path: file.path)
    }
  }
}

extension SeriesStore {
  /// Opens a feed under a name; a new one begins at the present, a known one where it was acknowledged.
  ///
  /// - Throws: ``StoreError/noFile`` without a file, else what the file says.
  public func openFeed(named name: String) throws(StoreError) -> JournalFeed {
    let position = try withFile { file in
      try file.pool.write { database -> Int64 in
        try database.execute(
          sql: """
            INSERT OR IGNORE INTO feed
            VALUES(?, (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'journal'))
            """, arguments: [name])
        return try Int64.fetchOne(database, sql: "SELECT position FROM feed WHERE name = ?", arguments: [name]) ?? 0
      }
    }
    guard let file else { throw .noFile }
    let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.durability.feeds.append(signal) }
    return JournalFeed(name: name, file: file, position: position, signals: signals)
  }

  /// Forgets the feeds that are not among `names`, so that nobody holds the journal back any more.
  public func removeFeeds(except names: Set<String>) throws(StoreError) {
    try withFile { file in
      try file.pool.write { database in
        for name in try String.fetchAll(database, sql: "SELECT name FROM feed") where !names.contains(name) {
          try database.execute(sql: "DELETE FROM feed WHERE name = ?", arguments: [name])
        }
      }
    }
  }

  func signalFeeds() {
    for feed in state.withLock({ $0.durability.feeds }) { feed.yield() }
  }
}
