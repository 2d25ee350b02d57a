import Exposition
import Foundation
import HarecastTestKit
import Testing

/// The memory of three nodes as it was recorded, two seconds apart, told again as if a row were a minute.
enum RecordedMemory {
  static let metric = "rabbitmq_process_resident_memory_bytes"

  /// OpenMetrics text whose last row lies at `end` (Unix seconds).
  static func openMetrics(end: Int64) throws -> String {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Demo/Recordings/normal.csv.gz").path
    let data = try #require(FileManager.default.contents(atPath: path))
    let text = String(decoding: try Gunzip.unpack(Array(data), limit: 16 << 20), as: UTF8.self)
    let rows = text.split(whereSeparator: \.isNewline)
    // A quoted name holds commas of its own only where it has two labels; those wanted have one and stand first.
    let names = rows[0].split(separator: "\",\"").map {
      $0.replacing("\"\"", with: "\"").replacing("timestamp_ms,\"", with: "")
    }
    var lines = ["# TYPE \(metric) gauge"]
    for (column, name) in names.enumerated() where name.hasPrefix("\(metric){") {
      for (row, line) in rows.dropFirst().enumerated() {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        guard !fields[column + 1].isEmpty else { continue }
        lines.append("\(name) \(fields[column + 1]) \(end - Int64(rows.count - 2 - row) * 60)")
      }
    }
    return lines.joined(separator: "\n") + "\n# EOF\n"
  }
}

@Suite("Forecasts of one's own history, from a server", .timeLimit(.minutes(5)))
struct ForecastHistoryTests {
  @Test("wrong words end with status 2, a server without such series with 1")
  func usage() async throws {
    for arguments in [
      ["--query", "up"], ["--data", "x"], ["--query", "up", "--url", "http://127.0.0.1:1", "--data", "x"],
      ["--query", "up", "--url", "http://127.0.0.1:1", "--model", "prophecy"],
      ["--query", "up", "--url", "http://127.0.0.1:1", "--horizon", "soon"],
      ["--query", "up", "--url", "http://127.0.0.1:1", "--origins", "0"],
    ] {
      #expect(try await HarecastServer.run(["backtest", "forecast"] + arguments).status == 2, "\(arguments)")
    }
    let server = try StaticHTTPServer([
      "/api/v1/query_range": .json(#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#)
    ])
    let none = try await HarecastServer.run(["backtest", "forecast", "--query", "up", "--url", server.url])
    #expect(none.status == 1 && none.errors == "up: no series in this time\n", "\(none.errors)")
  }

  @Test(
    "recorded memory is read from a real Prometheus, judged in a table, and drawn",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func fromPrometheus() async throws {
    let end = (Int64(Date().timeIntervalSince1970) / 60 - 10) * 60
    let server = try await PrometheusServer(
      configuration: "global: {}\n", history: try RecordedMemory.openMetrics(end: end))
    defer { Task { await server.stop() } }
    let folder = try TemporaryFolder()
    let report = folder.path + "/report.html"
    let outcome = try await HarecastServer.run([
      "backtest", "forecast", "--url", server.url, "--query", RecordedMemory.metric, "--start", "\(end - 220 * 60)",
      "--end", "\(end)", "--step", "1m", "--horizon", "10m,30m", "--model", "auto,naive", "--origins", "12",
      "--report", report,
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("up to 10m ahead: 3 series, 12 origins") }, "\(outcome.output)")
    #expect(lines.contains { $0.hasPrefix("up to 30m ahead") })
    let baseline = lines.filter { $0.hasPrefix("seasonal_naive") }.map {
      $0.split(separator: " ").dropFirst().prefix(2)
    }
    #expect(baseline.count == 2 && baseline.allSatisfy { $0 == ["1.000", "1.000"] })
    let page = try String(contentsOfFile: report, encoding: .utf8)
    for node in ["rabbit1", "rabbit2", "rabbit3"] { #expect(page.contains("node=&quot;\(node)@localhost&quot;")) }
    #expect(page.contains("class=\"b95\"") && page.contains("class=\"truth\""))
  }

  @Test(
    "a store gives the same figures as the Prometheus that it was filled from",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func fromStore() async throws {
    let end = (Int64(Date().timeIntervalSince1970) / 60 - 10) * 60
    let prometheus = try await PrometheusServer(
      configuration: "global: {}\n", history: try RecordedMemory.openMetrics(end: end))
    defer { Task { await prometheus.stop() } }
    let folder = try TemporaryFolder()
    try folder.write(
      "groups: [{name: g, rules: [{record: x, expr: \(RecordedMemory.metric)}]}]\n", to: "rules.yml")
    let configuration = try folder.write(
      "rule_files: [rules.yml]\nbackfill: [{url: '\(prometheus.url)', range: 12h, step: 1m}]\n", to: "harecast.yml")
    let data = folder.path + "/data"
    let server = try await HarecastServer("serve", ["--config.file", configuration, "--storage.path", data])
    try await server.process.waitForLine(containing: "history fetched", within: .seconds(60))
    // Within five seconds models learn anew; the server outlives that.
    let fetched = ContinuousClock.now
    try await eventually("the server goes on", within: .seconds(60)) {
      let page = try await LoopbackHTTP.get("\(server.url)/-/healthy")
      return !page.isEmpty && fetched.duration(to: .now) > .seconds(7)
    }
    #expect(try await server.stop() == 0)
    func table(_ source: [String]) async throws -> [[Substring]] {
      let outcome = try await HarecastServer.run(
        ["backtest", "forecast", "--query", RecordedMemory.metric, "--start", "\(end - 220 * 60)", "--end", "\(end)"]
          + ["--step", "1m", "--horizon", "10m", "--model", "auto,naive,theta", "--origins", "6"] + source)
      #expect(outcome.status == 0, "\(outcome.errors)")
      // Costs differ from run to run.
      return outcome.output.split(separator: "\n").dropFirst(2).map { Array($0.split(separator: " ").prefix(6)) }
    }
    let own = try await table(["--storage.path", data])
    #expect(own.count == 4)
    #expect(try await table(["--url", prometheus.url]) == own)
  }
}
