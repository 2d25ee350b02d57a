import Exposition
import Forecasting
import Synchronization

/// Trains models that are slow to train, one after the other, on a thread of its own and within a share of one core.
///
/// Rules hand work in and go on; what came of it they find at a later evaluation. Work that nobody waits for any more is
/// not begun.
final class ModelTrainer: Sendable {
  private struct Entry {
    weak var training: PendingTraining?
  }

  private let share: Double
  private let registry: MetricRegistry
  private let queue = Mutex<[Entry]>([])
  private let arrivals: AsyncStream<Void>
  private let arrived: AsyncStream<Void>.Continuation

  /// - Parameter share: of one core, above 0 and at most 1.
  init(share: Double, registry: MetricRegistry) {
    self.share = share
    self.registry = registry
    (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Puts work at the end of the queue.
  func submit(_ training: PendingTraining) {
    let waiting = queue.withLock { queue in
      queue.append(Entry(training: training))
      return queue.count
    }
    note(waiting: waiting)
    arrived.yield()
  }

  /// Works until the task is cancelled. Only one call may be under way.
  func run() async {
    for await _ in arrivals {
      while !Task.isCancelled, let training = next() { await work(on: training) }
    }
  }

  /// Works off what is waiting now, for tests.
  func drain() async {
    while let training = next() { await work(on: training) }
  }

  private func next() -> PendingTraining? {
    let (training, waiting): (PendingTraining?, Int) = queue.withLock { queue in
      while !queue.isEmpty {
        if let training = queue.removeFirst().training { return (training, queue.count) }
      }
      return (nil, 0)
    }
    note(waiting: waiting)
    return training
  }

  private func work(on training: PendingTraining) async {
    let started = ContinuousClock.now
    let outcome = await BackgroundTraining.run(share: share) { training.work($0) }
    // What was cut short by the end of the process is not what was asked for.
    guard !Task.isCancelled else { return }
    let failed = if case .failure = outcome { true } else { false }
    training.finish(outcome)
    registry.counter(
      "harecast_forecast_trainings_total", help: "Models trained in the background, by outcome.",
      labels: ["outcome": failed ? "failed" : "trained"]
    ).increment()
    registry.counter(
      "harecast_forecast_training_seconds_total",
      help: "Seconds that trainings in the background took, with the pauses that keep them to their share of a core."
    ).increment(by: started.duration(to: .now).inSeconds)
  }

  private func note(waiting: Int) {
    registry.gauge(
      "harecast_forecast_trainings_waiting", help: "Models that wait for their training in the background."
    ).set(Double(waiting))
  }
}

/// One training that a signal waits for.
final class PendingTraining: Sendable {
  /// What a training gives: the model, and what it says of its features.
  struct Trained: Sendable {
    var model: any ForecastModel
    var importances: [FeatureImportance]
  }

  typealias Outcome = Result<Trained, ForecastError>

  /// The name of the model, or the names of those of which the best is to be found.
  let modelNames: [String]
  let work: @Sendable (_ shouldGoOn: () -> Bool) -> Outcome
  private let outcome = Mutex<Outcome?>(nil)

  /// Training of the best of some models, from nothing.
  init(_ names: [String], on series: ForecastSeries) {
    modelNames = names
    work = { shouldGoOn in
      Self.outcome { () throws(ForecastError) in try ModelContest.fitted(names, to: series, while: shouldGoOn) }
    }
  }

  /// Training of a model anew, on all that it knows by now.
  init(_ model: any ForecastModel) {
    modelNames = [type(of: model).name]
    work = { shouldGoOn in
      Self.outcome { () throws(ForecastError) in
        var model = model
        model.train(while: shouldGoOn)
        return model
      }
    }
  }

  private static func outcome(_ train: () throws(ForecastError) -> any ForecastModel) -> Outcome {
    do throws(ForecastError) {
      let model = try train()
      // A model that cannot speak is found out here, not at an evaluation.
      _ = try model.forecast(horizons: [1], quantiles: [0.5])
      return .success(Trained(model: model, importances: try importances(of: model)))
    } catch {
      return .failure(error)
    }
  }

  /// What a model says of its features; empty for one that has none.
  static func importances(of model: any ForecastModel) throws(ForecastError) -> [FeatureImportance] {
    guard let explaining = model as? any ExplainsFeatures else { return [] }
    return try explaining.featureImportances()
  }

  func finish(_ outcome: Outcome) { self.outcome.withLock { $0 = outcome } }

  /// What came of it; nil while it is under way.
  var result: Outcome? { outcome.withLock { $0 } }
}
