import Foundation
import HarecastTestKit
import Testing

@Suite("Queries beside a real Prometheus", .enabled(if: SupportScripts.realServersAreAvailable))
struct QueryDifferenceTests {
  @Test("random queries over the same samples have the same answers", .timeLimit(.minutes(3)))
  func randomQueries() async throws {
    let folder = try TemporaryFolder()
    try folder.write("groups: []\n", to: "rules.yml")
    let configuration = try folder.write(
      "scrape_configs: []\nrule_files: [\(folder.path)/rules.yml]\n", to: "harecast.yml")
    let prometheus = try await PrometheusServer(
      configuration: "scrape_configs: []\n", flags: ["--web.enable-remote-write-receiver"])
    let harecast = try await HarecastServer("serve", ["--config.file=\(configuration)"])
    let outcome = try await runProgram(
      SupportScripts.path("promql-differential"),
      ["--seed=7", "--count=120", "\(harecast.port)", "\(prometheus.port)"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("120 queries with seed 7"))
    try await harecast.stop()
    await prometheus.stop()
  }
}
