import Foundation
import HarecastTestKit
import Testing

/// Prometheus and Harecast with the same jobs and rules over the same target, side by side.
struct GrafanaHarness: Sendable {
  /// One request to both.
  struct Exchange: Sendable, CustomTestStringConvertible {
    var method = "GET"
    var path: String
    var form = ""
    var headers: [String: String] = [:]

    init(_ path: String) { self.path = path }

    /// A `POST` of a form.
    init(_ path: String, form: String) {
      method = "POST"
      self.path = path
      self.form = form
      headers["Content-Type"] = "application/x-www-form-urlencoded"
    }

    init(_ method: String, _ path: String) {
      self.method = method
      self.path = path
    }

    var testDescription: String { "\(method) \(path) \(form)" }
  }

  private static let metrics = """
    # HELP queue_depth Messages that wait.
    # TYPE queue_depth gauge
    queue_depth{queue="orders",vhost="/"} 3
    queue_depth{queue="payments",vhost="/"} 4.5
    # HELP published_total Messages that came.
    # TYPE published_total counter
    published_total{vhost="/"} 17
    # HELP latency_seconds How long it took.
    # TYPE latency_seconds histogram
    latency_seconds_bucket{le="0.1"} 1
    latency_seconds_bucket{le="1"} 3
    latency_seconds_bucket{le="+Inf"} 4
    latency_seconds_sum 2.5
    latency_seconds_count 4

    """

  private static let rules = """
    groups:
      - name: depths
        labels: {}
        rules:
          - { record: queue_depth_sum, expr: sum(queue_depth), labels: { team: a } }
          - { alert: Deep, expr: queue_depth > 4, labels: { severity: page }, annotations: { summary: deep } }
      - name: others
        rules:
          - { alert: Never, expr: queue_depth > 400, for: 5m }

    """

  let target: StaticHTTPServer
  let prometheus: PrometheusServer
  let harecast: HarecastServer
  private let folder: TemporaryFolder

  init() async throws {
    target = try StaticHTTPServer(["/metrics": .text(Self.metrics)])
    folder = try TemporaryFolder()
    let rules = try folder.write(Self.rules.replacing("    labels: {}\n", with: ""), to: "rules.yml")
    let configuration = """
      global: { scrape_interval: 1s, evaluation_interval: 1s }
      rule_files: ["\(rules)"]
      scrape_configs:
        - job_name: broker
          static_configs: [{ targets: ["127.0.0.1:\(target.port)"] }]
      """
    let file = try folder.write(configuration, to: "harecast.yml")
    prometheus = try await PrometheusServer(configuration: configuration)
    harecast = try await HarecastServer("serve", ["--config.file=\(file)"])
    for url in [prometheus.url, harecast.url] {
      try await eventually("rules and samples are there", within: .seconds(30)) {
        let sum = try await LoopbackHTTP.get("\(url)/api/v1/query?query=queue_depth_sum")
        let alerts = try await LoopbackHTTP.get("\(url)/api/v1/alerts")
        let never = try await LoopbackHTTP.get("\(url)/api/v1/rules?rule_group[]=others")
        return sum.contains("\"7.5\"") && alerts.contains("firing") && never.contains("\"ok\"")
      }
    }
  }

  /// The answers of Prometheus and of Harecast.
  func send(_ exchange: Exchange) async throws -> (theirs: HTTPAnswer, ours: HTTPAnswer) {
    (try await send(exchange, to: prometheus.url), try await send(exchange, to: harecast.url))
  }

  private func send(_ exchange: Exchange, to url: String) async throws -> HTTPAnswer {
    try await LoopbackHTTP.send(
      exchange.method, url + exchange.path, headers: exchange.headers, body: Array(exchange.form.utf8))
  }

  func stop() async throws {
    await prometheus.stop()
    try await harecast.stop()
  }

  /// The body as values that compare, without what differs between any two servers: moments, durations, tokens.
  static func comparable(_ answer: HTTPAnswer) -> NSObject? {
    guard let value = try? JSONSerialization.jsonObject(with: Data(answer.body)) else {
      return answer.text as NSString
    }
    return strip(value) as? NSObject
  }

  private static func strip(_ value: Any) -> Any {
    if let object = value as? [String: Any] {
      let moments: Set<String> = [
        "evaluationTime", "lastEvaluation", "activeAt", "groupNextToken", "file", "lastScrape", "lastScrapeDuration",
      ]
      return object.filter { !moments.contains($0.key) }.mapValues(strip)
    }
    if let array = value as? [Any] { return array.map(strip) }
    return value
  }
}
