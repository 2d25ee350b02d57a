import Forecasting

/// When a signal first reaches its limit, in seconds from a moment.
struct ThresholdPrediction: Sendable, Equatable {
  /// The quantiles that are recorded: the ends of a 95% interval and the median.
  static let levels = [0.025, 0.5, 0.975]

  /// The probability that the limit is reached within the horizon.
  var probability: Double
  /// The seconds by which the limit is reached with each of the probabilities `levels`, in the middle the likeliest; nil
  /// beyond the horizon.
  var seconds: [Double?]

  /// What `model` says about `limit`.
  ///
  /// - Parameters:
  ///   - value: the newest value of the signal; on which side of the limit it is tells the direction.
  ///   - step: the milliseconds of the model's step.
  ///   - horizonSteps: how many steps ahead are looked at.
  static func of(
    _ model: any ForecastModel, value: Double, limit: Double, step: Int64, horizonSteps: Int
  ) throws(ForecastError) -> ThresholdPrediction {
    if value == limit { return ThresholdPrediction(probability: 1, seconds: levels.map { _ in 0 }) }
    let secondsPerStep = Double(step) / 1000
    if let auto = model as? AutoForecaster,
      let forecast = try? auto.timeToThreshold(limit, horizonSteps: horizonSteps, probability: 0.5)
    {
      return ThresholdPrediction(
        probability: min(1, max(0, forecast.probability)),
        seconds: [forecast.earliest, forecast.likeliest, forecast.latest].map { $0.map { max(0, $0) * secondsPerStep } }
      )
    }
    return try fromMarginals(of: model, rising: value < limit, limit: limit, horizonSteps: horizonSteps)
      .inSeconds(secondsPerStep)
  }

  /// The same at a moment `elapsed` seconds later, without anything new known.
  func after(_ elapsed: Double) -> ThresholdPrediction {
    ThresholdPrediction(probability: probability, seconds: seconds.map { $0.map { max(0, $0 - elapsed) } })
  }

  private func inSeconds(_ perStep: Double) -> ThresholdPrediction {
    ThresholdPrediction(probability: probability, seconds: seconds.map { $0.map { $0 * perStep } })
  }

  /// The steps to the limit from the distributions at single horizons: the probability of having reached it by a
  /// horizon is at least that of being beyond it there or at any earlier one.
  private static func fromMarginals(
    of model: any ForecastModel, rising: Bool, limit: Double, horizonSteps: Int
  ) throws(ForecastError) -> ThresholdPrediction {
    let horizons = CurvePoints.steps(through: horizonSteps)
    let quantiles = (1...39).map { Double($0) / 40 }
    let forecast = try model.forecast(horizons: horizons, quantiles: quantiles)
    var reached = 0.0
    var crossings = [Double?](repeating: nil, count: levels.count)
    var previous = (step: 0.0, reached: 0.0)
    for (row, step) in horizons.enumerated() {
      let below = quantiles.indices.last { forecast.value(horizonAt: row, quantileAt: $0) < limit }
      // Between the outermost quantiles the share below the limit is known to a fortieth.
      let shareBelow = below.map { quantiles[$0] == quantiles.last ? 1 : quantiles[$0] + 0.5 / 40 } ?? 0
      reached = max(reached, rising ? 1 - shareBelow : shareBelow)
      for (index, level) in levels.enumerated() where crossings[index] == nil && reached >= level {
        let share = reached > previous.reached ? (level - previous.reached) / (reached - previous.reached) : 1
        crossings[index] = previous.step + max(0, share) * (Double(step) - previous.step)
      }
      previous = (Double(step), reached)
    }
    return ThresholdPrediction(probability: reached, seconds: crossings)
  }
}
