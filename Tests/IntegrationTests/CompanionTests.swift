import Foundation
import HarecastTestKit
import Testing

/// `--companion` from end to end: signals of a real Prometheus beside the one that is forecast.
@Suite(
  "Companions from a server", .enabled(if: SupportScripts.realServersAreAvailable), .timeLimit(.minutes(5)))
struct CompanionTests {
  private static let minutes: Int64 = 600

  /// The depth of two queues, a minute apart, what flows into them a minute before, and a signal without labels; the last
  /// row lies at `end` (Unix seconds).
  private static func history(end: Int64) -> String {
    func inflow(_ row: Int64, _ queue: Int64) -> Int64 { (row * row * 31 + queue * 17) % 97 }
    let rows = (0..<minutes).map { ($0, end - (minutes - 1 - $0) * 60) }
    var lines = ["# TYPE depth gauge"]
    for (place, queue) in ["a", "b"].enumerated() {
      lines += rows.map { "depth{queue=\"\(queue)\"} \(100 + inflow($0.0, Int64(place))) \($0.1)" }
    }
    lines.append("# TYPE inflow gauge")
    for (place, queue) in ["a", "b"].enumerated() {
      lines += rows.map { "inflow{queue=\"\(queue)\"} \(inflow($0.0 + 1, Int64(place))) \($0.1)" }
    }
    lines.append("# TYPE load gauge")
    lines += rows.map { "load \($0.0 % 7) \($0.1)" }
    return lines.joined(separator: "\n") + "\n# EOF\n"
  }

  /// - Parameter minutes: how much of the history is asked for.
  private func withServer(
    minutes: Int64 = Self.minutes, _ body: (_ source: [String]) async throws -> Void
  ) async throws {
    let end = (Int64(Date().timeIntervalSince1970) / 60 - 10) * 60
    let server = try await PrometheusServer(configuration: "global: {}\n", history: Self.history(end: end))
    try await body([
      "--url", server.url, "--query", "depth", "--start", "\(end - (minutes - 1) * 60)", "--end", "\(end)",
      "--step", "1m",
    ])
    await server.stop()
  }

  /// The row of `model` in a table of errors, without its costs.
  private func row(_ model: String, _ outcome: ProgramOutcome) throws -> [Substring] {
    #expect(outcome.status == 0, "\(outcome.errors)")
    let row = outcome.output.split(separator: "\n").first { $0.hasPrefix(model + " ") }
    return Array(try #require(row, "\(outcome.output)").split(separator: " ").dropFirst().prefix(5))
  }

  @Test("what a model says depends on the companions that are read from the server, and on no others")
  func backtest() async throws {
    try await withServer { source in
      func forecast(_ companions: [String]) async throws -> ProgramOutcome {
        try await HarecastServer.run(
          ["backtest", "forecast", "--model", "lstm,naive", "--horizon", "2m", "--origins", "1"] + source
            + companions.flatMap { ["--companion", $0] })
      }
      let alone = try await forecast([])
      let beside = try await forecast(["inflow", "load"])
      #expect(try row("lstm", alone) != row("lstm", beside))
      #expect(try row("naive", alone) == row("naive", beside))
      // Of `inflow` each queue has its own; nothing has the labels of queue b here.
      let foreign = try await forecast(["inflow{queue=\"a\"}"])
      #expect(foreign.status == 1)
      #expect(
        foreign.errors
          == "inflow{queue=\"a\"}: none of its 1 series has the labels of depth{queue=\"b\"}, and none is without labels\n"
      )
      let missing = try await forecast(["outflow"])
      #expect(missing.status == 1 && missing.errors == "outflow: no series in this time (--companion)\n")
    }
  }

  @Test("a model keeps its companions, and a rule that has others is refused")
  func train() async throws {
    let folder = try TemporaryFolder()
    try await withServer(minutes: 200) { source in
      let trained = try await HarecastServer.run(
        ["train", "--name", "depth", "--model", "lstm", "--limit", "1", "--held-out", "0", "--companion", "inflow"]
          + ["--companion", "sum(load)", "--models.path", folder.path + "/models"] + source)
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(trained.output.contains("beside it:  inflow\nbeside it:  sum(load)\n"), "\(trained.output)")
    }
    let configuration = try folder.write("rule_files: [rules.yml]\nmodels: {path: models}\n", to: "harecast.yml")
    func check(_ companions: String) async throws -> ProgramOutcome {
      try folder.write(
        """
        groups:
          - name: g
            rules:
              - record: depth_forecast
                expr: depth
                forecast: {horizons: [10m], step: 1m, model: "trained:depth"\(companions)}
        """, to: "rules.yml")
      return try await HarecastServer.run(["check", "config", configuration])
    }
    // Blanks do not matter.
    let good = try await check(", companions: [inflow, 'sum( load )']")
    #expect(good.status == 0, "\(good.errors)")
    let turned = try await check(", companions: ['sum(load)', inflow]")
    #expect(turned.status == 1)
    #expect(turned.errors.contains("in another order than the training: inflow | sum(load)"), "\(turned.errors)")
    let none = try await check("")
    #expect(none.status == 1)
    #expect(
      none.errors.contains("it was trained with these companions: inflow | sum(load); the rule has: none"),
      "\(none.errors)")
  }
}
