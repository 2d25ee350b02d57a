import Foundation
import HarecastTestKit
import Testing

@Suite("Real servers", .enabled(if: SupportScripts.realServersAreAvailable), .timeLimit(.minutes(10)))
struct RealServerTests {
  @Test("three RabbitMQ nodes start, show what is published, and leave no process behind")
  func cluster() async throws {
    let server = try await RabbitMQServer(nodes: 3)
    #expect(server.nodes.map(\.name) == ["rabbit1@localhost", "rabbit2@localhost", "rabbit3@localhost"])
    #expect(Set(server.amqpPorts + server.nodes.map(\.management) + server.nodes.map(\.prometheus)).count == 9)

    let load = try AMQPLoad(
      ports: server.amqpPorts,
      .init(queues: ["orders", "payments:quorum"], publishRate: 50, preload: 20, publishFor: 2, duration: 3))
    let progress = try await load.finish(within: .seconds(60))
    #expect(progress.published == 2 * (20 + 100))
    #expect(progress.consumed == 0)

    try await eventually("the messages of both queues are in the metrics", within: .seconds(30)) {
      var found: [String] = []
      for url in server.prometheusURLs {
        let text = try await LoopbackHTTP.get("\(url)/metrics/detailed?family=queue_coarse_metrics")
        found += text.split(separator: "\n").filter { $0.hasPrefix("rabbitmq_detailed_queue_messages{") }.map(
          String.init)
      }
      return Set(found) == [
        "rabbitmq_detailed_queue_messages{vhost=\"/\",queue=\"orders\"} 120",
        "rabbitmq_detailed_queue_messages{vhost=\"/\",queue=\"payments\"} 120",
      ]
    }
    let overview = try await LoopbackHTTP.get("\(server.managementURLs[0])/api/overview", user: "guest:guest")
    #expect(overview.contains("\"cluster_name\":\"\(server.name)\""))
    #expect(try await server.control(2, "list_queues", "name", "--quiet").contains("payments"))

    #expect(processCount(of: server.name) > 3)
    try await server.stop()
    #expect(processCount(of: server.name) == 0)
    await #expect(throws: SystemCallError.self) { try await LoopbackHTTP.get(server.prometheusURLs[0]) }
  }

  @Test("Prometheus scrapes, answers queries, and stops")
  func prometheus() async throws {
    let target = try StaticHTTPServer(["/metrics": .text("answer 42\n")])
    let server = try await PrometheusServer(
      configuration: """
        global: { scrape_interval: 1s }
        scrape_configs:
          - job_name: test
            static_configs: [{ targets: ["127.0.0.1:\(target.port)"] }]
        """)
    try await eventually("the sample arrives", within: .seconds(30)) {
      try await server.query("answer{job=\"test\"}").contains("\"42\"")
    }
    await server.stop()
    await #expect(throws: SystemCallError.self) { try await LoopbackHTTP.get("\(server.url)/-/ready") }
  }

  @Test("Alertmanager takes an alert and shows it")
  func alertmanager() async throws {
    let server = try await AlertmanagerServer()
    let alert = "[{\"labels\":{\"alertname\":\"Test\"}}]"
    let answer = try await LoopbackHTTP.send(
      "POST", "\(server.url)/api/v2/alerts", headers: ["Content-Type": "application/json"], body: Array(alert.utf8))
    #expect(answer.status == 200)
    try await eventually("the alert is there") { try await server.alerts().contains("\"alertname\":\"Test\"") }
    await server.stop()
  }

  @Test("a paused node stops answering and goes on when resumed, a killed one comes back")
  func nodeActions() async throws {
    try await withRabbitMQ(nodes: 1) { server in
      try await server.perform(.pause, on: 1)
      await #expect(throws: TimedOut.self) {
        try await LoopbackHTTP.send("GET", "\(server.prometheusURLs[0])/metrics", limit: .seconds(1))
      }
      try await server.perform(.resume, on: 1)
      try await eventually("the node answers again") {
        try await LoopbackHTTP.get("\(server.prometheusURLs[0])/metrics").contains("rabbitmq_identity_info")
      }
      try await server.perform(.kill, on: 1)
      await #expect(throws: SystemCallError.self) { try await LoopbackHTTP.get(server.prometheusURLs[0]) }
      try await server.perform(.start, on: 1)
      #expect(try await LoopbackHTTP.send("GET", "\(server.prometheusURLs[0])/metrics").status == 200)
    }
  }

  @Test("promtool reads standard input and its verdict arrives")
  func checkMetrics() async throws {
    let good = try await promtool(
      ["check", "metrics"], input: "# HELP x_total X.\n# TYPE x_total counter\nx_total 1\n")
    #expect(good.status == 0)
    let bad = try await promtool(["check", "metrics"], input: "x{ 1\n")
    #expect(bad.status != 0)
  }

  /// How many processes have the cluster's folder as their home.
  private func processCount(of cluster: String) -> Int {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.count { entry in
      guard Int(entry) != nil, let environment = FileManager.default.contents(atPath: "/proc/\(entry)/environ") else {
        return false
      }
      return environment.split(separator: 0).contains { $0.elementsEqual("HOME=/srv/\(cluster)".utf8) }
    }
  }
}
