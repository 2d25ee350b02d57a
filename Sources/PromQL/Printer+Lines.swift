extension Expression {
  /// The expression in canonical form, broken into indented lines where it is longer than 100 bytes,
  /// as Prometheus's `format_query` answers.
  public var formatted: String { lines(level: 0) }

  private func lines(level: Int) -> String {
    let indent = String(repeating: "  ", count: level)
    let flat = description
    let isLong = flat.utf8.count > 100
    switch self {
    case .number, .string, .selector, .matrix: return indent + flat
    case .subquery(let node):
      // A short subquery stands at the line's start, whatever its depth.
      return isLong ? node.expression.lines(level: level) + node.suffix : flat
    case .unary(let node):
      let inner = node.expression.lines(level: level).drop { $0 == " " }
      return indent + (node.isNegative ? "-" : "+") + inner
    case .aggregate(let node):
      if !isLong { return indent + flat }
      let parameter = node.parameter.map { $0.lines(level: level + 1) + ",\n" } ?? ""
      return "\(indent)\(node.head)(\n\(parameter)\(node.expression.lines(level: level + 1))\n\(indent))"
    case .binary(let node):
      if !isLong { return indent + flat }
      let left = node.left.lines(level: level + 1)
      return "\(left)\n\(indent)\(node.operatorDescription)\n\(node.right.lines(level: level + 1))"
    case .call(let node):
      if !isLong { return indent + flat }
      let arguments = node.arguments.map { $0.lines(level: level + 1) }.joined(separator: ",\n")
      return "\(indent)\(node.function.name)(\n\(arguments)\n\(indent))"
    case .parenthesized(let node):
      return isLong ? "\(indent)(\n\(node.expression.lines(level: level + 1))\n\(indent))" : indent + flat
    }
  }
}
