import Forecasting

/// Chooses among models by how well they would have forecast the newest part of a history.
enum ModelContest {
  /// A model of the best kind among `names`, fitted to all of `series`.
  ///
  /// - Parameter shouldGoOn: asked every so often by models that are slow to train; false ends their training.
  /// - Complexity: the fits of all models, twice for the winner.
  static func fitted(
    _ names: [String], to series: ForecastSeries, while shouldGoOn: () -> Bool = { true }
  ) throws(ForecastError) -> any ForecastModel {
    var best: (error: Double, name: String)?
    if names.count > 1, series.values.count >= 10 {
      let held = min(series.values.count / 5, 288)
      var past = series
      past.values.removeLast(held)
      for index in past.companions.indices { past.companions[index].removeLast(held) }
      for name in names {
        var model = try ForecastModels.make(named: name)
        model.reset(to: past)
        model.train(while: shouldGoOn)
        guard let error = meanAbsoluteError(of: model, against: series.values.suffix(held)) else { continue }
        if best.map({ error < $0.error }) ?? true { best = (error, name) }
      }
    }
    var model = try ForecastModels.make(named: best?.name ?? names.first ?? AutoForecaster.name)
    model.reset(to: series)
    model.train(while: shouldGoOn)
    return model
  }

  private static func meanAbsoluteError(of model: any ForecastModel, against truth: ArraySlice<Double>) -> Double? {
    guard let forecast = try? model.forecast(horizons: Array(1...truth.count), quantiles: [0.5]) else { return nil }
    var sum = 0.0
    var count = 0.0
    for (predicted, actual) in zip(forecast.values, truth) where actual.isFinite {
      sum += (predicted - actual).magnitude
      count += 1
    }
    return count > 0 ? sum / count : nil
  }
}
