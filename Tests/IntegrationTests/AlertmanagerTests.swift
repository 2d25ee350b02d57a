import Foundation
import HarecastTestKit
import Testing

@Suite(
  "Alerts reach people through real Alertmanagers", .enabled(if: SupportScripts.realServersAreAvailable), .serialized,
  .timeLimit(.minutes(4)))
struct AlertmanagerTests {
  private static let rules = """
    groups:
    - name: g
      interval: 1s
      rules:
      - alert: Predicted
        expr: predicted == 1
        labels: { severity: warning, mode: predicted, resource: memory }
        annotations: { summary: "{{ $labels.rabbitmq_node }} at {{ $value }}", link: "{{ $externalURL }}" }
      - alert: Real
        expr: real == 1
        labels: { severity: critical, resource: memory }
    """

  @Test func `predicted alerts of the shipped rules say all that an engineer needs at night`() async throws {
    let outcome = try await HarecastServer.run([
      "test", "rules", "\(SupportScripts.folder)/../../rules/tests/predictions.test.yml",
    ])
    #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
  }

  @Test func `amtool accepts the shipped configuration`() async throws {
    let outcome = try await runProgram(
      try await SupportScripts.referenceProgram("amtool"), ["check-config", AlertWebhook.shipped])
    #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
  }

  @Test(
    "predictions are grouped, the real alert inhibits its forerunner, one Alertmanager that is away hears everything later"
  )
  func wholeStory() async throws {
    let (page, other) = (try StaticHTTPServer { _ in .init() }, try StaticHTTPServer { _ in .init() })
    let away = try await AlertmanagerServer(configuration: try AlertWebhook.configuration(page))
    let stays = try await AlertmanagerServer(configuration: try AlertWebhook.configuration(other))
    @Sendable func exposition(predicted: [String], real: [String]) -> StaticHTTPServer.Response {
      var text = ""
      for node in ["a", "b", "c"] {
        let labels = #"{rabbitmq_cluster="x",rabbitmq_node="\#(node)"}"#
        text += "predicted\(labels) \(predicted.contains(node) ? 1 : 0)\n"
        text += "real\(labels) \(real.contains(node) ? 1 : 0)\n"
      }
      return .text(text)
    }
    let exporter = try StaticHTTPServer { _ in exposition(predicted: ["a", "b"], real: []) }
    let folder = try TemporaryFolder()
    _ = try folder.write(Self.rules, to: "rules.yml")
    let file = try folder.write(
      """
      global: { scrape_interval: 1s, evaluation_interval: 1s, external_labels: { site: north } }
      rule_files: [rules.yml]
      alerting:
        alert_relabel_configs: [{ action: labeldrop, regex: instance|job }]
        alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:\(away.port)"] }] }]
      scrape_configs: [{ job_name: t, static_configs: [{ targets: ["127.0.0.1:\(exporter.port)"] }] }]
      """, to: "harecast.yml")
    let harecast = try await HarecastServer(
      "serve",
      [
        "--config.file", file, "--alertmanager", stays.url, "--rules.alert.resend-delay", "5s",
        "--web.external-url", "http://h.example.org/x",
      ])

    // Two predictions make one message, with everything that was said about them.
    try await eventually("both predictions are told", within: .seconds(60), poll: .milliseconds(200)) {
      try AlertWebhook.nodes(page, "outlook", "Predicted", "firing") == ["a", "b"]
    }
    let grouped = try #require(
      try AlertWebhook.messages(page).last { $0.receiver == "outlook" && $0.alerts.count == 2 })
    let alert = try #require(grouped.alerts.first { $0.labels["rabbitmq_node"] == "a" })
    #expect(
      alert.labels == [
        "alertname": "Predicted", "rabbitmq_cluster": "x", "rabbitmq_node": "a", "severity": "warning",
        "mode": "predicted", "resource": "memory", "site": "north",
      ])
    #expect(alert.annotations == ["summary": "a at 1", "link": "http://h.example.org/x"])
    #expect(alert.generatorURL == "http://h.example.org/x/graph?g0.expr=predicted+%3D%3D+1&g0.tab=1")
    // The link of an alert leads to the value of its expression.
    let link = alert.generatorURL.replacing("http://h.example.org/x", with: harecast.url)
    let followed = try await LoopbackHTTP.send("GET", link)
    #expect(followed.status == 302 && followed.headers["location"] == "api/v1/query?query=predicted%20%3D%3D%201")
    let known = try await LoopbackHTTP.get("\(harecast.url)/api/v1/alertmanagers")
    #expect(known.contains("\(away.url)/api/v2/alerts") && known.contains("\(stays.url)/api/v2/alerts"))

    // The alarm of a is real now: the pager gets it, and its forerunner, no other, is inhibited.
    exporter.setHandler { _ in exposition(predicted: ["a", "b"], real: ["a"]) }
    try await eventually("the alarm is told", within: .seconds(30), poll: .milliseconds(200)) {
      try AlertWebhook.nodes(page, "pager", "Real", "firing") == ["a"]
    }
    let inhibited = try await LoopbackHTTP.get("\(away.url)/api/v2/alerts?inhibited=true&active=false&silenced=false")
    #expect(inhibited.contains(#""rabbitmq_node":"a""#) && !inhibited.contains(#""rabbitmq_node":"b""#))

    // One Alertmanager goes. The other hears at once that a is over and c began.
    await away.stop()
    exporter.setHandler { _ in exposition(predicted: [], real: ["c"]) }
    try await eventually("the other tells of both", within: .seconds(30), poll: .milliseconds(200)) {
      try AlertWebhook.nodes(other, "pager", "Real", "resolved") == ["a"]
        && AlertWebhook.nodes(other, "pager", "Real", "firing").contains("c")
    }
    #expect(try AlertWebhook.nodes(page, "pager", "Real", "resolved").isEmpty)
    let metrics = try await harecast.metrics()
    #expect(metrics.contains(#"harecast_notifications_dropped_total{alertmanager="\#(away.url)/api/v2/alerts"} 0"#))

    // It comes back, and tells what it missed.
    try await away.startAgain()
    try await eventually("nothing was lost", within: .seconds(60), poll: .milliseconds(200)) {
      try AlertWebhook.nodes(page, "pager", "Real", "resolved").contains("a")
        && AlertWebhook.nodes(page, "pager", "Real", "firing").contains("c")
    }
    #expect(try await harecast.stop() == 0)
    await away.stop()
    await stays.stop()
  }
}
