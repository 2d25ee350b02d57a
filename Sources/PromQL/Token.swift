import TimeSeries

/// A stretch of a query's text, as UTF-8 byte offsets, end excluded.
public struct SourceRange: Sendable, Hashable {
  /// The offset of the first byte.
  public var start: Int
  /// The offset after the last byte.
  public var end: Int
  /// The line of the start, counted from 1.
  public var line: Int
  /// The byte of the start in its line, counted from 1.
  public var column: Int

  init(_ start: Int, _ end: Int, line: Int = 1, column: Int? = nil) {
    self.start = start
    self.end = end
    self.line = line
    self.column = column ?? start + 1
  }

  /// The smallest range that holds both.
  func union(_ other: SourceRange) -> SourceRange {
    var result = start <= other.start ? self : other
    result.end = max(end, other.end)
    return result
  }

  /// This range with another end.
  func ending(at end: Int) -> SourceRange {
    var result = self
    result.end = end
    return result
  }

  /// The start as `line:column`.
  var place: String { "\(line):\(column)" }
}

/// What kind of word of the language a token is.
enum TokenKind: Hashable, Sendable {
  case endOfInput
  case failure
  case identifier
  case metricIdentifier
  case string
  case number
  case duration
  case leftParen, rightParen, leftBrace, rightBrace, leftBracket, rightBracket
  case comma, colon, at
  case assign, matches, doesNotMatch
  case binary(BinaryOperator)
  case aggregation(AggregationOperator)
  case keyword(Keyword)

  /// The fixed spelling of punctuation.
  var punctuation: String? {
    switch self {
    case .leftParen: "("
    case .rightParen: ")"
    case .leftBrace: "{"
    case .rightBrace: "}"
    case .leftBracket: "["
    case .rightBracket: "]"
    case .comma: ","
    case .colon: ":"
    case .at: "@"
    case .assign: "="
    case .matches: "=~"
    case .doesNotMatch: "!~"
    default: nil
    }
  }
}

/// Words that mean something to the grammar; all but the matching words may also name metrics.
enum Keyword: String, Sendable, CaseIterable {
  case offset, by, without, on, ignoring
  case groupLeft = "group_left"
  case groupRight = "group_right"
  case fill
  case fillLeft = "fill_left"
  case fillRight = "fill_right"
  case bool
  case start, end, step, range
  case maxOf = "max_of"
  case minOf = "min_of"

  /// Whether the word is a preprocessor such as `start`, which messages name like punctuation.
  var isPreprocessor: Bool {
    switch self {
    case .start, .end, .step, .range, .maxOf, .minOf: true
    default: false
    }
  }

  /// Whether the word can stand as a metric name.
  var mayNameMetric: Bool {
    switch self {
    case .bool, .groupLeft, .groupRight, .ignoring, .on: false
    default: true
    }
  }
}

/// One word of a query.
struct Token: Sendable {
  var kind: TokenKind
  var range: SourceRange
  /// The text as written, or a lexical error's message.
  var text: String

  /// How error messages name the token.
  var descriptionInErrors: String {
    switch kind {
    case .endOfInput: return "end of input"
    case .failure: return "error"
    case .identifier: return "identifier \(Labels.quoted(text))"
    case .metricIdentifier: return "metric identifier \(Labels.quoted(text))"
    case .string: return "string \(abbreviated)"
    case .number: return "number \(abbreviated)"
    case .duration: return "duration \(abbreviated)"
    case .binary: return "<op:\(text)>"
    case .matches, .doesNotMatch: return "<op:\(text)>"
    // Prometheus 3.5 has no word for this token, only a number.
    case .at: return "\"<Item 57400>\" <op:\(text)>"
    case .aggregation: return "<aggr:\(text)>"
    case .keyword(let word): return word.isPreprocessor ? abbreviated : "<\(text)>"
    default: return Labels.quoted(text)
    }
  }

  private var abbreviated: String {
    if text.utf8.count > 10 {
      return Labels.quoted(String(String.UnicodeScalarView(text.unicodeScalars.prefix(10)))) + "..."
    }
    return Labels.quoted(text)
  }
}
