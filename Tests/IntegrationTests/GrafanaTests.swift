import Foundation
import HarecastTestKit
import Testing

/// What clients of Prometheus's query API ask, put to a real Prometheus and to Harecast: the answers are the same.
@Suite("The query API beside Prometheus", .enabled(if: SupportScripts.realServersAreAvailable), .timeLimit(.minutes(5)))
struct GrafanaTests {
  typealias Exchange = GrafanaHarness.Exchange

  private static func requests(now: Int) -> [Exchange] {
    let span = "start=\(now - 60)&end=\(now)"
    return [
      // Save & test, and the check for Mimir.
      Exchange("/api/v1/query", form: "query=1%2B1&time=4"), Exchange("/api/v1/query?query=1%2B1&time=4"),
      // Panels.
      Exchange("/api/v1/query", form: "query=queue_depth&time=\(now).5"),
      Exchange("/api/v1/query_range", form: "query=vector(1)&\(span)&step=15"),
      Exchange("/api/v1/query_range?query=vector(scalar(1))&\(span)&step=0.5"),
      Exchange(
        "/api/v1/query_range",
        form: "query=sum%20by%20(queue)%20(queue_depth%20*%200)%20or%20vector(1)&start=\(now)&end=\(now)&step=15"),
      Exchange("/api/v1/query?query=histogram_quantile(0.5%2Clatency_seconds_bucket)&time=\(now)"),
      Exchange("/api/v1/query?query=%22text%22&time=\(now)"),
      Exchange("/api/v1/query?query=rate(queue_depth%5B1m%5D)%20*%200&time=\(now)"),
      Exchange("/api/v1/query?query=topk(1%2Cqueue_depth)&time=\(now)"),
      Exchange("/api/v1/query?query=queue_depth&time=\(now)&limit=1"),
      Exchange("/api/v1/query?query=queue_depth&time=\(now)&limit=2"),
      Exchange("/api/v1/query?query=queue_depth&time=2030-01-01T00:00:00Z"),
      Exchange("/api/v1/query_exemplars", form: "query=queue_depth&\(span)"),
      // Variables and the query builder.
      Exchange("/api/v1/labels?\(span)"), Exchange("/api/v1/labels", form: "\(span)&match[]=queue_depth&limit=40000"),
      Exchange("/api/v1/labels?match[]=queue_depth&limit=2"),
      Exchange("/api/v1/label/queue/values?\(span)&match[]=queue_depth&limit=40000"),
      Exchange("/api/v1/label/U__queue/values"), Exchange("/api/v1/label/U__not_2d_there/values"),
      Exchange("/api/v1/label/queue/values?limit=1"),
      Exchange("/api/v1/series", form: "match[]=queue_depth&\(span)&limit=40000"),
      Exchange("/api/v1/series?match[]=queue_depth&\(span)&limit=1"),
      Exchange("/api/v1/metadata?limit=40000&metric=queue_depth"), Exchange("/api/v1/metadata?metric=nothing"),
      Exchange("/api/v1/metadata?metric=queue_depth&limit=0"),
      Exchange("/api/v1/format_query?query=sum(rate(x%5B5m%5D))by(a)"),
      Exchange("/api/v1/format_query", form: "query=1%2B1"),
      // Alerting.
      Exchange("/api/v1/rules"), Exchange("/api/v1/rules?type=alert"), Exchange("/api/v1/rules?type=record"),
      Exchange("/api/v1/rules?rule_name[]=Never&rule_name[]=Deep"), Exchange("/api/v1/rules?rule_group[]=others"),
      Exchange("/api/v1/rules?file[]=nothing"), Exchange("/api/v1/rules?exclude_alerts=true"),
      Exchange("/api/v1/rules?match[]=%7Bseverity%3D%22page%22%7D"), Exchange("/api/v1/rules?group_limit=1"),
      Exchange("/api/v1/rules?group_limit=5"), Exchange("/api/v1/alerts"), Exchange("/api/v1/alertmanagers"),
      // What is wrong.
      Exchange("/api/v1/query"), Exchange("/api/v1/query?query=1%2B"), Exchange("/api/v1/query?query=foo%7B"),
      Exchange("/api/v1/query?query=1&time=x"), Exchange("/api/v1/query?query=1&timeout=x"),
      Exchange("/api/v1/query?query=1&limit=x"), Exchange("/api/v1/query?query=1&limit=-1"),
      Exchange("/api/v1/query?query=label_replace(queue_depth%2C%22queue%22%2C%22x%22%2C%22%22%2C%22%22)&time=\(now)"),
      Exchange("/api/v1/query_range?query=1&start=0&end=10"),
      Exchange("/api/v1/query_range?query=1&start=0&end=10&step=0"),
      Exchange("/api/v1/query_range?query=1&start=0&end=10&step=-1"),
      Exchange("/api/v1/query_range?query=1&start=10&end=0&step=1"),
      Exchange("/api/v1/query_range?query=1&start=0&end=100000&step=1"),
      Exchange("/api/v1/query_range?query=1&start=x&end=10&step=1"),
      Exchange("/api/v1/query_range?query=1&end=10&step=1"),
      Exchange("/api/v1/query_range?start=0&end=10&step=1"),
      Exchange("/api/v1/query_range?query=up%5B5m%5D&start=0&end=10&step=1"),
      Exchange("/api/v1/series"), Exchange("/api/v1/series?match[]=%7B%7D"), Exchange("/api/v1/series?match[]=x%7B"),
      Exchange("/api/v1/series?match[]=x&limit=x"), Exchange("/api/v1/series?match[]=x&start=x"),
      Exchange("/api/v1/labels?limit=-1"), Exchange("/api/v1/labels?match[]=%7B%7D"),
      Exchange("/api/v1/metadata?limit=x"), Exchange("/api/v1/metadata?limit_per_metric=x"),
      Exchange("/api/v1/query_exemplars"), Exchange("/api/v1/query_exemplars?query=up&start=2&end=1"),
      Exchange("/api/v1/format_query"), Exchange("/api/v1/format_query?query=1%2B"),
      Exchange("/api/v1/parse_query"), Exchange("/api/v1/parse_query?query=1%2B"),
      Exchange("/api/v1/rules?type=x"), Exchange("/api/v1/rules?exclude_alerts=x"),
      Exchange("/api/v1/rules?group_limit=0"),
      Exchange("/api/v1/rules?group_limit=x"), Exchange("/api/v1/rules?group_next_token=abc"),
      Exchange("/api/v1/rules?group_limit=1&group_next_token=abc"), Exchange("/api/v1/rules?match[]=%7B"),
      Exchange("/api/v1/status/tsdb?limit=x"), Exchange("/api/v1/nothing"), Exchange("/nothing"),
      Exchange("DELETE", "/api/v1/query"), Exchange("POST", "/api/v1/metadata"), Exchange("OPTIONS", "/api/v1/query"),
      Exchange("/federate"), Exchange("/federate?match[]=x%7B"),
    ]
  }

