import PromQL
import TimeSeries

/// Reads the signal of a prediction: the values of its expression, by labels without the metric name.
struct SignalReader: Sendable {
  /// How many steps one query asks for, so that a long history is read in bounded pieces.
  static let stepsPerQuery: Int64 = 500

  let engine: QueryEngine
  let expression: Expression
  let source: any SeriesSource
  /// Before this time the source holds nothing, in UTC milliseconds.
  let earliest: Int64

  /// The values at `time` (UTC milliseconds).
  func values(at time: Int64) throws -> [Labels: Double] {
    try Self.vector(try engine.instant(expression, at: time, source: source).value)
  }

  /// Calls `body` with every series' values at `first`, `first + step`, … up to `last`, piece by piece; an index
  /// counts steps from `first`.
  ///
  /// - Complexity: O(steps · series).
  func values(
    from first: Int64, through last: Int64, step: Int64, body: (_ labels: Labels, _ index: Int, _ value: Double) -> Void
  ) async throws {
    // What the source cannot have is not asked for.
    var start = first + max(0, (earliest - first) / step) * step
    while start <= last {
      let end = min(last, start + (Self.stepsPerQuery - 1) * step)
      let result = try engine.range(expression, from: start, through: end, step: step, source: source)
      guard case .matrix(let series) = result.value else { throw RuleFault("the range of the signal is no matrix") }
      for one in series {
        let labels = one.labels.withoutMetricName
        for (timestamp, value) in zip(one.timestamps, one.values) {
          body(labels, Int((timestamp - first) / step), value)
        }
      }
      start = end + step
      await Task.yield()
    }
  }

  /// The values of series at `first`, `first + step`, … up to `last`.
  ///
  /// - Parameter wanted: the labels of the series; nil for all.
  /// - Complexity: O(steps · series).
  func columns(
    of wanted: Set<Labels>? = nil, from first: Int64, through last: Int64, step: Int64
  ) async throws -> SeriesColumns {
    var columns = SeriesColumns(from: first, through: last, step: step)
    try await values(from: first, through: last, step: step) { labels, index, value in
      if wanted?.contains(labels) ?? true { columns.add(value, of: labels, at: index) }
    }
    return columns
  }

  /// A reader of another signal from the same source.
  func reading(_ expression: Expression) -> SignalReader {
    SignalReader(engine: engine, expression: expression, source: source, earliest: earliest)
  }

  /// The elements of a vector, or a scalar, by labels without the metric name.
  static func vector(_ value: QueryValue) throws -> [Labels: Double] {
    switch value {
    case .scalar(let sample): return [Labels.empty: sample.value]
    case .vector(let elements):
      var result: [Labels: Double] = [:]
      result.reserveCapacity(elements.count)
      for element in elements {
        if result.updateValue(element.value, forKey: element.labels.withoutMetricName) != nil {
          throw RuleFault.duplicateLabels
        }
      }
      return result
    case .string, .matrix: throw RuleFault("rule result is not a vector or scalar")
    }
  }
}
