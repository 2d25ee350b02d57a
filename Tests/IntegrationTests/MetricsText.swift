import Exposition
import HarecastTestKit
import TimeSeries

/// A fetched `/metrics` page, to ask for values by name and labels.
struct MetricsText {
  let document: ExpositionDocument

  /// Fetches the page of `server`.
  static func fetch(_ server: HarecastServer) async throws -> MetricsText {
    MetricsText(document: ExpositionDocument(parsing: Array(try await server.metrics().utf8), format: .text))
  }

  /// All series of a metric that have these labels among theirs.
  func series(_ name: String, _ labels: KeyValuePairs<String, String> = [:]) -> [MetricPoint] {
    document.families.flatMap(\.samples).filter { point in
      point.labels.metricName == name && labels.allSatisfy { point.labels[$0.key] == $0.value }
    }
  }

  /// The value of the only series of a metric that has these labels; nil if there is none or more than one.
  func value(_ name: String, _ labels: KeyValuePairs<String, String> = [:]) -> Double? {
    let found = series(name, labels)
    return found.count == 1 ? found[0].value : nil
  }

  /// The band of a forecast: the quantiles 0.025, 0.5 and 0.975, if all three are there.
  func band(_ name: String, queue: String, horizon: String) -> (lower: Double, median: Double, upper: Double)? {
    let values = ["0.025", "0.5", "0.975"].compactMap { value(name, ["queue": queue, "horizon": horizon, "q": $0]) }
    return values.count == 3 ? (values[0], values[1], values[2]) : nil
  }
}
