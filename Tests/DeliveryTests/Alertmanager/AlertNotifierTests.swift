import Collection
import Exposition
import Foundation
import HTTPFetch
import HarecastTestKit
import Logging
import StrictYAML
import Synchronization
import Testing
import TimeSeries

@testable import Delivery

@Suite("Alerts go to every Alertmanager", .timeLimit(.minutes(1)))
struct AlertNotifierTests {
  /// The alerts that a server was sent, request by request, each as its labels and what else was asked for.
  private static func received(_ server: StaticHTTPServer) throws -> [[[String: String]]] {
    try server.requests.map { request in
      #expect(request.method == "POST" && request.headers["content-type"] == "application/json")
      let alerts = try JSONSerialization.jsonObject(with: Data(request.body)) as? [[String: Any]]
      return (alerts ?? []).compactMap { $0["labels"] as? [String: String] }
    }
  }

  private static func ok() throws -> StaticHTTPServer { try StaticHTTPServer { _ in .init() } }

  private static func configuration(_ servers: [StaticHTTPServer], _ more: String = "") throws -> AlertingConfiguration
  {
    let targets = servers.map { "\"127.0.0.1:\($0.port)\"" }.joined(separator: ", ")
    return try AlertingConfiguration(
      YAMLDocument.parse("alertmanagers: [{static_configs: [{targets: [\(targets)]}]}]\n\(more)", file: "h.yml"),
      directory: "/")
  }

  private final class Harness: Sendable {
    let time = ManualTime(1_000_000)
    let registry = MetricRegistry()
    let client = HTTPClient()
    let notifier: AlertNotifier

    init(queue: AlertQueue = AlertQueue()) {
      notifier = AlertNotifier(
        client: client, time: time, registry: registry, log: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() },
        queue: queue)
    }

    func run(_ body: () async throws -> Void) async throws {
      let notifier = notifier
      let task = Task { await notifier.run() }
      do { try await body() } catch {
        task.cancel()
        throw error
      }
      task.cancel()
      await task.value
    }

