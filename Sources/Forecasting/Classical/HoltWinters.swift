/// Damped trend with an additive seasonal profile.
///
/// P. R. Winters, "Forecasting sales by exponentially weighted moving averages" (1960), in error-correction form
/// (R. J. Hyndman et al. 2008, model AAdA). The first period's deviations from their mean start the profile.
/// Without a rhythm it is the damped Holt method.
public enum HoltWintersMethod: PointMethod {
  public static let name = "holt_winters"
  public static let usefulHistory = (periods: 7, values: 500)

  private static let grid: [(alpha: Double, gamma: Double)] = [
    (0.5, 0.1), (0.2, 0.1), (0.05, 0.1), (0.5, 0.3), (0.2, 0.3), (0.05, 0.3),
  ]

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    guard let period, period >= 2, history.count >= 2 * period else {
      return DampedHoltMethod.predict(history, period: nil, horizons: horizons)
    }
    var best: (loss: Double, curve: [Double])?
    for (alpha, gamma) in grid {
      let (loss, curve) = run(history, period: period, alpha: alpha, gamma: gamma, horizons: horizons)
      if loss < (best?.loss ?? .infinity) { best = (loss, curve) }
    }
    return best?.curve ?? NaiveMethod.predict(history, period: nil, horizons: horizons)
  }

  private static func run(
    _ history: ArraySlice<Double>, period: Int, alpha: Double, gamma: Double, horizons: [Int]
  ) -> (loss: Double, curve: [Double]) {
    let phi = 0.9
    let beta = alpha * 0.02
    let start = history.startIndex
    var level = 0.0
    for value in history.prefix(period) { level += value }
    level /= Double(period)
    var profile = history.prefix(period).map { $0 - level }
    var trend = 0.0
    var loss = 0.0
    var season = 0
    for index in start + period..<history.endIndex {
      let expected = level + phi * trend
      let error = history[index] - expected - profile[season]
      loss += abs(error)
      level = expected + alpha * error
      trend = phi * trend + beta * error
      profile[season] += gamma * (1 - alpha) * error
      season = season + 1 == period ? 0 : season + 1
    }
    let curve = horizons.map {
      level + trend * ExponentialSmoothing.dampedSteps(phi: phi, horizon: $0) + profile[(season + $0 - 1) % period]
    }
    return (loss, curve)
  }
}

/// The `holt_winters` model.
public typealias HoltWintersForecaster = BacktestedForecaster<HoltWintersMethod>
