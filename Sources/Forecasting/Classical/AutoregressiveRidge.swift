/// Autoregression fitted for each horizon directly, by ridge regression.
///
/// Direct multi-step regression (S. Ben Taieb et al., "A review and comparison of strategies for multi-step ahead
/// time series forecasting", 2012) does not feed its own errors back. The features are the values 1, 2, 3, 6 and 12 steps
/// back, the mean of the history, and with a rhythm the value one period before the target, all as distances
/// from the last value, so that shrinking leads to the naive forecast. Horizons between two rungs of a ladder are
/// interpolated.
public enum AutoregressiveMethod: PointMethod {
  public static let name = "ar_ridge"
  public static let usefulHistory = (periods: 4, values: 600)

  private static let lags = [1, 2, 3, 6, 12]
  private static let penalty = 0.01

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    guard let last = history.last, let farthest = horizons.last, history.count >= 8 else {
      return NaiveMethod.predict(history, period: nil, horizons: horizons)
    }
    let values = Array(history)
    var mean = 0.0
    for value in values { mean += value }
    mean /= Double(values.count)
    let ladder = horizonLadder(through: min(farthest, max(1, values.count / 3)))
    let changes = ladder.map { change(values, mean: mean, period: period, horizon: $0) }
    return horizons.map { horizon in
      guard let upper = ladder.firstIndex(where: { $0 >= horizon }) else { return last + changes[changes.count - 1] }
      guard upper > 0, ladder[upper] != horizon else { return last + changes[upper] }
      let share = Double(horizon - ladder[upper - 1]) / Double(ladder[upper] - ladder[upper - 1])
      return last + changes[upper - 1] * (1 - share) + changes[upper] * share
    }
  }

  /// The expected change from the last value over one horizon.
  private static func change(_ values: [Double], mean: Double, period: Int?, horizon: Int) -> Double {
    let seasonal = period.map { ((horizon - 1) / $0 + 1) * $0 - horizon } ?? 0
    let longest = max(12, seasonal)
    let count = values.count
    var equations = NormalEquations(width: lags.count + (period == nil ? 1 : 2))
    func features(_ origin: Int) -> [Double] {
      let here = values[origin]
      var result = lags.map { values[max(0, origin - $0)] - here }
      result.append(mean - here)
      if period != nil { result.append(values[max(0, origin - seasonal)] - here) }
      return result
    }
    let first = min(longest, count / 2)
    let end = count - horizon
    guard first < end else { return 0 }
    for origin in first..<end {
      equations.add(features(origin), target: values[origin + horizon] - values[origin], weight: 1)
    }
    guard let coefficients = equations.solve(penalty: penalty) else { return 0 }
    var sum = 0.0
    for (coefficient, feature) in zip(coefficients, features(count - 1)) { sum += coefficient * feature }
    return sum
  }
}

/// The `ar_ridge` model.
public typealias AutoregressiveForecaster = BacktestedForecaster<AutoregressiveMethod>
