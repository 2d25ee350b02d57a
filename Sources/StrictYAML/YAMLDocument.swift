import Yams

/// Reads one YAML document into nodes that know their places.
public enum YAMLDocument {
  /// The largest text that is read, in bytes.
  public static let maximumBytes = 16 << 20
  /// The deepest nesting of lists and mappings.
  public static let maximumDepth = 64
  /// The most values of a document, each use of an alias counted anew.
  public static let maximumNodes = 1_000_000

  /// Parses `text`, which must hold one document or none; none is the empty mapping.
  ///
  /// Duplicate keys, keys that are not scalars, explicit tags other than YAML's core ones and local ones (`!name`, which
  /// make a scalar a string), and documents over the bounds above are errors. Entries whose key is null are left out.
  ///
  /// - Parameters:
  ///   - file: the name of the file as it shall appear in errors.
  ///   - readsFirstOnly: whether to stop where the first document ends, whatever follows, as Prometheus does with rules.
  /// - Complexity: O(`text`) plus O(values after resolving aliases).
  /// - Throws: ``YAMLError`` with the place of the first fault.
  public static func parse(
    _ text: String, file: String, readsFirstOnly: Bool = false
  ) throws(YAMLError) -> YAMLNode {
    let start = YAMLPlace(file: file, line: 1, column: 1)
    var text = text
    text.makeContiguousUTF8()
    if text.utf8.count > maximumBytes {
      throw YAMLError(start, "the file has \(text.utf8.count) bytes, more than the limit of \(maximumBytes)")
    }
    try refuseCollectionsAsKeysOfBombs(text, start)
    let root: Node?
    do {
      let parser = try Yams.Parser(yaml: text, resolver: .default, constructor: .default, encoding: .utf8)
      root = try readsFirstOnly ? parser.nextRoot() : parser.singleRoot()
    } catch let error as YamlError {
      throw translate(error, start)
    } catch {
      throw YAMLError(start, "\(error)")
    }
    guard let root else { return YAMLNode(.mapping([]), at: start) }
    var builder = NodeBuilder(file: file)
    let node = try builder.build(root, depth: 0, near: start)
    return node.isNull ? YAMLNode(.mapping([]), at: start) : node
  }

  /// Yams hashes every key of a mapping, so a list of lists of aliases that stands as a key costs
  /// exponential time before any bound of ours can hold. Such keys are useless here; a document
  /// that has many aliases and anything that might be such a key is refused unseen.
  private static func refuseCollectionsAsKeysOfBombs(_ text: String, _ start: YAMLPlace) throws(YAMLError) {
    var aliases = 0
    var suspicious = false
    var previous = UInt8(ascii: "\n")
    var afterCloser = false
    var inAlias = false
    for byte in text.utf8 {
      let blank = byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
      switch byte {
      case UInt8(ascii: "*"):
        if !isWordByte(previous) { aliases += 1 }
        inAlias = true
        afterCloser = false
      case UInt8(ascii: "?"):
        suspicious = true
        afterCloser = false
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        afterCloser = true
        inAlias = false
      case UInt8(ascii: ":"):
        if afterCloser || inAlias { suspicious = true }
        afterCloser = false
        inAlias = false
      default:
        if !blank { afterCloser = false }
        if byte == 0x0a || byte == UInt8(ascii: ",") { inAlias = false }
      }
      previous = byte
    }
    if aliases > 16, suspicious, text.utf8.contains(UInt8(ascii: "&")), hasDeepAliases(text) {
      throw YAMLError(start, "the document uses too many aliases of anchors that hold aliases themselves")
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || byte >= 0x80
  }

  /// Whether more than 16 aliases are of names that some anchor of the text has.
  private static func hasDeepAliases(_ text: String) -> Bool {
    let separators = Set(" \t\r\n,[]{}".utf8)
    var anchors: Set<Substring> = []
    var used = 0
    for word in text.utf8.split(whereSeparator: separators.contains) {
      if word.first == UInt8(ascii: "&") {
        anchors.insert(Substring(word.dropFirst()))
      } else if word.first == UInt8(ascii: "*"), anchors.contains(Substring(word.dropFirst())) {
        used += 1
      }
    }
    return used > 16
  }

  private static func translate(_ error: YamlError, _ start: YAMLPlace) -> YAMLError {
    func place(_ mark: Mark) -> YAMLPlace {
      YAMLPlace(file: start.file, line: max(1, mark.line), column: max(1, mark.column))
    }
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
      let around = context.map { " \($0.text)" } ?? ""
      return YAMLError(place(mark), "not valid YAML: \(problem)\(around)")
    case .composer(let context, let problem, let mark, _):
      if context?.text.contains("single document") == true {
        return YAMLError(place(mark), "a second document starts here; only one is allowed in a file")
      }
      return YAMLError(place(mark), "not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      return YAMLError(place(context.mark), "the key \"\(duplicates.first ?? "")\" appears more than once")
    case .reader(let problem, let offset, _, let yaml):
      let head = yaml.prefix(offset ?? 0)
      let lines = head.split(separator: /\r\n|\n|\r/, omittingEmptySubsequences: false)
      let column = (lines.last?.unicodeScalars.count ?? 0) + 1
      return YAMLError(
        YAMLPlace(file: start.file, line: max(1, lines.count), column: column), "not valid YAML: \(problem)")
    default:
      return YAMLError(start, "not valid YAML: \(error)")
    }
  }
}
