import Foundation
import HarecastTestKit
import Testing

@Suite("Recorded incidents of a real cluster, replayed", .timeLimit(.minutes(5)))
struct BacktestIncidentsTests {
  private struct Score: Decodable {
    struct Summary: Decodable {
      var incidents: Int
      var announced: Int
      var median_lead_share: Double
      var median_delay_s: Double
      var stock_median_delay_s: Double
      var critical_type_right: String
      var wrong_type: Int
      var false_alerts: Int
      var eta_coverage: Double
    }
    var summary: Summary
  }

  @Test("are announced earlier than static thresholds trip, by their right names, without false alarms")
  func score() async throws {
    let benchmark = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Benchmarks/incidents").standardizedFileURL.path
    let folder = try TemporaryFolder()
    let lines = "\(folder.path)/lines.jsonl"
    let replay = try await HarecastServer.run(["backtest", "incidents", "\(benchmark)/runs", "--out", lines])
    #expect(replay.status == 0, "\(replay.errors)")
    #expect(replay.output.contains("o04-disk-full: 221 rows, a day is 180 s"))
    let scoring = try await runProgram(
      "/usr/bin/env",
      ["python3", "\(benchmark)/score.py", lines, "\(benchmark)/runs", "--json", "\(folder.path)/score.json"])
    #expect(scoring.status == 0, "\(scoring.errors)")
    let summary = try JSONDecoder().decode(
      Score.self, from: Data(contentsOf: URL(filePath: "\(folder.path)/score.json"))
    ).summary
    #expect(summary.announced == summary.incidents)
    #expect(summary.median_lead_share >= 0.4)
    #expect(summary.median_delay_s <= 0.6 * summary.stock_median_delay_s)
    #expect(summary.critical_type_right == "8/8")
    #expect(summary.wrong_type == 0)
    #expect(summary.false_alerts <= 2)
    #expect((0.9...0.98).contains(summary.eta_coverage))
  }

  @Test("a folder without runs and a day that is none are told")
  func mistakes() async throws {
    let folder = try TemporaryFolder()
    let empty = try await HarecastServer.run(["backtest", "incidents", folder.path, "--out", "/dev/null"])
    #expect(empty.status == 1)
    #expect(empty.errors == "\(folder.path): there is no .csv or .csv.gz file\n")
    try folder.write("timestamp_ms,\"up{node=\"\"a\"\"}\"\n1000,1\n2000,x\n", to: "a.csv")
    let broken = try await HarecastServer.run(["backtest", "incidents", folder.path, "--out", "/dev/null"])
    #expect(broken.errors == "\(folder.path)/a.csv:3: \"x\" is not a number\n")
    let day = try await HarecastServer.run(
      ["backtest", "incidents", folder.path, "--out", "/dev/null", "--day", "soon"])
    #expect(day.status == 2)
  }
}
