import Foundation
import HarecastTestKit
import Testing

@Suite("Unit tests of rules print what promtool prints", .timeLimit(.minutes(5)))
struct TestRulesTests {
  private static let files: [String: String] = [
    "rules.yml": """
    groups:
    - name: two
      rules:
      - {record: b, expr: a * 2}
      - alert: High
        expr: a > 5
        for: 2m
        labels: {severity: page, who: "{{ $externalLabels.site }}"}
        annotations: {summary: "{{ $labels.x }} at {{ $value }}", url: "{{ $externalURL }}", empty: ""}
    - name: one
      rules: [{record: a2, expr: b + 1}]
    """,
    "duplicate.yml": "groups: [{name: a, rules: [{record: c, expr: a, labels: {x: '3'}}]}]\n",
    "broken.yml": "groups: [{name: a, rules: [{record: a, expr: 'sum('}]}]\n",
    "good.yml": """
    rule_files: [rules.yml, nothing*.yml]
    evaluation_interval: 1m
    group_eval_order: [one, two]
    tests:
    - name: good
      interval: 1m
      input_series: [{series: 'a{x="1"}', values: '1+1x10 _ stale 3x2'}]
      external_labels: {site: here}
      external_url: http://x
      alert_rule_test:
      - {eval_time: 5m, alertname: High, exp_alerts: []}
      - eval_time: 7m30s
        alertname: High
        exp_alerts:
        - exp_labels: {severity: page, who: here, x: "1"}
          exp_annotations: {summary: "1 at 8", url: "http://x", empty: ""}
      promql_expr_test:
      - {expr: b, eval_time: 4m, exp_samples: [{labels: 'b{x="1"}', value: 10}]}
      - {expr: a2, eval_time: 4m, exp_samples: [{labels: 'a2{x="1"}', value: 9}]}
      - {expr: "count(a)", eval_time: 4m, exp_samples: [{labels: '{}', value: 1}]}
      - {expr: "1", eval_time: 4m, exp_samples: [{labels: '{}', value: 1}]}
      - {expr: "nope", eval_time: 4m}
    """,
    "bad.yml": """
    rule_files: [rules.yml]
    tests:
    - name: bad
      interval: 1m
      input_series: [{series: 'a{x="1"}', values: '1+1x10'}]
      alert_rule_test:
      - {eval_time: 7m, alertname: High, exp_alerts: []}
      - eval_time: 8m
        alertname: High
        exp_alerts:
        - exp_labels: {severity: other}
        - exp_labels: {severity: page, x: "1"}
          exp_annotations: {summary: "x\\ny"}
      promql_expr_test:
      - {expr: 'b{x="1"}', eval_time: 4m, exp_samples: [{labels: 'b{x="1"}', value: 11}, {labels: '{q="w"}', value: 0.1}]}
      - {expr: "nope", eval_time: 1h30m, exp_samples: [{labels: '{}', value: 1}]}
      - {expr: "sum(", eval_time: 4m}
      - {expr: "'x'", eval_time: 4m}
      - {expr: "a[5m]", eval_time: 4m}
      - {expr: "1/0", eval_time: 4m, exp_samples: [{labels: '{}', value: 12345678.5}]}
    - interval: 1m
      promql_expr_test: [{expr: "nope", exp_samples: [{labels: '{}', value: 1}]}]
    - name: missing
      alert_rule_test: [{eval_time: 1m}]
    """,
    "rules-broken.yml": """
    rule_files: [broken.yml]
    tests: [{promql_expr_test: [{expr: "1", exp_samples: [{labels: "{}", value: 1}]}]}]
    """,
    "rules-fail.yml": """
    rule_files: [duplicate.yml]
    tests:
    - input_series: [{series: 'a{x="1"}', values: "1x5"}, {series: 'a{x="2"}', values: "1x5"}]
      promql_expr_test: [{expr: "c", eval_time: 3m}]
    """,
    "fuzzy.yml": """
    fuzzy_compare: true
    tests:
    - input_series: [{series: 'a', values: "0.1+0.1x5"}]
      promql_expr_test:
      - {expr: "a", eval_time: 2m, exp_samples: [{labels: 'a', value: 0.3}]}
      - {expr: "a*NaN", eval_time: 5m, exp_samples: [{labels: '{}', value: .nan}]}
    """,
  ]

