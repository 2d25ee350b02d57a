import TimeSeries

/// Renders what one node of the replayed cluster exposes, in RabbitMQ 4.0's form: `# TYPE` before
/// `# HELP`, labels in the broker's order, families without a sample with their two comments only.
struct NodeDocument: Sendable {
  /// The cluster's name, as `rabbitmq_identity_info` has it.
  static let cluster = "harecast-demo"
  /// The cluster's permanent id.
  static let permanentID = "rabbitmq-cluster-id-aGFyZWNhc3QtZGVtbw"

  /// The recorded node.
  let node: String
  /// Which of the recorded nodes it is.
  let nodeIndex: Int

  /// Whether the node answers in `row`.
  func answers(_ recording: Recording, row: Int) -> Bool {
    guard let up = recording.column("up", ["node": node]) else { return false }
    return recording.value(row: row, column: up) != 0
  }

  /// `/metrics` at `position` of `replay`, at `time` (UTC milliseconds).
  func metrics(_ replay: Replay, at position: Replay.Position, time: Int64) -> String {
    let recording = replay.recording(at: position)
    let row = answeredRow(recording, upTo: position.row)
    var text = ""
    for metric in RecordedMetric.node {
      text += Self.comments(name: metric.name, type: metric.type, help: metric.help)
      switch metric.source {
      case .recorded:
        for index in recording.positions(of: metric.name) where recording.columns[index]["node"] == node {
          guard let value = recording.value(row: row, column: index) else { continue }
          let recorded = Self.text(recording.columns[index].labels.filter { $0.name != "node" })
          text += Self.line(metric.name, recorded.isEmpty ? metric.labels : recorded, value)
        }
      case .sum(let left, let right):
        let values = [left, right].compactMap { value(recording, row, $0, ["node": node]) }
        if values.count == 2 { text += Self.line(metric.name, metric.labels, values[0] + values[1]) }
      case .constant(let value):
        text += Self.line(metric.name, metric.labels, value)
      case .startTime:
        if let start = startTime(replay, position) {
          text += Self.line(metric.name, metric.labels, start.rounded(.down))
        }
      case .uptime:
        if let start = startTime(replay, position) {
          let milliseconds = max(0, Double(time) - start * 1000).rounded()
          text += Self.line(metric.name, metric.labels, milliseconds / 1000)
        }
      case .queueCount:
        text += Self.line(metric.name, metric.labels, Double(queues(of: recording).count))
      }
    }
    return text + identity
  }

  /// What `/metrics/detailed` shows of `families`, with `vhosts` as a filter if there are any.
  ///
  /// - Parameter prefix: `rabbitmq_detailed_`, or `rabbitmq_` for `/metrics/per-object`.
  func queueMetrics(
    _ replay: Replay, at position: Replay.Position, families: [String], vhosts: [String],
    prefix: String = "rabbitmq_detailed_"
  ) -> String {
    let recording = replay.recording(at: position)
    let queues = queues(of: recording).filter { vhosts.isEmpty || vhosts.contains($0.vhost) }
    let row = answeredRow(recording, upTo: position.row)
    var text = ""
    for (family, metrics) in RecordedMetric.queueFamilies where families.contains(family) {
      for metric in metrics {
        let name = prefix + metric.name
        text += Self.comments(name: name, type: metric.type, help: metric.help)
        for queue in queues {
          let parts = if case .sum(let left, let right) = metric.source { [left, right] } else { [metric.name] }
          let values = parts.compactMap {
            value(recording, row, "rabbitmq_detailed_" + $0, ["vhost": queue.vhost, "queue": queue.name])
          }
          if values.count == parts.count {
            let labels = Self.text([Label("vhost", queue.vhost), Label("queue", queue.name)])
            text += Self.line(name, labels, values.reduce(0, +))
          }
        }
      }
    }
    return text + identity
  }

  /// `rabbitmq_build_info` and `rabbitmq_identity_info`, which end every document.
  var identity: String {
    let build = Self.text([
      Label("rabbitmq_version", "4.0.5"), Label("prometheus_plugin_version", "4.0.5"),
      Label("prometheus_client_version", "4.11.0"), Label("erlang_version", "27.3.4.1"),
    ])
    let names = Self.text([
      Label("rabbitmq_node", node), Label("rabbitmq_cluster", Self.cluster),
      Label("rabbitmq_cluster_permanent_id", Self.permanentID),
    ])
    return Self.comments(name: "rabbitmq_build_info", type: "untyped", help: "RabbitMQ & Erlang/OTP version info")
      + Self.line("rabbitmq_build_info", build, 1)
      + Self.comments(name: "rabbitmq_identity_info", type: "untyped", help: "RabbitMQ node & cluster identity info")
      + Self.line("rabbitmq_identity_info", names, 1)
  }

  /// The newest row up to `row` in which the node's answer was complete: while an answer is under
  /// way, the recording has no value, and the replay shows the previous one.
  private func answeredRow(_ recording: Recording, upTo row: Int) -> Int {
    guard let up = recording.column("up", ["node": node]) else { return row }
    return (0...row).last { recording.value(row: $0, column: up) == 1 } ?? row
  }

  /// The start of the node's process in the replay's time, in seconds.
  private func startTime(_ replay: Replay, _ position: Replay.Position) -> Double? {
    let recording = replay.recording(at: position)
    let row = answeredRow(recording, upTo: position.row)
    guard let recorded = value(recording, row, "process_start_time_seconds", ["node": node]),
      let first = recording.timestamps.first
    else { return nil }
    return recorded + Double(position.startedAt - first) / 1000
  }

  /// The queues that this node leads, in the recorded order.
  private func queues(of recording: Recording) -> [(vhost: String, name: String)] {
    let leaders = QueueLeaders(nodeCount: recording.nodes.count)
    return recording.positions(of: "rabbitmq_detailed_queue_messages_ready").compactMap { index in
      let column = recording.columns[index]
      guard let vhost = column["vhost"], let queue = column["queue"], leaders.leader(of: queue) == nodeIndex
      else { return nil }
      return (vhost, queue)
    }
  }

  private func value(
    _ recording: Recording, _ row: Int, _ metric: String, _ labels: KeyValuePairs<String, String>
  ) -> Double? {
    recording.column(metric, labels).flatMap { recording.value(row: row, column: $0) }
  }

  private static func comments(name: String, type: String, help: String) -> String {
    "# TYPE \(name) \(type)\n# HELP \(name) \(help)\n"
  }

  private static func line(_ name: String, _ labels: String, _ value: Double) -> String {
    let number = Int64(exactly: value).map(String.init) ?? String(value)
    return labels.isEmpty ? "\(name) \(number)\n" : "\(name){\(labels)} \(number)\n"
  }

  private static func text(_ labels: [Label]) -> String {
    labels.map { label in
      var value = ""
      for scalar in label.value.unicodeScalars {
        switch scalar {
        case "\\": value += "\\\\"
        case "\"": value += "\\\""
        case "\n": value += "\\n"
        default: value.unicodeScalars.append(scalar)
        }
      }
      return "\(label.name)=\"\(value)\""
    }.joined(separator: ",")
  }
}
