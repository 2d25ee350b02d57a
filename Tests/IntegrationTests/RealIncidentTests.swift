import Foundation
import HarecastTestKit
import Testing

@Suite(
  "Incidents of a real RabbitMQ cluster reach a webhook", .enabled(if: SupportScripts.realServersAreAvailable),
  .serialized, .timeLimit(.minutes(10)))
struct RealIncidentTests {
  private struct Answer: Decodable {
    struct Incident: Decodable {
      var type: String
      var level: String
      var object: String
      var affected: [String]
      var summary: String
      var predicted: Bool
    }
    struct Body: Decodable { var incidents: [Incident] }
    var data: Body
  }

  private func incidents(_ harecast: HarecastServer, _ type: String) async throws -> [Answer.Incident] {
    let text = try await LoopbackHTTP.get("\(harecast.url)/api/v1/incidents?type=\(type)")
    return try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).data.incidents
  }

  private static func configuration(_ broker: RabbitMQServer) -> String {
    let targets = broker.nodes.map { "\"127.0.0.1:\($0.prometheus)\"" }.joined(separator: ", ")
    return """
      global: { scrape_interval: 2s, evaluation_interval: 2s }
      operations: { day: 3m }
      scrape_configs:
        - job_name: rabbitmq
          static_configs: [{ targets: [\(targets)] }]
        - job_name: rabbitmq-detailed
          metrics_path: /metrics/detailed
          params: { family: [queue_coarse_metrics, queue_consumer_count, queue_delivery_metrics] }
          static_configs: [{ targets: [\(targets)] }]
      """
  }

  @Test(
    "consumers die, a disk fills up to its limit, a node hangs: each is told by its name, the disk before its alarm")
  func threeIncidents() async throws {
    try await withRabbitMQ(nodes: 3, disk: "100MB", dataSize: "300m") { broker in
      let webhook = try StaticHTTPServer { _ in .init() }
      let alertmanager = try await AlertmanagerServer(configuration: try AlertWebhook.configuration(webhook))
      let folder = try TemporaryFolder()
      let file = try folder.write(Self.configuration(broker), to: "harecast.yml")
      let harecast = try await HarecastServer("serve", ["--config.file", file, "--alertmanager", alertmanager.url])
      /// Returns the first alert of this name and mode that `receiver` is told of, once it is.
      func told(_ name: String, mode: String, by receiver: String) async throws -> AlertWebhook.Message.Alert {
        try await eventually("\(name) is told to \(receiver)", within: .seconds(120)) {
          try AlertWebhook.alerts(webhook, receiver, name).first { $0.labels["mode"] == mode }
        }
      }
      let load = try AMQPLoad(
        ports: [broker.amqpPorts[0]],
        .init(queues: ["orders"], publishRate: 40, consumeRate: 80, stopConsumersAfter: 50, duration: 500))
      _ = try await load.wait { $0.consumers == 1 }
      _ = try await load.wait(within: .seconds(90)) { $0.consumers == 0 }

      let consumers = try await told("RabbitMQConsumerFailure", mode: "actual", by: "pager")
      #expect(consumers.labels["object"] == "`orders` on `/`")
      let failure = try #require(try await incidents(harecast, "consumer_failure").first)
      #expect(failure.affected == ["`orders` on `/`"])
      #expect(failure.summary.contains("its consumers fell from 1 to 0"))

      // 314 MB in all, 100 MB free is the limit: about a minute at 3.5 MB a second.
      let filling = Task {
        for _ in 0..<160 {
          try broker.fillDisk(of: 2, with: 1_500_000)
          try await Task.sleep(for: .milliseconds(400))
        }
      }
      let predicted = try await told("RabbitMQDiskFull", mode: "predicted", by: "outlook")
      #expect(predicted.labels["object"] == broker.nodes[1].name)
      let alarms = try await LoopbackHTTP.get("\(broker.prometheusURLs[1])/metrics")
      #expect(alarms.contains("\nrabbitmq_alarms_free_disk_space_watermark 0"), "the alarm was there first")
      let ahead = try #require(try await incidents(harecast, "disk_full").first)
      #expect(ahead.predicted)
      #expect(ahead.summary.contains("will block all publishers in"))
      let real = try await told("RabbitMQDiskFull", mode: "actual", by: "pager")
      #expect(real.labels["object"] == broker.nodes[1].name && real.labels["severity"] == "critical")
      try await filling.value

      try await broker.perform(.pause, on: 3)
      let frozen = try await told("RabbitMQNodeUnresponsive", mode: "actual", by: "pager")
      #expect(frozen.labels["object"] == broker.nodes[2].name)
      try await broker.perform(.resume, on: 3)

      // One cause, one incident: nothing else was told to wake somebody.
      let woken = Set(
        try AlertWebhook.messages(webhook).filter { $0.receiver == "pager" }.flatMap(\.alerts)
          .compactMap { $0.labels["type"] })
      #expect(woken == ["consumer_failure", "disk_full", "node_unresponsive"])
      let check = try await promtool(["check", "metrics"], input: try await harecast.metrics())
      #expect(check.status == 0, "\(check.output)\(check.errors)")
      await load.stop()
      #expect(try await harecast.stop() == 0)
      await alertmanager.stop()
    }
  }
}
