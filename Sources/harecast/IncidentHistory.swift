import ArgumentParser
import Foundation
import Operations
import TimeSeries

/// The past of a cluster as a Prometheus-compatible server has it, in pieces that fit into memory.
struct IncidentHistory {
  /// How many rows one request asks for.
  private static let rowsPerRequest: Int64 = 500

  let server: String
  let client: QueryClient
  /// UTC milliseconds.
  let first: Int64
  let last: Int64
  let step: Int64

  /// The pieces of the range, oldest first.
  var pieces: [(from: Int64, through: Int64)] {
    stride(from: first, through: last, by: Int(Self.rowsPerRequest * step)).map {
      ($0, min(last, $0 + (Self.rowsPerRequest - 1) * step))
    }
  }

  /// The series that incidents are made of, under the names and with the labels that live data has.
  ///
  /// A Prometheus that scrapes RabbitMQ knows its nodes by address; `rabbitmq_identity_info` says which node it is.
  func read(_ piece: (from: Int64, through: Int64), nodes: inout [String: [Label]], day: Double) async throws
    -> RecordedRun
  {
    for (labels, _) in try await ask("rabbitmq_identity_info", piece) {
      guard let instance = labels["instance"] else { continue }
      nodes[instance] = ["rabbitmq_node", "rabbitmq_cluster"].compactMap { name in
        labels[name].map { Label(name, $0) }
      }
    }
    var columns: [Labels: [(Int64, Double)]] = [:]
    for names in IncidentReplay.metricNames.chunks(of: 20) {
      for (labels, samples) in try await ask("{__name__=~\"\(names.joined(separator: "|"))\"}", piece) {
        guard let identity = labels["instance"].flatMap({ nodes[$0] }) ?? (labels["rabbitmq_node"] == nil ? nil : [])
        else { continue }
        var known = labels
        for label in identity where known[label.name] == nil { known = known.setting(label.name, to: label.value) }
        columns[known] = samples
      }
    }
    let series = columns.keys.sorted { "\($0)" < "\($1)" }
    let count = Int((piece.through - piece.from) / step) + 1
    var rows = Array(repeating: Array(repeating: Double.nan, count: series.count), count: count)
    for (column, labels) in series.enumerated() {
      for (time, value) in columns[labels] ?? [] {
        let row = Int((time - piece.from) / step)
        if rows.indices.contains(row) { rows[row][column] = value }
      }
    }
    return RecordedRun(
      name: server, timestamps: (0..<count).map { piece.from + Int64($0) * step }, series: series, rows: rows, day: day)
  }

  /// When alerts of the server's own rules fired: the first moment of each time, by name.
  func alerts(_ piece: (from: Int64, through: Int64)) async throws -> [(name: String, time: Int64)] {
    try await ask("ALERTS{alertstate=\"firing\"}", piece).flatMap { labels, samples in
      samples.indices.filter { $0 == 0 || samples[$0].0 - samples[$0 - 1].0 > step }.map {
        (labels["alertname"] ?? "", samples[$0].0)
      }
    }
  }

  private func ask(
    _ query: String, _ piece: (from: Int64, through: Int64)
  ) async throws -> [(labels: Labels, samples: [(Int64, Double)])] {
    func seconds(_ time: Int64) -> String { QueryTime.format(Double(time) / 1000) }
    let answer = try await client.ask(
      server, "query_range",
      [
        ("query", query), ("start", seconds(piece.from)), ("end", seconds(piece.through)), ("step", seconds(step)),
      ])
    return (((answer as? [String: Any])?["result"] as? [[String: Any]]) ?? []).map { one in
      let labels = Labels((one["metric"] as? [String: String] ?? [:]).map { Label($0.key, $0.value) })
      let samples = (one["values"] as? [[Any]] ?? []).compactMap { pair -> (Int64, Double)? in
        guard pair.count == 2, let time = pair[0] as? Double, let text = pair[1] as? String, let value = Double(text),
          time.magnitude < 1e12
        else { return nil }
        return (Int64((time * 1000).rounded()), value)
      }
      return (labels, samples)
    }
  }
}

extension Array {
  /// The elements in groups of `size`, the last one smaller if need be.
  fileprivate func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min(count, $0 + size)] }
  }
}
