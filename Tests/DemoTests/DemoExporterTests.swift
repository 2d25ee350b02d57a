import Exposition
import HarecastTestKit
import Logging
import ServiceLifecycle
import Testing
import TimeSeries

@testable import Demo

@Suite("DemoExporter", .serialized, .timeLimit(.minutes(1)))
struct DemoExporterTests {
  private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// Runs an exporter as long as `body` takes.
  private func withExporter(
    programme: Programme? = nil, time: any TimeSource, _ body: (DemoExporter, [String]) async throws -> Void
  ) async throws {
    let exporter = try DemoExporter(programme: programme, time: time, log: log)
    #expect(exporter.targets.isEmpty)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try? await exporter.run() }
      let targets = try await exporter.ready()
      try await body(exporter, targets)
      group.cancelAll()
    }
  }

  private func get(_ target: String, _ path: String, _ headers: [String: String] = [:]) async throws -> HTTPAnswer {
    try await LoopbackHTTP.send("GET", "http://\(target)\(path)", headers: headers)
  }

  @Test("serves every node of the recorded cluster over loopback")
  func serves() async throws {
    let time = ManualTime(1_795_000_000_000)
    try await withExporter(time: time) { exporter, targets in
      #expect(exporter.targets == targets)
      #expect(Set(targets).count == 3)
      for (index, target) in targets.enumerated() {
        let response = try await get(target, "/metrics")
        #expect(response.status == 200)
        #expect(response.headers["content-type"] == "text/plain; version=0.0.4")
        let document = ExpositionDocument(parsing: response.body, format: .text)
        #expect(document.malformed.isEmpty)
        let identity = document["rabbitmq_identity_info"]?.samples.first?.labels
        #expect(identity?["rabbitmq_node"] == exporter.nodes[index])
        #expect(identity?["rabbitmq_cluster"] == "harecast-demo")
      }
      let path = "/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count&vhost=shop"
      let detailed = try await get(targets[1], path)
      let document = ExpositionDocument(parsing: detailed.body, format: .text)
      #expect(document["rabbitmq_detailed_queue_messages"]?.samples.count == 5)
      #expect(document["rabbitmq_detailed_queue_consumers"]?.samples.count == 5)
    }
  }

  @Test("has the habits of RabbitMQ's plugin")
  func habits() async throws {
    try await withExporter(time: ManualTime(0)) { _, targets in
      let target = targets[0]
      let strict = try await get(target, "/metrics", ["Accept": "application/openmetrics-text"])
      #expect(strict.status == 406)
      #expect(strict.body.isEmpty)
      let list = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
      let negotiated = try await get(target, "/metrics", ["Accept": list])
      #expect(negotiated.status == 200)
      let unknown = try await get(target, "/metrics/nosuch")
      #expect(unknown.status == 404)
      let plain = try await get(target, "/metrics")
      let packed = try await get(target, "/metrics", ["Accept-Encoding": "deflate, gzip;q=1.0"])
      #expect(plain.headers["content-encoding"] == nil)
      #expect(packed.headers["content-encoding"] == "gzip")
      #expect(try Gunzip.unpack(packed.body, limit: 1 << 20) == plain.body)
      let breakdown = try await get(target, "/metrics/memory-breakdown")
      #expect(String(decoding: breakdown.body, as: UTF8.self).contains("rabbitmq_identity_info{"))
    }
  }

  @Test("follows the clock, and refuses while the recorded node is down")
  func follows() async throws {
    let recording = Recording(
      name: "down",
      columns: [
        .init(metric: "up", labels: [Label("node", "a")]),
        .init(metric: "rabbitmq_connections", labels: [Label("node", "a")]),
      ],
      timestamps: [0, 2000], values: [1, 5, 0, .nan])
    let time = ManualTime(100_000)
    try await withExporter(programme: Programme([.init(recording)]), time: time) { _, targets in
      var statuses: [Int] = []
      for now in [101_999, 102_000, 104_000] as [Int64] {
        time.advance(to: now)
        let response = try await get(targets[0], "/metrics")
        statuses.append(response.status)
      }
      #expect(statuses == [200, 503, 200])
    }
  }

  @Test("ends with a graceful shutdown, and tells who still waits")
  func ends() async throws {
    let exporter = try DemoExporter(time: ManualTime(0), log: log)
    let group = ServiceGroup(configuration: .init(services: [.init(service: exporter)], logger: log))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      _ = try await exporter.ready()
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
    await #expect(throws: CancellationError.self) { try await exporter.ready() }
  }

  @Test("lets a cancelled task wait no longer, also before the exporter runs")
  func cancelled() async throws {
    let exporter = try DemoExporter(time: ManualTime(0), log: log)
    for yields in [0, 1, 100] {
      await withTaskGroup(of: Bool.self) { group in
        group.addTask { (try? await exporter.ready()) == nil }
        for _ in 0..<yields { await Task.yield() }
        group.cancelAll()
        #expect(await group.next() == true)
      }
    }
  }

  @Test("says so when a port is taken")
  func portTaken() async throws {
    try await withExporter(time: ManualTime(0)) { _, targets in
      let port = try #require(targets[0].split(separator: ":").last.flatMap { Int($0) })
      let second = try DemoExporter(ports: [port], time: ManualTime(0), log: log)
      await #expect(throws: (any Error).self) { try await second.run() }
      await #expect(throws: (any Error).self) { try await second.ready() }
    }
  }
}
