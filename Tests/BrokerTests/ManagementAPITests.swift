import HarecastTestKit
import Testing
import TimeSeries

@testable import Broker

@Suite("The management API")
struct ManagementAPITests {
  private func snapshot(_ transport: RecordedTransport) async throws -> ManagementSnapshot {
    try await ManagementAPI(transport: transport, url: "http://test", user: "harecast").snapshot()
  }

  private func values(_ snapshot: ManagementSnapshot, _ metric: String, by label: String) -> [String: Double] {
    var result: [String: Double] = [:]
    for (labels, value) in snapshot.series where labels.metricName == "rabbitmq_management_" + metric {
      result[labels[label] ?? ""] = value
    }
    return result
  }

  @Test("gives limits, states and nodes of a healthy cluster")
  func healthy() async throws {
    let found = try await snapshot(try RecordedTransport(nodes: "api.nodes.json", queues: "api.queues.json"))
    #expect(found.queues.count == 34)
    #expect(values(found, "queue_max_length", by: "queue") == ["limited": 50])
    let ttl = values(found, "queue_message_ttl_seconds", by: "queue")
    #expect(ttl["orders.0"] == 600)
    #expect(ttl["with-dlx"] == 3)
    #expect(ttl.count == 9)
    let nodes = ["rabbit1@localhost", "rabbit2@localhost", "rabbit3@localhost"]
    #expect(
      values(found, "node_running", by: "rabbitmq_node") == Dictionary(uniqueKeysWithValues: nodes.map { ($0, 1) }))
    #expect(values(found, "node_partitions", by: "rabbitmq_node")["rabbit1@localhost"] == 0)
    #expect(values(found, "node_being_drained", by: "rabbitmq_node")["rabbit3@localhost"] == 0)
    let state = found.series.first { $0.labels["queue"] == "audit.stream" && $0.labels["state"] != nil }
    #expect(
      state?.labels
        == Labels(
          name: "rabbitmq_management_queue_state",
          [
            "rabbitmq_cluster": "harecast-c1", "vhost": "/", "queue": "audit.stream", "queue_type": "stream",
            "state": "running",
          ]))
    #expect(found.series.allSatisfy { $0.labels["rabbitmq_cluster"] == "harecast-c1" })
  }

  @Test(
    "reads the five fields of a node that is down, and a queue that went with it",
    arguments: [
      ("dead.api.nodes.json", "dead.api.queues.json"), ("hung-late.api.nodes.json", "hung-late.api.queues.json"),
    ])
  func down(nodes: String, queues: String) async throws {
    let found = try await snapshot(
      try RecordedTransport(nodes: nodes, queues: queues, overview: "dead.api.overview.json"))
    #expect(
      values(found, "node_running", by: "rabbitmq_node")
        == ["rabbit1@localhost": 1, "rabbit2@localhost": 1, "rabbit3@localhost": 0])
    #expect(values(found, "node_partitions", by: "rabbitmq_node").count == 2)
    let states = found.queues.filter { $0.state != "running" }
    #expect(states.map(\.name) == ["classic.3"])
    #expect(states.map(\.state) == ["down"])
  }

  @Test("reads the nodes of a cluster with an alarm")
  func alarm() async throws {
    let found = try await snapshot(try RecordedTransport(nodes: "alarm.api.nodes.json", queues: "api.queues.json"))
    #expect(found.nodes.count == 3)
  }

  @Test("reads all pages, and stops where queues were deleted meanwhile")
  func pages() async throws {
    func page(_ names: [String], of count: Int) -> RecordedTransport.Answer {
      let items = names.map { "{\"vhost\":\"/\",\"name\":\"\($0)\"}" }.joined(separator: ",")
      return (200, Array("{\"items\":[\(items)],\"page_count\":\(count)}".utf8))
    }
    let transport = try RecordedTransport(nodes: "api.nodes.json", queues: "api.queues.page.json")
    // One page of five out of 34 queues, the same one for each of the seven pages asked for.
    #expect(try await snapshot(transport).queues.count == 35)
    transport.set("/api/queues?page=1&", page(["a", "b"], of: 3))
    transport.set("/api/queues?page=2&", page(["c"], of: 3))
    transport.set("/api/queues?page=3&", (400, Array("{\"error\":\"page_out_of_range\"}".utf8)))
    #expect(try await snapshot(transport).queues.map(\.name) == ["a", "b", "c"])
    #expect(transport.paths.allSatisfy { !$0.contains("page_size=") || $0.contains("page_size=500") })
  }

  @Test("takes the smaller of a policy's and a declaration's limit, and bears every other type")
  func limits() async throws {
    let queues = """
      [{"vhost":"v","name":"both","arguments":{"x-max-length":500,"x-message-ttl":60000},
        "effective_policy_definition":{"max-length":900,"max-length-bytes":1000000,"message-ttl":1000}},
       {"vhost":"v","name":"none","arguments":[],"effective_policy_definition":[],"state":null,"type":7},
       {"vhost":"v","name":"odd","arguments":{"x-max-length":"many","x-message-ttl":-1}},
       [], null, 5, {"name":"no vhost"}]
      """
    let transport = try RecordedTransport(nodes: "api.nodes.json", queues: "api.queues.json")
    transport.set("/api/queues", (200, Array(queues.utf8)))
    let found = try await snapshot(transport)
    #expect(found.queues.map(\.name) == ["both", "none", "odd"])
    #expect(values(found, "queue_max_length", by: "queue") == ["both": 500])
    #expect(values(found, "queue_max_length_bytes", by: "queue") == ["both": 1_000_000])
    #expect(values(found, "queue_message_ttl_seconds", by: "queue") == ["both": 1])
  }

  @Test("names the user whom the broker refuses")
  func unauthorised() async throws {
    let body = try Fixture.bytes("api.overview.bad-password.json")
    let transport = RecordedTransport(["/api": (401, body)])
    let error = await #expect(throws: ManagementError.self) { try await snapshot(transport) }
    #expect(error?.reason == .unauthorised)
    #expect(
      error?.description
        == "http://test: user \"harecast\" is refused (401): check its password, and that it has the tag monitoring")
  }

  @Test(
    "says what it got instead of the document",
    arguments: [
      (500, "", ManagementError.Reason.status, "http://test: /api/overview answered with status 500"),
      (200, "<html>", .malformed, "http://test: /api/overview sent something else than expected: \"<html>\""),
      (200, "{\"a\":", .malformed, "http://test: /api/overview sent something else than expected: \"{\\\"a\\\":\""),
    ])
  func refuses(status: Int, body: String, reason: ManagementError.Reason, text: String) async throws {
    let transport = RecordedTransport(["/api": (status, Array(body.utf8))])
    let error = await #expect(throws: ManagementError.self) { try await snapshot(transport) }
    #expect(error?.reason == reason)
    #expect(error?.description == text)
  }

  @Test("survives any damage to real documents")
  func damage() async throws {
    var random = SplitMix64(seed: 7)
    let documents = ["api.queues.json", "api.queues.page.json", "dead.api.queues.json"]
    for round in 0..<300 {
      var bytes = try Fixture.bytes(documents[round % documents.count])
      for _ in 0..<(1 + round % 20) {
        let position = Int.random(in: bytes.indices, using: &random)
        bytes[position] = [0, 34, 44, 48, 45, 91, 93, 123, 125, 255].randomElement(using: &random) ?? 0
      }
      if round.isMultiple(of: 4) { bytes.removeLast(Int.random(in: bytes.indices, using: &random)) }
      let transport = try RecordedTransport(nodes: "api.nodes.json", queues: "api.queues.json")
      transport.set("/api/queues", (200, bytes))
      let found = try? await snapshot(transport)
      #expect((found?.queues.count ?? 0) <= 34 * 200)
    }
  }

  @Test("survives deeply nested documents")
  func nesting() async throws {
    let body = Array(String(repeating: "[", count: 200_000).utf8)
    let transport = RecordedTransport(["/api": (200, body)])
    await #expect(throws: ManagementError.self) { try await snapshot(transport) }
  }

  @Test("counts connections, channels and queues where they are limited, and only as far as it may read")
  func clientLimits() async throws {
    let transport = try RecordedTransport(nodes: "api.nodes.json", queues: "api.queues.json")
    func json(_ text: String) -> RecordedTransport.Answer { (200, Array(text.utf8)) }
    transport.set(
      "/api/health/checks/below-node-connection-limit", json(#"{"status":"ok","limit":300,"connections":31}"#))
    transport.set(
      "/api/connections",
      json(
        #"{"page_count":1,"items":[{"vhost":"shop","user":"web","channels":3},{"vhost":"shop","user":"job","channels":1},[]]}"#
      ))
    transport.set(
      "/api/connections?page=1&page_size=1&", json(#"{"page_count":2,"items":[{"channels":40,"channel_max":2047}]}"#))
    transport.set(
      "/api/vhost-limits",
      json(
        #"[{"vhost":"shop","value":{"max-connections":100,"max-queues":50}},{"vhost":"/","value":{"max-connections":-1}}]"#
      ))
    transport.set("/api/user-limits", json(#"[{"user":"web","value":{"max-channels":200}}]"#))
    let found = try await snapshot(transport)
    #expect(values(found, "vhost_connections", by: "vhost") == ["shop": 2])
    #expect(values(found, "vhost_max_connections", by: "vhost") == ["shop": 100])
    #expect(values(found, "vhost_max_queues", by: "vhost") == ["shop": 50])
    #expect(values(found, "user_channels", by: "user") == ["web": 3])
    #expect(values(found, "user_max_channels", by: "user") == ["web": 200])
    #expect(values(found, "node_connections", by: "rabbitmq_node").values.map { $0 } == [31])
    #expect(values(found, "connection_max_channels", by: "x") == ["": 2047])

    // A user with the tag monitoring may not read limits: everything else is as before.
    for path in ["/api/vhost-limits", "/api/user-limits"] { transport.set(path, (401, [])) }
    transport.set("/api/health/checks/below-node-connection-limit", (404, []))
    let less = try await snapshot(transport)
    #expect(less.limits == ClientLimits(connectionChannels: .init(used: 40, limit: 2047)))
    #expect(less.queues.count == found.queues.count)
  }
}
