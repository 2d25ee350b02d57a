import Glibc
import Logging
import StrictYAML
import Synchronization

/// Why a web configuration cannot be used.
public struct WebConfigError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// The web configuration file, read again whenever it or a file that it names has changed.
///
/// A change that cannot be used is logged, and what was in force stays in force. TLS as such is on or off from the
/// start.
public final class WebConfigSource: Sendable {
  /// What is in force.
  struct Loaded: Sendable {
    var configuration: WebConfiguration
    var tls: LoadedTLS?
    fileprivate var stamps: [WebConfigFile.Stamp?]
  }

  private let path: String
  private let log: Logger
  private let state: Mutex<Loaded>

  /// Reads the file and everything that it names.
  ///
  /// - Throws: `YAMLError` with the place of the first fault; ``WebConfigError``.
  public init(path: String, log: Logger) throws {
    self.path = path
    self.log = log
    state = Mutex(try Self.load(path))
  }

  /// Looks whether a web configuration file and everything that it names can be used.
  ///
  /// - Throws: `YAMLError` with the place of the first fault; ``WebConfigError``.
  public static func check(_ path: String) throws { _ = try load(path) }

  /// Whether connections are encrypted.
  public var isEncrypted: Bool { state.withLock { $0.tls != nil } }

  /// What is in force now.
  func current() -> Loaded {
    state.withLock { loaded in
      let stamps = Self.stamps(path, loaded.configuration)
      if stamps == loaded.stamps { return loaded }
      do {
        let new = try Self.load(path)
        if (new.tls == nil) != (loaded.tls == nil) {
          throw WebConfigError("\(path): TLS can only be turned on or off at the start")
        }
        loaded = new
        log.notice("web configuration read again", metadata: ["file": "\(path)"])
      } catch {
        // The same fault is told once.
        loaded.stamps = stamps
        log.error("web configuration not read again; the old one stays", metadata: ["error": "\(error)"])
      }
      return loaded
    }
  }

  private static func load(_ path: String) throws -> Loaded {
    let text = try WebConfigFile.read(path)
    let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
    let configuration = try WebConfiguration(text, file: path, folder: folder.isEmpty ? "/" : folder)
    // Stamped before the files are read: what changes meanwhile is then read again.
    let stamps = stamps(path, configuration)
    return Loaded(configuration: configuration, tls: try configuration.tls.map { try LoadedTLS($0) }, stamps: stamps)
  }

  private static func stamps(_ path: String, _ configuration: WebConfiguration) -> [WebConfigFile.Stamp?] {
    ([path] + (configuration.tls?.files ?? [])).map(WebConfigFile.stamped)
  }
}

/// Reads small files, and tells whether they have changed.
enum WebConfigFile {
  static let largest = 1 << 20

  /// What changes when a file does.
  struct Stamp: Sendable, Equatable {
    var device: UInt
    var inode: UInt
    var size: Int
    var seconds: Int
    var nanoseconds: Int
  }

  static func stamped(_ path: String) -> Stamp? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Stamp(
      device: UInt(status.st_dev), inode: UInt(status.st_ino), size: Int(status.st_size),
      seconds: Int(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec))
  }

  static func read(_ path: String) throws(WebConfigError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw WebConfigError("\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw WebConfigError("\(path): \(String(cString: strerror(errno)))") }
      if count == 0 { break }
      bytes.append(contentsOf: piece[..<count])
      if bytes.count > largest { throw WebConfigError("\(path): larger than \(largest) bytes") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw WebConfigError("\(path): not UTF-8") }
    return text
  }
}
