import Exposition
import HTTPFetch
import HarecastTestKit
import Logging
import SeriesStore
import StrictYAML
import Testing
import TimeSeries

@testable import Broker

@Suite("ManagementPoller")
struct ManagementPollerTests {
  @Test("writes series, ends those that are gone, and keeps silent when the API does not answer")
  func polls() async throws {
    let store = SeriesStore()
    let registry = MetricRegistry()
    let transport = try RecordedTransport(nodes: "api.nodes.json", queues: "api.queues.json")
    let time = ManualTime(1_795_000_000_000)
    let poller = ManagementPoller(
      transport: transport, url: "http://test", user: nil, interval: 60_000, store: store, registry: registry,
      time: time, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    func samples(_ metric: String) -> [Double] {
      let found = (try? store.select([LabelMatcher("__name__", equals: metric)], from: 0, through: .max)) ?? []
      return found.first?.values ?? []
    }
    await poller.poll()
    #expect(samples("rabbitmq_management_queue_max_length") == [50])
    time.advance(by: 60_000)
    transport.set("/api/nodes", (503, []))
    await poller.poll()
    #expect(samples("rabbitmq_management_queue_max_length") == [50])
    time.advance(by: 60_000)
    transport.set("/api/nodes", (200, try Fixture.bytes("api.nodes.json")))
    transport.set("/api/queues", (200, Array("[]".utf8)))
    await poller.poll()
    let values = samples("rabbitmq_management_queue_max_length")
    #expect(values.count == 2)
    #expect(values.last?.isStaleMarker == true)
    #expect(samples("rabbitmq_management_node_running") == [1, 1])
    func counted(_ name: String, _ labels: KeyValuePairs<String, String> = [:]) -> Double? {
      registry.collect().first { $0.name == name }?.samples.first { $0.labels == Labels(name: name, labels) }?.value
    }
    #expect(counted("harecast_management_polls_total") == 3)
    #expect(counted("harecast_management_poll_failures_total", ["reason": "status"]) == 1)
    #expect(counted("harecast_management_poll_failures_total", ["reason": "unauthorised"]) == 0)
    #expect(store.metadata()["rabbitmq_management_queue_state"]?.type == .gauge)
  }

  @Test("polls at once, then each interval, until it is cancelled")
  func loop() async throws {
    let transport = try RecordedTransport(nodes: "api.nodes.json", queues: "api.queues.page.json")
    let time = ManualTime(1_795_000_000_000)
    let registry = MetricRegistry()
    let poller = ManagementPoller(
      transport: transport, url: "http://test", user: nil, interval: 60_000, store: SeriesStore(),
      registry: registry, time: time, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await poller.run() }
      try await time.run(for: 180_000)
      try await time.waitForSleepers()
      group.cancelAll()
    }
    #expect(registry.counter("harecast_management_polls_total", help: "").value == 4)
  }

  @Test("authenticates over HTTP, gives up after the timeout, and keeps the password to itself")
  func http() async throws {
    let nodes = try Fixture.bytes("api.nodes.json")
    let server = try StaticHTTPServer { request in
      guard request.headers["authorization"] == "Basic aGFyZWNhc3Q6czNjcmV0" else {
        return .init(status: 401, body: Array("{\"error\":\"not_authorized\"}".utf8))
      }
      switch request.path {
      case "/prefix/api/overview": return .json("{\"cluster_name\":\"c\"}")
      case "/prefix/api/nodes": return .init(body: nodes)
      case "/prefix/api/queues": return .json("[{\"vhost\":\"/\",\"name\":\"q\",\"state\":\"running\"}]")
      default: return .init(status: 404)
      }
    }
    defer { server.stop() }
    let client = HTTPClient()
    func snapshot(_ password: String) async throws -> ManagementSnapshot {
      let yaml = "url: \(server.url)/prefix/\nusername: harecast\npassword: \(password)\ntimeout: 400ms"
      let configuration = try ManagementConfiguration(yaml: YAMLDocument.parse(yaml, file: "test.yml"))
      let transport = HTTPManagementTransport(client: client, configuration: configuration)
      return try await ManagementAPI(transport: transport, url: configuration.url, user: "harecast").snapshot()
    }
    let found = try await snapshot("s3cret")
    #expect(found.overview.clusterName == "c")
    #expect(found.nodes.count == 3)
    #expect(found.queues.map(\.name) == ["q"])

    let refused = await #expect(throws: ManagementError.self) { try await snapshot("wrong") }
    #expect(refused?.reason == .unauthorised)

    server.setHandler { _ in .init(delay: .seconds(3)) }
    let late = await #expect(throws: ManagementError.self) { try await snapshot("s3cret") }
    #expect(late?.reason == .unreachable)
    #expect(late?.description == "\(server.url)/prefix: no complete answer within 0.4 s")

    server.stop()
    let gone = await #expect(throws: ManagementError.self) { try await snapshot("s3cret") }
    #expect(gone?.reason == .unreachable)
    #expect(gone?.description.contains("s3cret") == false)
    await client.shutdown()
  }
}
