import TimeSeries

/// A query, understood: the tree of its operators, functions and selectors.
///
/// Made by ``QueryEngine/parse(_:)``; ``description`` prints it in canonical form.
public indirect enum Expression: Sendable {
  case number(NumberLiteral)
  case string(StringLiteral)
  case selector(VectorSelector)
  case matrix(MatrixSelector)
  case subquery(SubqueryExpression)
  case call(CallExpression)
  case aggregate(AggregateExpression)
  case binary(BinaryExpression)
  case unary(UnaryExpression)
  case parenthesized(ParenthesizedExpression)
}

/// A number, or a duration in seconds.
public struct NumberLiteral: Sendable {
  /// The number; of a duration, its seconds.
  public var value: Double
  /// Whether the number was written as a duration, such as `5m`.
  public var isDuration: Bool
  /// Where the node stands in the query.
  public var range: SourceRange
}

/// A quoted text.
public struct StringLiteral: Sendable {
  /// The text without quotes and escapes.
  public var value: String
  /// Where the node stands in the query.
  public var range: SourceRange
}

/// The time that an `@` modifier pins a selector to.
public enum PinnedTime: Sendable, Hashable {
  /// UTC milliseconds.
  case timestamp(Int64)
  /// The start of the query's range.
  case start
  /// The end of the query's range.
  case end
}

/// A length of time that is written as a constant or computed from the query's range and step.
public indirect enum DurationExpression: Sendable, Hashable {
  /// A literal in seconds; ``isDuration`` tells `5m` from `300`.
  case seconds(Double, isDuration: Bool)
  /// The query's step.
  case step
  /// The query's end less its start.
  case queryRange
  /// A sign before a duration; true for minus.
  case signed(isNegative: Bool, DurationExpression)
  case binary(BinaryOperator, DurationExpression, DurationExpression)
  case larger(DurationExpression, DurationExpression)
  case smaller(DurationExpression, DurationExpression)
  case parenthesized(DurationExpression)
}

/// Matchers for series, and when to look at them.
public struct VectorSelector: Sendable {
  /// The metric name in front of the braces, or the empty string.
  public var name: String
  /// The matchers as written, the one for ``name`` last.
  public var matchers: [LabelMatcher]
  /// How far back to look, nil if not written.
  public var offset: DurationExpression?
  /// The time of an `@` modifier.
  public var pinnedTime: PinnedTime?
  /// Where the node stands in the query.
  public var range: SourceRange
  /// Whether the selector may accept every series, as `info`'s second argument may.
  var mayBeEmpty = false
}

/// A vector selector with a range, such as `up[5m]`.
public struct MatrixSelector: Sendable {
  /// Which series, with the modifiers written after the range.
  public var selector: VectorSelector
  /// The length of the range.
  public var window: DurationExpression
  /// Where the node stands in the query.
  public var range: SourceRange
}

/// An expression evaluated repeatedly over a range, such as `rate(x[5m])[1h:1m]`.
public struct SubqueryExpression: Sendable {
  /// What is evaluated at every step.
  public var expression: Expression
  /// The length of the range.
  public var window: DurationExpression
  /// The spacing of the evaluations, nil for the default.
  public var step: DurationExpression?
  /// How far back the range ends, nil if not written.
  public var offset: DurationExpression?
  /// The time of an `@` modifier.
  public var pinnedTime: PinnedTime?
  /// Where the node stands in the query.
  public var range: SourceRange
}

/// A call of a function.
public struct CallExpression: Sendable {
  /// The function called.
  public var function: Function
  /// Its arguments, in order.
  public var arguments: [Expression]
  /// Where the node stands in the query.
  public var range: SourceRange
}

/// An aggregation over groups of series.
public struct AggregateExpression: Sendable {
  /// How a group becomes a value.
  public var operation: AggregationOperator
  /// The parameter before the vector, for instance the number in `topk`.
  public var parameter: Expression?
  /// The vector whose elements are grouped.
  public var expression: Expression
  /// The labels of `by` or `without`.
  public var grouping: [String]
  /// Whether ``grouping`` lists the labels to drop rather than those to keep.
  public var isWithout: Bool
  /// Where the node stands in the query.
  public var range: SourceRange
}

