/// Why a store cannot be opened, or does not take what it is given.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The folder cannot be made or written to.
  case folder(path: String, reason: String)
  /// Another process has the store open.
  case inUse(path: String)
  /// The file is not a store of Harecast.
  case foreign(path: String)
  /// The file was written by a newer version.
  case newer(path: String)
  /// The file is damaged, or the disk fails.
  case unreadable(path: String, reason: String)
  /// Nothing can be made durable at present; what was acknowledged before is safe.
  case notAccepting(reason: String)
  /// The store has no file, and what was asked for needs one.
  case noFile

  public var description: String {
    switch self {
    case .folder(let path, let reason): "\(path): cannot keep data here: \(reason)"
    case .inUse(let path): "\(path): another process has this store open"
    case .foreign(let path): "\(path): is not a store of Harecast; nothing was changed"
    case .newer(let path): "\(path): was written by a newer version of Harecast; nothing was changed"
    case .unreadable(let path, let reason): "\(path): \(reason)"
    case .notAccepting(let reason): "nothing can be stored at present: \(reason)"
    case .noFile: "the store has no file"
    }
  }
}

/// Whether a store takes samples for good.
public enum StoreCondition: Sendable, Equatable {
  case accepting
  /// It answers and takes samples into memory, but acknowledges none, until the reason is gone.
  case degraded(reason: String)
}
