extension Evaluator {
  /// A duration in milliseconds, which must be positive.
  func duration(_ expression: DurationExpression) throws -> Int64 {
    let value = try milliseconds(expression)
    if case .seconds = expression { return value }
    if value <= 0 { throw QueryError.execution("duration must be greater than 0") }
    return value
  }

  /// An offset in milliseconds; 0 if there is none.
  func offset(_ expression: DurationExpression?) throws -> Int64 {
    guard let expression else { return 0 }
    return try milliseconds(expression)
  }

  private func milliseconds(_ expression: DurationExpression) throws -> Int64 {
    let seconds = try seconds(expression)
    if !seconds.isFinite { throw QueryError.execution("duration is NaN or infinite") }
    guard abs(seconds) <= 9_223_372_036 else { throw QueryError.execution("duration is out of range") }
    // Durations are whole nanoseconds before they are cut to milliseconds.
    let nanoseconds = (seconds * 1_000_000_000).rounded()
    return Int64(nanoseconds / 1_000_000)
  }

  private func seconds(_ expression: DurationExpression) throws -> Double {
    switch expression {
    case .seconds(let value, _): return value
    case .step: return Double(queryStep) / 1000
    case .queryRange: return Double(queryEnd &- queryStart) / 1000
    case .signed(let isNegative, let inner): return isNegative ? -(try seconds(inner)) : try seconds(inner)
    case .parenthesized(let inner): return try seconds(inner)
    case .larger(let left, let right): return GoMath.max(try seconds(left), try seconds(right))
    case .smaller(let left, let right): return GoMath.min(try seconds(left), try seconds(right))
    case .binary(let operation, let left, let right):
      let a = try seconds(left)
      let b = try seconds(right)
      if b == 0 && operation == .divide { throw QueryError.execution("division by zero") }
      if b == 0 && operation == .modulo { throw QueryError.execution("modulo by zero") }
      return ScalarArithmetic.apply(operation, a, b)
    }
  }
}
