import Forecasting
import Foundation
import TimeSeries

/// What models would have forecast on the user's own history, from origins that roll through it.
///
/// At each origin a model is fitted anew to what came before and to nothing else. Origins lie in the last two thirds
/// of the history, about evenly: the places between are shifted by the golden ratio, so that they do not all fall on
/// the same time of day.
public struct ForecastHistory: Sendable {
  /// The method whose error is the unit.
  public static let baseline = SeasonalNaiveForecaster.name
  /// How many curves of a model are kept for drawing.
  private static let keptCurves = 6
  /// How many values are learnt one by one to see what an update costs.
  private static let timedUpdates = 60

  /// The names of the models, the baseline always among them.
  public var models: [String]
  /// How far ahead, in steps, ascending; errors are means over all steps up to each.
  public var horizons: [Int]
  /// The most origins of a series.
  public var originCount: Int
  /// How many values before an origin a model is given.
  public var contextLimit = 8064

  public init(models: [String], horizons: [Int], originCount: Int = 24) {
    self.models = models.contains(Self.baseline) ? models : models + [Self.baseline]
    self.horizons = Set(horizons.map { max(1, $0) }).sorted()
    self.originCount = max(1, originCount)
  }

  /// One model on one series.
  public struct Outcome: Sendable {
    public var model: String
    /// One tally for each horizon.
    public var tallies: [ForecastTally]
    /// Forecasts that do not overlap, for drawing.
    public var curves: [ForecastDistribution] = []
    /// CPU seconds of a fit and a forecast, mean over the origins.
    public var fitSeconds = 0.0
    /// CPU seconds of learning one more value, mean.
    public var updateSeconds: Double?
    /// Why the model gave nothing.
    public var failure: String?
  }

  /// One series with what every model made of it.
  public struct Result: Sendable {
    public var labels: Labels
    public var series: ForecastSeries
    /// The times of the last value that each forecast knew, in UTC milliseconds.
    public var origins: [Int64]
    public var outcomes: [Outcome]

    /// The mean absolute error of the baseline, which is the unit of errors and widths; nil if it never erred.
    public func scale(horizonAt index: Int) -> Double? {
      let error = outcomes.first { $0.model == ForecastHistory.baseline }?.tallies[index].meanAbsoluteError
      return error.flatMap { $0 > 0 ? $0 : nil }
    }
  }

  /// A series on the grid that models learn from; nil if it has no value.
  public static func grid(_ recorded: RecordedSeries, step: Int64) -> ForecastSeries? {
    guard let first = recorded.timestamps.first, let last = recorded.timestamps.last else { return nil }
    let series = SignalHistory.regularise(
      timestamps: recorded.timestamps, values: recorded.values, step: step, from: first, through: last)
    return series.values.isEmpty ? nil : series
  }

  /// The positions of the last values that forecasts know; none if the history is too short for the farthest horizon.
  public func origins(of count: Int) -> [Int] {
    let first = max(1, count / 3)
    let room = count - first - (horizons.last ?? 1)
    guard room > 0 else { return [] }
    let wanted = min(originCount, room)
    let golden = 0.618_033_988_749_894_9
    return (0..<wanted).map { index in
      let shift = (Double(index) * golden).truncatingRemainder(dividingBy: 1)
      return first + Int((Double(index) + shift) / Double(wanted) * Double(room))
    }
  }

