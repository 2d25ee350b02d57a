import Foundation

/// A secret that model files are signed with. It does not print.
public struct ModelKey: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
  /// The least bytes of a key.
  public static let leastBytes = 16
  /// The most bytes of a key file.
  private static let mostBytes = 64 << 10

  let bytes: [UInt8]

  /// - Throws: ``ModelError`` if the key is too short to be a secret.
  public init(bytes: [UInt8], subject: String = "the key") throws(ModelError) {
    guard bytes.count >= Self.leastBytes else {
      throw ModelError(subject, .badKey("\(bytes.count) bytes, at least \(Self.leastBytes) are needed"))
    }
    guard bytes.count <= Self.mostBytes else {
      throw ModelError(subject, .badKey("more than \(Self.mostBytes) bytes"))
    }
    self.bytes = bytes
  }

  /// Reads a key file: its bytes are the key, but for a line end after them.
  ///
  /// - Throws: ``ModelError`` that names the file.
  public init(file: String) throws(ModelError) {
    guard let handle = FileHandle(forReadingAtPath: file) else { throw ModelError(file, .system("cannot be read")) }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: Self.mostBytes + 2) else {
      throw ModelError(file, .system("cannot be read"))
    }
    var bytes = Array(data)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    try self.init(bytes: bytes, subject: file)
  }

  /// Eight bytes by which the key is known, which do not tell what it is.
  var identity: [UInt8] { Array(Digest.hmac(Array("harecast model key".utf8), key: bytes).prefix(8)) }

  /// The identity as text.
  public var name: String { Digest.hex(identity) }

  public var description: String { "<secret>" }
  public var debugDescription: String { "<secret>" }
}

/// What is known of the origin of a model file that was accepted.
public enum ModelSignature: Sendable, Equatable, CustomStringConvertible {
  /// Signed with the key of this name.
  case verified(String)
  /// Signed with the key of this name, which was not at hand.
  case unchecked(String)
  /// Not signed.
  case none

  public var description: String {
    switch self {
    case .verified(let key): "signed with key \(key)"
    case .unchecked(let key): "signed with key \(key), not checked"
    case .none: "not signed"
    }
  }
}
