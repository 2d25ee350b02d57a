import Foundation

/// Writes files so that whoever opens them sees the old one or the new one, also after a power failure.
public enum AtomicFile {
  /// Writes to a temporary file beside the target, has the disk keep it, and renames it.
  ///
  /// - Parameter replaces: whether an existing file may be replaced.
  /// - Throws: ``ModelError``; nothing is left behind then.
  public static func write(_ bytes: [UInt8], to path: String, replaces: Bool = true) throws(ModelError) {
    let temporary = "\(path).\(getpid()).\(UInt64.random(in: 0...UInt64.max)).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path, "cannot be written") }
    do {
      try fill(descriptor, bytes, path)
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    close(descriptor)
    // A link fails where the name is taken; a rename takes it.
    let status = replaces ? rename(temporary, path) : link(temporary, path)
    let code = errno
    if !replaces || status != 0 { unlink(temporary) }
    guard status == 0 else {
      if code == EEXIST { throw ModelError(path, .exists) }
      throw failure(path, "cannot be put into its place", code)
    }
    try keepName(of: path)
  }

  private static func fill(_ descriptor: Int32, _ bytes: [UInt8], _ path: String) throws(ModelError) {
    var position = 0
    while position < bytes.count {
      let written = bytes.withUnsafeBytes { buffer in
        Foundation.write(descriptor, buffer.baseAddress.map { $0 + position }, bytes.count - position)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw failure(path, "cannot be written") }
      position += written
    }
    guard fsync(descriptor) == 0 else { throw failure(path, "cannot be kept on the disk") }
  }

  /// A name is a part of its folder: without this a crash may forget it.
  private static func keepName(of path: String) throws(ModelError) {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let descriptor = open(
      folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path, "its folder cannot be opened") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(path, "its folder cannot be kept on the disk") }
  }

  private static func failure(_ path: String, _ what: String, _ code: Int32 = errno) -> ModelError {
    ModelError(path, .system("\(what): \(String(cString: strerror(code)))"))
  }
}