/// How the elements of two vectors find each other.
public struct VectorMatching: Sendable, Hashable {
  /// How many elements of each side may share a signature.
  public enum Cardinality: Sendable, Hashable {
    case oneToOne, manyToOne, oneToMany, manyToMany
  }

  /// How many elements may share a signature.
  public var cardinality: Cardinality = .oneToOne
  /// The labels of `on` or `ignoring`.
  public var labels: [String] = []
  /// Whether ``labels`` are the labels to match on rather than those to ignore.
  public var isOn = false
  /// The labels that `group_left` or `group_right` copies from the "one" side.
  public var included: [String] = []
  /// The value of a missing element on the left, if one is to be assumed.
  public var leftFill: Double?
  /// The value of a missing element on the right, if one is to be assumed.
  public var rightFill: Double?
}

/// Two expressions joined by an operator.
public struct BinaryExpression: Sendable {
  /// The operator.
  public var operation: BinaryOperator
  /// The operand before it.
  public var left: Expression
  /// The operand after it.
  public var right: Expression
  /// Whether a comparison yields 0 or 1 instead of filtering.
  public var returnsBool: Bool
  /// Nil unless both sides are instant vectors.
  public var matching: VectorMatching?
  /// Where the operator stands.
  var operatorRange: SourceRange
}

/// A sign before an expression.
public struct UnaryExpression: Sendable {
  /// Whether the sign is minus.
  public var isNegative: Bool
  /// The operand.
  public var expression: Expression
  /// Where the node stands in the query.
  public var range: SourceRange
}

/// An expression in parentheses.
public struct ParenthesizedExpression: Sendable {
  /// What stands inside.
  public var expression: Expression
  /// Where the node stands in the query.
  public var range: SourceRange
}

extension Expression {
  /// The type of the expression's value.
  public var type: ValueType {
    switch self {
    case .number: .scalar
    case .string: .string
    case .selector, .aggregate: .vector
    case .matrix, .subquery: .matrix
    case .call(let call): call.function.signature.result
    case .binary(let binary):
      binary.left.type == .scalar && binary.right.type == .scalar ? .scalar : .vector
    case .unary(let unary): unary.expression.type
    case .parenthesized(let inner): inner.expression.type
    }
  }

  /// Where the expression stands in the query.
  public var range: SourceRange {
    switch self {
    case .number(let node): node.range
    case .string(let node): node.range
    case .selector(let node): node.range
    case .matrix(let node): node.range
    case .subquery(let node): node.range
    case .call(let node): node.range
    case .aggregate(let node): node.range
    case .binary(let node): node.left.range.union(node.right.range)
    case .unary(let node): node.range
    case .parenthesized(let node): node.range
    }
  }

  /// The expression without the parentheses around it.
  public var unwrapped: Expression {
    var result = self
    while case .parenthesized(let inner) = result { result = inner.expression }
    return result
  }

  /// The direct parts of the expression, from left to right.
  public var children: [Expression] {
    switch self {
    case .number, .string, .selector: []
    case .matrix(let node): [.selector(node.selector)]
    case .subquery(let node): [node.expression]
    case .call(let node): node.arguments
    case .aggregate(let node): node.parameter.map { [$0, node.expression] } ?? [node.expression]
    case .binary(let node): [node.left, node.right]
    case .unary(let node): [node.expression]
    case .parenthesized(let node): [node.expression]
    }
  }

  /// All selectors in the expression, from left to right.
  public var selectors: [VectorSelector] {
    var result: [VectorSelector] = []
    collectSelectors(into: &result)
    return result
  }

  private func collectSelectors(into result: inout [VectorSelector]) {
    if case .selector(let selector) = self { result.append(selector) }
    for child in children { child.collectSelectors(into: &result) }
  }

  /// The metric names that the expression reads, or nil if a selector does not say its name exactly
  /// (a regular expression over a set of names counts as saying them).
  ///
  /// Rules depend on each other through these names.
  public var referencedMetricNames: Set<String>? {
    var names: Set<String> = []
    for selector in selectors {
      let named = selector.matchers.first { $0.name == Labels.metricNameLabel && $0.literalValues != nil }
      guard let values = named?.literalValues else { return nil }
      names.formUnion(values)
    }
    return names
  }
}
