import Foundation

/// The folder that holds trained models, each in a file `<name>.hcmodel`.
public struct ModelFolder: Sendable {
  /// The end of a model file's name.
  public static let suffix = ".hcmodel"

  public let path: String

  public init(_ path: String) { self.path = path }

  /// Whether `name` can be the name of a model: it is a file's name and never a path.
  public static func isName(_ name: String) -> Bool {
    func isPlain(_ byte: UInt8) -> Bool {
      (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
    }
    guard let first = name.utf8.first, isPlain(first), name.utf8.count <= 100 else { return false }
    return name.utf8.allSatisfy { isPlain($0) || "._-".utf8.contains($0) }
  }

  /// The file of a model.
  ///
  /// - Throws: ``ModelError`` if the name is none.
  public func file(of name: String) throws(ModelError) -> String {
    guard Self.isName(name) else { throw ModelError(name, .badName) }
    return "\(path)/\(name)\(Self.suffix)"
  }

  /// The names of the models that are there, sorted; none if there is no folder.
  public func names() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      .filter { $0.hasSuffix(Self.suffix) }.map { String($0.dropLast(Self.suffix.count)) }
      .filter(Self.isName).sorted()
  }

  /// The bytes of a file, if they are not too many for a model.
  ///
  /// - Throws: ``ModelError``.
  public static func bytes(ofFile path: String) throws(ModelError) -> [UInt8] {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw ModelError(path, FileManager.default.fileExists(atPath: path) ? .system("cannot be read") : .missing)
    }
    defer { try? handle.close() }
    do {
      let data = try handle.read(upToCount: ModelFile.mostBytes + 1) ?? Data()
      guard data.count <= ModelFile.mostBytes else {
        throw ModelError(path, .tooLarge("more than \(ModelFile.mostBytes) bytes"))
      }
      return Array(data)
    } catch let error as ModelError {
      throw error
    } catch {
      throw ModelError(path, .system("cannot be read"))
    }
  }

  /// Reads and verifies a model.
  ///
  /// - Throws: ``ModelError``, also if the file holds a model of another name.
  public func read(
    _ name: String, keys: [ModelKey]
  ) throws(ModelError) -> (file: ModelFile, signature: ModelSignature) {
    let path = try file(of: name)
    let result = try ModelFile.read(try Self.bytes(ofFile: path), subject: path, keys: keys)
    // A signature says who made a file, not that it may stand for another.
    guard result.file.header.name == name else {
      throw ModelError(path, .malformed("it holds the model \"\(result.file.header.name.prefix(100))\""))
    }
    return result
  }

  /// Writes the bytes of a model file, whole or not at all.
  ///
  /// - Parameter replaces: whether a model of this name may be replaced.
  /// - Throws: ``ModelError``.
  public func write(_ bytes: [UInt8], name: String, replaces: Bool) throws(ModelError) {
    let target = try file(of: name)
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw ModelError(path, .system("cannot be made"))
    }
    try AtomicFile.write(bytes, to: target, replaces: replaces)
  }
}
