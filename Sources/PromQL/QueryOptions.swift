import TimeSeries

/// How queries are evaluated, and what they may cost.
public struct QueryOptions: Sendable {
  /// How far back an instant selector looks for a sample, in milliseconds, the oldest edge excluded.
  public var lookback: Int64 = 300_000
  /// The most samples that a query may hold in memory at once.
  public var maximumSamples = 50_000_000
  /// The longest that a query may take, in milliseconds; 0 for no bound.
  public var timeout: Int64 = 120_000
  /// The most steps of a range query.
  public var maximumPoints = 11_000
  /// The spacing of subqueries that name none, in milliseconds.
  public var defaultSubqueryStep: Int64 = 60_000
  /// Whether Prometheus's experimental functions and aggregations are allowed.
  public var experimentalFunctions = false
  /// Whether the metric name is dropped at the end of the query instead of by each function.
  public var delayedNameRemoval = false
  /// Whether `fill`, `fill_left` and `fill_right` are allowed.
  public var fillModifiers = false
  /// Whether ranges and offsets may be computed, as in `x[5m * 2]`.
  public var durationExpressions = false
  /// What evaluates `forecast`, `forecast_quantile`, `anomaly_score` and `time_to_threshold`.
  public var predictor: (any PredictionFunctions)?

  /// Prometheus's defaults.
  public init() {}

  var parserOptions: ParserOptions {
    ParserOptions(
      experimentalFunctions: experimentalFunctions, fillModifiers: fillModifiers,
      durationExpressions: durationExpressions)
  }
}

/// The samples that a range vector function sees of one series at one evaluation.
public struct SampleWindow {
  /// UTC milliseconds, strictly increasing, each after ``start`` and at or before ``end``.
  public let timestamps: UnsafeBufferPointer<Int64>
  /// As long as ``timestamps``, without staleness markers.
  public let values: UnsafeBufferPointer<Double>
  /// The excluded left edge of the range, in UTC milliseconds.
  public let start: Int64
  /// The included right edge of the range, in UTC milliseconds.
  public let end: Int64
  /// The time of the evaluation, which differs from ``end`` under an offset.
  public let evaluationTime: Int64

  /// How many samples there are; at least one.
  @inlinable public var count: Int { timestamps.count }
}

/// The functions that predict, supplied from outside so that the language does not depend on models.
///
/// Every function gets the samples of one series and returns nil where there is no answer, which
/// leaves the series out of the result. The windows are valid only during the call.
public protocol PredictionFunctions: Sendable {
  /// The expected value `seconds` after the evaluation time.
  func forecast(_ window: SampleWindow, seconds: Double) -> Double?
  /// The value that the series stays under with the given probability `seconds` after the evaluation time.
  func forecastQuantile(_ quantile: Double, _ window: SampleWindow, seconds: Double) -> Double?
  /// How unusual the newest sample is; 1 is the line of alerting.
  func anomalyScore(_ window: SampleWindow) -> Double?
  /// The seconds until the series is expected to cross `threshold`.
  func timeToThreshold(_ window: SampleWindow, threshold: Double) -> Double?
}
