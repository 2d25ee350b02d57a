#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import PromQL

/// Rule files on disk.
public enum RuleFiles {
  /// The largest file that is read, in bytes.
  public static let maximumBytes = 16 << 20

  /// Reads all files that match `patterns`, each once, in the order of the patterns and then of their names.
  ///
  /// A pattern is a path in which `*`, `?` and `[…]` may stand for parts of a name; one that matches nothing is no error
  /// unless it has none of these, as in Prometheus's `rule_files`.
  ///
  /// - Throws: ``RuleFileErrors`` with the faults of all files; then nothing should be reloaded.
  public static func read(
    _ patterns: [String], engine: QueryEngine = QueryEngine()
  ) throws(RuleFileErrors) -> [RuleFile] {
    var files: [RuleFile] = []
    var errors: [RuleFileError] = []
    var seen: Set<String> = []
    for path in patterns.flatMap(paths(matching:)) where seen.insert(path).inserted {
      do {
        files.append(try RuleFile.parse(try text(of: path), path: path, engine: engine))
      } catch {
        errors += error.errors
      }
    }
    guard errors.isEmpty else { throw RuleFileErrors(errors: errors) }
    return files
  }

  /// The paths that match `pattern`, sorted; `pattern` itself if it is no pattern.
  static func paths(matching pattern: String) -> [String] {
    guard pattern.contains(where: { "*?[".contains($0) }) else { return [pattern] }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0, let list = found.gl_pathv else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { list[$0].map { String(cString: $0) } }
  }

  private static func text(of path: String) throws(RuleFileErrors) -> String {
    func failure(_ message: String) -> RuleFileErrors {
      RuleFileErrors(errors: [RuleFileError(path: path, line: 0, column: 0, message: message)])
    }
    guard let file = fopen(path, "rb") else { throw failure("cannot be opened: \(String(cString: strerror(errno)))") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes += buffer[..<count]
      if bytes.count > maximumBytes { throw failure("is larger than \(maximumBytes) bytes") }
    }
    if ferror(file) != 0 { throw failure("cannot be read: \(String(cString: strerror(errno)))") }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("is not UTF-8") }
    return text
  }
}
