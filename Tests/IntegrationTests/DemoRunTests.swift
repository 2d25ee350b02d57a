import HarecastTestKit
import Testing

@Suite("The demo", .timeLimit(.minutes(5)))
struct DemoRunTests {
  @Test("forecasts, an anomaly and an alert appear within a minute and a half, with no broker")
  func showsSomethingSoon() async throws {
    let demo = try await HarecastServer("demo")
    try await eventually("forecasts of queues and nodes are there", within: .seconds(60)) {
      let page = try await MetricsText.fetch(demo)
      return page.band("rabbitmq_queue_messages_forecast", queue: "email", horizon: "15m") != nil
        && page.series("rabbitmq_resident_memory_bytes_forecast", ["horizon": "1h", "q": "0.5"]).count == 3
        && !page.series("rabbitmq_memory_time_to_limit_probability").isEmpty
    }
    try await eventually("the queue that fills is anomalous", within: .seconds(90)) {
      try await MetricsText.fetch(demo).series("rabbitmq_queue_messages_anomaly_score").contains { $0.value >= 1 }
    }
    try await eventually("an alert fires", within: .seconds(90)) {
      try await !MetricsText.fetch(demo).series("ALERTS", ["alertstate": "firing"]).isEmpty
    }
    let check = try await promtoolIfAvailable(try await demo.metrics())
    #expect(check == 0)
    #expect(try await demo.stop() == 0)
  }

  @Test("what it scrapes comes over the same path as a broker: targets are up and series carry their node")
  func goesThroughTheScrapePath() async throws {
    let demo = try await HarecastServer("demo")
    try await eventually("three nodes on two endpoints are up", within: .seconds(30)) {
      try await LoopbackHTTP.get("\(demo.url)/api/v1/targets").ranges(of: "\"health\":\"up\"").count == 6
    }
    try await eventually("a scraped series names its node", within: .seconds(30)) {
      try await LoopbackHTTP.get("\(demo.url)/api/v1/query?query=rabbitmq_process_resident_memory_bytes")
        .contains("\"rabbitmq_node\":\"rabbit1@localhost\"")
    }
    try await demo.stop()
  }

  private func promtoolIfAvailable(_ page: String) async throws -> Int32 {
    guard SupportScripts.realServersAreAvailable else { return 0 }
    return try await promtool(["check", "metrics"], input: page).status
  }
}
