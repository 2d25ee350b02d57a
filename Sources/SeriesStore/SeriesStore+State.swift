import Foundation
import GRDB
import TimeSeries

/// Small things that other parts keep in the store's file: models, alert states, cursors.
extension SeriesStore {
  /// Keeps `bytes` under a key, in place of what was there.
  ///
  /// - Throws: ``StoreError/noFile`` without a file, else what the file says.
  public func saveState(_ bytes: [UInt8], forKey key: String) throws(StoreError) {
    try saveStates([(key, bytes)])
  }

  /// Keeps several values in one transaction.
  public func saveStates(_ values: [(key: String, bytes: [UInt8])]) throws(StoreError) {
    try withFile { file in
      try file.pool.write { database in
        let statement = try database.cachedStatement(sql: "INSERT OR REPLACE INTO state VALUES(?, ?, ?)")
        for (key, bytes) in values {
          try statement.execute(arguments: [key, Data(bytes), Self.wallClock()])
        }
      }
    }
  }

  /// What is kept under a key; nil if there is nothing.
  public func state(forKey key: String) throws(StoreError) -> [UInt8]? {
    try withFile { file in
      try file.pool.read { database in
        try Data.fetchOne(database, sql: "SELECT bytes FROM state WHERE key = ?", arguments: [key]).map { Array($0) }
      }
    }
  }

  /// Forgets what is kept under a key.
  public func removeState(forKey key: String) throws(StoreError) {
    try withFile { file in
      try file.pool.write { try $0.execute(sql: "DELETE FROM state WHERE key = ?", arguments: [key]) }
    }
  }

  /// The keys that begin with `prefix`, sorted.
  public func stateKeys(prefix: String) throws(StoreError) -> [String] {
    try withFile { file in
      try file.pool.read { database in
        try String.fetchAll(
          database, sql: "SELECT key FROM state WHERE substr(key, 1, ?) = ? ORDER BY key",
          arguments: [prefix.unicodeScalars.count, prefix])
      }
    }
  }

  /// Runs `body` on the file, with its errors as the store's.
  func withFile<Result>(_ body: (StoreFile) throws -> Result) throws(StoreError) -> Result {
    guard let file else { throw .noFile }
    do {
      return try body(file)
    } catch {
      throw StoreFile.storeError(error, path: file.path)
    }
  }
}