  @Test(
    "verdicts, words, exit statuses and JUnit files are promtool's",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func asPromtool() async throws {
    let folder = try TemporaryFolder()
    for (name, text) in Self.files { try folder.write(text + "\n", to: name) }
    let tests = ["good", "bad", "rules-broken", "rules-fail", "fuzzy"].map { "\(folder.path)/\($0).yml" }
    for flags in [[], ["--run=oo"], ["--run=^x$", "--run=bad"]] {
      for files in tests.map({ [$0] }) + [tests] {
        let reference = try await promtool(["test", "rules", "--junit=\(folder.path)/p.xml"] + flags + files)
        let outcome = try await HarecastServer.run(["test", "rules", "--junit=\(folder.path)/h.xml"] + flags + files)
        #expect(outcome.status == reference.status, "\(flags) \(files)")
        #expect(outcome.output == reference.output, "\(flags) \(files)")
        #expect(outcome.errors == reference.errors, "\(flags) \(files)")
        let junit = try ["p.xml", "h.xml"].map { name in
          try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
            .replacing(/timestamp="[^"]*"/, with: String())
        }
        #expect(junit[0] == junit[1])
      }
    }
  }

  @Test("a test tells what did not hold, and the exit status says so")
  func failure() async throws {
    let folder = try TemporaryFolder()
    for (name, text) in Self.files { try folder.write(text + "\n", to: name) }
    let good = try await HarecastServer.run(["test", "rules", "\(folder.path)/good.yml"])
    #expect(good.status == 0, "\(good.errors)")
    #expect(good.output == "  SUCCESS\n\n")
    let fuzzy = try await HarecastServer.run(["test", "rules", "\(folder.path)/fuzzy.yml"])
    #expect(fuzzy.status == 1)
    #expect(
      fuzzy.errors == "  FAILED:\n    expr: \"a*NaN\", time: 5m,\n        exp: {} NaN\n        got: {} NaN\n")
    let diff = try await HarecastServer.run(["test", "rules", "--diff", "\(folder.path)/bad.yml"])
    #expect(diff.errors.contains("\u{1b}[0;33m\"other\" => \"page\"\u{1b}[0m"))
    let debug = try await HarecastServer.run(["test", "rules", "--debug", "\(folder.path)/good.yml"])
    #expect(debug.output.contains("DEBUG: Starting test good\n"))
    #expect(debug.output.contains("{__name__=\"a2\", x=\"1\"} =>\n"))
  }

  /// A line of slope 1 a minute that stands at 120 is at 180 an hour later.
  @Test("a rule that predicts is tested too, and gives the same every time")
  func predictions() async throws {
    let folder = try TemporaryFolder()
    try folder.write(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [1h], quantiles: [0.5], history: 2h, model: drift}
        - alert: Full
          expr: depth_forecast{horizon="1h"} > 150
          labels: {mode: predicted}
      """, to: "rules.yml")
    let file = try folder.write(
      """
      rule_files: [rules.yml]
      tests:
      - interval: 1m
        input_series: [{series: 'depth{queue="q"}', values: '0+1x120'}]
        alert_rule_test:
        - {eval_time: 60m, alertname: Full, exp_alerts: []}
        - eval_time: 120m
          alertname: Full
          exp_alerts: [{exp_labels: {queue: q, horizon: 1h, q: "0.5", mode: predicted}}]
        promql_expr_test:
        - expr: round(depth_forecast)
          eval_time: 120m
          exp_samples: [{labels: '{queue="q", horizon="1h", q="0.5"}', value: 180}]
      """, to: "tests.yml")
    for _ in 0..<2 {
      let outcome = try await HarecastServer.run(["test", "rules", file])
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }
  }
}
