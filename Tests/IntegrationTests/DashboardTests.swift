import Foundation
import HarecastTestKit
import Testing

/// The dashboards that are shipped: what Grafana will ask, asked here.
@Suite("The dashboards", .timeLimit(.minutes(5)))
struct DashboardTests {
  /// One query of a panel, with the variables at their defaults.
  struct PanelQuery: Sendable {
    var place: String
    var expression: String
    var isInstant: Bool
  }

  /// What has nothing to show while all is well, or before the first outcome of a forecast is known.
  private static let mayBeEmpty = [
    "ALERTS", "_time_to_limit_seconds", "drain_eta", "offset 15m", "> 0.5", "harecast_incident{", "_expected",
    "harecast_forecast_", "scrape_errors", "quorum_margin", "block_probability", "limit_probability", "harecast_queue_",
    "delivery_rate", "harecast_store_file_size_bytes",
  ]

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "grafana/dashboards")

  private static func dashboards() throws -> [(name: String, json: [String: Any])] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
    return try names.sorted().map { name in
      let data = try Data(contentsOf: folder.appending(path: name))
      return (name, try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any]))
    }
  }

  private static func queries() throws -> [PanelQuery] {
    try dashboards().flatMap { name, json in
      (json["panels"] as? [[String: Any]] ?? []).flatMap { panel in
        (panel["targets"] as? [[String: Any]] ?? []).map { target in
          var text = target["expr"] as? String ?? ""
          for (variable, value) in [("cluster", ".*"), ("node", ".*"), ("queue", ".*"), ("horizon", "15m")] {
            text = text.replacing("$\(variable)", with: value)
          }
          return PanelQuery(
            place: "\(name): \(panel["title"] ?? "")", expression: text, isInstant: target["instant"] as? Bool ?? false)
        }
      }
    }
  }

  @Test("have an identity of their own, name no data source, and know the schema of Grafana 11")
  func areProvisionable() throws {
    var identities: Set<String> = []
    for (name, json) in try Self.dashboards() {
      let uid = try #require(json["uid"] as? String, "\(name)")
      #expect(identities.insert(uid).inserted, "\(uid) comes twice")
      #expect((json["schemaVersion"] as? Int ?? 0) >= 39, "\(name)")
      for panel in json["panels"] as? [[String: Any]] ?? [] where panel["type"] as? String != "row" {
        let source = panel["datasource"] as? [String: Any]
        #expect(source?["uid"] as? String == "${datasource}", "\(name): \(panel["title"] ?? "")")
      }
    }
    #expect(identities.count >= 5)
  }

  private func results(_ query: PanelQuery, of url: String) async throws -> (status: String, count: Int, text: String) {
    let now = Int(Date().timeIntervalSince1970)
    var form = "query=" + (query.expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
    form += query.isInstant ? "&time=\(now)" : "&start=\(now - 300)&end=\(now + 300)&step=15"
    let answer = try await LoopbackHTTP.send(
      "POST", url + "/api/v1/" + (query.isInstant ? "query" : "query_range"),
      headers: ["Content-Type": "application/x-www-form-urlencoded"], body: Array(form.utf8))
    let json = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
    let data = json?["data"] as? [String: Any]
    return (json?["status"] as? String ?? "", (data?["result"] as? [Any])?.count ?? 0, answer.text)
  }

  /// The dashboard about Harecast itself.
  private static func isAboutHarecast(_ query: PanelQuery) -> Bool { query.place.hasPrefix("itself.json") }

  @Test("every query of every panel is answered with data by the demo")
  func queriesHaveData() async throws {
    let demo = try await HarecastServer("demo")
    let queries = try Self.queries()
    try await eventually("forecasts are there", within: .seconds(90)) {
      try await LoopbackHTTP.get("\(demo.url)/api/v1/query?query=rabbitmq_queue_messages_forecast").contains("queue")
    }
    for query in queries {
      let quiet = Self.mayBeEmpty.contains { query.expression.contains($0) }
      if quiet {
        let answer = try await results(query, of: demo.url)
        #expect(answer.status == "success", "\(query.place): \(answer.text)")
      } else {
        try await eventually("\(query.place) has data: \(query.expression)", within: .seconds(60)) {
          let answer = try await results(query, of: demo.url)
          return answer.status == "success" && answer.count > 0
        }
      }
    }
    try await demo.stop()
  }

  @Test(
    "every query of every panel is understood by a Prometheus that scrapes the demo",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func queriesWorkOnPrometheus() async throws {
    let demo = try await HarecastServer("demo")
    let address = demo.url.replacing("http://", with: "")
    let prometheus = try await PrometheusServer(
      configuration: """
        global: { scrape_interval: 1s }
        scrape_configs:
          - job_name: harecast
            honor_labels: true
            static_configs: [{ targets: ["\(address)"] }]
        """)
    try await eventually("predictions have been scraped", within: .seconds(90)) {
      try await LoopbackHTTP.get("\(prometheus.url)/api/v1/query?query=rabbitmq_queue_messages_forecast")
        .contains("queue")
    }
    for query in try Self.queries() {
      let answer = try await results(query, of: prometheus.url)
      #expect(answer.status == "success", "\(query.place): \(answer.text)")
      guard Self.isAboutHarecast(query), !Self.mayBeEmpty.contains(where: { query.expression.contains($0) }) else {
        continue
      }
      try await eventually("\(query.place) has data: \(query.expression)", within: .seconds(60)) {
        try await results(query, of: prometheus.url).count > 0
      }
    }
    await prometheus.stop()
    try await demo.stop()
  }
}
