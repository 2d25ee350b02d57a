/// How good the newest forecasts at one horizon have been, all made without knowledge of what they foretold.
public struct ForecastRecord: Sendable, Equatable {
  /// In steps.
  public let horizon: Int
  /// How many forecasts this rests on.
  public let count: Int
  /// Mean absolute error, in the unit of the signal.
  public let meanAbsoluteError: Double
  /// The share of the variance that was foretold: 1 is perfect, 0 as good as the mean of the truths, below 0 worse. Nil
  /// if the truths did not vary.
  public let rSquared: Double?
  /// One minus the ratio of the mean absolute error to that of the naive forecast, where both are known; nil without any.
  public let skill: Double?

  /// - Parameter outcomes: forecast, naive forecast and truth.
  init?(horizon: Int, outcomes: [(forecast: Double, naive: Double?, truth: Double)]) {
    guard !outcomes.isEmpty else { return nil }
    let count = Double(outcomes.count)
    var mean = 0.0
    for outcome in outcomes { mean += outcome.truth / count }
    var absolute = 0.0
    var left = 0.0
    var variance = 0.0
    var both = (own: 0.0, naive: 0.0)
    for outcome in outcomes {
      let error = outcome.truth - outcome.forecast
      absolute += abs(error) / count
      left += error * error / count
      variance += (outcome.truth - mean) * (outcome.truth - mean) / count
      if let naive = outcome.naive {
        both.own += abs(error) / count
        both.naive += abs(outcome.truth - naive) / count
      }
    }
    self.horizon = horizon
    self.count = outcomes.count
    meanAbsoluteError = finite(absolute)
    let ratio = left / variance
    rSquared = variance > 0 && ratio.isFinite ? 1 - ratio : nil
    skill = both.naive > 0 && (both.own / both.naive).isFinite ? 1 - both.own / both.naive : nil
  }
}
