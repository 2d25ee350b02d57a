import TimeSeries

/// Checks that every operator and function gets values of the types that it works on.
struct TypeChecker {
  /// The query's text, to tell lines and columns.
  let query: [UInt8]

  /// `expression` with what the types imply filled in: matchings only between vectors.
  ///
  /// - Throws: ``ParseError`` for the first mistake, inner expressions first.
  func checked(_ expression: Expression) throws(ParseError) -> Expression {
    switch expression {
    case .number, .string: return expression
    case .selector(let node):
      try check(node)
      return expression
    case .matrix(let node):
      try check(node.selector)
      return expression
    case .subquery(var node):
      node.expression = try checked(node.expression)
      if node.expression.type != .vector {
        throw failure(
          "subquery is only allowed on instant vector, got \(node.expression.type.rawValue) instead", at: node.range)
      }
      return .subquery(node)
    case .parenthesized(var node):
      node.expression = try checked(node.expression)
      return .parenthesized(node)
    case .unary(var node):
      node.expression = try checked(node.expression)
      let type = node.expression.type
      if type != .scalar && type != .vector {
        throw failure(
          "unary expression only allowed on expressions of type scalar or instant vector, got "
            + Labels.quoted(type.documentedName), at: node.range)
      }
      return .unary(node)
    case .aggregate(let node): return .aggregate(try checked(node))
    case .binary(let node): return .binary(try checked(node))
    case .call(let node): return .call(try checked(node))
    }
  }

  private func failure(_ message: String, at range: SourceRange) -> ParseError {
    ParseError(message, at: range, in: query)
  }

  private func check(_ node: VectorSelector) throws(ParseError) {
    if !node.name.isEmpty {
      for matcher in node.matchers.dropLast() where matcher.name == Labels.metricNameLabel {
        throw failure(
          "metric name must not be set twice: \(Labels.quoted(node.name)) or \(Labels.quoted(matcher.value))",
          at: node.range)
      }
    } else if !node.mayBeEmpty && node.matchers.allSatisfy(\.acceptsEmpty) {
      throw failure("vector selector must contain at least one non-empty matcher", at: node.range)
    }
  }

  private func expect(_ type: ValueType, of expression: Expression, in context: String) throws(ParseError) -> Expression
  {
    let result = try checked(expression)
    if result.type != type {
      throw failure(
        "expected type \(type.documentedName) in \(context), got \(result.type.documentedName)", at: expression.range)
    }
    return result
  }

  private func checked(_ source: AggregateExpression) throws(ParseError) -> AggregateExpression {
    var node = source
    node.expression = try expect(.vector, of: node.expression, in: "aggregation expression")
    if let parameter = node.parameter {
      let type: ValueType = node.operation == .countValues ? .string : .scalar
      node.parameter = try expect(type, of: parameter, in: "aggregation parameter")
    }
    return node
  }

  private func checked(_ source: BinaryExpression) throws(ParseError) -> BinaryExpression {
    var node = source
    node.left = try checked(node.left)
    node.right = try checked(node.right)
    let left = node.left.type
    let right = node.right.type
    let range = node.left.range.union(node.right.range)
    if node.returnsBool && !node.operation.isComparison {
      throw failure("bool modifier can only be used on comparison operators", at: node.operatorRange)
    }
    if node.operation.isComparison && !node.returnsBool && left == .scalar && right == .scalar {
      throw failure("comparisons between scalars must use BOOL modifier", at: node.operatorRange)
    }
    guard let matching = node.matching else { return node }
    if matching.isOn, let label = matching.labels.first(where: matching.included.contains) {
      throw failure(
        "label \(Labels.quoted(label)) must not occur in ON and GROUP clause at once", at: node.operatorRange)
    }
    for (type, side) in [(left, node.left), (right, node.right)] where type != .scalar && type != .vector {
      throw failure("binary expression must contain only scalar and instant vector types", at: side.range)
    }
    let hasFill = matching.leftFill != nil || matching.rightFill != nil
    if left != .vector || right != .vector {
      if !matching.labels.isEmpty {
        throw failure("vector matching only allowed between instant vectors", at: range)
      }
      if hasFill { throw failure("filling in missing series only allowed between instant vectors", at: range) }
      node.matching = nil
    } else if node.operation.isSetOperator {
      if matching.cardinality != .manyToMany {
        throw failure("no grouping allowed for \(Labels.quoted(node.operation.rawValue)) operation", at: range)
      }
      if hasFill { throw failure("filling in missing series not allowed for set operators", at: range) }
    }
    if node.operation.isSetOperator && (left == .scalar || right == .scalar) {
      throw failure(
        "set operator \(Labels.quoted(node.operation.rawValue)) not allowed in binary scalar expression", at: range)
    }
    return node
  }

  private func checked(_ source: CallExpression) throws(ParseError) -> CallExpression {
    var node = source
    let name = Labels.quoted(node.function.name)
    let signature = node.function.signature
    let count = node.arguments.count
    let wanted = signature.arguments.count
    if signature.variadic == 0 {
      if count != wanted {
        throw failure("expected \(wanted) argument(s) in call to \(name), got \(count)", at: node.range)
      }
    } else if count < wanted - 1 {
      throw failure("expected at least \(wanted - 1) argument(s) in call to \(name), got \(count)", at: node.range)
    } else if signature.variadic > 0 && count > wanted - 1 + signature.variadic {
      throw failure(
        "expected at most \(wanted - 1 + signature.variadic) argument(s) in call to \(name), got \(count)",
        at: node.range)
    }
    if node.function == .info && count > 1 {
      let second = node.arguments[1]
      if second.type != .vector {
        throw failure(
          "expected type instant vector in call to function \(name), got \(second.type.documentedName)",
          at: node.range)
      }
      guard case .selector(var selector) = second else {
        throw failure("expected label selectors only", at: second.range)
      }
      if !selector.name.isEmpty {
        throw failure("expected label selectors only, got vector selector instead", at: second.range)
      }
      selector.mayBeEmpty = true
      node.arguments[1] = .selector(selector)
    }
    for index in node.arguments.indices {
      let argument = node.arguments[index]
      let type = signature.arguments[min(index, wanted - 1)]
      let result = try checked(argument)
      if result.type != type {
        throw failure(
          "expected type \(type.documentedName) in call to function \(name), got \(result.type.documentedName)",
          at: argument.range)
      }
      node.arguments[index] = result
    }
    return node
  }
}
