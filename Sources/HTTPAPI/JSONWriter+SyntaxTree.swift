import PromQL
import TimeSeries

/// What `/api/v1/parse_query` answers: the tree of a query, in the shape that Prometheus's own page reads. Keys are in
/// alphabetical order, as Go writes maps.
extension JSONWriter {
  /// Writes `expression` with everything below it; durations are milliseconds.
  mutating func syntaxTree(_ expression: Expression) {
    beginObject()
    switch expression {
    case .number(let node):
      member("type", "numberLiteral")
      member("val", PrometheusNumber.formatFixed(node.value))
    case .string(let node):
      member("type", "stringLiteral")
      member("val", node.value)
    case .selector(let node):
      members(of: node)
      member("type", "vectorSelector")
    case .matrix(let node):
      members(of: node.selector, window: node.window)
      member("type", "matrixSelector")
    case .subquery(let node):
      member("expr", node.expression)
      duration("offset", node.offset)
      duration("range", node.window)
      startOrEnd(node.pinnedTime)
      duration("step", node.step)
      timestamp(node.pinnedTime)
      member("type", "subquery")
    case .call(let node): members(of: node)
    case .aggregate(let node):
      member("expr", node.expression)
      member("grouping", node.grouping)
      member("op", node.operation.rawValue)
      member("param", node.parameter)
      member("type", "aggregation")
      key("without")
      bool(node.isWithout)
    case .binary(let node): members(of: node)
    case .unary(let node):
      member("expr", node.expression)
      member("op", node.isNegative ? "-" : "+")
      member("type", "unaryExpr")
    case .parenthesized(let node):
      member("expr", node.expression)
      member("type", "parenExpr")
    }
    endObject()
  }

  private mutating func members(of node: VectorSelector, window: DurationExpression? = nil) {
    key("matchers")
    beginArray()
    for matcher in node.matchers {
      beginObject()
      member("name", matcher.name)
      member("type", matcher.operation.rawValue)
      member("value", matcher.value)
      endObject()
    }
    endArray()
    member("name", node.name)
    duration("offset", node.offset)
    if let window { duration("range", window) }
    startOrEnd(node.pinnedTime)
    timestamp(node.pinnedTime)
  }

  private mutating func members(of node: CallExpression) {
    let signature = node.function.signature
    key("args")
    beginArray()
    for argument in node.arguments { syntaxTree(argument) }
    endArray()
    key("func")
    beginObject()
    member("argTypes", signature.arguments.map(\.rawValue))
    member("name", node.function.name)
    member("returnType", signature.result.rawValue)
    key("variadic")
    integer(signature.variadic)
    endObject()
    member("type", "call")
  }

  private mutating func members(of node: BinaryExpression) {
    key("bool")
    bool(node.returnsBool)
    member("lhs", node.left)
    key("matching")
    if let matching = node.matching { self.matching(matching) } else { null() }
    member("op", node.operation.rawValue)
    member("rhs", node.right)
    member("type", "binaryExpr")
  }

  private mutating func matching(_ matching: VectorMatching) {
    beginObject()
    let cardinality =
      switch matching.cardinality {
      case .oneToOne: "one-to-one"
      case .manyToOne: "many-to-one"
      case .oneToMany: "one-to-many"
      case .manyToMany: "many-to-many"
      }
    member("card", cardinality)
    if matching.leftFill != nil || matching.rightFill != nil {
      key("fillValues")
      beginObject()
      key("lhs")
      if let fill = matching.leftFill { number(fill) } else { null() }
      key("rhs")
      if let fill = matching.rightFill { number(fill) } else { null() }
      endObject()
    }
    member("include", matching.included)
    member("labels", matching.labels)
    key("on")
    bool(matching.isOn)
    endObject()
  }

  /// A length of time in milliseconds; one that depends on the query's range is 0, with its notation beside it.
  private mutating func duration(_ name: String, _ expression: DurationExpression?) {
    key(name)
    if case .seconds(let seconds, _)? = expression {
      integer(Int(exactly: (seconds * 1000).rounded(.towardZero)) ?? 0)
      return
    }
    integer(0)
    if let expression { member(name + "Expr", expression.description) }
  }

  private mutating func startOrEnd(_ pinned: PinnedTime?) {
    key("startOrEnd")
    switch pinned {
    case .start: string("start")
    case .end: string("end")
    case .timestamp, nil: null()
    }
  }

  private mutating func timestamp(_ pinned: PinnedTime?) {
    key("timestamp")
    if case .timestamp(let milliseconds)? = pinned { integer(Int(milliseconds)) } else { null() }
  }

  private mutating func member(_ name: String, _ text: String) {
    key(name)
    string(text)
  }

  private mutating func member(_ name: String, _ texts: [String]) {
    key(name)
    beginArray()
    for text in texts { string(text) }
    endArray()
  }

  private mutating func member(_ name: String, _ expression: Expression?) {
    key(name)
    if let expression { syntaxTree(expression) } else { null() }
  }
}
