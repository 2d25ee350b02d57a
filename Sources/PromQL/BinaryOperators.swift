import TimeSeries

extension Evaluator {
  /// The value of a binary operator at every step.
  func evaluateBinary(_ node: BinaryExpression, _ grid: StepGrid) throws -> EvaluatedValue {
    let left = try evaluate(node.left, grid)
    let right = try evaluate(node.right, grid)
    switch (left, right) {
    case (.scalar(let a), .scalar(let b)):
      if node.operation.isTrim {
        throw QueryError.execution(
          "operator \(Labels.quoted(node.operation.rawValue)) not allowed for Scalar operations")
      }
      return .scalar(zip(a, b).map { ScalarArithmetic.apply(node.operation, $0, $1) })
    case (.vector(let vector), .scalar(let numbers)):
      return .vector(try combine(node, vector, numbers, isSwapped: false))
    case (.scalar(let numbers), .vector(let vector)):
      return .vector(try combine(node, vector, numbers, isSwapped: true))
    case (.vector(let a), .vector(let b)):
      let matching = node.matching ?? VectorMatching()
      if node.operation.isSetOperator { return .vector(try combineSets(node.operation, matching, a, b)) }
      return .vector(try combine(node, matching, a, b))
    default: throw QueryError.execution("binary operator on a string")
    }
  }

  /// A vector and a number per step; `isSwapped` if the number is on the left.
  private func combine(_ node: BinaryExpression, _ vector: SeriesGrid, _ numbers: [Double], isSwapped: Bool) throws
    -> SeriesGrid
  {
    if hasHistograms || node.operation.isTrim { return try combineMixed(node, vector, numbers, isSwapped: isSwapped) }
    var result = vector
    let operation = node.operation
    if operation.isComparison {
      let returnsBool = node.returnsBool
      var hasGaps = false
      result.map(with: numbers) { value, number in
        let holds =
          isSwapped
          ? ScalarArithmetic.compare(operation, number, value) : ScalarArithmetic.compare(operation, value, number)
        if returnsBool { return holds ? 1 : 0 }
        if holds { return value }
        hasGaps = true
        return SeriesGrid.absent
      }
      if hasGaps { result.removeEmptyRows() }
      if returnsBool { try dropNames(&result) }
      return result
    }
    switch (operation, isSwapped) {
    case (.add, _): result.map(with: numbers) { $0 + $1 }
    case (.multiply, _): result.map(with: numbers) { $0 * $1 }
    case (.subtract, false): result.map(with: numbers) { $0 - $1 }
    case (.subtract, true): result.map(with: numbers) { $1 - $0 }
    case (.divide, false): result.map(with: numbers) { $0 / $1 }
    case (.divide, true): result.map(with: numbers) { $1 / $0 }
    case (_, false): result.map(with: numbers) { ScalarArithmetic.apply(operation, $0, $1) }
    case (_, true): result.map(with: numbers) { ScalarArithmetic.apply(operation, $1, $0) }
    }
    try dropNames(&result)
    return result
  }
}