  /// Runs one model over one series.
  ///
  /// - Returns: an outcome with a failure if the model does not exist or cannot work.
  public func run(_ model: String, on series: ForecastSeries) -> Outcome {
    var outcome = Outcome(model: model, tallies: horizons.map { _ in ForecastTally() })
    let origins = origins(of: series.values.count)
    guard let farthest = horizons.last, !origins.isEmpty else {
      outcome.failure = "the history is too short"
      return outcome
    }
    var kept: [ForecastDistribution] = []
    var newest: (any ForecastModel)?
    var seconds = 0.0
    do throws(ForecastError) {
      for origin in origins {
        let past = series.part(max(0, origin + 1 - contextLimit)...origin)
        let started = ForecastBacktest.cpuSeconds()
        var forecaster = try ForecastModels.make(named: model)
        forecaster.fit(past)
        let forecast = try forecaster.forecast(horizons: Array(1...farthest), quantiles: ForecastTally.quantiles)
        seconds += ForecastBacktest.cpuSeconds() - started
        for (index, horizon) in horizons.enumerated() {
          outcome.tallies[index].add(forecast, truths: series.values[(origin + 1)...], through: horizon)
        }
        kept.append(forecast)
        newest = forecaster
      }
    } catch {
      outcome.failure = "\(error)"
      return outcome
    }
    outcome.fitSeconds = seconds / Double(origins.count)
    outcome.updateSeconds = updateCost(&newest, series, after: origins.last ?? 0)
    outcome.curves = Self.withoutOverlap(kept, farthest: farthest)
    return outcome
  }

  private func updateCost(_ model: inout (any ForecastModel)?, _ series: ForecastSeries, after origin: Int) -> Double? {
    guard var learner = model, origin + 1 < series.values.count else { return nil }
    model = nil
    func learn(_ index: Int) { learner.update(series.values[index], companions: series.companions.map { $0[index] }) }
    // The first update may copy what the fit shares.
    learn(origin + 1)
    let rest = (origin + 2)..<min(series.values.count, origin + 2 + Self.timedUpdates)
    guard !rest.isEmpty else { return nil }
    let started = ForecastBacktest.cpuSeconds()
    for index in rest { learn(index) }
    return (ForecastBacktest.cpuSeconds() - started) / Double(rest.count)
  }

  /// The newest forecasts that do not speak of the same time.
  private static func withoutOverlap(_ forecasts: [ForecastDistribution], farthest: Int) -> [ForecastDistribution] {
    var result: [ForecastDistribution] = []
    for forecast in forecasts.reversed() where result.count < keptCurves {
      let end = forecast.origin + Int64(farthest) * forecast.step
      if result.last.map({ end <= $0.origin }) ?? true { result.append(forecast) }
    }
    return result.reversed()
  }

  /// The median; nil of nothing. Of an even number, the mean of the middle two.
  static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

extension ForecastHistory {
  /// Runs all models over all series, on all cores.
  ///
  /// - Parameters:
  ///   - companions: signals that run beside them; see ``ForecastModel/usesCompanions``.
  ///   - progress: is told how many pairs of series and model are done.
  /// - Throws: ``BacktestError`` if a series has no companion.
  public func run(
    _ recorded: [RecordedSeries], companions: [CompanionHistory] = [], step: Int64,
    progress: @escaping @Sendable (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) async throws(BacktestError) -> [Result] {
    var results: [Result] = []
    for one in recorded.sorted(by: { $0.labels < $1.labels }) {
      guard let series = try CompanionHistory.grid(one, step: step, companions: companions) else { continue }
      results.append(
        Result(
          labels: one.labels, series: series,
          origins: origins(of: series.values.count).map { series.start + Int64($0) * series.step }, outcomes: []))
    }
    let work = results.indices.flatMap { series in models.map { (series, $0) } }
    let histories = results.map(\.series)
    var outcomes: [Int: [String: Outcome]] = [:]
    await withTaskGroup(of: (Int, Outcome).self) { group in
      var waiting = work.makeIterator()
      func start() {
        guard let (index, model) = waiting.next() else { return }
        group.addTask { (index, self.run(model, on: histories[index])) }
      }
      for _ in 0..<max(1, ProcessInfo.processInfo.activeProcessorCount) { start() }
      var done = 0
      while let (index, outcome) = await group.next() {
        outcomes[index, default: [:]][outcome.model] = outcome
        done += 1
        progress(done, work.count)
        start()
      }
    }
    for index in results.indices { results[index].outcomes = models.compactMap { outcomes[index]?[$0] } }
    return results
  }
}
