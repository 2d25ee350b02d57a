import Foundation
import HarecastTestKit
import Testing
import TimeSeries

@Suite("Anomalies in one's own history, from a server", .timeLimit(.minutes(5)))
struct BacktestAnomalyTests {
  private static let minutes = 1200
  private static let spike = 1100

  /// Two series a minute apart whose last row lies at `end` (Unix seconds): uneven ones, of which `b` has a spike.
  private static func history(end: Int64) -> String {
    var lines = ["# TYPE depth gauge"]
    for (place, queue) in ["a", "b"].enumerated() {
      for row in 0..<minutes {
        let mixed = UInt64(row) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(place) &* 0xD1B5_4A32_D192_ED03
        let folded = (mixed ^ (mixed >> 31)) &* 0x94D0_49BB_1331_11EB
        let value = 100 + Double(folded >> 54) / 100 + (place == 1 && row == spike ? 500 : 0)
        lines.append("depth{queue=\"\(queue)\"} \(value) \(end - Int64(minutes - 1 - row) * 60)")
      }
    }
    return lines.joined(separator: "\n") + "\n# EOF\n"
  }

  @Test(
    "a spike in what a real Prometheus has is told with its time, in the table and on the page",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func fromPrometheus() async throws {
    let end = (Int64(Date().timeIntervalSince1970) / 60 - 10) * 60
    let server = try await PrometheusServer(configuration: "global: {}\n", history: Self.history(end: end))
    defer { Task { await server.stop() } }
    let folder = try TemporaryFolder()
    let report = folder.path + "/report.html"
    let first = end - Int64(Self.minutes - 1) * 60
    let outcome = try await HarecastServer.run([
      "backtest", "anomaly", "--url", server.url, "--query", "depth", "--start", "\(first)",
      "--end", "\(end)", "--step", "1m", "--report", report,
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let moment = RFC3339.format((end - Int64(Self.minutes - 1 - Self.spike) * 60) * 1000)
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 4, "\(outcome.output)")
    #expect(lines.contains { $0.contains("queue=\"a\"") && $0.hasPrefix("     0 ") }, "\(outcome.output)")
    #expect(lines.contains { $0.contains("queue=\"b\"") && $0.hasPrefix("     1 ") }, "\(outcome.output)")
    #expect(lines.contains { $0.contains(moment) && $0.contains("above the band") }, "\(outcome.output)")
    let page = try String(contentsOfFile: report, encoding: .utf8)
    #expect(page.contains("class=\"band\"") && page.contains("class=\"mark\"") && page.contains(moment))
  }

  @Test("signals that are too short to be judged are named, with the reason")
  func tooShort() async throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path + "/set", withIntermediateDirectories: true)
    for (name, rows) in [("short", 40), ("long", 1000)] {
      let values = (0..<rows).map { "\($0 * 60_000),\(100 + $0 * $0 % 97)\n" }.joined()
      try folder.write("timestamp_ms,value\n" + values, to: "set/\(name).csv")
    }
    let outcome = try await HarecastServer.run([
      "backtest", "anomaly", "--data", folder.path, "--out", folder.path + "/out",
    ])
    #expect(outcome.status == 0)
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("\(folder.path)/set/short.csv: none of its 40 samples was judged: "))
  }

  @Test("wrong words end with status 2")
  func usage() async throws {
    for arguments in [
      ["--query", "up"], ["--data", "x"], ["--query", "up", "--url", "http://127.0.0.1:1", "--data", "x"],
      ["--query", "up", "--url", "http://127.0.0.1:1", "--detector", "oracle"],
      ["--query", "up", "--url", "http://127.0.0.1:1", "--false-alarms", "0"],
      ["--query", "up", "--url", "http://127.0.0.1:1", "--false-alarms", "1 in 30d"],
    ] {
      #expect(try await HarecastServer.run(["backtest", "anomaly"] + arguments).status == 2, "\(arguments)")
    }
  }
}
