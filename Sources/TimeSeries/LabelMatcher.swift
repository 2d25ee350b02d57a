/// A test of one label's value; an absent label counts as the empty string.
public struct LabelMatcher: Sendable, Hashable, CustomStringConvertible {
  /// How the value is compared.
  public enum Operation: String, Sendable, Hashable {
    case equal = "="
    case notEqual = "!="
    case matches = "=~"
    case doesNotMatch = "!~"
  }

  public let name: String
  public let operation: Operation
  public let value: String
  private let pattern: RegularExpression?

  /// Makes a matcher.
  ///
  /// - Throws: ``RegularExpressionError`` if `operation` is a regular expression match and
  ///   `value` is not a valid RE2 expression.
  public init(_ name: String, _ operation: Operation, _ value: String) throws {
    self.name = name
    self.operation = operation
    self.value = value
    switch operation {
    case .equal, .notEqual: pattern = nil
    case .matches, .doesNotMatch: pattern = try RegularExpression(anchored: value)
    }
  }

  /// A matcher for equality, which cannot fail.
  public init(_ name: String, equals value: String) {
    self.name = name
    operation = .equal
    self.value = value
    pattern = nil
  }

  /// Whether the matcher accepts `candidate`, a label value or the empty string.
  public func accepts(_ candidate: String) -> Bool {
    switch operation {
    case .equal: candidate == value
    case .notEqual: candidate != value
    case .matches: pattern?.matchesWhole(candidate) ?? false
    case .doesNotMatch: !(pattern?.matchesWhole(candidate) ?? true)
    }
  }

  /// Whether the matcher accepts `labels`.
  public func accepts(_ labels: Labels) -> Bool {
    accepts(labels[name] ?? "")
  }

  /// Whether the matcher accepts series that lack the label.
  public var acceptsEmpty: Bool { accepts("") }

  /// If the matcher can only accept a known, finite set of values, that set; else nil.
  public var literalValues: [String]? {
    switch operation {
    case .equal: [value]
    case .matches: pattern?.literalAlternatives
    case .notEqual, .doesNotMatch: nil
    }
  }

  public static func == (left: LabelMatcher, right: LabelMatcher) -> Bool {
    left.name == right.name && left.operation == right.operation && left.value == right.value
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(operation)
    hasher.combine(value)
  }

  public var description: String {
    let key = Labels.isClassicLabelName(name) ? name : Labels.quoted(name)
    return "\(key)\(operation.rawValue)\(Labels.quoted(value))"
  }
}
