import TimeSeries

/// Calls, aggregations and selectors.
extension Parser {
  mutating func parsePrimary() throws(ParseError) -> Node {
    let token = self.token
    switch token.kind {
    case .number, .duration: return Node(expression: .number(try parseNumber()))
    case .string:
      advance()
      return Node(expression: .string(StringLiteral(value: try unquoted(token), range: token.range)))
    case .leftParen:
      advance()
      let inner = try parseBinary(minimum: 1)
      try take(.rightParen)
      let node = ParenthesizedExpression(
        expression: inner.expression, range: token.range.ending(at: previousEnd))
      return Node(expression: .parenthesized(node), height: inner.height + 1)
    case .leftBrace: return Node(expression: .selector(try parseSelector(name: "", start: token.range)))
    case .aggregation(let operation):
      switch kind(after: 1) {
      case .leftParen, .keyword(.by), .keyword(.without): return try parseAggregation(operation)
      default: break
      }
    case .identifier where kind(after: 1) == .leftParen: return try parseCall()
    case .keyword(let word) where word.isPreprocessor && kind(after: 1) == .leftParen && options.durationExpressions:
      return try parseCall()
    default: break
    }
    guard let name = metricNameToken() else { throw unexpected() }
    return Node(expression: .selector(try parseSelector(name: name, start: token.range)))
  }

  /// Takes a word that can name a metric; nil, and nothing taken, if the current token is none.
  mutating func metricNameToken() -> String? {
    switch token.kind {
    case .identifier, .metricIdentifier, .aggregation, .binary(.and), .binary(.or), .binary(.unless): break
    case .keyword(let word) where word.mayNameMetric: break
    default: return nil
    }
    let name = token.text
    advance()
    return name
  }

  /// Whether an expression can start with such a token.
  func startsExpression(_ kind: TokenKind) -> Bool {
    switch kind {
    case .number, .duration, .string, .leftParen, .leftBrace, .identifier, .metricIdentifier, .aggregation,
      .binary(.add), .binary(.subtract), .binary(.and), .binary(.or), .binary(.unless):
      true
    case .keyword(let word): word.mayNameMetric
    default: false
    }
  }

  mutating func parseArguments() throws(ParseError) -> [Node] {
    try take(.leftParen)
    var arguments: [Node] = []
    if token.kind == .rightParen {
      advance()
      return arguments
    }
    while true {
      arguments.append(try parseBinary(minimum: 1))
      if token.kind == .rightParen { break }
      let comma = token.range
      try take(.comma)
      if !startsExpression(token.kind) && token.kind != .failure {
        throw failure("trailing commas not allowed in function call args", at: comma)
      }
    }
    advance()
    return arguments
  }

  mutating func parseCall() throws(ParseError) -> Node {
    let name = token
    advance()
    let arguments = try parseArguments()
    guard let function = Function(rawValue: name.text) else {
      throw failure("unknown function with name \(Labels.quoted(name.text))", at: name.range)
    }
    if function.isExperimental && !options.experimentalFunctions {
      throw failure("function \(Labels.quoted(name.text)) is not enabled", at: name.range)
    }
    let call = CallExpression(
      function: function, arguments: arguments.map(\.expression), range: name.range.ending(at: previousEnd))
    let height = (arguments.map(\.height).max() ?? 0) + 1
    try checkHeight(height)
    return Node(expression: .call(call), height: height)
  }

  mutating func parseAggregation(_ operation: AggregationOperator) throws(ParseError) -> Node {
    let start = token.range
    advance()
    contexts.append(("aggregation", nil))
    var grouping: [String] = []
    var isWithout = false
    var hasModifier = false
    func isModifier(_ kind: TokenKind) -> Bool { kind == .keyword(.by) || kind == .keyword(.without) }
    if isModifier(token.kind) {
      isWithout = token.kind == .keyword(.without)
      hasModifier = true
      advance()
      grouping = try parseGroupingLabels()
    }
    var arguments = try parseArguments()
    contexts.removeLast()
    if !hasModifier && isModifier(token.kind) {
      isWithout = token.kind == .keyword(.without)
      hasModifier = true
      advance()
      grouping = try parseGroupingLabels()
    }
    // Only without a modifier is the next token looked at before the arguments are judged.
    if !hasModifier && token.kind == .failure { throw unexpected() }
    let range = start.ending(at: previousEnd)
    if arguments.isEmpty { throw failure("no arguments for aggregate expression provided", at: range) }
    if operation.isExperimental && !options.experimentalFunctions {
      throw failure(
        "\(operation.rawValue)() is experimental and must be enabled with "
          + "--enable-feature=promql-experimental-functions", at: range)
    }
    let wanted = operation.hasParameter ? 2 : 1
    guard arguments.count == wanted else {
      throw failure(
        "wrong number of arguments for aggregate expression provided, expected \(wanted), got \(arguments.count)",
        at: range)
    }
    let height = (arguments.map(\.height).max() ?? 0) + 1
    try checkHeight(height)
    let vector = arguments.removeLast()
    let aggregate = AggregateExpression(
      operation: operation, parameter: arguments.first?.expression, expression: vector.expression,
      grouping: grouping, isWithout: isWithout, range: range)
    return Node(expression: .aggregate(aggregate), height: height)
  }

  mutating func parseSelector(name: String, start: SourceRange) throws(ParseError) -> VectorSelector {
    var matchers: [LabelMatcher] = []
    if token.kind == .leftBrace {
      advance()
      let context = "label matching"
      while token.kind != .rightBrace {
        matchers.append(try parseMatcher(context: context))
        if token.kind == .comma {
          advance()
        } else if token.kind != .rightBrace {
          throw unexpected(in: context, expected: "\",\" or \"}\"")
        }
      }
      advance()
    }
    if !name.isEmpty { matchers.append(LabelMatcher(Labels.metricNameLabel, equals: name)) }
    return VectorSelector(name: name, matchers: matchers, range: start.ending(at: previousEnd))
  }

  mutating func parseMatcher(context: String) throws(ParseError) -> LabelMatcher {
    let label = token
    let isQuoted = label.kind == .string
    guard isQuoted || label.kind == .identifier else {
      throw unexpected(in: context, expected: "identifier or \"}\"")
    }
    let name = isQuoted ? try unquoted(label) : label.text
    advance()
    let operation: LabelMatcher.Operation
    switch token.kind {
    case .assign: operation = .equal
    case .binary(.notEqual): operation = .notEqual
    case .matches: operation = .matches
    case .doesNotMatch: operation = .doesNotMatch
    default:
      // A quoted text alone is the metric name.
      if isQuoted { return LabelMatcher(Labels.metricNameLabel, equals: name) }
      throw unexpected(in: context, expected: "label matching operator")
    }
    advance()
    guard token.kind == .string else { throw unexpected(in: context, expected: "string") }
    let range = label.range.union(token.range)
    let value = try unquoted(token)
    advance()
    do {
      return try LabelMatcher(name, operation, value)
    } catch let error as RegularExpressionError {
      throw failure(GoRegularExpressionError.message(for: error), at: range)
    } catch {
      throw failure("error parsing regexp: \(error)", at: range)
    }
  }
}
