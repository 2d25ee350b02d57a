import Exposition
import Testing
import TimeSeries

@testable import Demo

@Suite("NodeDocument")
struct NodeDocumentTests {
  private static let nodes = ["rabbit1@localhost", "rabbit2@localhost", "rabbit3@localhost"]
  private let documents = nodes.enumerated().map { NodeDocument(node: $0.element, nodeIndex: $0.offset) }

  private func parsed(_ text: String) -> ExpositionDocument {
    ExpositionDocument(parsing: Array(text.utf8), format: .text)
  }

  @Test("renders every row of every recording without a malformed line, and no counter falls inside a recording")
  func everyRow() throws {
    let programme = try Programme.builtIn()
    for entry in programme.entries {
      let replay = Replay(programme: try #require(Programme([entry])), origin: 0)
      for document in documents {
        var last: [Labels: Double] = [:]
        for row in 0..<entry.recording.rowCount {
          let time = entry.recording.timestamps[row] - entry.recording.timestamps[0]
          // An entry may play a part of its recording only; all of it is looked at here.
          let position = Replay.Position(entry: 0, row: row, startedAt: 0)
          for text in [
            document.metrics(replay, at: position, time: time),
            document.queueMetrics(replay, at: position, families: ScrapedFamilies.coarse, vhosts: []),
          ] {
            let exposition = parsed(text)
            try #require(exposition.malformed.isEmpty)
            for family in exposition.families where family.type == .counter {
              for point in family.samples {
                try #require(point.value >= last[point.labels, default: 0], "\(point.labels) falls in row \(row)")
                last[point.labels] = point.value
              }
            }
          }
        }
        #expect(last.count == 9, "the counters that a node has")
      }
    }
  }

  @Test("shows the recorded numbers under RabbitMQ's names and labels")
  func numbers() throws {
    let replay = Replay(programme: try Programme.builtIn(), origin: 0)
    let position = Replay.Position(entry: 2, row: 118, startedAt: 657_000)
    let document = parsed(documents[1].metrics(replay, at: position, time: 915_000))
    // Row 118 of the queue-depth recording, columns of rabbit2.
    func value(_ name: String) -> Double? { document[name]?.samples.first?.value }
    #expect(value("rabbitmq_process_resident_memory_bytes") == 142_782_464)
    #expect(value("rabbitmq_queue_messages_ready") == 1829)
    #expect(value("rabbitmq_queue_messages") == 1912, "1829 ready and 83 unacknowledged")
    #expect(document["rabbitmq_alarms_memory_used_watermark"]?.type == .unknown)
    #expect(
      document["erlang_vm_memory_system_bytes_total"]?.samples.first?.labels
        == Labels(name: "erlang_vm_memory_system_bytes_total", ["usage": "binary"]))
    #expect(
      document["rabbitmq_global_messages_received_total"]?.samples
        == [
          MetricPoint(
            labels: Labels(name: "rabbitmq_global_messages_received_total", ["protocol": "amqp091"]), value: 9539)
        ])
    #expect(document["rabbitmq_identity_info"]?.samples.first?.labels["rabbitmq_node"] == "rabbit2@localhost")
    #expect(
      document.families.allSatisfy { !$0.name.hasPrefix("api_") && !$0.name.hasPrefix("scrape_") && $0.name != "up" })
    // The recording began at 1,795,376,658.708 s, 81.708 s after the node had started; it plays from 657 s on.
    #expect(value("process_start_time_seconds") == 575)
    let uptime = try #require(value("rabbitmq_erlang_uptime_seconds"))
    #expect(abs(uptime - (915 - 575.292)) < 1e-6)
  }

  @Test("writes TYPE before HELP, as RabbitMQ does")
  func order() throws {
    let replay = Replay(programme: try Programme.builtIn(), origin: 0)
    let text = documents[0].metrics(replay, at: replay.position(at: 0), time: 0)
    let lines = text.split(separator: "\n")
    for (previous, line) in zip(lines, lines.dropFirst()) where line.hasPrefix("# HELP") {
      #expect(previous.hasPrefix("# TYPE"))
    }
    #expect(text.contains("# TYPE rabbitmq_alarms_memory_used_watermark untyped\n"))
  }

  @Test("shows each queue on the one node that leads it, with totals that match the node's")
  func leaders() throws {
    let programme = try Programme.builtIn()
    let replay = Replay(programme: programme, origin: 0)
    var seen: [String: Int] = [:]
    let position = Replay.Position(entry: 1, row: 60, startedAt: 0)
    for (index, document) in documents.enumerated() {
      let text = document.queueMetrics(replay, at: position, families: ScrapedFamilies.coarse, vhosts: ["shop"])
      let queues = parsed(text)
      let ready = try #require(queues["rabbitmq_detailed_queue_messages_ready"]).samples
      let unacked = try #require(queues["rabbitmq_detailed_queue_messages_unacked"]).samples
      let all = try #require(queues["rabbitmq_detailed_queue_messages"]).samples
      #expect(queues["rabbitmq_detailed_queue_consumers"]?.samples.count == ready.count)
      for (index, point) in all.enumerated() { #expect(point.value == ready[index].value + unacked[index].value) }
      for point in ready { seen[point.labels["queue"] ?? "", default: 0] += 1 }
      let node = parsed(document.metrics(replay, at: position, time: 0))
      #expect(node["rabbitmq_queues"]?.samples.first?.value == Double(ready.count))
      // The totals and the queues were scraped a moment apart; a stream and a backlog dominate the first node's.
      let total = try #require(node["rabbitmq_queue_messages_ready"]?.samples.first?.value)
      let sum = ready.reduce(0) { $0 + $1.value }
      #expect(abs(total - sum) <= max(20, 0.1 * total), "node \(index)")
    }
    #expect(seen.count == 14)
    #expect(seen.values.allSatisfy { $0 == 1 })
  }

  @Test("shows nothing but the identity for an unknown family, and comments only for an unknown vhost")
  func unknown() throws {
    let replay = Replay(programme: try Programme.builtIn(), origin: 0)
    let position = replay.position(at: 0)
    let nothing = parsed(documents[0].queueMetrics(replay, at: position, families: ["nosuch"], vhosts: []))
    #expect(nothing.families.map(\.name) == ["rabbitmq_build_info", "rabbitmq_identity_info"])
    let empty = parsed(
      documents[0].queueMetrics(replay, at: position, families: ["queue_consumer_count"], vhosts: ["nosuch"]))
    #expect(empty["rabbitmq_detailed_queue_consumers"]?.samples.isEmpty == true)
  }

  @Test("starts its counters and its process anew with the next recording")
  func restart() throws {
    let programme = try Programme.builtIn()
    let replay = Replay(programme: programme, origin: 0)
    let change = programme.entries[0].length
    func value(_ name: String, _ time: Int64) throws -> Double {
      let text = documents[0].metrics(replay, at: replay.position(at: time), time: time)
      return try #require(parsed(text)[name]?.samples.first?.value)
    }
    let received = "rabbitmq_global_messages_received_total"
    #expect(try value(received, change - 1) > 10_000)
    #expect(try value(received, change) < 2000)
    #expect(try value("process_start_time_seconds", change) > value("process_start_time_seconds", change - 1))
    #expect(try value("rabbitmq_erlang_uptime_seconds", change) < 120)
  }

  @Test("keeps the last complete answer while the next is under way, and answers nothing while the node is down")
  func gaps() throws {
    let recording = Recording(
      name: "gaps",
      columns: [
        .init(metric: "up", labels: [Label("node", "a")]),
        .init(metric: "rabbitmq_connections", labels: [Label("node", "a")]),
      ],
      timestamps: [0, 2000, 4000, 6000], values: [1, 5, .nan, .nan, 0, .nan, 1, 7])
    let replay = Replay(programme: try #require(Programme([.init(recording)])), origin: 0)
    let document = NodeDocument(node: "a", nodeIndex: 0)
    let times: [Int64] = [0, 2000, 4000, 6000]
    let shown: [Double?] = times.map { time in
      let position = replay.position(at: time)
      guard document.answers(recording, row: position.row) else { return nil }
      return parsed(document.metrics(replay, at: position, time: time))["rabbitmq_connections"]?.samples.first?.value
    }
    #expect(shown == [5, 5, nil, 7])
  }
}

enum ScrapedFamilies {
  static let coarse = ["queue_coarse_metrics", "queue_consumer_count"]
}
