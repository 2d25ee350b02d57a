import Foundation
import HarecastTestKit
import Testing

@Suite("The command line", .timeLimit(.minutes(5)))
struct CommandLineTests {
  /// A plain Prometheus configuration, as a team that moves over brings it: three nodes, two jobs, the second with a
  /// one-second interval and no timeout, rule files that are not there.
  static let prometheusConfiguration = """
    global:
      scrape_interval: 15s
      evaluation_interval: 15s

    scrape_configs:
      - job_name: 'rabbitmq'
        static_configs:
          - targets: ['rabbitmq-node1:15692', 'rabbitmq-node2:15692', 'rabbitmq-node3:15692']
        scrape_interval: 5s
        metrics_path: /metrics

      - job_name: 'rabbitmq-detailed'
        static_configs:
          - targets: ['rabbitmq-node1:15692', 'rabbitmq-node2:15692', 'rabbitmq-node3:15692']
        scrape_interval: 1s
        metrics_path: /metrics/detailed
        params:
          family: ['queue_metrics', 'connection_metrics', 'channel_metrics']

    rule_files:
      - "rabbitmq_rules.yml"
      - "ml_prediction_rules.yml"
    """

  @Test("check config accepts a plain Prometheus configuration")
  func acceptsPrometheusConfiguration() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.prometheusConfiguration, to: "prometheus.yml")
    let outcome = try await HarecastServer.run(["check", "config", file])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("SUCCESS"))
  }

  @Test("an unknown key is one line with file, line and the nearest known key, and exit status 1")
  func namesTheNearestKey() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("global:\n  scrape_intervall: 15s\n", to: "harecast.yml")
    for command in [["check", "config", file], ["serve", "--config.file", file]] {
      let outcome = try await HarecastServer.run(command)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("\(file):2:3: unknown key \"scrape_intervall\""))
      #expect(outcome.errors.contains("did you mean \"scrape_interval\"?"))
    }
  }

  @Test("wrong usage ends with a usage error, not with a stack trace")
  func wrongUsage() async throws {
    let outcome = try await HarecastServer.run(["serve", "--no-such-flag"])
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("--no-such-flag"))
    let address = try await HarecastServer.run(["serve", "--rabbitmq", "http://user@rabbit:15692"])
    #expect(address.status == 2)
  }

  @Test("check rules accepts the shipped pack and names the place of a fault in another")
  func checksRules() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let good = try await HarecastServer.run(["check", "rules", root.appending(path: "rules/rabbitmq.yml").path])
    #expect(good.status == 0, "\(good.errors)")
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "groups:\n  - name: g\n    rules:\n      - record: x\n        expr: sum(\n", to: "bad.yml")
    let bad = try await HarecastServer.run(["check", "rules", file])
    #expect(bad.status == 1)
    #expect(bad.errors.contains("\(file): 5:"))
    #expect(bad.errors.contains("group \"g\", rule 1, \"x\""))
  }

  @Test("SIGHUP goes over to a good configuration whole and ignores a bad one")
  func reloadIsAllOrNothing() async throws {
    let first = try StaticHTTPServer(["/metrics": .text("first 1\n")])
    let second = try StaticHTTPServer(["/metrics": .text("second 2\n")])
    func configuration(_ port: Int) -> String {
      """
      global: { scrape_interval: 1s, evaluation_interval: 1s }
      scrape_configs:
        - job_name: test
          static_configs: [{ targets: ["127.0.0.1:\(port)"] }]
      """
    }
    let folder = try TemporaryFolder()
    let file = try folder.write(configuration(first.port), to: "harecast.yml")
    let harecast = try await HarecastServer("serve", ["--config.file", file])
    func answers(_ name: String) async throws -> Bool {
      try await LoopbackHTTP.get("\(harecast.url)/api/v1/query?query=\(name)").contains("\"__name__\":\"\(name)\"")
    }
    try await eventually("the first target is scraped", within: .seconds(30)) { try await answers("first") }

    _ = try folder.write("scrape_configs: [{ job_name: }]\n", to: "harecast.yml")
    harecast.process.signal(SIGHUP)
    try await eventually("the bad configuration is refused", within: .seconds(30)) {
      try await MetricsText.fetch(harecast).value("harecast_config_last_reload_successful") == 0
    }
    #expect(try await answers("first"))

    _ = try folder.write(configuration(second.port), to: "harecast.yml")
    harecast.process.signal(SIGHUP)
    try await eventually("the second target is scraped instead", within: .seconds(30)) {
      let (old, new) = (try await answers("first"), try await answers("second"))
      return new && !old
    }
    #expect(try await harecast.stop() == 0)
  }

  @Test("/metrics speaks text and OpenMetrics, plain and compressed; health and readiness answer")
  func metricsIsNegotiated() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("scrape_configs: []\n", to: "harecast.yml")
    let harecast = try await HarecastServer("serve", ["--config.file", file])
    let open = try await LoopbackHTTP.send(
      "GET", "\(harecast.url)/metrics", headers: ["Accept": "application/openmetrics-text; version=1.0.0"])
    #expect(open.headers["content-type"]?.hasPrefix("application/openmetrics-text; version=1.0.0") == true)
    #expect(open.text.hasSuffix("# EOF\n"))
    let compressed = try await LoopbackHTTP.send(
      "GET", "\(harecast.url)/metrics", headers: ["Accept-Encoding": "gzip"])
    #expect(compressed.headers["content-encoding"] == "gzip")
    #expect(compressed.body.starts(with: [0x1f, 0x8b]))
    for path in ["/-/healthy", "/-/ready"] {
      #expect(try await LoopbackHTTP.send("GET", "\(harecast.url)\(path)").status == 200)
    }
    #expect(try await LoopbackHTTP.send("HEAD", "\(harecast.url)/-/healthy").status == 200)
    #expect(try await LoopbackHTTP.send("POST", "\(harecast.url)/-/reload").status == 403)
    #expect(try await LoopbackHTTP.send("GET", "\(harecast.url)/api/v1/rules?type=nonsense").status == 400)
    try await harecast.stop()
  }
}
