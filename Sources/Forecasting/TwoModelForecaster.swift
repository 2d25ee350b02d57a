/// One answer from two models: one that knows the next hour, and one that knows the day.
///
/// Up to ``crossing``'s lower end the short-term model speaks alone, from its upper end on the long-term one; between them
/// the say of the first falls in a straight line over the logarithm of the time ahead.
public struct TwoModelForecaster<Pair: ModelPair>: ForecastModel, JoinsModels {
  public static var name: String { Pair.name }

  private var short = Pair.Short()
  private var long = Pair.Long()
  private var step: Int64 = 60_000

  public init() {}

  /// The span of time ahead, in milliseconds, in which one model hands over to the other: from one to six hours.
  public static var crossing: ClosedRange<Int64> { 3_600_000...21_600_000 }

  public var observationCount: Int { long.observationCount }

  /// - Complexity: that of both models.
  public mutating func fit(_ series: ForecastSeries) {
    step = max(1, series.step)
    short.fit(series)
    long.fit(series)
  }

  public mutating func update(_ value: Double) {
    short.update(value)
    long.update(value)
  }

  public static var isSlowToTrain: Bool { Pair.Short.isSlowToTrain || Pair.Long.isSlowToTrain }
  public static var leastValues: Int { max(Pair.Short.leastValues, Pair.Long.leastValues) }

  public mutating func reset(to series: ForecastSeries) {
    step = max(1, series.step)
    short.reset(to: series)
    long.reset(to: series)
  }

  public mutating func observe(_ value: Double) { observe(value, companions: []) }

  public static var usesCompanions: Bool { Pair.Short.usesCompanions || Pair.Long.usesCompanions }

  public mutating func observe(_ value: Double, companions: [Double]) {
    short.observe(value, companions: companions)
    long.observe(value, companions: companions)
  }

  public var isTrainingDue: Bool { short.isTrainingDue || long.isTrainingDue }

  public mutating func train(while shouldGoOn: () -> Bool) {
    short.train(while: shouldGoOn)
    long.train(while: shouldGoOn)
  }

  public func dayBefore(steps: Int) -> Double? { long.dayBefore(steps: steps) }

  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    let (near, far) = try halves(horizons: horizons, quantiles: quantiles)
    return ForecastDistribution.joining(near, far) { horizon in
      Self.shortShare(ahead: Double(horizon) * Double(step))
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

  /// The say of the short-term model so many milliseconds ahead.
  static func shortShare(ahead: Double) -> Double {
    let first = Double(crossing.lowerBound)
    let last = Double(crossing.upperBound)
    if ahead <= first { return 1 }
    if ahead >= last { return 0 }
    return binaryLogarithm(last / ahead) / binaryLogarithm(last / first)
  }

  public func saved() -> [UInt8] {
    var writer = StateWriter(modelName: Self.name)
    writer.write(step)
    for part in [short.saved(), long.saved()] {
      writer.write(part.count)
      writer.write(bytes: part)
    }
    return writer.bytes
  }

  public init(restoring bytes: [UInt8]) throws(ForecastError) {
    var reader = StateReader(bytes)
    try reader.readHeader(of: Self.name)
    step = max(1, try reader.readInt64())
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
  associatedtype Short: ForecastModel
  associatedtype Long: ForecastModel
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

extension ForecastDistribution {
  /// One distribution from two of the same horizons and quantiles: at each horizon the weighted mean of their quantiles.
  ///
  /// Averaging quantiles (S. B. Vincent, 1912; R. Ratcliff, "Group reaction time distributions and an analysis of distribution
  /// statistics", 1979) keeps their order and the shape of two alike distributions, where averaging probabilities would
  /// make two humps of them. The interval at each level so lies between those of the two.
  ///
  /// - Parameter shortShare: the weight of `short` at a horizon in steps, from 0 to 1.
  public static func joining(
    _ short: ForecastDistribution, _ long: ForecastDistribution, shortShare: (_ horizon: Int) -> Double
  ) -> ForecastDistribution {
    precondition(short.horizons == long.horizons && short.quantiles == long.quantiles, "unlike distributions")
    func mix(_ first: Double, _ second: Double, _ share: Double) -> Double {
      // Rounding must neither leave the two nor the bounds that both keep.
      min(max(first, second), max(min(first, second), share * first + (1 - share) * second))
    }
    var result = short
    for (row, horizon) in short.horizons.enumerated() {
      let share = min(1, max(0, shortShare(horizon)))
      result.mean[row] = mix(short.mean[row], long.mean[row], share)
      for column in short.quantiles.indices {
        let index = row * short.quantiles.count + column
        result.values[index] = mix(short.values[index], long.values[index], share)
        // Rounding must not undo the order.
        if column > 0 { result.values[index] = max(result.values[index], result.values[index - 1]) }
      }
    }
    return result
  }
}
