import Exposition
import Foundation
import HarecastTestKit
import Testing

@Suite("Recorded incidents of a real cluster, replayed", .timeLimit(.minutes(5)))
struct BacktestIncidentsTests {
  private struct Score: Decodable {
    struct Summary: Decodable {
      var incidents: Int
      var announced: Int
      var ramping: Int
      var before_threshold: Int
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

  private static let benchmark = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Benchmarks/incidents").standardizedFileURL.path

  @Test("are announced earlier than static thresholds trip, by their right names, without false alarms")
  func score() async throws {
    let benchmark = Self.benchmark
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
    #expect(10 * summary.before_threshold >= 9 * summary.ramping)
    #expect(summary.median_lead_share >= 0.4)
    #expect(summary.median_delay_s <= 0.6 * summary.stock_median_delay_s)
    #expect(summary.critical_type_right == "8/8")
    #expect(summary.wrong_type == 0)
    #expect(summary.false_alerts <= 2)
    #expect((0.9...0.98).contains(summary.eta_coverage))
    // And the tables of the benchmark's description are printed from it.
    let table = try await runProgram("/usr/bin/env", ["python3", "\(benchmark)/table.py", "\(folder.path)/score.json"])
    #expect(table.status == 0, "\(table.errors)")
    let ramping = "0 of \(summary.ramping) | \(summary.before_threshold) of \(summary.ramping)"
    #expect(table.output.contains("| ramping ones announced before the threshold | \(ramping) |"))
    let description = try String(contentsOfFile: "\(benchmark)/README.md", encoding: .utf8)
    let rows = table.output.components(separatedBy: "\n\n")[0].split(separator: "\n")
    for row in rows { #expect(description.contains(row), "\(row)") }
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

  /// The fields of a line of CSV; quotes within quoted ones are doubled.
  private static func fields(_ line: String) -> [String] {
    var result = [""]
    var isQuoted = false
    let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      isQuoted = index % 2 == 1
      // An empty part between two quoted ones was a doubled quote.
      if !isQuoted, part.isEmpty, index > 0, index < parts.count - 1 { result[result.count - 1] += "\"" }
      if isQuoted {
        result[result.count - 1] += part
      } else {
        let pieces = part.split(separator: ",", omittingEmptySubsequences: false)
        result[result.count - 1] += pieces.first ?? ""
        result += pieces.dropFirst().map(String.init)
      }
    }
    return result
  }

  /// A recorded run as OpenMetrics text that ends at `end` (Unix seconds), as a Prometheus that scrapes the cluster has
  /// it: nodes known by address, and an alert of its own while the disk alarm is on.
  private func history(_ name: String, end: Int64) throws -> String {
    let path = "\(Self.benchmark)/runs/\(name).csv.gz"
    let data = try #require(FileManager.default.contents(atPath: path))
    let rows = String(decoding: try Gunzip.unpack(Array(data), limit: 16 << 20), as: UTF8.self)
      .split(whereSeparator: \.isNewline).map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let names = Self.fields(rows[0].joined(separator: ",")).dropFirst()
    func address(_ series: String) -> String {
      series.replacing(/node="rabbit(\d)@localhost"/) { "instance=\"host\($0.1):15692\",job=\"rabbitmq\"" }
    }
    func seconds(_ row: Int) -> Int64 { end - Int64(rows.count - 1 - row) * 2 }
    var lines: [String] = []
    for (column, series) in names.enumerated().sorted(by: { $0.1 < $1.1 }) where !series.hasPrefix("scrape_duration") {
      for row in 1..<rows.count where !rows[row][column + 1].isEmpty {
        lines.append("\(address(series)) \(rows[row][column + 1]) \(seconds(row))")
        if series.hasPrefix("rabbitmq_alarms_free_disk"), rows[row][column + 1].hasPrefix("1") {
          lines.append("ALERTS{alertname=\"DiskAlarm\",alertstate=\"firing\"} 1 \(seconds(row))")
        }
      }
    }
    for row in 1..<rows.count {
      for node in 1...3 {
        let labels =
          "rabbitmq_node=\"rabbit\(node)@localhost\",rabbitmq_cluster=\"north\",instance=\"host\(node):15692\""
        lines.append("rabbitmq_identity_info{\(labels)} 1 \(seconds(row))")
      }
    }
    return lines.joined(separator: "\n") + "\n# EOF\n"
  }

  @Test(
    "of a cluster that a real Prometheus has watched, it says which alerts one would have had and how much earlier",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func ownHistory() async throws {
    let end = Int64(Date().timeIntervalSince1970) / 2 * 2 - 600
    let server = try await PrometheusServer(
      configuration: "global: {}\n", flags: ["--query.lookback-delta=5s"],
      history: try history("o04-disk-full", end: end))
    let folder = try TemporaryFolder()
    let lines = "\(folder.path)/lines.jsonl"
    let outcome = try await HarecastServer.run([
      "backtest", "incidents", "--url", server.url, "--start", "\(end - 440)", "--end", "\(end)", "--step", "2s",
      "--day", "180s", "--out", lines,
    ])
    await server.stop()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let said = outcome.output
    #expect(said.contains("CRITICAL disk_full: node rabbit1@localhost"), "\(said)")
    // The alarm was on 186 s after the disk began to fill, and what went before was the leak of nothing else.
    let lead = try #require(said.firstMatch(of: /said (?:(\d)m)?(\d+)s before it came true/), "\(said)")
    let seconds = (Int(lead.1 ?? "0") ?? 0) * 60 + (Int(lead.2) ?? 0)
    #expect((75...186).contains(seconds), "\(said)")
    #expect(said.contains(/your own DiskAlarm fired \w+ later/), "\(said)")
    #expect(said.contains("1 alerts from"), "\(said)")
    #expect(try String(contentsOfFile: lines, encoding: .utf8).contains("\"type\":\"disk_full\""))
  }

  @Test("either a folder or a server is replayed, and one without RabbitMQ is told")
  func sources() async throws {
    for arguments in [[], ["/tmp", "--url", "http://127.0.0.1:1"], ["/tmp"], ["/tmp", "--out", "x", "--step", "1s"]] {
      #expect(try await HarecastServer.run(["backtest", "incidents"] + arguments).status == 2, "\(arguments)")
    }
    let server = try StaticHTTPServer([
      "/api/v1/query_range": .json(#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#)
    ])
    let none = try await HarecastServer.run([
      "backtest", "incidents", "--url", server.url, "--start", "1000", "--end", "2000",
    ])
    #expect(none.status == 1)
    #expect(none.errors == "\(server.url): no series of a RabbitMQ cluster in this time\n")
  }
}
