import AnomalyDetection
import Forecasting
import PromQL

/// The functions of PromQL that predict, by the models that rules use.
///
/// Each call learns the window that it is given, so a query costs a fit for every series and step; what is wanted
/// again and again belongs into a rule.
public struct Predictors: PredictionFunctions {
  /// The most values that a model is given; longer windows are thinned out.
  private static let maximumValues = 480
  /// How far `time_to_threshold` looks, in lengths of the window.
  private static let reach = 20

  public init() {}

  public func forecast(_ window: SampleWindow, seconds: Double) -> Double? {
    guard let (model, steps) = fitted(window, seconds: seconds) else { return nil }
    return (try? model.forecast(horizons: [steps], quantiles: [0.5]))?.values.first
  }

  public func forecastQuantile(_ quantile: Double, _ window: SampleWindow, seconds: Double) -> Double? {
    guard let (model, steps) = fitted(window, seconds: seconds) else { return nil }
    return (try? model.forecast(horizons: [steps], quantiles: [quantile]))?.values.first
  }

  public func anomalyScore(_ window: SampleWindow) -> Double? {
    guard window.count > 1 else { return nil }
    var scorer = AnomalyScorer(options: AnomalyOptions(step: Self.spacing(of: window)))
    var score: Double?
    for index in 0..<window.count { score = scorer.score(window.values[index], at: window.timestamps[index]).score }
    return score
  }

  public func timeToThreshold(_ window: SampleWindow, threshold: Double) -> Double? {
    guard let series = Self.series(window), threshold.isFinite else { return nil }
    var model = AutoForecaster()
    model.fit(series)
    let newest = window.values[window.count - 1]
    guard
      let prediction = try? ThresholdPrediction.of(
        model, value: newest, limit: threshold, step: series.step, horizonSteps: Self.reach * series.values.count)
    else { return nil }
    let elapsed = Double(window.evaluationTime - series.end) / 1000
    return prediction.after(max(0, elapsed)).seconds[1]
  }

  /// A model of the window, and the steps from its end to `seconds` after the evaluation; nil where there is no answer.
  private func fitted(_ window: SampleWindow, seconds: Double) -> (model: AutoForecaster, steps: Int)? {
    guard let series = Self.series(window), seconds.isFinite else { return nil }
    let ahead = (Double(window.evaluationTime - series.end) + seconds * 1000) / Double(series.step)
    guard ahead >= 0, ahead <= Double(ForecastLimits.maximumHorizon) else { return nil }
    var model = AutoForecaster()
    model.fit(series)
    return (model, max(1, Int(ahead.rounded())))
  }

  /// The window on an even grid that ends with its newest sample; nil if it has fewer than two samples.
  private static func series(_ window: SampleWindow) -> ForecastSeries? {
    guard window.count > 1 else { return nil }
    let (first, last) = (window.timestamps[0], window.timestamps[window.count - 1])
    let step = max(spacing(of: window), (last - first) / Int64(maximumValues - 1) + 1)
    let count = Int((last - first) / step) + 1
    var values = [Double](repeating: .nan, count: count)
    // Of several samples in one step the newest stands for it.
    for index in 0..<window.count {
      let back = Int((last - window.timestamps[index] + step / 2) / step)
      if back < count { values[count - 1 - back] = window.values[index] }
    }
    return ForecastSeries(values: values, step: step, start: last - Int64(count - 1) * step)
  }

  /// The median distance between two samples, in milliseconds.
  private static func spacing(of window: SampleWindow) -> Int64 {
    let distances = (1..<window.count).map { window.timestamps[$0] - window.timestamps[$0 - 1] }.sorted()
    return max(1, distances[distances.count / 2])
  }
}
