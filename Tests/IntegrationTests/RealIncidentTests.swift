import Foundation
import HarecastTestKit
import Testing

@Suite(
  "Incidents of a real RabbitMQ cluster", .enabled(if: SupportScripts.realServersAreAvailable), .serialized,
  .timeLimit(.minutes(10)))
struct RealIncidentTests {
  private struct Answer: Decodable {
    struct Incident: Decodable {
      var type: String
      var level: String
      var object: String
      var affected: [String]
      var summary: String
    }
    struct Body: Decodable { var incidents: [Incident] }
    var data: Body
  }

  private func incident(
    _ harecast: HarecastServer, _ type: String, within limit: Duration = .seconds(60),
    where isRight: @escaping (Answer.Incident) -> Bool = { _ in true }
  ) async throws -> Answer.Incident {
    try await eventually("an incident \(type)", within: limit) {
      let text = try await LoopbackHTTP.get("\(harecast.url)/api/v1/incidents?type=\(type)")
      return try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).data.incidents.first(where: isRight)
    }
  }

  /// Returns once the alert `name` fires.
  private func firing(_ harecast: HarecastServer, _ name: String) async throws {
    _ = try await eventually("the alert \(name)", within: .seconds(60)) {
      try await harecast.metrics().contains("ALERTS{alertname=\"\(name)\",alertstate=\"firing\"") ? true : nil
    }
  }

  @Test(
    "consumers die, the disk limit is reached, a node hangs: three incidents of their right types, and their alerts")
  func threeIncidents() async throws {
    try await withRabbitMQ(nodes: 3) { broker in
      let folder = try TemporaryFolder()
      let targets = broker.nodes.map { "\"127.0.0.1:\($0.prometheus)\"" }.joined(separator: ", ")
      let file = try folder.write(
        """
        global: { scrape_interval: 2s, evaluation_interval: 2s }
        operations: { day: 3m }
        scrape_configs:
          - job_name: rabbitmq
            static_configs: [{ targets: [\(targets)] }]
          - job_name: rabbitmq-detailed
            metrics_path: /metrics/detailed
            params: { family: [queue_coarse_metrics, queue_consumer_count, queue_delivery_metrics] }
            static_configs: [{ targets: [\(targets)] }]
        """, to: "harecast.yml")
      let harecast = try await HarecastServer("serve", ["--config.file", file])
      let load = try AMQPLoad(
        ports: [broker.amqpPorts[0]],
        .init(queues: ["orders"], publishRate: 40, consumeRate: 80, stopConsumersAfter: 50, duration: 400))
      _ = try await load.wait { $0.consumers == 1 }
      _ = try await load.wait(within: .seconds(90)) { $0.consumers == 0 }

      let consumers = try await incident(harecast, "consumer_failure")
      #expect(consumers.affected == ["`orders` on `/`"])
      #expect(consumers.summary.contains("its consumers fell from 1 to 0"))
      try await firing(harecast, "RabbitMQConsumerFailure")

      // No disk of ours is this large, so the limit is there at once.
      try await broker.control(2, "set_disk_free_limit", "900000GB")
      let disk = try await incident(harecast, "disk_full")
      #expect(disk.object == broker.nodes[1].name)
      #expect(disk.level == "CRITICAL")
      try await firing(harecast, "RabbitMQDiskFull")

      try await broker.perform(.pause, on: 3)
      let frozen = try await incident(harecast, "node_unresponsive")
      #expect(frozen.object == broker.nodes[2].name)
      try await firing(harecast, "RabbitMQNodeUnresponsive")
      try await broker.perform(.resume, on: 3)

      let check = try await promtool(["check", "metrics"], input: try await harecast.metrics())
      #expect(check.status == 0, "\(check.output)\(check.errors)")
      await load.stop()
      #expect(try await harecast.stop() == 0)
    }
  }
}
