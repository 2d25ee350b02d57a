import Exposition
import Foundation
import HTTPFetch
import HarecastTestKit
import Logging
import SeriesStore
import StrictYAML
import Testing
import TimeSeries

@testable import Broker

@Suite("A real broker", .serialized, .enabled(if: SupportScripts.realServersAreAvailable), .timeLimit(.minutes(10)))
struct RealBrokerTests {
  private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// 4.0, and a later release where it is installed.
  private static let suites = ["trixie", "sid"].filter { suite in
    let server = "\(SupportScripts.cache)/rabbitmq-\(suite)/usr/lib/rabbitmq/bin/rabbitmq-server"
    return suite == "trixie" || FileManager.default.isExecutableFile(atPath: server)
  }

  @Test(
    "says who it is on every endpoint, and shows its limits to a user with the tag monitoring", arguments: suites)
  func broker(suite: String) async throws {
    try await withRabbitMQ(nodes: 1, suite: suite) { server in
      try await identity(of: server)
      try await limits(of: server)
    }
  }

  private func identity(of server: RabbitMQServer) async throws {
    for path in [
      "/metrics", "/metrics/per-object", "/metrics/detailed?family=queue_metrics", "/metrics/memory-breakdown",
    ] {
      let answer = try await LoopbackHTTP.send("GET", server.prometheusURLs[0] + path)
      let identity = answer.body.withUnsafeBytes { NodeIdentity(document: $0) }
      #expect(identity?.node == "rabbit1@localhost", "\(path)")
      #expect(identity?.cluster == server.name, "\(path)")
      #expect(identity?.permanentID.hasPrefix("rabbitmq-cluster-id-") == true, "\(path)")
    }
  }

  private func limits(of server: RabbitMQServer) async throws {
    let api = server.managementURLs[0] + "/api"
    func put(_ path: String, _ body: String) async throws {
      let answer = try await LoopbackHTTP.send(
        "PUT", api + path, headers: ["content-type": "application/json"], body: Array(body.utf8), user: "guest:guest")
      try #require((200...204).contains(answer.status), "\(path): \(answer.text)")
    }
    try await put("/users/watcher", #"{"password":"pw","tags":"monitoring"}"#)
    try await put("/permissions/%2F/watcher", #"{"configure":"","write":"","read":""}"#)
    try await put(
      "/policies/%2F/limits",
      #"{"pattern":"^lim","apply-to":"queues","definition":{"max-length":900,"message-ttl":5000}}"#)
    try await put(
      "/operator-policies/%2F/guard", #"{"pattern":"^lim","apply-to":"queues","definition":{"max-length":700}}"#)
    try await put(
      "/queues/%2F/limited%20one", #"{"durable":true,"arguments":{"x-message-ttl":9000,"x-queue-type":"classic"}}"#)
    try await put("/queues/%2F/free", #"{"durable":true,"arguments":{"x-queue-type":"quorum"}}"#)

    let client = HTTPClient()
    func snapshot(_ user: String) async throws -> ManagementSnapshot {
      let yaml = "url: \(server.managementURLs[0])\nusername: \(user)\npassword: pw"
      let configuration = try ManagementConfiguration(yaml: YAMLDocument.parse(yaml, file: "test.yml"))
      let transport = HTTPManagementTransport(client: client, configuration: configuration)
      return try await ManagementAPI(transport: transport, url: configuration.url, user: user).snapshot()
    }
    // A queue's effective policy appears with its first statistics.
    try await eventually("the limits of the queue are known", within: .seconds(30)) {
      let found = try await snapshot("watcher")
      let limited = found.queues.first { $0.name == "limited one" }
      return limited?.limits.maxLength == 700 && limited?.limits.messageTTL == 5000
        && found.queues.contains { $0.name == "free" && $0.limits == QueueLimits() && $0.state == "running" }
        && found.nodes.map(\.isRunning) == [true] && found.overview.clusterName == server.name
    }
    let refused = await #expect(throws: ManagementError.self) { try await snapshot("nobody") }
    #expect(refused?.reason == .unauthorised)
    await client.shutdown()
  }
}
