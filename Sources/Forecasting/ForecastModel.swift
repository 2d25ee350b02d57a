/// A method that learns from the history of one signal and forecasts it as a distribution.
///
/// Models are values: deterministic, free of clocks and globals, and causal (nothing after the newest value that
/// was given can matter). Every number that leaves a model is finite.
public protocol ForecastModel: Sendable {
  /// The name that a rule file calls the model by.
  static var name: String { get }

  /// Makes a model that knows nothing.
  init()

  /// Brings back a model from `saved()`; its forecasts are the same to the last bit.
  ///
  /// - Throws: ``ForecastError/unreadableState(_:)``.
  init(restoring bytes: [UInt8]) throws(ForecastError)

  /// Learns a history, forgetting what was known before.
  mutating func fit(_ series: ForecastSeries)

  /// Learns the value of the next step; NaN if it is missing.
  mutating func update(_ value: Double)

  /// Whether training takes so long, tenths of a second or more, that it belongs on a thread of its own
  /// (``BackgroundTraining``): then ``reset(to:)`` and ``observe(_:)`` learn without it, and ``train(while:)`` makes up
  /// for it.
  static var isSlowToTrain: Bool { get }

  /// How many values a model that is slow to train needs to have anything of its own to say.
  static var leastValues: Int { get }

  /// Takes a history, forgetting what was known before, without training: a model that is slow to train has nothing to
  /// say until it was trained.
  mutating func reset(to series: ForecastSeries)

  /// Learns the value of the next step without training, also where that is due; NaN if it is missing.
  mutating func observe(_ value: Double)

  /// Whether the model looks at signals that run beside the one it forecasts (``ForecastSeries/companions``).
  static var usesCompanions: Bool { get }

  /// Learns the values of the next step, of the signal and of those beside it, in their order, without training; NaN where
  /// missing. Companions that are not given are missing; a model that does not look at any leaves them out.
  mutating func observe(_ value: Double, companions: [Double])

  /// Whether so much came since the last training that it is time for another.
  var isTrainingDue: Bool { get }

  /// Trains on everything that is known.
  ///
  /// - Parameter shouldGoOn: asked every so often; false ends the training with what is best so far.
  mutating func train(while shouldGoOn: () -> Bool)

  /// What was measured a whole number of days, as few as possible, before the point `steps` ahead: the forecast of "as a
  /// day before". Nil if it is not known, or a day is no whole number of steps.
  func dayBefore(steps: Int) -> Double?

  /// The number of values learnt that were not missing.
  var observationCount: Int { get }

  /// Forecasts the given horizons (in steps, ascending) at the given quantiles (ascending).
  ///
  /// Quantile values never fall with the level, respect the bounds of the series, and are never negative when no
  /// value of the history was.
  ///
  /// - Throws: ``ForecastError`` if there is no observation or the request is not sensible.
  func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution

  /// The model as bytes, for `init(restoring:)`.
  func saved() -> [UInt8]
}

extension ForecastModel {
  public static var isSlowToTrain: Bool { false }
  public static var leastValues: Int { 1 }
  public mutating func reset(to series: ForecastSeries) { fit(series) }
  public mutating func observe(_ value: Double) { update(value) }
  public static var usesCompanions: Bool { false }
  public mutating func observe(_ value: Double, companions: [Double]) { observe(value) }
  public var isTrainingDue: Bool { false }
  public mutating func train(while shouldGoOn: () -> Bool) {}

  /// Learns the values of the next step, of the signal and of those beside it, and trains where that is due.
  public mutating func update(_ value: Double, companions: [Double]) {
    observe(value, companions: companions)
    if isTrainingDue { train { true } }
  }
}

/// A model that is slow to train. It says how it takes in values and how it trains; the rest follows from that.
public protocol SlowForecastModel: ForecastModel {}

extension SlowForecastModel {
  public static var isSlowToTrain: Bool { true }

  public mutating func fit(_ series: ForecastSeries) {
    reset(to: series)
    train { true }
  }

  /// - Complexity: that of ``ForecastModel/observe(_:)``; where training is due, that of `fit`.
  public mutating func update(_ value: Double) { update(value, companions: []) }
}

/// The models by name.
public enum ForecastModels {
  private static let types: [any ForecastModel.Type] = [
    AutoForecaster.self, NaiveForecaster.self, SeasonalNaiveForecaster.self, DriftForecaster.self,
    LinearTrendForecaster.self, RobustLinearForecaster.self, SimpleSmoothingForecaster.self, HoltForecaster.self,
    DampedHoltForecaster.self, HoltWintersForecaster.self, ThetaForecaster.self, AutoregressiveForecaster.self,
    MSTLForecaster.self, ProphetForecaster.self,
    GradientBoostingForecaster.self, RandomForestForecaster.self, LSTMForecaster.self,
    TwoModelForecaster<LSTMAndProphet>.self, TwoModelForecaster<AutoAndProphet>.self,
  ]

  /// The names that `make(named:)` knows, `auto` first.
  public static var names: [String] { types.map { $0.name } }

  /// Whether the model of a name is slow to train; false for an unknown one.
  public static func isSlowToTrain(_ name: String) -> Bool {
    types.first { $0.name == name }?.isSlowToTrain ?? false
  }

  /// Whether the model of a name looks at companions; false for an unknown one.
  public static func usesCompanions(_ name: String) -> Bool {
    types.first { $0.name == name }?.usesCompanions ?? false
  }

  /// How many values all models of these names have something of their own to say from.
  public static func leastValues(_ names: [String]) -> Int {
    types.lazy.filter { names.contains($0.name) }.map { $0.leastValues }.max() ?? 1
  }

  /// Makes a model that knows nothing yet.
  ///
  /// - Throws: ``ForecastError/unknownModel(_:)``.
  public static func make(named name: String) throws(ForecastError) -> any ForecastModel {
    guard let type = types.first(where: { $0.name == name }) else { throw .unknownModel(name) }
    return type.init()
  }

  /// Brings back a saved model of whichever kind.
  ///
  /// - Throws: ``ForecastError/unreadableState(_:)`` or ``ForecastError/unknownModel(_:)``.
  public static func restore(_ bytes: [UInt8]) throws(ForecastError) -> any ForecastModel {
    var reader = StateReader(bytes)
    let name = try reader.readHeader()
    guard let type = types.first(where: { $0.name == name }) else { throw .unknownModel(name) }
    return try type.init(restoring: bytes)
  }
}
