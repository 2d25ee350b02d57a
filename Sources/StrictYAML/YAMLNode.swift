/// One value of a YAML document, with its place.
///
/// Aliases and merge keys (`<<`) are already resolved; a value that came through an alias has the
/// place where it was written down, not where it is used.
public struct YAMLNode: Sendable {
  /// The three shapes of a value.
  public enum Content: Sendable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    /// In the order of the document; keys are unique.
    case mapping([YAMLEntry])
  }

  public let content: Content
  public let place: YAMLPlace

  public init(_ content: Content, at place: YAMLPlace) {
    self.content = content
    self.place = place
  }

  /// Whether this is the null of YAML: nothing, `~` or `null`, not in quotes.
  public var isNull: Bool {
    if case .scalar(let scalar) = content { scalar.isNull } else { false }
  }

  /// The entries of a mapping; null counts as the empty mapping.
  ///
  /// - Throws: ``YAMLError`` for any other shape, naming `what` was expected here.
  public func entries(_ what: String) throws(YAMLError) -> [YAMLEntry] {
    if case .mapping(let entries) = content { return entries }
    if isNull { return [] }
    throw mismatch("expected a mapping for \(what)")
  }

  /// The items of a sequence; null counts as the empty sequence.
  ///
  /// - Throws: ``YAMLError`` for any other shape, naming `what` was expected here.
  public func items(_ what: String) throws(YAMLError) -> [YAMLNode] {
    if case .sequence(let items) = content { return items }
    if isNull { return [] }
    throw mismatch("expected a list for \(what)")
  }

  /// The text of a scalar exactly as written (`1e3` stays `1e3`); null is the empty string.
  ///
  /// - Throws: ``YAMLError`` for a mapping or a sequence, naming `what` was expected here.
  public func text(_ what: String) throws(YAMLError) -> String {
    guard case .scalar(let scalar) = content else { throw mismatch("expected a string for \(what)") }
    return scalar.isNull ? "" : scalar.text
  }

  func mismatch(_ expectation: String) -> YAMLError {
    let found =
      switch content {
      case .scalar(let scalar): scalar.isNull ? "nothing" : "\"\(scalar.text.prefix(60))\""
      case .sequence: "a list"
      case .mapping: "a mapping"
      }
    return YAMLError(place, "\(expectation), found \(found)")
  }
}

/// A scalar as written.
public struct YAMLScalar: Sendable, Equatable {
  public let text: String
  /// Whether it stood without quotes and not as a block, so that it may mean a number, a truth
  /// value or null.
  public let isPlain: Bool

  public init(_ text: String, isPlain: Bool) {
    self.text = text
    self.isPlain = isPlain
  }

  /// Whether the scalar is YAML's null.
  public var isNull: Bool {
    guard isPlain else { return false }
    return switch text {
    case "", "~", "null", "Null", "NULL": true
    default: false
    }
  }
}

/// A key of a mapping and its value.
public struct YAMLEntry: Sendable {
  public let key: String
  public let keyPlace: YAMLPlace
  public let value: YAMLNode

  public init(key: String, keyPlace: YAMLPlace, value: YAMLNode) {
    self.key = key
    self.keyPlace = keyPlace
    self.value = value
  }
}
