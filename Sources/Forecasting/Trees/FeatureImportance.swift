import TimeSeries

/// How much a feature matters to a fitted model.
public struct FeatureImportance: Sendable, Equatable {
  /// The feature's name, such as `lag_1` or `hour`.
  public var name: String
  /// The feature's share of the gain of all splits; all features' shares add up to 1.
  public var gain: Double
  /// By how much the mean absolute error on values that the model had not seen rises when this feature is shuffled among
  /// them, in units of the signal; nil where that was not asked for, or there were too few.
  public var errorRise: Double?

  public init(name: String, gain: Double, errorRise: Double? = nil) {
    self.name = name
    self.gain = gain
    self.errorRise = errorRise
  }
}

/// A model that can say which features its forecasts rest on.
public protocol ExplainsFeatures {
  /// The features by gain, greatest first; empty before there is enough history.
  ///
  /// - Throws: ``ForecastError/unavailable(_:)``.
  func featureImportances() throws(ForecastError) -> [FeatureImportance]

  /// The same, with what shuffling each feature does to forecasts of the values that follow the history.
  ///
  /// - Parameter unseen: the values after those that the model was fitted to; NaN where missing.
  /// - Throws: ``ForecastError/unavailable(_:)``.
  func featureImportances(unseen: [Double]) throws(ForecastError) -> [FeatureImportance]
}

extension TreeForecaster: ExplainsFeatures {
  public func featureImportances() throws(ForecastError) -> [FeatureImportance] {
    zip(LagFeatures.names, try gains()).map { FeatureImportance(name: $0, gain: $1) }.sorted { $0.gain > $1.gain }
  }

  public func featureImportances(unseen: [Double]) throws(ForecastError) -> [FeatureImportance] {
    let rises = try rises(on: unseen)
    return zip(LagFeatures.names, try gains()).enumerated().map { index, one in
      FeatureImportance(name: one.0, gain: one.1, errorRise: rises.isEmpty ? nil : rises[index])
    }.sorted { $0.gain > $1.gain }
  }
}

extension TreeEnsemble {
  /// How much worse each feature makes the answers when its values are shuffled among the rows: the rise of the mean
  /// absolute error (L. Breiman, "Random Forests", 2001); about 0 for what does not matter.
  ///
  /// Unlike gain, it says what answers rest on, not what trees were grown by; on rows that the trees have not seen it
  /// also shows what was learnt in vain.
  ///
  /// - Throws: ``ForecastError/unavailable(_:)``.
  public func permutationImportances(
    features: [Float], targets: [Float], seed: UInt64 = 42
  ) throws(ForecastError) -> [Double] {
    func error(_ answers: [Float]) -> Double {
      var sum = 0.0
      for (answer, target) in zip(answers, targets) { sum += Double(abs(answer - target)) }
      return sum / Double(max(1, targets.count))
    }
    let before = error(try predict(features))
    var random = SplitMix64(seed: seed)
    var result: [Double] = []
    for column in 0..<columns {
      var shuffled = features
      for row in stride(from: targets.count - 1, to: 0, by: -1) {
        shuffled.swapAt(row * columns + column, random.index(below: row + 1) * columns + column)
      }
      result.append(error(try predict(shuffled)) - before)
    }
    return result
  }
}
