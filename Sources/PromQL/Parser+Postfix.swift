import TimeSeries

/// Ranges, subqueries, `offset` and `@`.
extension Parser {
  mutating func parsePostfix() throws(ParseError) -> Node {
    var node = try parsePrimary()
    while true {
      switch token.kind {
      case .leftBracket: node = try parseBrackets(after: node)
      case .keyword(.offset):
        advance()
        let offset = try parseOffset()
        try setOffset(offset, on: &node.expression)
      case .at:
        advance()
        try parsePinnedTime(on: &node.expression)
      default: return node
      }
      try checkHeight(node.height)
    }
  }

  mutating func parseBrackets(after node: Node) throws(ParseError) -> Node {
    let bracket = token.range
    advance()
    contexts.append(("subquery selector", "number or duration"))
    let window = try parsePositiveDuration()
    contexts.removeLast()
    let start = node.expression.range
    if token.kind == .rightBracket {
      advance()
      let brackets = bracket.ending(at: previousEnd)
      guard case .selector(let selector) = node.expression else {
        throw failure("ranges only allowed for vector selectors", at: brackets)
      }
      if selector.offset != nil { throw failure("no offset modifiers allowed before range", at: brackets) }
      if selector.pinnedTime != nil { throw failure("no @ modifiers allowed before range", at: brackets) }
      let matrix = MatrixSelector(selector: selector, window: window, range: start.ending(at: previousEnd))
      return Node(expression: .matrix(matrix), height: node.height + 1)
    }
    guard token.kind == .colon else { throw unexpected(in: "subquery or range", expected: "\":\" or \"]\"") }
    advance()
    var step: DurationExpression?
    if token.kind != .rightBracket {
      contexts.append(("subquery selector", "number or duration or \"]\""))
      step = try parsePositiveDuration()
      contexts.removeLast()
      guard token.kind == .rightBracket else { throw unexpected(in: "subquery selector", expected: "\"]\"") }
    }
    advance()
    let subquery = SubqueryExpression(
      expression: node.expression, window: window, step: step, range: start.ending(at: previousEnd))
    return Node(expression: .subquery(subquery), height: node.height + 1)
  }

  /// Changes the selector that a modifier such as `offset` follows, or the subquery in its place.
  ///
  /// - Parameter change: gets what `offset` and `@` say of it so far.
  func modify(
    _ expression: inout Expression, modifier: String,
    _ change: (inout DurationExpression?, inout PinnedTime?) -> Void
  ) throws(ParseError) {
    switch expression {
    case .selector(var node):
      change(&node.offset, &node.pinnedTime)
      node.range.end = previousEnd
      expression = .selector(node)
    case .matrix(var node):
      change(&node.selector.offset, &node.selector.pinnedTime)
      node.range.end = previousEnd
      expression = .matrix(node)
    case .subquery(var node):
      change(&node.offset, &node.pinnedTime)
      node.range.end = previousEnd
      expression = .subquery(node)
    default:
      throw failure(
        "\(modifier) modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        at: expression.range)
    }
  }

  func setOffset(_ offset: DurationExpression, on expression: inout Expression) throws(ParseError) {
    let range = expression.range
    var isRepeated = false
    try modify(&expression, modifier: "offset") { old, _ in
      isRepeated = old != nil
      old = offset
    }
    if isRepeated { throw failure("offset may not be set multiple times", at: range) }
  }

  mutating func parsePinnedTime(on expression: inout Expression) throws(ParseError) {
    let range = expression.range
    contexts.append(("@", "timestamp"))
    let time: PinnedTime
    switch token.kind {
    case .keyword(.start), .keyword(.end):
      time = token.kind == .keyword(.start) ? .start : .end
      advance()
      try take(.leftParen)
      try take(.rightParen)
    default:
      let seconds = try parseSignedNumber().value
      guard abs(seconds) < 9_223_372_036_854_775_808, let timestamp = Int64(exactly: (seconds * 1000).rounded()) else {
        let shown =
          seconds.isFinite ? PrometheusNumber.formatFixed(seconds, decimals: 6) : PrometheusNumber.format(seconds)
        throw failure("timestamp out of bounds for @ modifier: \(shown)", at: range)
      }
      time = .timestamp(timestamp)
    }
    contexts.removeLast()
    var isRepeated = false
    try modify(&expression, modifier: "@") { _, old in
      isRepeated = old != nil
      old = time
    }
    if isRepeated { throw failure("@ <timestamp> may not be set multiple times", at: range) }
  }
}
