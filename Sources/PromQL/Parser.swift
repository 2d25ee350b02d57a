import TimeSeries

/// Reads a query by precedence climbing.
///
/// The first error ends the reading. Messages say which construct the unexpected word stands in and,
/// where few words could follow, which.
struct Parser {
  let bytes: [UInt8]
  let tokens: [Token]
  var index = 0
  var nesting = 0
  let options: ParserOptions
  /// The constructs being read, the innermost last: their names, and what may stand there.
  var contexts: [(name: String, expected: String?)] = []

  /// An expression with the height of its tree.
  struct Node {
    var expression: Expression
    var height = 1
  }

  private init(_ text: String, options: ParserOptions) {
    bytes = Array(text.utf8)
    tokens = Lexer.tokens(of: bytes, durationWords: options.durationExpressions)
    self.options = options
  }

  /// Parses and checks a query.
  ///
  /// - Throws: ``ParseError`` for the first mistake in syntax, else for the first in types.
  static func parse(_ text: String, options: ParserOptions) throws(ParseError) -> Expression {
    var parser = Parser(text, options: options)
    if parser.token.kind == .endOfInput {
      throw ParseError("no expression found in input", at: SourceRange(0, 0), in: parser.bytes)
    }
    let node = try parser.parseBinary(minimum: 1)
    guard parser.token.kind == .endOfInput else { throw parser.unexpected() }
    return try TypeChecker(query: parser.bytes).checked(node.expression)
  }

  /// Parses matchers, as in the API's `match[]` parameters.
  static func parseSelector(_ text: String, options: ParserOptions) throws(ParseError) -> VectorSelector {
    var parser = Parser(text, options: options)
    let range = parser.token.range
    guard let name = parser.metricNameToken() ?? (parser.token.kind == .leftBrace ? "" : nil) else {
      throw parser.unexpected()
    }
    let selector = try parser.parseSelector(name: name, start: range)
    guard parser.token.kind == .endOfInput else { throw parser.unexpected() }
    _ = try TypeChecker(query: parser.bytes).checked(.selector(selector))
    return selector
  }

  // MARK: Tokens and errors

  var token: Token { tokens[min(index, tokens.count - 1)] }

  func kind(after distance: Int) -> TokenKind { tokens[min(index + distance, tokens.count - 1)].kind }

  mutating func advance() { index += 1 }

  /// Where the last token that was taken ends.
  var previousEnd: Int { index > 0 ? tokens[min(index, tokens.count) - 1].range.end : 0 }

  func failure(_ message: String, at range: SourceRange) -> ParseError {
    ParseError(message, at: range, in: bytes)
  }

  /// The error for the current token, in `context` or the innermost construct.
  func unexpected(in context: String? = nil, expected: String? = nil) -> ParseError {
    let token = self.token
    if token.kind == .failure { return failure(token.text, at: token.range) }
    var message = "unexpected \(token.descriptionInErrors)"
    if let context = context ?? contexts.last?.name { message += " in \(context)" }
    if let expected = context == nil && expected == nil ? contexts.last?.expected : expected {
      message += ", expected \(expected)"
    }
    return failure(message, at: token.range)
  }

  mutating func take(_ kind: TokenKind) throws(ParseError) {
    guard token.kind == kind else { throw unexpected() }
    advance()
  }

  mutating func deepen() throws(ParseError) {
    nesting += 1
    try checkHeight(nesting)
  }

  func checkHeight(_ height: Int) throws(ParseError) {
    if height > ParserOptions.maximumDepth {
      throw failure("expression is nested more than \(ParserOptions.maximumDepth) levels deep", at: token.range)
    }
  }

  // MARK: Operators

