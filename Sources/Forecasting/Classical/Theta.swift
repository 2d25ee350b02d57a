/// The Theta method: half the trend line, half exponential smoothing of the doubled curvature.
///
/// V. Assimakopoulos and K. Nikolopoulos, "The theta model" (2000), in the closed form of R. J. Hyndman and B.
/// Billah, "Unmasking the Theta method" (2003): simple exponential smoothing plus half the slope of the trend line,
/// where the drift reaches the horizon as h - 1 + (1 - (1 - α)^n) / α. A rhythm is taken out first as a profile of
/// means per phase and added again.
public enum ThetaMethod: PointMethod {
  public static let name = "theta"
  public static let usefulHistory = (periods: 4, values: 500)

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    guard history.count >= 2 else { return NaiveMethod.predict(history, period: nil, horizons: horizons) }
    let profile = profile(of: history, period: period)
    let start = history.startIndex
    var values = Array(history)
    if !profile.isEmpty {
      for index in values.indices { values[index] -= profile[index % profile.count] }
    }
    let slope = LinearTrendMethod.fit(values[...]).slope
    let (state, parameters) = ExponentialSmoothing.best(values[...], grid: ExponentialSmoothing.simpleGrid)
    let alpha = parameters.alpha
    let head = (1 - power(1 - alpha, Double(values.count))) / alpha - 1
    return horizons.map { horizon in
      let season = profile.isEmpty ? 0 : profile[(history.endIndex - start + horizon - 1) % profile.count]
      return state.level + slope / 2 * (Double(horizon) + head) + season
    }
  }

  /// The mean deviation of each phase from the mean of its own period; empty without two whole periods.
  private static func profile(of history: ArraySlice<Double>, period: Int?) -> [Double] {
    guard let period, period >= 2, history.count >= 2 * period else { return [] }
    let cycles = history.count / period
    var profile = [Double](repeating: 0, count: period)
    for cycle in 0..<cycles {
      let slice = history.dropFirst(cycle * period).prefix(period)
      var mean = 0.0
      for value in slice { mean += value }
      mean /= Double(period)
      for (phase, value) in slice.enumerated() { profile[phase] += (value - mean) / Double(cycles) }
    }
    return profile
  }
}

/// The `theta` model.
public typealias ThetaForecaster = BacktestedForecaster<ThetaMethod>
