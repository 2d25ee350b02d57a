import Forecasting
import Foundation
import ModelRegistry
import TimeSeries

/// Fits a model to the user's own history and says how good it is on a tail that it had not seen.
///
/// The model is fitted to all but the tail and walks through it: it forecasts up to the horizon, is judged, learns the
/// values that came, and forecasts again. What is kept is then fitted to the whole history.
public struct ForecastTraining: Sendable {
  /// The kind of model, as rule files name it.
  public var model: String
  /// How a `prophet` is fitted; others have no settings.
  public var prophet = ProphetSettings()
  /// Local time and special days, for models that look at them.
  public var calendar = ForecastCalendar()
  /// How far ahead the model is judged, in steps.
  public var horizon: Int
  /// The share of the history that is held out, the newest.
  public var heldOut: Double

  /// A model of fewer values would know a level and nothing of how far it can be off.
  public static let leastValues = 2

  /// Whether there is enough in a series to learn from.
  public static func isEnough(_ series: RecordedSeries) -> Bool {
    series.values.lazy.filter(\.isFinite).prefix(leastValues).count == leastValues
  }

  public init(model: String, horizon: Int, heldOut: Double = 0.2) {
    self.model = model
    self.horizon = max(1, horizon)
    self.heldOut = min(0.9, max(0, heldOut))
  }

  /// A trained model of one series.
  public struct Trained: Sendable {
    public var labels: Labels
    public var series: ForecastSeries
    public var observations: Int
    /// The model's state, for ``ForecastModels/restore(_:)``.
    public var state: [UInt8]
    /// Errors on the tail by name: `mae`, `r2`, `mase` (relative to the seasonal naive method on the same points),
    /// `coverage_95`; those that are not defined are missing.
    public var metrics: [String: Double]
    public var importances: [ModelHeader.Importance]
  }

  /// Trains on one series.
  ///
  /// - Throws: `ForecastError` if the model does not exist or cannot work.
  public func train(_ series: ForecastSeries, labels: Labels) throws(ForecastError) -> Trained {
    var series = series
    series.calendar = calendar
    var metrics: [String: Double] = [:]
    var rises: [String: Double] = [:]
    if let (tally, features) = try judge(model, on: series) {
      for feature in features { rises[feature.name] = feature.errorRise }
      metrics["mae"] = tally.meanAbsoluteError
      metrics["r2"] = tally.determination
      metrics["coverage_95"] = tally.coverage95
      if let error = tally.meanAbsoluteError, let naive = try judge(ForecastHistory.baseline, on: series)?.tally,
        let unit = naive.meanAbsoluteError, unit > 0
      {
        metrics["mase"] = error / unit
      }
    }
    var forecaster = try make(model)
    forecaster.fit(series)
    // A model that cannot forecast is of no use; better to hear of it now than in the night.
    _ = try forecaster.forecast(horizons: [horizon], quantiles: [0.5])
    return Trained(
      labels: labels, series: series, observations: forecaster.observationCount, state: forecaster.saved(),
      metrics: metrics, importances: try Self.importances(of: forecaster, rises: rises))
  }

