import Forecasting
import PromQL
import TimeSeries

/// One expression, read from a source on an even grid.
struct SignalQuery: Sendable {
  let engine: QueryEngine
  let source: any SeriesSource
  let expression: Expression
  let step: Int64

  /// So many steps are asked for at once, so that a long history is read in bounded pieces.
  private static let stepsPerQuery: Int64 = 500

  /// The values at `first`, `first + step`, … up to `last`, by labels without the metric name; NaN where there is none.
  ///
  /// - Throws: what the engine throws.
  func values(from first: Int64, through last: Int64) async throws -> [Labels: [Double]] {
    guard last >= first else { return [:] }
    let count = Int((last - first) / step) + 1
    var result: [Labels: [Double]] = [:]
    var start = first
    while start <= last {
      let end = min(last, start + (Self.stepsPerQuery - 1) * step)
      let answer = try engine.range(expression, from: start, through: end, step: step, source: source)
      if case .matrix(let series) = answer.value {
        for one in series {
          var values = result[one.labels.withoutMetricName] ?? [Double](repeating: .nan, count: count)
          for (timestamp, value) in zip(one.timestamps, one.values) {
            let index = Int((timestamp - first) / step)
            if values.indices.contains(index) { values[index] = value }
          }
          result[one.labels.withoutMetricName] = values
        }
      }
      start = end + step
      await Task.yield()
    }
    return result
  }
}
