import Forecasting
import TimeSeries

/// What one expression gave of the signals that run beside those that are forecast.
public struct CompanionHistory: Sendable {
  /// The most companions of a series.
  public static let limit = 16

  /// The expression, or the name of a column.
  public var source: String
  private let series: [Labels: RecordedSeries]

  /// - Parameter series: what the expression gave; metric names are not looked at.
  public init(source: String, series: [RecordedSeries]) {
    self.source = source
    self.series = Dictionary(series.map { ($0.labels.withoutMetricName, $0) }) { first, _ in first }
  }

  /// The companion of a series: the one with the same labels, or the one without any.
  ///
  /// - Throws: ``BacktestError`` that names both.
  public func companion(of labels: Labels) throws(BacktestError) -> RecordedSeries {
    if let found = series[labels.withoutMetricName] ?? series[Labels.empty] { return found }
    throw BacktestError(
      source,
      series.isEmpty
        ? "no series in this time: \(labels) would be without this companion"
        : "none of its \(series.count) series has the labels of \(labels), and none is without labels")
  }

  /// A series and its companions on the grid that models learn from; nil if the series has no value.
  ///
  /// - Throws: ``BacktestError`` if a companion is missing.
  public static func grid(
    _ recorded: RecordedSeries, step: Int64, companions: [CompanionHistory]
  ) throws(BacktestError) -> ForecastSeries? {
    guard var series = ForecastHistory.grid(recorded, step: step) else { return nil }
    for companion in companions {
      let beside = try companion.companion(of: recorded.labels)
      let grid = SignalHistory.regularise(
        timestamps: beside.timestamps, values: beside.values, step: step, from: series.start, through: series.end)
      // The grid begins with its first value.
      let missing = max(0, series.values.count - grid.values.count)
      series.companions.append([Double](repeating: .nan, count: missing) + grid.values)
    }
    return series
  }
}