  /// Trains on all series, on all cores, and puts the models into one file.
  ///
  /// - Parameters:
  ///   - name: what the model is to be called.
  ///   - companions: signals that run beside them; see ``ForecastModel/usesCompanions``.
  ///   - query: where the history came from.
  ///   - created: now, in UTC milliseconds.
  ///   - version: that of Harecast.
  ///   - progress: is told how many series are done.
  /// - Throws: `BacktestError` if no history is long enough (see ``isEnough(_:)``) or a series has no companion, `ForecastError`, `ModelError`.
  public func file(
    _ recorded: [RecordedSeries], companions: [CompanionHistory] = [], step: Int64, name: String, query: String,
    settings: [String: String], created: Int64, version: String, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> ModelFile {
    let histories = try recorded.filter(Self.isEnough).sorted { $0.labels < $1.labels }.compactMap { one in
      try CompanionHistory.grid(one, step: step, companions: companions).map { (one.labels, $0) }
    }
    guard let first = histories.map(\.1.start).min(), let last = histories.map(\.1.end).max() else {
      throw BacktestError(query, "no series has \(Self.leastValues) values to learn from")
    }
    var trained: [Int: Trained] = [:]
    try await withThrowingTaskGroup(of: (Int, Trained).self) { group in
      var waiting = histories.indices.makeIterator()
      func start() {
        guard let index = waiting.next() else { return }
        group.addTask { (index, try train(histories[index].1, labels: histories[index].0)) }
      }
      for _ in 0..<max(1, ProcessInfo.processInfo.activeProcessorCount) { start() }
      while let (index, one) = try await group.next() {
        trained[index] = one
        progress(trained.count)
        start()
      }
    }
    let all = histories.indices.compactMap { trained[$0] }
    let header = ModelHeader(
      name: name, model: model, settings: settings, query: query, companions: companions.map(\.source), step: step,
      trainedFrom: first,
      trainedThrough: last,
      created: created, harecast: version, metrics: Self.overall(all.map(\.metrics)),
      series: all.map { one in
        ModelHeader.Series(
          labels: Dictionary(one.labels.elements.map { ($0.name, $0.value) }) { first, _ in first },
          observations: one.observations, bytes: one.state.count, metrics: one.metrics, importances: one.importances)
      })
    return try ModelFile(header: header, states: all.map(\.state))
  }

  private func make(_ name: String) throws(ForecastError) -> any ForecastModel {
    name == ProphetForecaster.name ? ProphetForecaster(settings: prophet) : try ForecastModels.make(named: name)
  }

  /// The errors on the tail, and what shuffling features does to them; nil if nothing is held out, or nothing would be
  /// left to learn from.
  private func judge(
    _ name: String, on series: ForecastSeries
  ) throws(ForecastError) -> (tally: ForecastTally, features: [FeatureImportance])? {
    let count = series.values.count
    let split = count - Int(Double(count) * heldOut)
    guard split < count, series.values[..<split].contains(where: \.isFinite) else { return nil }
    let past = series.dropping(last: count - split)
    var forecaster = try make(name)
    forecaster.fit(past)
    var features: [FeatureImportance] = []
    if let explaining = forecaster as? any ExplainsFeatures {
      features = try explaining.featureImportances(unseen: Array(series.values[split...]))
    }
    var tally = ForecastTally()
    var position = split
    while position < count {
      let steps = min(horizon, count - position)
      let forecast = try forecaster.forecast(horizons: Array(1...steps), quantiles: ForecastTally.quantiles)
      tally.add(forecast, truths: series.values[position...], through: steps)
      for index in position..<(position + steps) {
        forecaster.update(series.values[index], companions: series.companions.map { $0[index] })
      }
      position += steps
    }
    return (tally, features)
  }

  /// Errors over all series: the geometric mean of MASE, plain means of the others.
  private static func overall(_ metrics: [[String: Double]]) -> [String: Double] {
    var result: [String: Double] = [:]
    for name in Set(metrics.flatMap(\.keys)) {
      let values = metrics.compactMap { $0[name] }
      let mean = values.reduce(0) { $0 + (name == "mase" ? log(max($1, 0.01)) : $1) } / Double(values.count)
      result[name] = name == "mase" ? exp(mean) : mean
    }
    return result
  }

  private static func importances(
    of model: any ForecastModel, rises: [String: Double]
  ) throws(ForecastError) -> [ModelHeader.Importance] {
    guard let explaining = model as? any ExplainsFeatures else { return [] }
    return try explaining.featureImportances().map {
      ModelHeader.Importance(feature: $0.name, share: $0.gain, errorRise: rises[$0.name])
    }
  }
}
