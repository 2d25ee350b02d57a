import ArgumentParser
import Demo
import Exposition
import Foundation
import Operations
import TimeSeries

/// `harecast backtest incidents`: the alerts one would have had.
struct BacktestIncidentsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incidents",
    abstract: "Replay recorded runs of a cluster and show what would have been said, and when.")

  @Argument(help: "The folder with the runs as <name>.csv or .csv.gz: timestamp_ms, then one column for each series.")
  var folder: String
  @Option(help: "The file to write, one JSON object for each announcement.")
  var out: String
  @Option(help: "How long a day of the recorded cluster is; by default day_seconds of <name>.labels.json, else 1d.")
  var day: String?
  @Option(name: .customLong("queue-depth"), help: "Ready messages that are too many for a queue without a limit.")
  var depthLimit = 10_000.0

  func run() async throws {
    var length: Double?
    if let day {
      guard let milliseconds = PrometheusDuration.parse(day), milliseconds > 0 else {
        throw ValidationError("--day: \"\(day)\" is not a duration such as 1d or 180s")
      }
      length = Double(milliseconds) / 1000
    }
    do {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        .filter { $0.hasSuffix(".csv") || $0.hasSuffix(".csv.gz") }
      guard !names.isEmpty else { throw RecordedRunError(folder, "there is no .csv or .csv.gz file") }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      var output = Data()
      for name in names {
        let run = try RecordedRun(path: folder + "/" + name, day: length)
        let events = IncidentReplay(depthLimit: depthLimit).run(run)
        print("\(run.name): \(run.timestamps.count) rows, a day is \(Int(run.day)) s")
        for event in events {
          output.append(try encoder.encode(IncidentLine(run: run.name, event)))
          output.append(UInt8(ascii: "\n"))
          if event.kind != .updated || event.incident.updatedAt == event.time { show(event, run.timestamps[0]) }
        }
      }
      try output.write(to: URL(filePath: out))
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      throw ExitCode(1)
    }
  }

  private func show(_ event: IncidentEvent, _ start: Int64) {
    let seconds = String(format: "%8.1f s", Double(event.time - start) / 1000)
    let incident = event.incident
    print(
      "\(seconds)  \(event.kind.rawValue) \(incident.level.rawValue) \(incident.type.rawValue): \(incident.summary)")
  }
}

extension RecordedRun {
  /// Reads a recorded run; the day's length comes from `day` or, alone of all that the labels file says, from there.
  fileprivate init(path: String, day: Double?) throws {
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
