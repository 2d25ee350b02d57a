import TimeSeries

extension Evaluator {
  /// The functions of one number, with scalar parameters for some.
  func evaluateMath(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    var result = try evaluateVector(call.arguments[0], grid)
    dropHistograms(&result)
    switch call.function {
    case .abs: result.map { Swift.abs($0) }
    case .ceil: result.map { $0.rounded(.up) }
    case .floor: result.map { $0.rounded(.down) }
    case .sqrt: result.map { $0.squareRoot() }
    case .exp: result.map { GoMath.exp($0) }
    case .ln: result.map { BinaryLogarithm.naturalLogarithm($0) }
    case .log2: result.map { BinaryLogarithm.log2($0) }
    case .log10: result.map { BinaryLogarithm.log10($0) }
    case .sgn: result.map { $0 < 0 ? -1 : $0 > 0 ? 1 : $0 }
    case .deg: result.map { $0 * 180 / .pi }
    case .rad: result.map { $0 * .pi / 180 }
    case .acos: result.map { GoMath.acos($0) }
    case .acosh: result.map { GoMath.acosh($0) }
    case .asin: result.map { GoMath.asin($0) }
    case .asinh: result.map { GoMath.asinh($0) }
    case .atan: result.map { GoMath.atan($0) }
    case .atanh: result.map { GoMath.atanh($0) }
    case .cos: result.map { GoMath.cos($0) }
    case .cosh: result.map { GoMath.cosh($0) }
    case .sin: result.map { GoMath.sin($0) }
    case .sinh: result.map { GoMath.sinh($0) }
    case .tan: result.map { GoMath.tan($0) }
    case .tanh: result.map { GoMath.tanh($0) }
    case .round:
      let nearest =
        call.arguments.count > 1
        ? try evaluateScalar(call.arguments[1], grid) : [Double](repeating: 1, count: grid.count)
      result.map(with: nearest) { value, nearest in
        let inverse = 1 / nearest
        return (value * inverse + 0.5).rounded(.down) / inverse
      }
    case .clampMin:
      let bounds = try evaluateScalar(call.arguments[1], grid)
      result.map(with: bounds) { GoMath.max($1, GoMath.min(.infinity, $0)) }
    case .clampMax:
      let bounds = try evaluateScalar(call.arguments[1], grid)
      result.map(with: bounds) { GoMath.max(-.infinity, GoMath.min($1, $0)) }
    case .clamp:
      let lower = try evaluateScalar(call.arguments[1], grid)
      let upper = try evaluateScalar(call.arguments[2], grid)
      for row in 0..<result.rows {
        for step in 0..<grid.count where !result[row, step].isAbsent {
          // Crossed bounds leave nothing.
          result[row, step] =
            upper[step] < lower[step]
            ? SeriesGrid.absent : GoMath.max(lower[step], GoMath.min(upper[step], result[row, step]))
        }
      }
      result.removeEmptyRows()
    default: throw QueryError.execution("function \(Labels.quoted(call.function.name)) is not implemented")
    }
    try dropNames(&result)
    return result
  }

  /// `scalar`: the value of the only element, else NaN.
  func evaluateScalarOf(_ call: CallExpression, _ grid: StepGrid) throws -> [Double] {
    var vector = try evaluateVector(call.arguments[0], grid)
    blankHistograms(&vector)
    var result = [Double](repeating: SeriesGrid.absent, count: grid.count)
    for row in 0..<vector.rows {
      for step in 0..<grid.count where !vector[row, step].isAbsent {
        result[step] = result[step].isAbsent ? vector[row, step] : .nan
      }
    }
    // NaN marks both "none" and "several", but a single NaN element keeps its value.
    for step in result.indices where result[step].isAbsent { result[step] = .nan }
    return result
  }

  /// A sign before an expression.
  func evaluateUnary(_ node: UnaryExpression, _ grid: StepGrid) throws -> EvaluatedValue {
    switch try evaluate(node.expression, grid) {
    case .scalar(let numbers): return .scalar(node.isNegative ? numbers.map { -$0 } : numbers)
    case .vector(var vector):
      if node.isNegative {
        if hasHistograms { map(&vector, -) { $0.multiplied(by: -1) } } else { vector.map { -$0 } }
        try dropNames(&vector, mayMerge: false)
      }
      return .vector(vector)
    case .string: throw QueryError.execution("a string has no sign")
    }
  }
}

extension SeriesGrid {
  /// Replaces every present cell by its value under `transform`, given a parameter per step.
  mutating func map(with parameters: [Double], _ transform: (Double, Double) -> Double) {
    let steps = self.steps
    cells.withUnsafeMutableBufferPointer { cells in
      parameters.withUnsafeBufferPointer { parameters in
        var index = 0
        while index < cells.count {
          for step in 0..<steps where !cells[index + step].isAbsent {
            cells[index + step] = transform(cells[index + step], parameters[step])
          }
          index += steps
        }
      }
    }
  }
}
