import TimeSeries

extension Evaluator {
  /// `absent`: 1 where the argument has no element.
  func evaluateAbsent(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    let vector = try evaluateVector(call.arguments[0], grid)
    return absence(of: vector, call.arguments[0], grid, dropsName: false)
  }

  /// `absent_over_time`: 1 where the windows of all series are empty.
  func evaluateAbsentOverTime(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    let vector = try applyToWindows(try evaluateRange(call.arguments[0], grid), grid, PresentOverTime())
    return absence(of: vector, call.arguments[0], grid, dropsName: true)
  }

  private func absence(of vector: SeriesGrid, _ argument: Expression, _ grid: StepGrid, dropsName: Bool) -> SeriesGrid {
    var present = [Bool](repeating: false, count: grid.count)
    for row in 0..<vector.rows {
      for step in 0..<grid.count where !vector[row, step].isAbsent { present[step] = true }
    }
    var result = SeriesGrid(steps: grid.count)
    if !present.contains(false) { return result }
    result.identities = [SeriesIdentity(labels: Evaluator.labels(impliedBy: argument), dropsName: dropsName)]
    result.cells = present.map { $0 ? SeriesGrid.absent : 1 }
    return result
  }

  /// The labels that a selector's equality matchers say; a label with several matchers is left out.
  private static func labels(impliedBy expression: Expression) -> Labels {
    let matchers: [LabelMatcher]
    switch expression {
    case .selector(let node): matchers = node.matchers
    case .matrix(let node): matchers = node.selector.matchers
    case .parenthesized(let node): return labels(impliedBy: node.expression)
    default: return .empty
    }
    var values: [String: String] = [:]
    var seen: Set<String> = []
    for matcher in matchers where matcher.name != Labels.metricNameLabel {
      if matcher.operation == .equal && !seen.contains(matcher.name) {
        values[matcher.name] = matcher.value
        seen.insert(matcher.name)
      } else {
        values[matcher.name] = nil
      }
    }
    return Labels(values.map { Label($0.key, $0.value) })
  }
}
