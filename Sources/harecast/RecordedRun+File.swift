import Demo
import Exposition
import Foundation
import Operations
import TimeSeries

extension RecordedRun {
  /// Reads a recorded run; the day's length comes from `day` or, alone of all that the labels file says, from there.
  init(path: String, day: Double?) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RecordedRunError(path, "cannot be read")
    }
    let bytes = path.hasSuffix(".gz") ? try Gunzip.unpack(Array(data), limit: 1 << 30) : Array(data)
    let stem = path.replacing(/\.csv(\.gz)?$/, with: "")
    let recording = try Recording(name: path, csv: bytes)
    let wanted = recording.columns.indices.compactMap { index in
      Self.live(recording.columns[index]).map { (index, $0.labels, $0.factor) }
    }
    self.init(
      name: String(stem.split(separator: "/").last ?? ""), timestamps: recording.timestamps, series: wanted.map(\.1),
      rows: recording.timestamps.indices.map { row in
        wanted.map { column, _, factor in (recording.value(row: row, column: column) ?? .nan) * factor }
      },
      day: day ?? Self.dayLength(stem + ".labels.json") ?? 86_400)
  }

  private static func dayLength(_ path: String) -> Double? {
    struct Length: Decodable { var day_seconds: Double? }
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return (try? JSONDecoder().decode(Length.self, from: data))?.day_seconds
  }

  /// What a recorded column is called live, and what it is multiplied by; nil for what a sidecar cannot see.
  private static func live(_ column: Recording.Column) -> (labels: Labels, factor: Double)? {
    if ["probe_", "client_", "host_", "api_connections", "api_nodes"].contains(where: column.metric.hasPrefix) {
      return nil
    }
    var labels = Labels(column.labels)
    if let node = labels["node"] {
      labels = labels.setting("node", to: "").setting("rabbitmq_node", to: node)
    }
    let renamed = [
      "scrape_duration_ms": "scrape_duration_seconds", "api_node_running": "rabbitmq_management_node_running",
      "api_node_partitions": "rabbitmq_management_node_partitions",
    ]
    let name = renamed[column.metric] ?? column.metric
    return (labels.setting(Labels.metricNameLabel, to: name), column.metric == "scrape_duration_ms" ? 0.001 : 1)
  }
}
