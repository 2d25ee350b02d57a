import AnomalyDetection
import Forecasting
import TimeSeries

extension ForecastRule {
  /// What the truth that came last for a series was beside its forecast, the one of the shortest horizon; nil if that is not
  /// of `time` (UTC milliseconds) or shortly before, or if too few forecasts were judged to know what they are worth.
  func residual(of labels: Labels, at time: Int64) -> ForecastResidual? {
    let shortest = followed.indices.min { followed[$0].milliseconds < followed[$1].milliseconds }
    guard let shortest, let ledger = signals[labels]?.ledger, ledger.tallies[shortest].count >= SkillTally.evidence,
      let (forecast, truth) = ledger.judged[shortest]
    else { return nil }
    let steps = steps(followed[shortest].milliseconds, of: block.step)
    let age = time - forecast.target
    guard age >= 0, age < block.step * SkillLedger.spacing(steps: steps) else { return nil }
    let levels: [Double]
    switch block.target {
    case .horizons: levels = block.quantiles
    case .limit: levels = ThresholdPrediction.levels
    }
    guard let lowest = levels.first, let highest = levels.last else { return nil }
    // The outermost quantiles are taken as those of a normal distribution; a side without one is like the other.
    func deviation(_ width: Float, _ level: Double) -> Double? {
      let z = NormalDistribution.quantile(level).magnitude
      return z > 0.1 ? Double(width) / z : nil
    }
    let below = lowest < 0.5 ? deviation(forecast.median - forecast.low, lowest) : nil
    let above = highest > 0.5 ? deviation(forecast.high - forecast.median, highest) : nil
    guard let one = below ?? above, let other = above ?? below else { return nil }
    return ForecastResidual(
      value: truth, expected: forecast.naive + Double(forecast.median), deviationBelow: one, deviationAbove: other)
  }
}
