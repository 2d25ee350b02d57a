/// Takes a mapping apart key by key; what nobody asked for is an error at ``finish()``.
///
/// A key whose value is null counts as absent, as in Prometheus. The keys asked for are the known
/// keys; an unknown one is reported with the nearest of them.
public struct MappingReader: Sendable {
  /// Where the mapping stands.
  public let place: YAMLPlace
  /// What the mapping is, for errors, for instance "a scrape configuration".
  public let what: String
  private let entries: [YAMLEntry]
  private var known: Set<String> = []

  /// Starts reading `node`; null counts as the empty mapping.
  ///
  /// - Throws: ``YAMLError`` if `node` is no mapping.
  public init(_ node: YAMLNode, _ what: String) throws(YAMLError) {
    place = node.place
    self.what = what
    entries = try node.entries(what)
  }

  /// The keys that are present with a value other than null, in the order of the document.
  public var presentKeys: [String] { entries.filter { !$0.value.isNull }.map(\.key) }

  /// Whether `key` is there with a value other than null. This does not consume it.
  public func has(_ key: String) -> Bool { entries.contains { $0.key == key && !$0.value.isNull } }

  /// The place of `key` if it is there, else of the mapping. This does not consume the key.
  public func place(of key: String) -> YAMLPlace { entries.first { $0.key == key }?.keyPlace ?? place }

  /// An error at the place of `key`, for checks that the reader cannot make.
  public func error(_ key: String, _ message: String) -> YAMLError { YAMLError(place(of: key), message) }

  /// The value of `key`, or nil if it is absent or null. This is the one way in which keys are
  /// consumed.
  public mutating func optionalNode(_ key: String) -> YAMLNode? {
    known.insert(key)
    guard let entry = entries.first(where: { $0.key == key }), !entry.value.isNull else { return nil }
    return entry.value
  }

  /// The value of `key`.
  ///
  /// - Throws: ``YAMLError`` if it is absent.
  public mutating func node(_ key: String) throws(YAMLError) -> YAMLNode {
    guard let node = optionalNode(key) else { throw YAMLError(place, "\(what) needs the key \"\(key)\"") }
    return node
  }

  /// Ends the reading.
  ///
  /// - Throws: ``YAMLError`` for the first key that was never asked for, with the nearest key that was.
  public func finish() throws(YAMLError) {
    guard let entry = entries.first(where: { !known.contains($0.key) }) else { return }
    var message = "unknown key \"\(entry.key.prefix(80))\" in \(what)"
    if let nearest = NearestWord.of(entry.key, in: known) { message += "; did you mean \"\(nearest)\"?" }
    throw YAMLError(entry.keyPlace, message)
  }

  /// Accepts `key` whatever its value is, for keys of Prometheus that change nothing here.
  public mutating func ignore(_ key: String) { known.insert(key) }

  /// Refuses `key` as known but not supported.
  ///
  /// - Throws: ``YAMLError`` with `reason` if the key is there with a value other than null.
  public mutating func refuse(_ key: String, _ reason: String) throws(YAMLError) {
    known.insert(key)
    if has(key) { throw error(key, "\"\(key)\" is not supported: \(reason)") }
  }
}

extension MappingReader {
  /// The text of `key`, exactly as written, or nil if it is absent.
  public mutating func optionalString(_ key: String) throws(YAMLError) -> String? {
    guard let node = optionalNode(key) else { return nil }
    return try node.text(key)
  }

  /// The text of `key`, which must be there.
  public mutating func string(_ key: String) throws(YAMLError) -> String { try node(key).text(key) }

  /// The milliseconds of a duration, or nil if it is absent.
  public mutating func optionalDuration(_ key: String) throws(YAMLError) -> Int64? {
    guard let node = optionalNode(key) else { return nil }
    return try node.duration(key)
  }

  /// The milliseconds of a duration, which must be there.
  public mutating func duration(_ key: String) throws(YAMLError) -> Int64 { try node(key).duration(key) }

  /// A whole number, or nil if it is absent.
  public mutating func optionalInt(_ key: String) throws(YAMLError) -> Int? {
    guard let node = optionalNode(key) else { return nil }
    return try node.int(key)
  }

  /// A whole number, which must be there.
  public mutating func int(_ key: String) throws(YAMLError) -> Int { try node(key).int(key) }

  /// A number, or nil if it is absent.
  public mutating func optionalDouble(_ key: String) throws(YAMLError) -> Double? {
    guard let node = optionalNode(key) else { return nil }
    return try node.double(key)
  }

  /// A number, which must be there.
  public mutating func double(_ key: String) throws(YAMLError) -> Double { try node(key).double(key) }

  /// A truth value, or nil if it is absent.
  public mutating func optionalBool(_ key: String) throws(YAMLError) -> Bool? {
    guard let node = optionalNode(key) else { return nil }
    return try node.bool(key)
  }

  /// A truth value, which must be there.
  public mutating func bool(_ key: String) throws(YAMLError) -> Bool { try node(key).bool(key) }

  /// A size in bytes, or nil if it is absent.
  public mutating func optionalByteSize(_ key: String) throws(YAMLError) -> Int? {
    guard let node = optionalNode(key) else { return nil }
    return try node.byteSize(key)
  }

  /// A size in bytes, which must be there.
  public mutating func byteSize(_ key: String) throws(YAMLError) -> Int { try node(key).byteSize(key) }

  /// The items of a list; none if the key is absent.
  public mutating func sequence(_ key: String) throws(YAMLError) -> [YAMLNode] {
    guard let node = optionalNode(key) else { return [] }
    return try node.items(key)
  }

  /// The texts of a list of scalars; none if the key is absent.
  public mutating func strings(_ key: String) throws(YAMLError) -> [String] {
    var result: [String] = []
    for item in try sequence(key) { result.append(try item.text("an item of \(key)")) }
    return result
  }

  /// A reader of the mapping under `key`, or nil if it is absent.
  public mutating func optionalMapping(_ key: String) throws(YAMLError) -> MappingReader? {
    guard let node = optionalNode(key) else { return nil }
    return try MappingReader(node, key)
  }

  /// A reader of the mapping under `key`, which must be there.
  public mutating func mapping(_ key: String) throws(YAMLError) -> MappingReader {
    try MappingReader(node(key), key)
  }

  /// The entries of a mapping of strings to strings, in the order of the document; none if the key
  /// is absent.
  public mutating func stringMap(_ key: String) throws(YAMLError) -> [(key: String, value: String)] {
    guard let node = optionalNode(key) else { return [] }
    var result: [(key: String, value: String)] = []
    for entry in try node.entries(key) {
      result.append((entry.key, try entry.value.text("\"\(entry.key)\" in \(key)")))
    }
    return result
  }
}
