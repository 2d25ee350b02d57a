import StrictYAML
import Testing
import TimeSeries

@testable import Collection

@Suite("The configuration of backfill")
struct BackfillConfigurationTests {
  private func read(_ text: String) throws -> [BackfillConfiguration] {
    try BackfillConfiguration.configurations(YAMLDocument.parse(text, file: "h.yml"), directory: "/etc/h")
  }

  @Test("a source needs no more than its address")
  func defaults() throws {
    let source = try #require(try read("- url: http://prometheus:9090/prefix/").first)
    #expect(source.url == "http://prometheus:9090/prefix")
    #expect(source.range == 14 * 86_400_000)
    #expect(source.step == 60_000)
    #expect(source.concurrency == 4)
    #expect(source.match.isEmpty)
  }

  @Test("every key is read")
  func everything() throws {
    let source = try #require(
      try read(
        """
        - url: https://mimir/prometheus
          range: 7d
          step: 30s
          timeout: 2m
          concurrency: 2
          requests_per_second: 0.5
          match: ['{job="rabbitmq"}', up]
          params: { dedup: ["true"], max_source_resolution: [0s, 5m] }
          headers: { X-Scope-OrgID: production }
          authorization: { credentials: abc }
          metric_relabel_configs: [{ action: labeldrop, regex: replica }]
        """
      ).first)
    #expect(source.range == 7 * 86_400_000 && source.step == 30_000 && source.timeout == 120_000)
    #expect(source.concurrency == 2 && source.requestsPerSecond == 0.5)
    #expect(source.match == ["{job=\"rabbitmq\"}", "up"])
    #expect(source.parameters.map(\.value) == ["true", "0s", "5m"])
    #expect(source.access.headers.first?.name == "X-Scope-OrgID")
    #expect(source.relabelRules.count == 1)
    let request = try BackfillRequest(configuration: source).range("up", BackfillSpan(start: 0, end: 60_500))
    #expect(request.url.hasPrefix("https://mimir/prometheus/api/v1/query_range?query=up&start=0&end=60.500&step=30&"))
    #expect(request.url.hasSuffix("&timeout=120&dedup=true&max_source_resolution=0s&max_source_resolution=5m"))
    #expect(request.authorization == "Bearer abc")
    #expect(request.headers.first?.value == "production")
  }

  @Test(
    "what is wrong is named with its place",
    arguments: [
      ("- range: 1d", "h.yml:1:3: a source of backfill needs the key \"url\""),
      ("- url: ftp://x", "h.yml:1:3: url: \"ftp://x\" does not begin with http:// or https://"),
      ("- url: http://a:b@x", "h.yml:1:3: url: put the user into basic_auth, not into the address"),
      ("- url: http://x/api/v1/", "h.yml:1:3: url: give the address before /api/v1"),
      ("- {url: http://x, step: 1ms}", "step must be from 1s to 1d"),
      ("- {url: http://x, range: 10s}", "range must be at least the step"),
      ("- {url: http://x, concurrency: 0}", "concurrency must be from 1 to 64"),
      ("- {url: http://x, requests_per_second: .nan}", "requests_per_second must be from 0.01 to 1000"),
      ("- {url: http://x, match: ['{a=\"b']}", "is not a selector of series"),
      ("- {url: http://x, match: ['rate(x[5m])']}", "is not a selector of series"),
      ("- {url: http://x, params: {query: [a]}}", "the parameter \"query\" is set by each request itself"),
      ("- {url: http://x, rang: 1d}", "unknown key \"rang\" in a source of backfill; did you mean \"range\"?"),
      ("- url: http://x\n- url: http://x", "h.yml:2:3: the source http://x is listed twice"),
    ])
  func faults(text: String, message: String) {
    let error = #expect(throws: YAMLError.self) { try read(text) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test(
    "a selector is pinned to one metric",
    arguments: [
      ("{job=\"a\"}", "{__name__=\"m\",job=\"a\"}"), ("{}", "{__name__=\"m\"}"),
      ("{ a=\"}\", }", "{__name__=\"m\", a=\"}\", }"),
      ("{__name__=~\"m.*\"}", "{__name__=\"m\",__name__=~\"m.*\"}"), ("up", "up"), ("up{a=\"b\"}", "up{a=\"b\"}"),
      ("{\"up\", a=\"b\"}", "{\"up\", a=\"b\"}"), ("{__name__=\"up\"}", "{__name__=\"up\"}"),
    ])
  func pinned(selector: String, query: String) throws {
    #expect(try #require(BackfillSelector(selector)).query(metric: "m") == query)
  }

  @Test("long queries travel as a form")
  func form() throws {
    let source = BackfillConfiguration(url: "http://x")
    let query = "{a=~\"\(String(repeating: "b|", count: 2000))\"}"
    let request = try BackfillRequest(configuration: source).range(query, BackfillSpan(start: 0, end: 60_000))
    #expect(request.url == "http://x/api/v1/query_range")
    #expect(request.method == "POST")
    #expect(request.headers.first?.value == "application/x-www-form-urlencoded")
  }
}
