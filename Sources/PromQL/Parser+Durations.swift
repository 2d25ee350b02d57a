import TimeSeries

/// Durations and their arithmetic, numbers and strings.
extension Parser {
  /// A duration in brackets: any arithmetic.
  mutating func parsePositiveDuration() throws(ParseError) -> DurationExpression {
    let range = token.range
    let duration = try parseDuration(minimum: 4)
    // The next token is looked at before the duration is judged.
    if token.kind == .failure { throw unexpected() }
    if case .seconds(let seconds, _) = duration, seconds <= 0 {
      throw failure("duration must be greater than 0", at: range)
    }
    return duration
  }

  /// A duration after `offset`: one operand, with a sign perhaps.
  mutating func parseOffset() throws(ParseError) -> DurationExpression {
    contexts.append(("offset", "number or duration"))
    let result = try parseDurationOperand(bindsSignTightly: true)
    contexts.removeLast()
    return result
  }

  mutating func parseDuration(minimum: Int) throws(ParseError) -> DurationExpression {
    try deepen()
    defer { nesting -= 1 }
    let start = token.range
    var left = try parseDurationOperand(bindsSignTightly: false)
    var height = 0
    while case .binary(let operation) = token.kind, operation.precedence >= max(minimum, 4), operation != .atan2 {
      let operatorRange = token.range
      advance()
      let right = try parseDuration(minimum: operation == .power ? 6 : operation.precedence + 1)
      // The next token is looked at before the operator is judged.
      if token.kind == .failure { throw unexpected() }
      try checkDurationExpressions(at: start)
      if case .seconds(0, _) = right {
        if operation == .divide { throw failure("division by zero", at: operatorRange) }
        if operation == .modulo { throw failure("modulo by zero", at: operatorRange) }
      }
      left = .binary(operation, left, right)
      height += 1
      try checkHeight(nesting + height)
    }
    return left
  }

  mutating func parseDurationOperand(bindsSignTightly: Bool) throws(ParseError) -> DurationExpression {
    try deepen()
    defer { nesting -= 1 }
    switch token.kind {
    case .number, .duration:
      let range = token.range
      let literal = try parseNumber()
      return try duration(literal.value, isDuration: literal.isDuration, at: range)
    case .binary(let sign) where sign == .add || sign == .subtract:
      let range = token.range
      advance()
      let operand = bindsSignTightly ? try parseDurationOperand(bindsSignTightly: true) : try parseDuration(minimum: 6)
      if case .seconds(let seconds, let isDuration) = operand {
        return try duration(sign == .subtract ? -seconds : seconds, isDuration: isDuration, at: range)
      }
      return sign == .subtract ? .signed(isNegative: true, operand) : operand
    case .leftParen:
      advance()
      let start = token.range
      let inner = try parseDuration(minimum: 4)
      try take(.rightParen)
      try checkDurationExpressions(at: start)
      return .parenthesized(inner)
    case .keyword(let word) where word == .step || word == .range:
      advance()
      try take(.leftParen)
      try take(.rightParen)
      return word == .step ? .step : .queryRange
    case .keyword(let word) where word == .minOf || word == .maxOf:
      advance()
      try take(.leftParen)
      let first = try parseDuration(minimum: 4)
      try take(.comma)
      let second = try parseDuration(minimum: 4)
      try take(.rightParen)
      return word == .minOf ? .smaller(first, second) : .larger(first, second)
    default: throw unexpected()
    }
  }

  func checkDurationExpressions(at range: SourceRange) throws(ParseError) {
    if !options.durationExpressions { throw failure("experimental duration expression is not enabled", at: range) }
  }

  func duration(_ seconds: Double, isDuration: Bool, at range: SourceRange) throws(ParseError)
    -> DurationExpression
  {
    // Prometheus counts durations in nanoseconds of 64 bits.
    guard abs(seconds) <= 9_223_372_036 else { throw failure("duration out of range", at: range) }
    return .seconds(seconds, isDuration: isDuration)
  }

  func unquoted(_ token: Token) throws(ParseError) -> String {
    guard let text = GoText.unquoted(token.text) else {
      throw failure("error unquoting string \(Labels.quoted(token.text)): invalid syntax", at: token.range)
    }
    return text
  }

  mutating func parseNumber() throws(ParseError) -> NumberLiteral {
    let token = self.token
    switch token.kind {
    case .number:
      guard let value = NumberParsing.literal(token.text) else {
        let reason = Double(token.text) == nil ? "invalid syntax" : "value out of range"
        throw failure(
          "error parsing number: strconv.ParseFloat: parsing \(Labels.quoted(token.text)): \(reason)", at: token.range)
      }
      advance()
      return NumberLiteral(value: value, isDuration: false, range: token.range)
    case .duration:
      guard let milliseconds = PrometheusDuration.parse(token.text) else {
        throw failure(NumberParsing.durationError(token.text), at: token.range)
      }
      guard milliseconds <= 9_223_372_036_854 else { throw failure("duration out of range", at: token.range) }
      advance()
      return NumberLiteral(value: Double(milliseconds) / 1000, isDuration: true, range: token.range)
    default: throw unexpected()
    }
  }

  mutating func parseSignedNumber() throws(ParseError) -> NumberLiteral {
    let start = token.range
    var isNegative = false
    if token.kind == .binary(.add) || token.kind == .binary(.subtract) {
      isNegative = token.kind == .binary(.subtract)
      advance()
    }
    var literal = try parseNumber()
    if isNegative { literal.value = -literal.value }
    literal.range = start.ending(at: literal.range.end)
    return literal
  }
}
