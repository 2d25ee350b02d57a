/// One answer from two models: one that knows the next hour, and one that knows the day.
///
/// How much each of them says at a horizon follows from what both would have said at earlier times (``ModelJoint``). Until
/// that can be told, up to ``crossing``'s lower end the short-term model speaks alone and from its upper end on the long-term
/// one; between them the say of the first falls in a straight line over the logarithm of the time ahead.
public struct TwoModelForecaster<Pair: ModelPair>: SlowForecastModel, JoinsModels {
  public static var name: String { Pair.name }

  private var short = Pair.Short()
  private var long = Pair.Long()
  private var step: Int64 = 60_000
  private var joint = ModelJoint()
  /// Whether both models were trained on the history at hand.
  private var isTrained = false

  public init() {}

  /// The span of time ahead, in milliseconds, in which one model hands over to the other while nothing better is known.
  public static var crossing: ClosedRange<Int64> { 3_600_000...21_600_000 }

  public var observationCount: Int { long.observationCount }

  public static var leastValues: Int { max(Pair.Short.leastValues, Pair.Long.leastValues) }

  public mutating func reset(to series: ForecastSeries) {
    step = max(1, series.step)
    short.reset(to: series)
    long.reset(to: series)
    joint = ModelJoint()
    isTrained = false
  }

  public mutating func observe(_ value: Double) { observe(value, companions: []) }

  public static var usesCompanions: Bool { Pair.Short.usesCompanions || Pair.Long.usesCompanions }

  public mutating func observe(_ value: Double, companions: [Double]) {
    short.observe(value, companions: companions)
    long.observe(value, companions: companions)
  }

  public var isTrainingDue: Bool { short.isTrainingDue || long.isTrainingDue }

  /// - Complexity: that of training the models, where it is due, and of what ``ModelJoint`` asks of them.
  public mutating func train(while shouldGoOn: () -> Bool) {
    // Where one is due again long before the other, the other need not learn anew.
    let isAll = !isTrained || !isTrainingDue
    if isAll || short.isTrainingDue { short.train(while: shouldGoOn) }
    if isAll || long.isTrainingDue { long.train(while: shouldGoOn) }
    isTrained = true
    joint = ModelJoint(short, long, while: shouldGoOn)
  }

  public func dayBefore(steps: Int) -> Double? { long.dayBefore(steps: steps) }

  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: horizons, quantiles: quantiles)
    let (near, far) = try halves(horizons: horizons, quantiles: ErrorTable.levels)
    var facts = SignalFacts(long.knownHistory)
    for value in long.knownHistory.values { facts.note(value) }
    var magnitude = 0.0
    for value in near.values + far.values { magnitude = max(magnitude, abs(value)) }
    let factor = scalingFactor(forMagnitude: magnitude)
    return facts.distribution(horizons: horizons, quantiles: quantiles, factor: factor) { index, horizon in
      let share = joint.shortShare(at: horizon) ?? Self.shortShare(ahead: Double(horizon) * Double(step))
      return joint.row(near, far, at: index, shortShare: share).map { $0 * factor }
    }
  }

  private func halves(
    horizons: [Int], quantiles: [Double]
  ) throws(ForecastError) -> (near: ForecastDistribution, far: ForecastDistribution) {
    (
      try short.forecast(horizons: horizons, quantiles: quantiles),
      try long.forecast(horizons: horizons, quantiles: quantiles)
    )
  }

  public func parts(
    horizons: [Int], quantiles: [Double]
  ) throws(ForecastError) -> [(model: String, forecast: ForecastDistribution)] {
    let (near, far) = try halves(horizons: horizons, quantiles: quantiles)
    return [(Pair.Short.name, near), (Pair.Long.name, far)]
  }

  /// The say of the short-term model so many milliseconds ahead, as long as nothing is known of either.
  static func shortShare(ahead: Double) -> Double {
    let first = Double(crossing.lowerBound)
    let last = Double(crossing.upperBound)
    if ahead <= first { return 1 }
    if ahead >= last { return 0 }
    return binaryLogarithm(last / ahead) / binaryLogarithm(last / first)
  }

  /// Raised when what is saved changes.
  private static var layout: Int { 2 }

  public func saved() -> [UInt8] {
    var writer = StateWriter(modelName: Self.name)
    writer.write(layout: Self.layout)
    writer.write(step)
    writer.write(isTrained)
    joint.write(to: &writer)
    for part in [short.saved(), long.saved()] {
      writer.write(part.count)
      writer.write(bytes: part)
    }
    return writer.bytes
  }

  public init(restoring bytes: [UInt8]) throws(ForecastError) {
    var reader = StateReader(bytes)
    try reader.readHeader(of: Self.name)
    try reader.readLayout(Self.layout)
    step = max(1, try reader.readInt64())
    isTrained = try reader.readBool()
    joint = try ModelJoint(&reader)
    short = try Pair.Short(restoring: try reader.readBytes(atMost: 1 << 28))
    long = try Pair.Long(restoring: try reader.readBytes(atMost: 1 << 28))
    try reader.readEnd()
  }
}

/// A model whose answer is made of those of others.
public protocol JoinsModels {
  /// What each of them says by itself, by its name, the one for the shortest time ahead first.
  ///
  /// - Throws: ``ForecastError``, as ``ForecastModel/forecast(horizons:quantiles:)``.
  func parts(
    horizons: [Int], quantiles: [Double]
  ) throws(ForecastError) -> [(model: String, forecast: ForecastDistribution)]
}

/// Which two models answer together, and under which name.
public protocol ModelPair: Sendable {
  associatedtype Short: LooksBack
  associatedtype Long: RemembersHistory
  static var name: String { get }
}

/// An LSTM for the next hours, Prophet for the day.
public enum LSTMAndProphet: ModelPair {
  public typealias Short = LSTMForecaster
  public typealias Long = ProphetForecaster
  public static let name = "two_model"
}

/// `auto` for the next hours, Prophet for the day.
public enum AutoAndProphet: ModelPair {
  public typealias Short = AutoForecaster
  public typealias Long = ProphetForecaster
  public static let name = "two_model_auto"
}