  @Test("status and body of every answer are the same")
  func agreement() async throws {
    let harness = try await GrafanaHarness()
    // Both have samples already; this moment comes after them and must have passed.
    let now = Int(Date().timeIntervalSince1970) + 2
    try await eventually { Int(Date().timeIntervalSince1970) > now }
    for request in Self.requests(now: now) {
      let (theirs, ours) = try await harness.send(request)
      #expect(ours.status == theirs.status, "\(request.testDescription): \(ours.text) instead of \(theirs.text)")
      #expect(
        GrafanaHarness.comparable(ours) == GrafanaHarness.comparable(theirs),
        "\(request.testDescription):\n\(ours.text)\ninstead of\n\(theirs.text)")
    }
    try await harness.stop()
  }

  /// Queries whose trees are compared: every kind of node and what can be written on it.
  static let parsedQueries = [
    "1", "-1", "+1.5", "-(1)", "NaN", "Inf", "-Inf", "0x1F", "1e300", "1e-9", "5m", #""a\"b""#, "(up)", "-up", "+up",
    "up", #"{__name__="up"}"#, #"up{a="b",c!="d",e=~"f.*",g!~"h|i"}"#, #"{"not classic",x="y"}"#, "up offset 5m",
    "up offset -90s", "up @ 1234.567", "up @ start()", "up @ end() offset 1h", "up[5m]", "up[1h30m] offset 7s @ 0",
    "up[300]", "rate(up[5m])[1h:]", "rate(up[5m])[1h:30s] @ end() offset 5m", "time()", "vector(1)", "round(up)",
    "round(up, 0.5)", "hour()", "hour(up)", #"label_replace(up, "a", "$1", "b", "(.*)")"#,
    #"label_join(up, "a", "-", "b", "c")"#, "histogram_quantile(0.9, up)", "predict_linear(up[5m], 60)", "sum(up)",
    "sum by (a, b) (up)", "sum without (a) (up)", "sum by () (up)", "topk(3, up)", "quantile without (a) (0.9, up)",
    #"count_values("v", up)"#, "1 + 2 * 3", "2 ^ 3 ^ 2", "up + 1", "1 > bool 2", "up == bool 1", "up * up",
    "up / on (a) up", "up / ignoring (a) up", "up - on (a, b) group_left (c) up", "up % ignoring () group_right up",
    "up and up", "up or on (a) up", "up unless ignoring (a) up", "up atan2 up", "up > up", "scalar(up) ^ time()",
  ]

  private static func canonicalJSON(_ text: String) throws -> String {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return String(decoding: try JSONSerialization.data(withJSONObject: value, options: .sortedKeys), as: UTF8.self)
  }

  @Test("queries have the same trees")
  func trees() async throws {
    let harness = try await GrafanaHarness()
    for query in Self.parsedQueries {
      let encoded = try #require(query.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
      let (theirs, ours) = try await harness.send(Exchange("/api/v1/parse_query", form: "query=\(encoded)"))
      #expect(theirs.status == 200, "\(query)")
      #expect(ours.status == theirs.status, "\(query)")
      #expect(try Self.canonicalJSON(ours.text) == Self.canonicalJSON(theirs.text), "\(query)")
    }
    try await harness.stop()
  }

  @Test("status pages have what clients look at, federation gives the same series")
  func statusPages() async throws {
    let harness = try await GrafanaHarness()
    for (path, keys) in [
      ("buildinfo", ["version"]), ("runtimeinfo", ["reloadConfigSuccess", "storageRetention", "serverTime"]),
      ("config", ["yaml"]), ("flags", []),
      ("tsdb", ["headStats", "seriesCountByMetricName", "labelValueCountByLabelName", "seriesCountByLabelValuePair"]),
    ] {
      let answer = try await harness.send(Exchange("/api/v1/status/\(path)")).ours
      #expect(answer.status == 200)
      for key in keys { #expect(answer.text.contains("\"\(key)\":"), "\(path): \(key)") }
      // Features would make Grafana take the server for Mimir.
      #expect(!answer.text.contains("\"features\""))
    }
    let (theirs, ours) = try await harness.send(Exchange("/federate?match[]=%7Bjob%3D%22broker%22%7D"))
    func series(_ answer: HTTPAnswer) -> [String] {
      let lines = answer.text.split(separator: "\n").filter {
        !$0.contains("scrape_") && !$0.contains("ALERTS_FOR_STATE")
      }
      return lines.map { line in
        line.hasPrefix("#") ? String(line) : line.split(separator: " ").dropLast().joined(separator: " ")
      }.sorted()
    }
    #expect(series(ours) == series(theirs))
    #expect(try await promtool(["check", "metrics"], input: ours.text).errors.contains("error while linting") == false)
    try await harness.stop()
  }
}
