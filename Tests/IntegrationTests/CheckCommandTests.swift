import Foundation
import HarecastTestKit
import Testing

@Suite("Checks say what promtool says", .timeLimit(.minutes(5)))
struct CheckCommandTests {
  private static let rules = """
    groups:
    - name: g
      labels: {team: a}
      rules: [{record: b, expr: c}, {record: b, expr: d}, {alert: E, expr: f, labels: {severity: "1"}}]
    - name: h
      rules: [{alert: E, expr: g, labels: {severity: "1", team: a}}]

    """
  private static let lint = """
    lint error 2 duplicate rule(s) found.
    Metric: E
    Label(s):
    \tseverity: 1
    \tteam: a
    Metric: b
    Label(s):
    \tteam: a
    Might cause inconsistency while recording expressions

    """

  @Test("duplicate rules are lint: told, and fatal with --lint-fatal only")
  func duplicateRules() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.rules, to: "rules.yml")
    let plain = try await HarecastServer.run(["check", "rules", file])
    #expect(plain.status == 0)
    #expect(plain.output == "Checking \(file)\n\n")
    #expect(plain.errors == "  FAILED:\n" + Self.lint)
    #expect(try await HarecastServer.run(["check", "rules", "--lint-fatal", file]).status == 3)
    let none = try await HarecastServer.run(["check", "rules", "--lint=none", "--lint-fatal", file])
    #expect(none.status == 0)
    #expect(none.output == "Checking \(file)\n  SUCCESS: 4 rules found\n\n")
    #expect(try await HarecastServer.run(["check", "rules", "--lint=some", file]).status == 2)
  }

  @Test("rules come from standard input too, and unknown fields may be passed over")
  func standardInput() async throws {
    let good = try await HarecastServer.run(["check", "rules"], input: "groups: [{name: a}]\n")
    #expect(good.status == 0)
    #expect(good.output == "Checking standard input\n  SUCCESS: 0 rules found\n\n")
    let text = "groups: [{name: a, owner: b, rules: [{record: c, expr: d, runbook: e}]}]\nversion: 1\n"
    #expect(try await HarecastServer.run(["check", "rules"], input: text).status == 1)
    let lenient = try await HarecastServer.run(["check", "rules", "--ignore-unknown-fields"], input: text)
    #expect(lenient.output == "Checking standard input\n  SUCCESS: 1 rules found\n\n")
  }

  @Test("check config checks the rule files too, unless only the syntax is asked for")
  func configuration() async throws {
    let folder = try TemporaryFolder()
    try folder.write("groups: [{name: a, rules: [{record: b, expr: 'sum('}]}]\n", to: "bad.yml")
    let file = try folder.write("rule_files: [bad.yml]\n", to: "harecast.yml")
    let whole = try await HarecastServer.run(["check", "config", file])
    #expect(whole.status == 1)
    #expect(whole.output.contains("  SUCCESS: 1 rule files found\n SUCCESS: \(file) is valid"))
    #expect(whole.errors.contains("unclosed left parenthesis"))
    #expect(try await HarecastServer.run(["check", "config", "--syntax-only", file]).status == 0)
    let slow = try folder.write(
      "scrape_configs: [{job_name: slow, scrape_interval: 10m, static_configs: [{targets: [a]}]}]\n", to: "slow.yml")
    #expect(try await HarecastServer.run(["check", "config", "--lint-fatal", slow]).status == 0)
    let lint = try await HarecastServer.run(["check", "config", "--lint=all", "--lint-fatal", slow])
    #expect(lint.status == 3)
    #expect(lint.errors.contains("Long Scrape Interval found. Data point will be marked as stale. Job: slow."))
  }

  /// Expositions, good and bad.
  private static let expositions = [
    "", "a 1\n", "a 1", "# HELP a x\n# TYPE a gauge\na 1\n", "# HELP a\n# TYPE a gauge\na 1\n",
    "# HELP a_total x\n# TYPE a_total counter\na_total 1\n", "# HELP a x\n# TYPE a counter\na 1\n",
    "# HELP a_total x\n# TYPE a_total gauge\na_total 1\n", "# HELP a_ms x\n# TYPE a_ms gauge\na_ms 1\n",
    "# HELP a_milliseconds x\n# TYPE a_milliseconds gauge\na_milliseconds 1\n",
    "# HELP a_gauge x\n# TYPE a_gauge gauge\na_gauge 1\n", "# HELP a:b x\n# TYPE a:b gauge\na:b 1\n",
    "# HELP aB x\n# TYPE aB gauge\naB{cD=\"e\"} 1\n", "# HELP a x\n# TYPE a gauge\na{b=\"c\"} 1\na{b=\"c\"} 2\n",
    "# HELP a_count x\n# TYPE a_count gauge\na_count{le=\"1\",quantile=\"2\"} 1\n",
    "# HELP a_bucket x\n# TYPE a_bucket gauge\na_bucket 1\n",
    "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
    "# HELP a x\n# TYPE a summary\na{quantile=\"0.5\"} 1\na_sum 1\na_count 1\n",
    "# HELP a x\n# TYPE a foo\na 1\n", "# HELP a x\n# TYPE a info\na 1\n", "a 1\n# TYPE a gauge\n",
    "# TYPE a gauge\n# TYPE a gauge\na 1\n", "# HELP a x\n# HELP a y\na 1\n", "a{b=\"c\" 1\n", "a b\n", "1a 1\n",
    "a{b=\"c\",b=\"d\"} 1\n", "# HELP a x\r\n# TYPE a gauge\r\na 1\r\n",
    "# HELP a x\\\"y\\n\\\\\n# TYPE a gauge\na 1\n", "# HELP a x\\qy\n# TYPE a gauge\na 1\n",
    "# HELP a x\n# TYPE a gauge\na{b=\"\\q\"} 1\n", "# HELP a x\n# TYPE a gauge\na{\"c.d\"=\"q\"} 1\n",
    "# HELP a x\n# TYPE a gauge\n{\"a\",b=\"q\"} 1\n", "# HELP \"a.b\" x\n# TYPE \"a.b\" gauge\n{\"a.b\"} 1\n",
    "# HELP a x\n# TYPE a histogram\na_bucket{le=\"x\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
    "# HELP a x\n# TYPE a summary\na{quantile=\"x\"} 1\na_sum 1\na_count 1\n",
    "# HELP a x\n# TYPE a gauge\na 0x1P3\n", "# HELP a x\n# TYPE a gauge\na 1 1.5\n",
    "# HELP a p\n# TYPE a gauge\na +Inf\n",
    "# p\\q\n# HELP a x\n# TYPE a gauge\na{b=\"p\"} 1 5\n",
    "# HELP a_seconds_total x\n# TYPE a_seconds_total counter\na_seconds_total{b=\"1\"} 1\na_seconds_total{b=\"2\"} 1\n",
  ]

  @Test("what is wrong with metrics is told by the exit status")
  func metrics() async throws {
    let good = try await HarecastServer.run(["check", "metrics"], input: Self.expositions[3])
    #expect(good.status == 0)
    #expect(good.output.isEmpty && good.errors.isEmpty)
    let lint = try await HarecastServer.run(["check", "metrics"], input: "a_ms 1\n")
    #expect(lint.status == 3)
    #expect(lint.errors == "a_ms metric names should not contain abbreviated units\na_ms no help text\n")
    let broken = try await HarecastServer.run(["check", "metrics"], input: "a 1\nb c\n")
    #expect(broken.status == 1)
    #expect(broken.errors.hasPrefix("error while linting: text format parsing error in line 2: "))
  }

  @Test(
    "verdicts, words and exit statuses about metrics are promtool's",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func metricsAsPromtool() async throws {
    for text in Self.expositions {
      for arguments in [["check", "metrics"], ["check", "metrics", "--extended"]] {
        let reference = try await promtool(arguments, input: text)
        let outcome = try await HarecastServer.run(arguments, input: text)
        #expect(outcome.status == reference.status, "\(text)")
        #expect(outcome.output == reference.output, "\(text)")
        // The words about what cannot be parsed are each program's own.
        if reference.status != 1 { #expect(outcome.errors == reference.errors, "\(text)") }
      }
    }
  }

  @Test("words and exit statuses about rules are promtool's", .enabled(if: SupportScripts.realServersAreAvailable))
  func rulesAsPromtool() async throws {
    for text in [Self.rules, "groups: [{name: a}]\n", "groups: [{name: a, rules: [{record: b, expr: 'c{'}]}]\n"] {
      for flags in [[], ["--lint=none"], ["--lint-fatal"], ["--lint=all", "--lint-fatal"]] {
        let arguments = ["check", "rules"] + flags
        let reference = try await promtool(arguments, input: text)
        let outcome = try await HarecastServer.run(arguments, input: text)
        #expect(outcome.status == reference.status, "\(flags) \(text)")
        #expect(outcome.output == reference.output, "\(flags) \(text)")
        if reference.status != 1 { #expect(outcome.errors == reference.errors, "\(flags) \(text)") }
      }
    }
  }

  @Test("a server that is alive is told from one that is not")
  func servers() async throws {
    let server = try StaticHTTPServer(["/-/healthy": .text("fine\n")])
    let good = try await HarecastServer.run(["check", "healthy", "--url=\(server.url)"])
    #expect(good.status == 0)
    #expect(good.errors == "  SUCCESS: fine\n")
    let missing = try await HarecastServer.run(["check", "ready", "--url=\(server.url)"])
    #expect(missing.status == 1)
    #expect(missing.errors == "  FAILED: check failed: URL=\(server.url)/-/ready, status=404\n")
    #expect(try await HarecastServer.run(["check", "ready", "--url=http://127.0.0.1:1"]).status == 1)
  }
}
