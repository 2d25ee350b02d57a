import Glibc

/// A password, token or key, or the file that holds it. It never prints.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private enum Source: Hashable {
    case text(String)
    case file(String)
  }

  private let source: Source

  /// A secret that is known already.
  public init(_ text: String) { source = .text(text) }

  /// A secret that is read from a file each time it is used, so that it can be rotated.
  public init(file path: String) { source = .file(path) }

  /// A secret in a file whose path is relative to `directory` unless it is absolute.
  public init(file path: String, in directory: String) { self.init(file: SmallFile.resolve(path, in: directory)) }

  /// The secret itself; white space around the text of a file does not count.
  ///
  /// - Throws: ``FileError`` if the file cannot be read or is larger than 1 MiB.
  public func reveal() throws(FileError) -> String {
    switch source {
    case .text(let text): text
    case .file(let path): SmallFile.trimmed(try SmallFile.read(path, limit: 1 << 20))
    }
  }

  public var description: String { "<secret>" }
  public var debugDescription: String { "<secret>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a file could not be read.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public var description: String { "\(path): \(reason)" }
}

/// Reads files of a bounded size.
enum SmallFile {
  static func read(_ path: String, limit: Int) throws(FileError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while true {
      var status = 0
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 65_536) { piece in
        status = Glibc.read(descriptor, piece.baseAddress, piece.count)
        if status > 0 { bytes.append(contentsOf: piece[..<status]) }
      }
      if status == 0 { break }
      if status < 0 && errno == EINTR { continue }
      if status < 0 { throw FileError(path: path, reason: String(cString: strerror(errno))) }
      if bytes.count > limit { throw FileError(path: path, reason: "larger than \(limit) bytes") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FileError(path: path, reason: "not UTF-8")
    }
    return text
  }

  static func trimmed(_ text: String) -> String {
    var scalars = text.unicodeScalars[...]
    while let first = scalars.first, first.properties.isWhitespace { scalars = scalars.dropFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars = scalars.dropLast() }
    return String(Substring(scalars))
  }

  /// `path` seen from `directory`, unless it is absolute.
  static func resolve(_ path: String, in directory: String) -> String {
    path.hasPrefix("/") || directory.isEmpty || path.isEmpty ? path : "\(directory)/\(path)"
  }
}
