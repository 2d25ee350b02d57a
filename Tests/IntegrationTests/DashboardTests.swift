import Foundation
import HarecastTestKit
import Testing

/// The dashboards that are shipped: what Grafana will ask, asked here.
@Suite("The dashboards", .serialized, .timeLimit(.minutes(6)))
struct DashboardTests {
  /// One query of a panel, with the variables at their defaults.
  struct PanelQuery: Sendable {
    var place: String
    var expression: String
    var isInstant: Bool
  }

  /// What has nothing to show before the first outcome of a forecast is known, or while nothing runs into its limit.
  private static let mayBeEmpty = [
    "_time_to_limit_seconds", "drain_eta", "harecast_forecast_coverage_ratio", "harecast_forecast_scaled_error_ratio",
    // Demand is spoken of after two days.
    "harecast_demand_",
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

  /// What a server answers to a query, and how many series that is.
  private struct Answer {
    var text: String
    var status: String
    var count: Int
  }

  private func ask(_ query: PanelQuery, of url: String) async throws -> Answer {
    let now = Int(Date().timeIntervalSince1970)
    var form = "query=" + (query.expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
    form += query.isInstant ? "&time=\(now)" : "&start=\(now - 300)&end=\(now + 300)&step=15"
    let answer = try await LoopbackHTTP.send(
      "POST", url + "/api/v1/" + (query.isInstant ? "query" : "query_range"),
      headers: ["Content-Type": "application/x-www-form-urlencoded"], body: Array(form.utf8))
    let json = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
    let data = json?["data"] as? [String: Any]
    return Answer(
      text: answer.text, status: json?["status"] as? String ?? "", count: (data?["result"] as? [Any])?.count ?? 0)
  }

  /// Asks every query until it is answered with data, and keeps the answers as `name` in the build folder, which nobody
  /// commits: what the dashboards would have shown.
  private func askAll(of url: String, keeping name: String, mayBeEmpty: [String]) async throws {
    var kept: [[String: Any]] = []
    for query in try Self.queries() {
      var answer = try await ask(query, of: url)
      #expect(answer.status == "success", "\(query.place): \(answer.text)")
      if answer.count == 0, !mayBeEmpty.contains(where: { query.expression.contains($0) }) {
        try await eventually("\(query.place) has data: \(query.expression)", within: .seconds(60)) {
          try await ask(query, of: url).count > 0
        }
        answer = try await ask(query, of: url)
      }
      let data = try JSONSerialization.jsonObject(with: Data(answer.text.utf8))
      kept.append(["panel": query.place, "query": query.expression, "answer": data])
    }
    let folder = URL(filePath: SupportScripts.folder).appending(path: "../../.build/dashboards").standardizedFileURL
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: name)
    try JSONSerialization.data(withJSONObject: kept, options: [.prettyPrinted, .sortedKeys]).write(to: file)
    print("answers of the dashboards: \(file.path)")
  }

  /// A demo whose recorded incident has begun: then there is something to show on every panel.
  private func demoInTrouble() async throws -> HarecastServer {
    let demo = try await HarecastServer("demo")
    try await eventually("forecasts, an incident and its alert are there", within: .seconds(200)) {
      let metrics = try await demo.metrics()
      return [
        "rabbitmq_queue_messages_forecast{", "harecast_incident{", "ALERTS{", "harecast_node_time_to_limit_seconds{",
      ]
      .allSatisfy { metrics.contains($0) }
    }
    return demo
  }

  @Test("every query of every panel is answered with data by the demo")
  func queriesHaveData() async throws {
    let demo = try await demoInTrouble()
    try await askAll(of: demo.url, keeping: "harecast.json", mayBeEmpty: Self.mayBeEmpty)
    try await demo.stop()
  }

  @Test(
    "every query of every panel is answered with data by a Prometheus that scrapes the demo and has the broker's series",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func queriesHaveDataOnPrometheus() async throws {
    let demo = try await demoInTrouble()
    let address = demo.url.replacing("http://", with: "")
    let prometheus = try await PrometheusServer(
      configuration: """
        global: { scrape_interval: 1s }
        scrape_configs:
          - job_name: harecast
            honor_labels: true
            static_configs: [{ targets: ["\(address)"] }]
          - job_name: broker
            honor_labels: true
            metrics_path: /federate
            params: { "match[]": ['{__name__=~"rabbitmq_.*|erlang_.*|up|scrape_.*|ALERTS"}'] }
            static_configs: [{ targets: ["\(address)"] }]
        """)
    // What was said a quarter of an hour ago it has not seen yet.
    try await askAll(
      of: prometheus.url, keeping: "prometheus.json", mayBeEmpty: Self.mayBeEmpty + ["offset 15m"])
    await prometheus.stop()
    try await demo.stop()
  }
}
