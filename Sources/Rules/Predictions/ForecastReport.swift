import Forecasting
import TimeSeries

/// The newest forecast of one series, and how earlier ones have done.
public struct ForecastReport: Sendable {
  /// How the forecasts of one horizon have done on this series.
  public struct Skill: Sendable {
    /// As written in the rule.
    public var horizon: String
    /// The number of truths that it rests on; old ones fade.
    public var count: Double
    /// The share of truths inside the outermost interval.
    public var coverage: Double?
    /// The mean absolute error over that of "as a day before", on the same points.
    public var scaledError: Double?
    /// The mean of median minus truth, in units of the mean absolute error of "as a day before".
    public var scaledBias: Double?
    /// One minus ``scaledError``, once enough truths have come.
    public var skill: Double?
    /// Whether forecasts of this horizon are known to be worse than "as a day before".
    public var isWorseThanNaive: Bool { skill.map { $0 < 0 } ?? false }
  }

  /// The labels of the signal, those of the rule over them.
  public var labels: Labels
  /// When the forecast was made, in UTC milliseconds.
  public var origin: Int64
  /// The model that made it.
  public var model: String
  /// The models of which one is being trained to take the place of ``model``; empty if there are none.
  public var awaitedModels: [String]
  /// Why a training gave nothing; ``model`` goes on then.
  public var trainingFailure: String?
  /// The features that the model looks at, most important first, at most ten; empty for one that has none.
  public var importances: [FeatureImportance]
  /// What each model said by itself where the forecast joins several: row by row, as ``values``.
  public var parts: [(model: String, values: [Double])]
  /// Whether the model stands on the rule's step; before, it looks at single evaluations.
  public var isSettled: Bool
  /// The say that similar signals had in it, from 0 to 1.
  public var borrowedShare: Double
  public var quantiles: [Double]
  /// The horizons as written, and when they end, in UTC milliseconds; empty for a time to a limit.
  public var horizons: [(text: String, target: Int64)]
  /// Row by row: all quantiles of the first horizon, then those of the second.
  public var values: [Double]
  /// The times of the curve in UTC milliseconds, and its values, row by row.
  public var curveTimes: [Int64]
  public var curveValues: [Double]
  /// The probability that the limit is reached within the horizon; nil for a forecast of horizons.
  public var probability: Double?
  /// The seconds by which the limit is reached with probabilities 0.025, 0.5 and 0.975; nil beyond the horizon.
  public var seconds: [Double?]
  public var skill: [Skill]
  /// Whether the rule's `minimum_skill` keeps the forecast from being recorded.
  public var isWithheld: Bool

  init(_ signal: ForecastSignal, labels: Labels, rule: ForecastRule) {
    self.labels = labels
    origin = signal.predictedAt ?? 0
    let kind = signal.modelName ?? rule.block.models.joined(separator: ", ")
    model = signal.isTrained ? rule.block.trainedName.map { "\(TrainedModel.prefix)\($0)" } ?? kind : kind
    awaitedModels = signal.awaitedModels ?? []
    trainingFailure = signal.trainingFailure?.description
    importances = Array(signal.importances.prefix(10))
    parts = signal.parts
    isSettled = signal.isSettled
    borrowedShare = signal.borrowedShare
    quantiles = rule.block.quantiles
    let origin = origin
    horizons = rule.horizons.map { ($0.text, origin + $0.milliseconds) }
    values = signal.rows?.values ?? []
    curveTimes = signal.rows?.curveTimes ?? []
    curveValues = signal.rows?.curveValues ?? []
    probability = signal.threshold?.probability
    seconds = signal.threshold?.seconds ?? []
    skill = zip(rule.followed, signal.ledger.tallies).map { horizon, tally in
      Skill(
        horizon: horizon.text, count: tally.count, coverage: tally.coverage, scaledError: tally.scaledError,
        scaledBias: tally.scaledBias, skill: tally.skill)
    }
    isWithheld = rule.followed.indices.contains { rule.withholds(signal, horizon: $0) }
  }
}
