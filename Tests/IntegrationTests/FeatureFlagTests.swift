import HarecastTestKit
import Testing

@Suite("--enable-feature takes Prometheus's names", .timeLimit(.minutes(2)))
struct FeatureFlagTests {
  private static let test = """
    tests:
    - interval: 1m
      input_series: [{series: a, values: '1+1x10'}]
      promql_expr_test:
      - {expr: 'count(limitk(1, a))', eval_time: 5m, exp_samples: [{labels: '{}', value: 1}]}
      - {expr: 'sum_over_time(a[1m * 2])', eval_time: 5m, exp_samples: [{labels: '{}', value: 11}]}
      - {expr: 'label_replace(a * 1, "n", "$1", "__name__", "(.*)")', eval_time: 5m, exp_samples: [{labels: '{n="a"}', value: 6}]}
    """

  @Test("the names of the language take effect, apart or with commas")
  func languageFeatures() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.test, to: "test.yml")
    let enabled = try await HarecastServer.run([
      "test", "rules", "--enable-feature=promql-experimental-functions,promql-duration-expr",
      "--enable-feature=promql-delayed-name-removal", file,
    ])
    #expect(enabled.status == 0, "\(enabled.output)\(enabled.errors)")
    let plain = try await HarecastServer.run(["test", "rules", file])
    #expect(plain.status == 1)
    #expect(plain.errors.contains("limitk() is experimental and must be enabled"))
    #expect(plain.errors.contains("experimental duration expression is not enabled"))
  }

  @Test("an unknown name is warned of and hinders nothing")
  func unknownFeature() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("tests: []\n", to: "test.yml")
    let outcome = try await HarecastServer.run([
      "test", "rules", "--enable-feature=no-such-feature,native-histograms,", file,
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("WARNING: Unknown feature passed to --enable-feature: no-such-feature"))
    #expect(!outcome.output.contains("native-histograms"))
    let configuration = try folder.write("scrape_configs: []\n", to: "harecast.yml")
    let harecast = try await HarecastServer(
      "serve", ["--config.file=\(configuration)", "--enable-feature=no-such-feature,exemplar-storage"])
    #expect(harecast.log.contains("Unknown option for --enable-feature"))
    #expect(harecast.log.contains("no-such-feature") && !harecast.log.contains("exemplar-storage"))
    let answer = try await LoopbackHTTP.get("\(harecast.url)/api/v1/query?query=vector(1)&lookback_delta=1m")
    #expect(answer.contains("\"success\""))
    try await harecast.stop()
  }
}
