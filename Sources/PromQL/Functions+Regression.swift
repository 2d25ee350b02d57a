import TimeSeries

/// A least-squares line through the samples of a window, with compensated sums.
struct LinearRegression {
  /// Per second.
  let slope: Double
  /// The line's value at the origin.
  let intercept: Double

  /// - Parameter origin: UTC milliseconds where the abscissa is zero.
  init(_ window: SampleWindow, origin: Int64) {
    var sumX = KahanSum()
    var sumY = KahanSum()
    var sumXY = KahanSum()
    var sumXX = KahanSum()
    let first = window.values[0]
    var isConstant = true
    for index in 0..<window.count {
      let y = window.values[index]
      if isConstant && index > 0 && y != first { isConstant = false }
      let x = Double(window.timestamps[index] &- origin) / 1000
      sumX.add(x)
      sumY.add(y)
      sumXY.add(x * y)
      sumXX.add(x * x)
    }
    if isConstant {
      slope = first.isInfinite ? .nan : 0
      intercept = first.isInfinite ? .nan : first
      return
    }
    let count = Double(window.count)
    let covariance = sumXY.total - sumX.total * sumY.total / count
    let variance = sumXX.total - sumX.total * sumX.total / count
    slope = covariance / variance
    intercept = sumY.total / count - slope * sumX.total / count
  }
}

/// `deriv`.
struct Derivative: WindowFunction {
  func value(_ window: SampleWindow, step: Int) -> Double? {
    if window.count < 2 { return nil }
    return LinearRegression(window, origin: window.timestamps[0]).slope
  }
}

/// `predict_linear`.
struct LinearPrediction: WindowFunction {
  /// How far ahead, in seconds, at each step.
  let seconds: [Double]

  func value(_ window: SampleWindow, step: Int) -> Double? {
    if window.count < 2 { return nil }
    let line = LinearRegression(window, origin: window.evaluationTime)
    return line.slope * seconds[step] + line.intercept
  }
}

/// `double_exponential_smoothing`: Holt's linear smoothing.
struct DoubleExponentialSmoothing: WindowFunction {
  let smoothing: [Double]
  let trend: [Double]

  func value(_ window: SampleWindow, step: Int) throws -> Double? {
    let level = smoothing[step]
    let slope = trend[step]
    if level <= 0 || level >= 1 {
      let shown = PrometheusNumber.formatFixed(level, decimals: 6)
      throw QueryError.execution("invalid smoothing factor. Expected: 0 < sf < 1, got: \(shown)")
    }
    if slope <= 0 || slope >= 1 {
      let shown = PrometheusNumber.formatFixed(slope, decimals: 6)
      throw QueryError.execution("invalid trend factor. Expected: 0 < tf < 1, got: \(shown)")
    }
    if window.count < 2 { return nil }
    var previous = 0.0
    var current = window.values[0]
    var increment = window.values[1] - window.values[0]
    for index in 1..<window.count {
      let scaled = level * window.values[index]
      if index > 1 { increment = slope * (current - previous) + (1 - slope) * increment }
      let carried = (1 - level) * (current + increment)
      previous = current
      current = scaled + carried
    }
    return current
  }
}

/// The functions that a ``PredictionFunctions`` evaluates.
struct Prediction: WindowFunction {
  let function: Function
  let predictor: any PredictionFunctions
  /// The first scalar argument at each step, then the second, where there are such.
  let first: [Double]
  let second: [Double]

  func value(_ window: SampleWindow, step: Int) -> Double? {
    switch function {
    case .forecast: predictor.forecast(window, seconds: first[step])
    case .forecastQuantile: predictor.forecastQuantile(first[step], window, seconds: second[step])
    case .anomalyScore: predictor.anomalyScore(window)
    case .timeToThreshold: predictor.timeToThreshold(window, threshold: first[step])
    default: nil
    }
  }
}
