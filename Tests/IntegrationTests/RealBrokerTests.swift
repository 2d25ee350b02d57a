import Foundation
import HarecastTestKit
import Testing

@Suite(
  "Harecast beside a real RabbitMQ cluster", .enabled(if: SupportScripts.realServersAreAvailable), .serialized,
  .timeLimit(.minutes(10)))
struct RealBrokerTests {
  /// A configuration that scrapes every node each second; the shipped rules evaluate as often.
  private static func configuration(_ broker: RabbitMQServer) -> String {
    let targets = broker.nodes.map { "\"127.0.0.1:\($0.prometheus)\"" }.joined(separator: ", ")
    return """
      global: { scrape_interval: 1s, evaluation_interval: 1s }
      scrape_configs:
        - job_name: rabbitmq
          static_configs: [{ targets: [\(targets)] }]
        - job_name: rabbitmq-detailed
          metrics_path: /metrics/detailed
          params: { family: [queue_coarse_metrics, queue_consumer_count, queue_delivery_metrics] }
          static_configs: [{ targets: [\(targets)] }]
      management:
        url: \(broker.managementURLs[0])
        username: guest
        password: guest
        interval: 2s
      """
  }

  @Test(
    "a queue whose consumers stop is forecast to grow, Prometheus stores it, and it keeps its name when its leader moves"
  )
  func consumersStopAndLeaderMoves() async throws {
    try await withRabbitMQ(nodes: 3) { broker in
      let folder = try TemporaryFolder()
      let file = try folder.write(Self.configuration(broker), to: "harecast.yml")
      let harecast = try await HarecastServer("serve", ["--config.file", file])
      let prometheus = try await PrometheusServer(
        configuration: """
          global: { scrape_interval: 1s }
          scrape_configs:
            - job_name: harecast
              static_configs: [{ targets: ["127.0.0.1:\(harecast.port)"] }]
          """)
      let load = try AMQPLoad(
        ports: broker.amqpPorts,
        .init(
          queues: ["orders", "payments:quorum"], publishRate: 40, consumeRate: 80, stopConsumersAfter: 25, duration: 300
        ))
      _ = try await load.wait { $0.consumers == 2 }

      let calm = try await eventually("the short queue has a forecast", within: .seconds(60)) {
        try await MetricsText.fetch(harecast).band("rabbitmq_queue_messages_forecast", queue: "orders", horizon: "15m")
      }
      #expect(calm.lower <= calm.median && calm.median <= calm.upper)

      _ = try await load.wait { $0.consumers == 0 }
      // 40 messages a second for 15 minutes are 36,000 more; the middle of the forecast must get at least half way.
      let growing = try await eventually("the queue is forecast to grow", within: .seconds(90)) {
        let page = try await MetricsText.fetch(harecast)
        guard let band = page.band("rabbitmq_queue_messages_forecast", queue: "orders", horizon: "15m"),
          band.median > 18_000
        else { return nil as (lower: Double, median: Double, upper: Double)? }
        return band
      }
      #expect(growing.lower <= growing.median && growing.median <= growing.upper)
      #expect(growing.upper > growing.median)

      try await nodesAreForecast(harecast)
      try await prometheusHasStored(prometheus)
      let check = try await promtool(["check", "metrics"], input: try await harecast.metrics())
      #expect(check.status == 0, "\(check.output)\(check.errors)")

      try await leaderMoves(broker, harecast)
      await load.stop()
      #expect(try await harecast.stop() == 0)
      await prometheus.stop()
    }
  }

  /// Every node's memory, disk and descriptors have a forecast under the node's own name.
  private func nodesAreForecast(_ harecast: HarecastServer) async throws {
    let page = try await MetricsText.fetch(harecast)
    for node in ["rabbit1@localhost", "rabbit2@localhost", "rabbit3@localhost"] {
      for metric in [
        "rabbitmq_resident_memory_bytes_forecast", "rabbitmq_disk_space_available_bytes_forecast",
        "rabbitmq_file_descriptors_forecast",
      ] {
        #expect(
          page.value(metric, ["rabbitmq_node": node, "horizon": "1h", "q": "0.5"]) != nil, "\(metric) of \(node)")
      }
      let probability = page.value("rabbitmq_disk_time_to_limit_probability", ["rabbitmq_node": node])
      #expect(try (0...1).contains(#require(probability)))
    }
  }

  /// Prometheus holds the forecast as it holds anything it scrapes.
  private func prometheusHasStored(_ prometheus: PrometheusServer) async throws {
    let query =
      "count_over_time(rabbitmq_queue_messages_forecast{queue=\"orders\",horizon=\"15m\",q=\"0.5\"}[2m]) >= 5"
    try await eventually("Prometheus has stored the forecasts", within: .seconds(30)) {
      try await prometheus.query(query).contains("\"queue\":\"orders\"")
    }
  }

  /// Stops the node that leads the quorum queue; its series then come from another node.
  private func leaderMoves(_ broker: RabbitMQServer, _ harecast: HarecastServer) async throws {
    let raw = "rabbitmq_detailed_queue_messages{queue=\"payments\"}"
    let before = try await instance(of: raw, harecast)
    let leader = try #require(broker.nodes.firstIndex { before == "127.0.0.1:\($0.prometheus)" })
    try await broker.perform(.stop, on: leader + 1)
    let after = try await eventually("another node reports the queue", within: .seconds(60)) {
      let now = try await instance(of: raw, harecast)
      return now == nil || now == before ? nil : now
    }
    #expect(after != before)
    try await eventually("the forecast goes on under the same name", within: .seconds(30)) {
      let found = try await MetricsText.fetch(harecast).series(
        "rabbitmq_queue_messages_forecast", ["queue": "payments", "horizon": "15m", "q": "0.5"])
      return found.count == 1 && found[0].labels["instance"] == nil && found[0].value > 0
    }
  }

  private func instance(of selector: String, _ harecast: HarecastServer) async throws -> String? {
    struct Answer: Decodable {
      struct Payload: Decodable { var result: [Element] }
      struct Element: Decodable { var metric: [String: String] }
      var data: Payload
    }
    let encoded = selector.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    let text = try await LoopbackHTTP.get("\(harecast.url)/api/v1/query?query=\(encoded)")
    let elements = try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).data.result
    return elements.count == 1 ? elements[0].metric["instance"] : nil
  }
}
