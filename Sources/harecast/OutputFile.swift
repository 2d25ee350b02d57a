import Backtest
import Foundation

/// Files that commands write where their user says.
enum OutputFile {
  /// Looks whether `path` could be written, before the work whose result it is to hold.
  ///
  /// - Throws: `BacktestError`, which names the path.
  static func check(_ path: String) throws {
    var isFolder: ObjCBool = false
    let manager = FileManager.default
    if manager.fileExists(atPath: path, isDirectory: &isFolder) {
      if isFolder.boolValue { throw BacktestError(path, "is a folder") }
      if !manager.isWritableFile(atPath: path) { throw BacktestError(path, "cannot be written") }
      return
    }
    let folder = URL(filePath: path).deletingLastPathComponent().path
    guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw BacktestError(path, "cannot be written: there is no folder \(folder)")
    }
    guard manager.isWritableFile(atPath: folder) else {
      throw BacktestError(path, "cannot be written: nothing can be made in \(folder)")
    }
  }

  /// Writes a file whole or not at all.
  ///
  /// - Throws: `BacktestError`, which names the path.
  static func write(_ data: Data, to path: String) throws {
    try check(path)
    do {
      // Not atomically where it is no regular file, such as /dev/stdout.
      let isSpecial = FileManager.default.fileExists(atPath: path) && !Self.isRegular(path)
      try data.write(to: URL(filePath: path), options: isSpecial ? [] : .atomic)
    } catch {
      throw BacktestError(path, "cannot be written: \(Self.reason(error))")
    }
  }

  private static func isRegular(_ path: String) -> Bool {
    (try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType) == .typeRegular
  }

  /// The system's words for what went wrong.
  private static func reason(_ error: any Error) -> String {
    let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
    return code.map { String(cString: strerror(Int32(truncatingIfNeeded: $0))) } ?? error.localizedDescription
  }
}
