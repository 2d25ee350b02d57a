import Foundation
import HarecastTestKit
import Testing

@Suite("The rule packs", .timeLimit(.minutes(5)))
struct RulePackTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../..").standardizedFileURL.path
  private static let packs = ["rules/rabbitmq.yml", "rules/prometheus/rabbitmq.yml"]

  @Test("hold what their unit tests say")
  func unitTests() async throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.root + "/rules/tests").sorted()
      .filter { $0.hasSuffix(".test.yml") }
    #expect(files.count >= 2)
    let outcome = try await HarecastServer.run(["test", "rules"] + files.map { "\(Self.root)/rules/tests/\($0)" })
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
  }

  @Test(
    "for a plain Prometheus are good by promtool, and hold their unit tests there too",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func promtoolAgrees() async throws {
    let check = try await promtool(["check", "rules", Self.root + "/rules/prometheus/rabbitmq.yml"])
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    let tests = try await promtool(["test", "rules", Self.root + "/rules/tests/prometheus.test.yml"])
    #expect(tests.status == 0, "\(tests.output)\(tests.errors)")
  }

  @Test("have a section of the runbooks for every alert, and every alert names its own", arguments: packs)
  func runbooks(pack: String) throws {
    let text = try String(contentsOfFile: "\(Self.root)/\(pack)", encoding: .utf8)
    let book = try String(contentsOfFile: Self.root + "/docs/runbooks.md", encoding: .utf8)
    let sections = Set(book.split(separator: "\n").filter { $0.hasPrefix("## ") }.map { $0.dropFirst(3) })
    let alerts = text.split(separator: "- alert: ").dropFirst()
    #expect(alerts.count > 10)
    for alert in alerts {
      let name = alert.prefix { !$0.isNewline }
      #expect(sections.contains(name), "\(name)")
      #expect(alert.contains("runbook: docs/runbooks.md#\(name.lowercased())\n"), "\(name)")
      #expect(alert.contains("severity: "), "\(name)")
    }
  }
}
