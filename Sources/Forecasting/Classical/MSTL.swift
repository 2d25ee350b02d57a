/// Decomposition into several rhythms, damped smoothing of what is left, the last rounds of the rhythms put back.
///
/// K. Bandara, R. J. Hyndman and C. Bergmeir, "MSTL" (2021), section 3, with the forecast that goes with it: the
/// seasonally adjusted series by exponential smoothing with a damped trend, each rhythm by its last round. Besides
/// the main rhythm one of seven times its length is looked for, the week beside the day, where two were seen.
public enum MSTLMethod: PointMethod {
  public static let name = "mstl"
  public static let usefulHistory = (periods: 21, values: 500)

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    guard let period, period >= 2, history.count >= 2 * period + 1 else {
      return DampedHoltMethod.predict(history, period: nil, horizons: horizons)
    }
    let periods = [period, 7 * period].filter { history.count >= 2 * $0 + 1 }
    let parts = SeasonalDecomposition(history, periods: periods)
    var adjusted = Array(history)
    for component in parts.seasonal {
      for index in adjusted.indices { adjusted[index] -= component[index] }
    }
    var curve = DampedHoltMethod.predict(adjusted.suffix(500), period: nil, horizons: horizons)
    for (length, component) in zip(periods, parts.seasonal) {
      let lastRound = component.count - length
      for (row, horizon) in horizons.enumerated() { curve[row] += component[lastRound + (horizon - 1) % length] }
    }
    return curve
  }
}

/// The `mstl` model.
public typealias MSTLForecaster = BacktestedForecaster<MSTLMethod>
