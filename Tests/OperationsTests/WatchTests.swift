import Exposition
import HarecastTestKit
import Logging
import Rules
import SeriesStore
import StrictYAML
import Synchronization
import Testing
import TimeSeries

@testable import Operations

@Suite("The watch reads the store, writes series and keeps a journal")
struct WatchTests {
  private final class Keeper: StateKeeper {
    let states = Mutex<[String: [UInt8]]>([:])
    func saveState(_ bytes: [UInt8], forKey key: String) { states.withLock { $0[key] = bytes } }
    func state(forKey key: String) -> [UInt8]? { states.withLock { $0[key] } }
    func removeState(forKey key: String) { states.withLock { $0[key] = nil } }
    func stateKeys(prefix: String) -> [String] { states.withLock { $0.keys.filter { $0.hasPrefix(prefix) }.sorted() } }
  }

  private let start: Int64 = 1_700_000_000_000
  private let store = SeriesStore()
  private let keeper = Keeper()

  private func watch(_ configuration: OperationsConfiguration = .init()) -> IncidentWatch {
    IncidentWatch(
      store: store, keeper: keeper, registry: MetricRegistry(), time: ManualTime(start), configuration: configuration,
      interval: 15_000, log: Logger(label: "test"))
  }

  /// Writes what two nodes show, under the names of 4.3; node b is silent from tick `death` on.
  private func scrape(_ tick: Int, death: Int = .max) {
    let now = start + Int64(tick) * 15_000
    var batch = SampleBatch()
    func put(_ name: String, _ value: Double, _ labels: KeyValuePairs<String, String>) {
      if let id = store.resolve(Labels(name: name, labels).setting("job", to: "rabbitmq")) {
        batch.append(id, now, value)
      }
    }
    for (node, instance) in [("rabbit@a", "a:15692"), ("rabbit@b", "b:15692")] {
      let isUp = node == "rabbit@a" || tick < death
      put("up", isUp ? 1 : 0, ["instance": instance])
      put("scrape_duration_seconds", 0.02, ["instance": instance])
      guard isUp else { continue }
      for (name, value) in [
        ("rabbitmq_connections", 10.0), ("rabbitmq_process_resident_memory_bytes", 1.2e8),
        ("rabbitmq_resident_memory_limit_bytes", 4e8), ("rabbitmq_disk_space_available_bytes", 1e10),
        ("rabbitmq_disk_space_available_limit_bytes", 2e8),
        ("rabbitmq_unreachable_cluster_peers_count", tick < death ? 0 : 1),
      ] {
        put(name, value, ["instance": instance, "rabbitmq_node": node, "rabbitmq_cluster": "c"])
      }
    }
    put(
      "rabbitmq_detailed_queue_messages_ready", 1000 - Double(tick),
      ["instance": "a:15692", "rabbitmq_node": "rabbit@a", "rabbitmq_cluster": "c", "vhost": "/", "queue": "q"])
    _ = store.append(batch, now: now)
  }

  private func newest(_ name: String) -> [(labels: Labels, sample: Sample)] {
    store.latest([LabelMatcher(Labels.metricNameLabel, equals: name)], since: 0)
  }

  @Test("a node whose target does not answer is known by its address, and becomes an incident and a series")
  func deadNode() throws {
    let watch = watch()
    var look = watch.makeLook()
    for tick in 0..<30 {
      scrape(tick, death: 20)
      look.run(at: start + Int64(tick) * 15_000)
    }
    let incident = try #require(watch.snapshot.incidents.first)
    #expect(incident.type == .nodeUnresponsive)
    #expect(incident.object == "rabbit@b")
    let row = try #require(newest("harecast_incident").first)
    #expect(row.labels["type"] == "node_unresponsive")
    #expect(row.labels["severity"] == "critical")
    #expect(row.sample.value == incident.severity)
    #expect(newest("harecast_cluster_quorum_margin").first?.sample.value == -1)
    #expect(newest("harecast_publisher_block_probability").count == 4)
    // 1000 messages, one fewer every 15 s.
    let drain = try #require(newest("harecast_queue_drain_eta_seconds").first { $0.labels["q"] == "0.5" })
    #expect(abs(drain.sample.value - 971 * 15) < 1)
    #expect(newest("harecast_queue_verdict").first?.labels["verdict"] == "clearing")
    // The journal brings it back, and it is not opened anew.
    let second = self.watch()
    #expect(second.snapshot.incidents.map(\.id) == [incident.id])
    var again = second.makeLook()
    for tick in 30..<33 {
      scrape(tick, death: 20)
      again.run(at: start + Int64(tick) * 15_000)
    }
    #expect(second.snapshot.incidents.map(\.id) == [incident.id])
    #expect(second.snapshot.incidents.first?.resolvedAt == nil)
    // And ends when the node answers again; its series ends too.
    for tick in 33..<60 {
      scrape(tick)
      again.run(at: start + Int64(tick) * 15_000)
    }
    #expect(second.snapshot.incidents.first?.resolvedAt != nil)
    #expect(newest("harecast_incident").isEmpty)
  }

  @Test("maintenance windows set by API survive a restart and can be taken back")
  func windows() throws {
    let first = watch()
    let window = try #require(
      try first.addWindow(start: start, end: start + 1000, objects: ["n"], comment: "c", createdBy: "u"))
    let second = watch()
    #expect(second.windows == [window])
    #expect(second.maintenance(at: start) == ["n"])
    #expect(try second.removeWindow(window.id))
    #expect(try !second.removeWindow(window.id))
    #expect(watch().windows.isEmpty)
  }

  @Test("which queues lose their majority is told by their members")
  func margins() {
    var margins = QuorumMargins()
    func put(_ nodes: [String], _ now: Int64) {
      var batch = SampleBatch()
      for node in nodes {
        let labels = Labels(
          name: "rabbitmq_detailed_queue_info",
          ["vhost": "/", "queue": "q", "queue_type": "rabbit_quorum_queue", "rabbitmq_node": node])
        if let id = store.resolve(labels) { batch.append(id, now, 1) }
      }
      _ = store.append(batch, now: now)
    }
    put(["a", "b", "c"], start)
    #expect(margins.update(store, at: start, lookback: 1000).map(\.2) == [1])
    put(["a"], start + 60_000)
    // One of three members is left: the majority is lost.
    #expect(margins.update(store, at: start + 60_000, lookback: 1000).map(\.2) == [-1])
  }

  @Test("the configuration is read, and its faults are told with their place")
  func configuration() throws {
    func read(_ text: String) throws -> OperationsConfiguration {
      try OperationsConfiguration(YAMLDocument.parse(text, file: "f"))
    }
    let good = try read(
      """
      interval: 10s
      queue_depth: 500
      maintenance:
        - { start: 2026-12-01T02:00:00Z, end: 2026-12-01T03:00:00Z, repeat: 1d, objects: [rabbit@a], comment: x }
      """)
    #expect(good.interval == 10_000)
    #expect(good.depthLimit == 500)
    let window = try #require(good.maintenance.first)
    #expect(window.isActive(at: window.start + 3 * 86_400_000 + 1))
    #expect(!window.isActive(at: window.end))
    #expect(!window.isActive(at: window.start - 86_400_000))
    for (text, message) in [
      ("interval: 1h", "f:1:1: interval must be from 1s to 5m"),
      (
        "maintenance: [{start: soon, end: later}]", "f:1:16: start: \"soon\" is not a time such as 2026-12-01T02:00:00Z"
      ),
      ("queue_dept: 3", "queue_depth"),
    ] {
      #expect { try read(text) } throws: { "\($0)".contains(message) }
    }
  }
}
