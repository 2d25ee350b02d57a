import Foundation
import GRDB
import Synchronization
import TimeSeries

/// The one SQLite file of a store: journal, chunks, series, and what other parts keep in it.
///
/// WAL mode: readers do not wait for the writer. With `synchronous` at its default a committed transaction survives the
/// end of the process, however sudden; a power cut may take the last ones. `full` waits for the disk each time.
final class StoreFile: Sendable {
  let path: String
  let pool: DatabasePool
  /// What the labels of series are written with.
  let symbols: Mutex<LabelSymbols>
  private let lock: FolderLock
  private let closed = Mutex(false)

  /// Whether the file was let go of.
  var isClosed: Bool { closed.withLock { $0 } }

  /// Moving a page takes a few microseconds.
  private static let pagesFreedAtOnce = 65_536
  /// A row of a chunk must fit into a quarter of a page, or most of a second page is wasted on its end.
  private static let pageSize = 8192

  /// "HARE", so that nobody else's file is taken for ours.
  static let applicationID: Int32 = 0x4841_5245

  /// Opens or makes `<folder>/harecast.db`.
  ///
  /// - Throws: ``StoreError``; a file that is not ours or that we cannot read is left as it is.
  init(folder: String, isFullySynchronous: Bool) throws(StoreError) {
    if let reason = Self.reasonNotToMake(folder) { throw .folder(path: folder, reason: reason) }
    lock = try FolderLock(folder: folder)
    path = folder + "/\(SeriesStore.fileName)"
    try Self.checkIdentity(path)
    do {
      if !FileManager.default.fileExists(atPath: path) || Self.size(path) == 0 { try Self.create(path) }
      var configuration = Configuration()
      configuration.maximumReaderCount = 4
      configuration.busyMode = .timeout(5)
      configuration.prepareDatabase { database in
        try database.execute(sql: "PRAGMA synchronous = \(isFullySynchronous ? "FULL" : "NORMAL")")
        // The system caches the file; each connection has a cache of its own, in KiB.
        try database.execute(sql: "PRAGMA cache_size = -512")
        // A large checkpoint must not leave its log behind at full length.
        try database.execute(sql: "PRAGMA journal_size_limit = \(16 << 20)")
      }
      pool = try DatabasePool(path: path, configuration: configuration)
      let migrator = Self.migrator
      if try pool.read({ try migrator.hasBeenSuperseded($0) }) { throw StoreError.newer(path: path) }
      try migrator.migrate(pool)
      symbols = Mutex(try pool.read { try Self.symbols(in: $0) })
    } catch let error as StoreError {
      throw error
    } catch {
      throw Self.storeError(error, path: path)
    }
  }

  /// Releases the file and its lock.
  func close() {
    closed.withLock { $0 = true }
    // Gives the journal's pages and the log back; what cannot be given back now is used again.
    try? pool.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA incremental_vacuum(\(Self.pagesFreedAtOnce))")
      _ = try database.checkpoint(.truncate)
    }
    try? pool.close()
    lock.release()
  }

  private static func create(_ path: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA page_size = \(pageSize)")
      try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    }
    try queue.close()
  }

  /// Looks at the first bytes of the file, which say whose it is, before SQLite may touch it.
  private static func checkIdentity(_ path: String) throws(StoreError) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    guard let handle = FileHandle(forReadingAtPath: path), let head = try? handle.read(upToCount: 100) else {
      throw .unreadable(path: path, reason: "cannot be opened")
    }
    if head.isEmpty { return }
    guard head.count == 100, head.starts(with: Array("SQLite format 3".utf8)) else { throw .foreign(path: path) }
    let id = head[68..<72].reduce(Int32(0)) { $0 << 8 | Int32($1) }
    guard id == applicationID else { throw .foreign(path: path) }
    // The header knows how long the file was; only the log may make up for a shorter one.
    let pageSize = Int(head[16]) << 8 | Int(head[17])
    let pages = head[28..<32].reduce(0) { $0 << 8 | Int($1) }
    if size(path) < pages * (pageSize == 1 ? 65_536 : pageSize), size(path + "-wal") == 0 {
      throw .unreadable(path: path, reason: "the file is damaged: its end is missing")
    }
  }

  private static func size(_ path: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
  }

  /// What SQLite says, as one readable error.
  static func storeError(_ error: any Error, path: String) -> StoreError {
    guard let error = error as? DatabaseError else { return .unreadable(path: path, reason: reason(error)) }
    switch error.resultCode {
    case .SQLITE_NOTADB: return .foreign(path: path)
    case .SQLITE_CORRUPT: return .unreadable(path: path, reason: "the file is damaged: \(error.message ?? "corrupt")")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
      return .folder(path: path, reason: error.message ?? "not writable")
    default: return .unreadable(path: path, reason: error.message ?? "\(error.resultCode)")
    }
  }

  private static func reason(_ error: any Error) -> String {
    let text = (error as NSError).localizedDescription
    return text.split(separator: "\n").first.map(String.init) ?? "unknown"
  }

  /// Makes a folder and those above it.
  ///
  /// - Returns: what is wrong, in the system's words; nil if the folder is there.
  private static func reasonNotToMake(_ folder: String) -> String? {
    if mkdir(folder, 0o777) == 0 { return nil }
    switch errno {
    case EEXIST:
      var status = stat()
      guard stat(folder, &status) == 0 else { return String(cString: strerror(errno)) }
      return status.st_mode & S_IFMT == S_IFDIR ? nil : String(cString: strerror(ENOTDIR))
    case ENOENT where folder.contains("/"):
      let above = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
      if !above.isEmpty, let reason = reasonNotToMake(above) { return reason }
      return mkdir(folder, 0o777) == 0 || errno == EEXIST ? nil : String(cString: strerror(errno))
    default: return String(cString: strerror(errno))
    }
  }

  /// A number that the store keeps about itself.
  static func property(_ name: String, in database: Database) throws -> Int64? {
    try Int64.fetchOne(database, sql: "SELECT value FROM property WHERE name = ?", arguments: [name])
  }

  static func setProperty(_ name: String, _ value: Int64, in database: Database) throws {
    try database.execute(sql: "INSERT OR REPLACE INTO property VALUES(?, ?)", arguments: [name, value])
  }

  /// The bytes of the file in use and of its write-ahead log.
  func fileBytes() -> (used: Int, log: Int) {
    let used =
      (try? pool.read { database -> Int in
        let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
        let size = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
        return (pages - free) * size
      }) ?? 0
    return (used, Self.size(path + "-wal"))
  }
}

/// Keeps a second process out of a folder.
private final class FolderLock: Sendable {
  private let descriptor: Int32

  init(folder: String) throws(StoreError) {
    let path = folder + "/harecast.lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .folder(path: folder, reason: String(cString: strerror(errno))) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      Glibc.close(descriptor)
      throw .inUse(path: folder)
    }
  }

  func release() { flock(descriptor, LOCK_UN) }

  deinit { Glibc.close(descriptor) }
}