  mutating func parseBinary(minimum: Int) throws(ParseError) -> Node {
    try deepen()
    defer { nesting -= 1 }
    var left = try parsePrefix()
    while case .binary(let operation) = token.kind, operation.precedence >= minimum {
      let operatorRange = token.range
      advance()
      var (returnsBool, matching) = try parseModifiers()
      // The power operator groups from the right, all others from the left.
      let right = try parseBinary(minimum: operation == .power ? 6 : operation.precedence + 1)
      if operation.isSetOperator && matching.cardinality == .oneToOne { matching.cardinality = .manyToMany }
      let binary = BinaryExpression(
        operation: operation, left: left.expression, right: right.expression, returnsBool: returnsBool,
        matching: matching, operatorRange: operatorRange)
      if !options.fillModifiers && (matching.leftFill != nil || matching.rightFill != nil) {
        throw failure("binop fill modifiers are experimental and not enabled", at: left.expression.range)
      }
      left = Node(expression: .binary(binary), height: max(left.height, right.height) + 1)
      try checkHeight(left.height)
    }
    return left
  }

  mutating func parsePrefix() throws(ParseError) -> Node {
    guard case .binary(let operation) = token.kind, operation == .add || operation == .subtract else {
      return try parsePostfix()
    }
    let start = token.range
    advance()
    // A sign binds weaker than the power operator and tighter than all others.
    let operand = try parseBinary(minimum: 6)
    let isNegative = operation == .subtract
    if case .number(var literal) = operand.expression {
      if isNegative { literal.value = -literal.value }
      literal.range = start.ending(at: literal.range.end)
      return Node(expression: .number(literal))
    }
    let unary = UnaryExpression(
      isNegative: isNegative, expression: operand.expression, range: start.union(operand.expression.range))
    return Node(expression: .unary(unary), height: operand.height + 1)
  }

  mutating func parseModifiers() throws(ParseError) -> (Bool, VectorMatching) {
    var returnsBool = false
    var matching = VectorMatching()
    if token.kind == .keyword(.bool) {
      returnsBool = true
      advance()
    }
    if token.kind == .keyword(.on) || token.kind == .keyword(.ignoring) {
      matching.isOn = token.kind == .keyword(.on)
      advance()
      matching.labels = try parseGroupingLabels()
      if token.kind == .keyword(.groupLeft) || token.kind == .keyword(.groupRight) {
        matching.cardinality = token.kind == .keyword(.groupLeft) ? .manyToOne : .oneToMany
        advance()
        // A parenthesis that follows always opens the list of labels.
        if token.kind == .leftParen || !startsExpression(token.kind) {
          matching.included = try parseGroupingLabels()
        }
      }
    }
    fills: while case .keyword(let word) = token.kind {
      switch word {
      case .fill where matching.leftFill == nil && matching.rightFill == nil:
        advance()
        matching.leftFill = try parseFillValue()
        matching.rightFill = matching.leftFill
        break fills
      case .fillLeft where matching.leftFill == nil:
        advance()
        matching.leftFill = try parseFillValue()
      case .fillRight where matching.rightFill == nil:
        advance()
        matching.rightFill = try parseFillValue()
      default: break fills
      }
    }
    return (returnsBool, matching)
  }

  mutating func parseFillValue() throws(ParseError) -> Double {
    try take(.leftParen)
    let value = try parseSignedNumber().value
    try take(.rightParen)
    return value
  }

  mutating func parseGroupingLabels() throws(ParseError) -> [String] {
    let context = "grouping opts"
    guard token.kind == .leftParen else { throw unexpected(in: context, expected: "\"(\"") }
    advance()
    var labels: [String] = []
    while token.kind != .rightParen {
      switch token.kind {
      case .string:
        let name = try unquoted(token)
        if !GoText.isLabelName(name) {
          throw failure("invalid label name for grouping: \(Labels.quoted(name))", at: token.range)
        }
        labels.append(name)
      case .identifier, .keyword, .aggregation: labels.append(token.text)
      case .metricIdentifier: labels.append(token.text)
      case .binary(.and), .binary(.or), .binary(.unless), .binary(.atan2): labels.append(token.text)
      default: throw unexpected(in: context, expected: "label")
      }
      advance()
      if token.kind == .comma {
        advance()
      } else if token.kind != .rightParen {
        throw unexpected(in: context, expected: "\",\" or \")\"")
      }
    }
    advance()
    return labels
  }
}

/// What the parser allows.
struct ParserOptions: Sendable {
  /// How deep expressions may nest, so that no query exhausts the stack.
  static let maximumDepth = 250

  var experimentalFunctions = false
  var fillModifiers = false
  /// Whether ranges and offsets may be computed.
  var durationExpressions = false
}
