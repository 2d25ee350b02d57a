import TimeSeries

extension Expression: CustomStringConvertible {
  /// The expression in canonical form, which parses to the same tree.
  public var description: String {
    switch self {
    case .number(let node): return node.description
    case .string(let node): return Labels.quoted(node.value)
    case .selector(let node): return node.description
    case .matrix(let node):
      var bare = node.selector
      bare.offset = nil
      bare.pinnedTime = nil
      return "\(bare)[\(node.window.topLevelDescription)]\(suffix(node.selector.pinnedTime, node.selector.offset))"
    case .subquery(let node): return "\(node.expression)\(node.suffix)"
    case .call(let node):
      return "\(node.function.name)(\(node.arguments.map(\.description).joined(separator: ", ")))"
    case .aggregate(let node): return node.description
    case .binary(let node): return node.description
    case .unary(let node): return "\(node.isNegative ? "-" : "+")\(node.expression)"
    case .parenthesized(let node): return "(\(node.expression))"
    }
  }
}

/// The `@` and `offset` modifiers with a space before each.
func suffix(_ pinnedTime: PinnedTime?, _ offset: DurationExpression?) -> String {
  var text = ""
  switch pinnedTime {
  case .timestamp(let milliseconds):
    let fraction = String(milliseconds.magnitude % 1000)
    text += " @ \(milliseconds < 0 ? "-" : "")\(milliseconds.magnitude / 1000)."
    text += String(repeating: "0", count: 3 - fraction.utf8.count) + fraction
  case .start: text += " @ start()"
  case .end: text += " @ end()"
  case nil: break
  }
  if let offset, !offset.isZero { text += " offset \(offset.topLevelDescription)" }
  return text
}

/// Label names in a list, quoted where they must be.
private func list(_ labels: [String]) -> String {
  labels.map { Labels.isClassicLabelName($0) ? $0 : Labels.quoted($0) }.joined(separator: ", ")
}

extension NumberLiteral: CustomStringConvertible {
  /// The literal in canonical form.
  public var description: String {
    if isDuration, let milliseconds = Int64(exactly: (value * 1000).rounded()) {
      return PrometheusDuration.format(milliseconds)
    }
    return PrometheusNumber.formatFixed(value)
  }
}

extension VectorSelector: CustomStringConvertible {
  /// The selector in canonical form, its matchers sorted.
  public var description: String {
    var shown = matchers
    if !name.isEmpty { shown.removeLast() }
    let texts = shown.map(\.description).sorted()
    let braces = texts.isEmpty ? (name.isEmpty ? "{}" : "") : "{\(texts.joined(separator: ","))}"
    return name + braces + suffix(pinnedTime, offset)
  }
}

extension SubqueryExpression {
  /// What follows the inner expression.
  var suffix: String {
    "[\(window.topLevelDescription):\(step?.topLevelDescription ?? "")]\(PromQL.suffix(pinnedTime, offset))"
  }
}

extension AggregateExpression: CustomStringConvertible {
  /// The aggregation in canonical form, its grouping before the parentheses.
  public var description: String { "\(head)(\(parameter.map { "\($0), " } ?? "")\(expression))" }

  /// The operator with its grouping, up to the parenthesis.
  var head: String {
    var text = operation.rawValue
    if isWithout {
      text += " without (\(list(grouping))) "
    } else if !grouping.isEmpty {
      text += " by (\(list(grouping))) "
    }
    return text
  }
}

extension BinaryExpression: CustomStringConvertible {
  /// The operation in canonical form.
  public var description: String { "\(left) \(operatorDescription) \(right)" }

  /// The operator with its modifiers.
  var operatorDescription: String {
    "\(operation.rawValue)\(returnsBool ? " bool" : "")\(matching?.description ?? "")"
  }
}

extension VectorMatching: CustomStringConvertible {
  /// The modifiers as written after the operator, with a space before each.
  public var description: String {
    var text = ""
    let isGrouped = cardinality == .manyToOne || cardinality == .oneToMany
    if !labels.isEmpty || isOn || isGrouped { text += " \(isOn ? "on" : "ignoring") (\(list(labels)))" }
    if isGrouped { text += " group_\(cardinality == .manyToOne ? "left" : "right") (\(list(included)))" }
    if let leftFill, let rightFill, leftFill == rightFill {
      text += " fill (\(PrometheusNumber.formatGeneral(leftFill)))"
    } else {
      if let leftFill { text += " fill_left (\(PrometheusNumber.formatGeneral(leftFill)))" }
      if let rightFill { text += " fill_right (\(PrometheusNumber.formatGeneral(rightFill)))" }
    }
    return text
  }
}

extension DurationExpression: CustomStringConvertible {
  /// The duration in canonical form.
  public var description: String {
    switch self {
    case .seconds(let value, let isDuration):
      NumberLiteral(value: value, isDuration: isDuration, range: SourceRange(0, 0)).description
    case .step: "step()"
    case .queryRange: "range()"
    case .signed(let isNegative, let inner): (isNegative ? "-" : "") + inner.description
    case .binary(let operation, let left, let right): "\(left) \(operation.rawValue) \(right)"
    case .larger(let left, let right): "max_of(\(left), \(right))"
    case .smaller(let left, let right): "min_of(\(left), \(right))"
    case .parenthesized(let inner): "(\(inner))"
    }
  }

  /// The form in brackets and after `offset`, where a bare number prints as a duration.
  var topLevelDescription: String {
    if case .seconds(let seconds, _) = self, let milliseconds = Int64(exactly: (seconds * 1000).rounded(.towardZero)) {
      return PrometheusDuration.format(milliseconds)
    }
    return description
  }

  var isZero: Bool {
    if case .seconds(let seconds, _) = self { return seconds == 0 }
    return false
  }
}