    func metric(_ name: String, _ server: StaticHTTPServer) -> Double? {
      let url = "\(server.url)/api/v2/alerts"
      return registry.collect().first { $0.name == "harecast_notifications_\(name)" }?.samples
        .first { $0.labels["alertmanager"] == url }?.value
    }
  }

  @Test func `the request is what Alertmanager's API version 2 takes`() async throws {
    let server = try Self.ok()
    let harness = Harness()
    harness.notifier.reload(try Self.configuration([server]), externalLabels: .empty)
    try await harness.run {
      harness.notifier.notify([
        OutgoingAlert(
          labels: Labels(["alertname": "A", "queue": "a\"/\n\u{e9}"]), annotations: Labels(["summary": "s"]),
          startsAt: 1_700_000_000_000, endsAt: 1_700_000_240_500, generatorURL: "http://h/graph?g0.expr=1&g0.tab=1")
      ])
      try await eventually { server.requests.count == 1 }
    }
    let request = try #require(server.requests.first)
    #expect(request.target == "/api/v2/alerts")
    // 1,700,000,000 s is 2023-11-14 22:13:20 UTC.
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == #"[{"annotations":{"summary":"s"},"endsAt":"2023-11-14T22:17:20.500Z","#
        + #""generatorURL":"http://h/graph?g0.expr=1&g0.tab=1","labels":{"alertname":"A","queue":"a\"/\né"},"#
        + #""startsAt":"2023-11-14T22:13:20.000Z"}]"#)
  }

  @Test func `external labels fill in, relabelling has the last word and may drop an alert`() async throws {
    let server = try Self.ok()
    let harness = Harness()
    let rules = """
      alert_relabel_configs:
        - { action: labeldrop, regex: replica }
        - { action: drop, source_labels: [alertname], regex: Secret }
        - { source_labels: [site], target_label: where }
      """
    harness.notifier.reload(
      try Self.configuration([server], rules), externalLabels: Labels(["site": "north", "replica": "1", "zone": "z"]))
    try await harness.run {
      harness.notifier.notify(
        ["A", "Secret"].map { name in
          OutgoingAlert(
            labels: Labels(["alertname": name, "zone": "own"]), annotations: .empty, startsAt: 0, endsAt: 1,
            generatorURL: "")
        })
      try await eventually { server.requests.count == 1 }
    }
    #expect(
      try Self.received(server) == [[["alertname": "A", "zone": "own", "site": "north", "where": "north"]]])
  }

  @Test func `one that hangs or fails holds up no other, and gets everything when it is back`() async throws {
    let (good, bad) = (try Self.ok(), try StaticHTTPServer { _ in .init(status: 503) })
    let harness = Harness(queue: AlertQueue(batchSize: 64))
    harness.notifier.reload(try Self.configuration([good, bad]), externalLabels: .empty)
    try await harness.run {
      harness.notifier.notify([AlertQueueTests.alert("a")])
      try await eventually { harness.metric("sent_total", good) == 1 && harness.metric("errors_total", bad) == 1 }
      harness.notifier.notify([AlertQueueTests.alert("b")])
      try await eventually { harness.metric("sent_total", good) == 2 }
      #expect(harness.metric("queue_length", bad) == 2)
      bad.setHandler { _ in .init() }
      try await harness.time.waitForSleepers()
      harness.time.advance(by: 1000)
      try await eventually { harness.metric("sent_total", bad) == 2 }
      #expect(harness.metric("queue_length", bad) == 0 && harness.metric("dropped_total", bad) == 0)
    }
    #expect(try Self.received(bad).last?.map { $0["alertname"] } == ["a", "b"])
  }

  @Test func `a refusal is counted and not repeated`() async throws {
    let server = try StaticHTTPServer { _ in .init(status: 400) }
    let harness = Harness()
    harness.notifier.reload(try Self.configuration([server]), externalLabels: .empty)
    try await harness.run {
      harness.notifier.notify([AlertQueueTests.alert("a")])
      try await eventually { harness.metric("dropped_total", server) == 1 }
    }
    #expect(server.requests.count == 1 && harness.metric("errors_total", server) == 1)
  }

  @Test func `a reload keeps what waits for an Alertmanager that stays, and forgets one that goes`() async throws {
    let (stays, goes) = (
      try StaticHTTPServer { _ in .init(status: 500) }, try StaticHTTPServer { _ in .init(status: 500) }
    )
    let harness = Harness()
    harness.notifier.reload(try Self.configuration([stays, goes]), externalLabels: .empty)
    try await harness.run {
      harness.notifier.notify([AlertQueueTests.alert("a")])
      try await eventually { harness.metric("errors_total", stays) == 1 && harness.metric("errors_total", goes) == 1 }
      harness.notifier.reload(try Self.configuration([stays]), externalLabels: .empty)
      #expect(harness.notifier.alertmanagers().active == ["\(stays.url)/api/v2/alerts"])
      #expect(harness.metric("queue_length", goes) == nil && harness.metric("dropped_total", goes) == 1)
      stays.setHandler { _ in .init() }
      try await harness.time.waitForSleepers()
      harness.time.advance(by: 1000)
      try await eventually { harness.metric("sent_total", stays) == 1 }
    }
  }

  @Test func `Alertmanagers are found in files, and what relabelling drops is shown`() async throws {
    let server = try Self.ok()
    let folder = try TemporaryFolder()
    let text = """
      [{"targets": ["127.0.0.1:\(server.port)"], "labels": {"zone": "a"}}, {"targets": ["x:1"], "labels": {"zone": "b"}}]
      """
    _ = try folder.write(text, to: "am.json")
    let harness = Harness()
    harness.notifier.reload(
      try AlertingConfiguration(
        YAMLDocument.parse(
          """
          alertmanagers:
            - file_sd_configs: [{ files: [am.json] }]
              relabel_configs: [{ action: drop, source_labels: [zone], regex: b }]
          """, file: "h.yml"), directory: folder.path), externalLabels: .empty)
    try await harness.run {
      try await eventually { !harness.notifier.alertmanagers().active.isEmpty }
      #expect(harness.notifier.alertmanagers() == (["\(server.url)/api/v2/alerts"], ["http://x:1/api/v2/alerts"]))
      harness.notifier.notify([AlertQueueTests.alert("a")])
      try await eventually { server.requests.count == 1 }
    }
  }

  @Test func `at the end what still waits is sent, whatever the pause`() async throws {
    let server = try StaticHTTPServer { _ in .init(status: 503) }
    let harness = Harness()
    harness.notifier.reload(try Self.configuration([server]), externalLabels: .empty)
    try await harness.run {
      harness.notifier.notify([AlertQueueTests.alert("a")])
      try await eventually { harness.metric("errors_total", server) == 1 }
    }
    server.setHandler { _ in .init() }
    await harness.notifier.drain(within: 3000)
    #expect(harness.metric("sent_total", server) == 1)
  }

  @Test(arguments: [
    (200, AlertQueue.Outcome.delivered), (204, .delivered), (400, .refused), (422, .refused), (413, .tooLarge),
    (401, .failed(pause: nil)), (404, .failed(pause: nil)), (302, .failed(pause: nil)), (500, .failed(pause: nil)),
  ])
  func `an answer's status says whether to try again`(_ status: Int, _ outcome: AlertQueue.Outcome) {
    #expect(AlertSender.outcome(HTTPResponse(status: status), now: 0).0 == outcome)
  }

  @Test func `two alerts that relabelling makes one are the one that lasts longer`() throws {
    let alerts = [("1", 100), ("2", 300), ("3", 200)].map { replica, end in
      OutgoingAlert(
        labels: Labels(["alertname": "A", "replica": replica]), annotations: .empty, startsAt: 0, endsAt: end,
        generatorURL: "")
    }
    let rule = try RelabelRule(action: .labeldrop, regex: "replica")
    #expect(alerts.prepared(externalLabels: .empty, rules: [rule]).map(\.endsAt) == [300])
  }
}
