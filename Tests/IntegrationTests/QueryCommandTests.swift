import Foundation
import HarecastTestKit
import Testing

@Suite("Queries from the command line", .timeLimit(.minutes(5)))
struct QueryCommandTests {
  private static let vector = """
    {"status":"success","data":{"resultType":"vector","result":[
    {"metric":{"__name__":"up","job":"a"},"value":[1700000000.5,"1"]},{"metric":{},"value":[1700000000.5,"NaN"]}]}}
    """

  @Test("answers are shown as text and as JSON, errors with exit status 1")
  func shapes() async throws {
    let server = try StaticHTTPServer([
      "/api/v1/query": .json(Self.vector),
      "/api/v1/series": .json(#"{"status":"success","data":[{"__name__":"up","job":"a"}]}"#),
      "/api/v1/label/job/values": .json(#"{"status":"success","data":["a","b"]}"#),
      "/api/v1/query_range": .json(#"{"status":"error","errorType":"bad_data","error":"no good"}"#),
    ])
    let text = try await HarecastServer.run(["query", "instant", server.url, "up"])
    #expect(text.output == "up{job=\"a\"} => 1 @[1700000000.5]\n{} => NaN @[1700000000.5]\n", "\(text.errors)")
    let json = try await HarecastServer.run(["query", "instant", "--format=json", server.url, "up"])
    #expect(json.output.hasPrefix(#"[{"metric":{"__name__":"up","job":"a"},"value":[1700000000.5,"1"]}"#))
    let series = try await HarecastServer.run(["query", "series", "--match=up", server.url])
    #expect(series.output == "{__name__=\"up\", job=\"a\"}\n")
    #expect(try await HarecastServer.run(["query", "labels", server.url, "job"]).output == "a\nb\n")
    let failed = try await HarecastServer.run(["query", "range", server.url, "up"])
    #expect(failed.status == 1)
    #expect(failed.errors == "query error: bad_data: no good\n")
  }

  @Test("wrong words are told apart from servers that do not answer")
  func failures() async throws {
    #expect(try await HarecastServer.run(["query", "instant"]).status == 2)
    #expect(try await HarecastServer.run(["query", "instant", "ftp://a", "up"]).status == 2)
    let silent = try await HarecastServer.run(["query", "instant", "http://127.0.0.1:1", "up"])
    #expect(silent.status == 1)
    #expect(silent.errors.hasPrefix("query error: "))
    let time = try await HarecastServer.run(["query", "instant", "--time=soon", "http://127.0.0.1:1", "up"])
    #expect(time.errors == "error parsing evaluation time: cannot parse \"soon\" to a valid timestamp\n")
  }

  @Test("a real Prometheus is shown as promtool shows it", .enabled(if: SupportScripts.realServersAreAvailable))
  func asPromtool() async throws {
    let server = try await PrometheusServer(
      configuration: """
        global: {evaluation_interval: 1s}
        rule_files: [rules.yml]
        """,
      files: [
        "rules.yml":
          "groups: [{name: g, rules: [{record: a, expr: 'label_replace(vector(1), \"b\", \"c\", \"\", \"\")'}]}]\n"
      ])
    defer { Task { await server.stop() } }
    try await eventually("the rule was evaluated", within: .seconds(30)) {
      try await server.query("a").contains("\"b\"")
    }
    let now = Int64(Date().timeIntervalSince1970)
    for arguments in [
      ["instant", "--time=\(now)", server.url, "a"], ["instant", "--time=\(now)", server.url, "1 + 1"],
      ["instant", "--time=\(now)", server.url, "nothing"], ["instant", "--time=\(now)", server.url, "sum("],
      ["instant", "--time=\(now).5", "--format=json", server.url, "a * 2"],
      ["range", "--start=\(now)", "--end=\(now + 2)", "--step=1s", server.url, "a"],
      ["range", "--start=\(now)", "--end=\(now + 2)", "--step=1s", "--format=json", server.url, "a / 3"],
      ["range", "--start=\(now)", "--end=\(now - 2)", server.url, "a"],
      ["series", "--match=a", server.url], ["series", "--match=a", "--format=json", server.url],
      ["labels", server.url, "b"], ["labels", server.url, "__name__"],
    ] {
      let reference = try await promtool(["query"] + arguments)
      let outcome = try await HarecastServer.run(["query"] + arguments)
      #expect(outcome.status == reference.status, "\(arguments)")
      #expect(outcome.output == reference.output, "\(arguments)")
      #expect(outcome.errors == reference.errors, "\(arguments)")
    }
  }
}
