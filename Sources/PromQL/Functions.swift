import TimeSeries

extension Evaluator {
  /// The value of a function call at every step.
  func evaluateCall(_ call: CallExpression, _ grid: StepGrid) throws -> EvaluatedValue {
    switch call.function {
    case .time: return .scalar((0..<grid.count).map { Double(grid.time($0)) / 1000 })
    case .pi: return .scalar([Double](repeating: .pi, count: grid.count))
    case .start: return .scalar([Double](repeating: Double(queryStart) / 1000, count: grid.count))
    case .end: return .scalar([Double](repeating: Double(queryEnd) / 1000, count: grid.count))
    case .range: return .scalar([Double](repeating: Double(queryEnd &- queryStart) / 1000, count: grid.count))
    case .step:
      let step = queryStart == queryEnd ? 0 : Double(queryStep) / 1000
      return .scalar([Double](repeating: step, count: grid.count))
    case .minOf, .maxOf:
      let left = try evaluateScalar(call.arguments[0], grid)
      let right = try evaluateScalar(call.arguments[1], grid)
      let choose = call.function == .minOf ? GoMath.min : GoMath.max
      return .scalar(zip(left, right).map { choose($0, $1) })
    case .scalar: return .scalar(try evaluateScalarOf(call, grid))
    default: return .vector(try evaluateVectorCall(call, grid))
    }
  }

  private func evaluateVectorCall(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    switch call.function {
    case .rate: return try evaluateRate(call, grid, isCounter: true, isRate: true)
    case .increase: return try evaluateRate(call, grid, isCounter: true, isRate: false)
    case .delta: return try evaluateRate(call, grid, isCounter: false, isRate: false)
    case .irate: return try overWindows(call, grid, InstantChange(isRate: true))
    case .idelta: return try overWindows(call, grid, InstantChange(isRate: false))
    case .resets: return try overWindows(call, grid, Resets())
    case .changes: return try overWindows(call, grid, Changes())
    case .sumOverTime: return try overWindows(call, grid, SumOverTime())
    case .avgOverTime: return try overWindows(call, grid, MeanOverTime())
    case .maxOverTime: return try overWindows(call, grid, ExtremeOverTime(wantsLargest: true, wantsTime: false))
    case .minOverTime: return try overWindows(call, grid, ExtremeOverTime(wantsLargest: false, wantsTime: false))
    case .timestampOfMaxOverTime:
      return try overWindows(call, grid, ExtremeOverTime(wantsLargest: true, wantsTime: true))
    case .timestampOfMinOverTime:
      return try overWindows(call, grid, ExtremeOverTime(wantsLargest: false, wantsTime: true))
    case .countOverTime: return try overWindows(call, grid, CountOverTime())
    case .presentOverTime: return try overWindows(call, grid, PresentOverTime())
    case .firstOverTime: return try overWindows(call, grid, EdgeOverTime(wantsFirst: true, wantsTime: false))
    case .lastOverTime: return try overWindows(call, grid, EdgeOverTime(wantsFirst: false, wantsTime: false))
    case .timestampOfFirstOverTime: return try overWindows(call, grid, EdgeOverTime(wantsFirst: true, wantsTime: true))
    case .timestampOfLastOverTime: return try overWindows(call, grid, EdgeOverTime(wantsFirst: false, wantsTime: true))
    case .stdvarOverTime: return try overWindows(call, grid, VarianceOverTime(wantsDeviation: false))
    case .stddevOverTime: return try overWindows(call, grid, VarianceOverTime(wantsDeviation: true))
    case .madOverTime: return try overWindows(call, grid, MedianDeviationOverTime())
    case .quantileOverTime:
      let quantiles = try evaluateScalar(call.arguments[0], grid)
      let result = try overWindows(call, grid, QuantileOverTime(quantiles: quantiles), argument: 1)
      for step in 0..<grid.count where (0..<result.rows).contains(where: { !result[$0, step].isAbsent }) {
        annotations.checkQuantile(quantiles[step], at: call.place(of: 0))
      }
      return result
    case .deriv: return try overWindows(call, grid, Derivative())
    case .predictLinear:
      return try overWindows(call, grid, LinearPrediction(seconds: try evaluateScalar(call.arguments[1], grid)))
    case .doubleExponentialSmoothing:
      let smoothing = DoubleExponentialSmoothing(
        smoothing: try evaluateScalar(call.arguments[1], grid), trend: try evaluateScalar(call.arguments[2], grid))
      return try overWindows(call, grid, smoothing)
    case .forecast, .forecastQuantile, .anomalyScore, .timeToThreshold: return try evaluatePrediction(call, grid)
    case .absent: return try evaluateAbsent(call, grid)
    case .absentOverTime: return try evaluateAbsentOverTime(call, grid)
    case .vector:
      var result = SeriesGrid(steps: grid.count)
      result.identities = [SeriesIdentity(labels: .empty)]
      result.cells = try evaluateScalar(call.arguments[0], grid)
      return result
    case .timestamp: return try evaluateTimestamp(call, grid)
    case .dayOfMonth, .dayOfWeek, .dayOfYear, .daysInMonth, .hour, .minute, .month, .year:
      return try evaluateDate(call, grid)
    case .labelReplace: return try evaluateLabelReplace(call, grid)
    case .labelJoin: return try evaluateLabelJoin(call, grid)
    case .info: return try evaluateInfo(call, grid)
    case .sort, .sortDescending, .sortByLabel, .sortByLabelDescending: return try evaluateSort(call, grid)
    case .histogramQuantile, .histogramQuantiles, .histogramFraction: return try evaluateHistogram(call, grid)
    case .startTimestamp:
      // Samples carry no start timestamps.
      _ = try evaluateVector(call.arguments[0], grid)
      return SeriesGrid(steps: grid.count)
    case .histogramAvg, .histogramCount, .histogramSum, .histogramStddev, .histogramStdvar:
      return try evaluateHistogramStatistic(call, grid)
    default: return try evaluateMath(call, grid)
    }
  }

  /// A function of the windows of the range vector argument.
  private func overWindows(
    _ call: CallExpression, _ grid: StepGrid, _ function: some WindowFunction, argument: Int = 0
  ) throws -> SeriesGrid {
    let vector = try evaluateRange(call.arguments[argument], grid)
    var result =
      hasHistograms(vector)
      ? try applyToMixedWindows(call, vector, grid, function) : try applyToWindows(vector, grid, function)
    // These two only shift samples in time, so the metric keeps its name.
    if call.function == .lastOverTime || call.function == .firstOverTime {
      if isEager {
        try mergeEqual(&result, mayMerge: false)
      } else {
        // That a subquery's names are to be dropped is forgotten.
        for row in 0..<result.rows { result.identities[row].dropsName = false }
      }
    } else {
      try dropNames(&result, mayMerge: false)
    }
    return result
  }

  private func evaluatePrediction(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    guard let predictor = options.predictor else {
      throw QueryError.execution("function \(Labels.quoted(call.function.name)) needs a predictor")
    }
    var scalars: [[Double]] = []
    var argument = 0
    for (index, type) in call.function.signature.arguments.enumerated() {
      if type == .matrix { argument = index } else { scalars.append(try evaluateScalar(call.arguments[index], grid)) }
    }
    let function = Prediction(
      function: call.function, predictor: predictor, first: scalars.first ?? [],
      second: scalars.count > 1 ? scalars[1] : [])
    return try overWindows(call, grid, function, argument: argument)
  }
}
