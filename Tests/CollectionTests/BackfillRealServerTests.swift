import Exposition
import Foundation
import HTTPFetch
import HarecastTestKit
import Logging
import SeriesStore
import Testing
import TimeSeries

@testable import Collection

/// Two weeks of known history in real servers, fetched from them.
///
/// `HARECAST_BACKFILL_SERIES` sets the number of series, to measure.
@Suite("History of real servers", .enabled(if: SupportScripts.realServersAreAvailable), .timeLimit(.minutes(10)))
struct BackfillRealServerTests {
  static let seriesCount = ProcessInfo.processInfo.environment["HARECAST_BACKFILL_SERIES"].flatMap(Int.init) ?? 4
  static let victoriaMetrics = "\(SupportScripts.cache)/victoria-metrics/root/usr/bin/victoria-metrics"
  private static let minute: Int64 = 60_000
  private static let days: Int64 = 14

  /// Samples every minute: a value that says which series and minute it is of; the first series has a gap of an hour.
  private static func value(_ series: Int, _ minute: Int64) -> Double { Double(minute % 100_000) + Double(series) / 4 }

  private static func isInGap(_ series: Int, _ age: Int64) -> Bool { series == 0 && (600..<660).contains(age) }

  /// OpenMetrics text with `days` days up to `end`, in minutes.
  private static func history(through end: Int64) -> String {
    var text = "# TYPE queue_depth gauge\n"
    for series in 0..<seriesCount {
      for minute in (end - days * 1440)...end where !isInGap(series, end - minute) {
        text += "queue_depth{queue=\"q\(series)\"} \(value(series, minute)) \(minute * 60)\n"
      }
    }
    return text + "# EOF\n"
  }

  private func run(_ url: String, now: Int64) async throws -> (keeper: HistoryKeeper, seconds: Double) {
    let keeper = HistoryKeeper()
    var configuration = BackfillConfiguration(url: url)
    configuration.match = ["{queue=~\"q.*\"}"]
    configuration.requestsPerSecond = 100
    let client = HTTPClient()
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let backfill = Backfill(
      [configuration], metricNames: [], destination: keeper.destination, client: client,
      time: JumpingTime(now, reach: 5000),
      registry: MetricRegistry(), logger: logger)
    let start = ContinuousClock.now
    let task = Task { try await backfill.run() }
    defer { task.cancel() }
    try await eventually("the history is there", within: .seconds(300)) { backfill.isFinished }
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    task.cancel()
    _ = await task.result
    await client.shutdown()
    #expect(backfill.progress.failures == [])
    #expect(backfill.progress.series == Self.seriesCount)
    return (keeper, Double(seconds) + Double(attoseconds) / 1e18)
  }

  private func expectHistory(_ keeper: HistoryKeeper, end: Int64) throws {
    let samples = keeper.state.withLock { $0.samples }
    #expect(keeper.state.withLock { $0.doubled } == 0)
    for series in 0..<Self.seriesCount {
      let found = try #require(samples[Labels(name: "queue_depth", ["queue": "q\(series)"])])
      var wrong = 0
      for minute in (end - Self.days * 1440)..<end {
        let value = found[minute * Self.minute]
        let age = end - minute
        if !Self.isInGap(series, age), value != Self.value(series, minute) {
          wrong += 1
        }
      }
      #expect(wrong == 0, "series \(series)")
      if series == 0 {
        // The source itself goes on answering with the last sample for five minutes.
        let gap = found.filter { (end - 660..<end - 602).contains($0.key / Self.minute) }
        #expect(gap.values.contains { $0.isStaleMarker } && gap.count < 10, "the gap stays a gap")
      }
    }
  }

  @Test("Prometheus")
  func prometheus() async throws {
    let folder = try TemporaryFolder()
    // An hour ago, so that all of it lies in blocks.
    let end = SystemTime().now() / Self.minute - 60
    let file = try folder.write(Self.history(through: end), to: "history.om")
    let blocks = try await promtool(["tsdb", "create-blocks-from", "openmetrics", file, "\(folder.path)/data"])
    try #require(blocks.status == 0, "\(blocks.errors)")
    let port = try freeLoopbackPort()
    let configuration = try folder.write("global: {}", to: "prometheus.yml")
    let process = try ManagedProcess(
      try await SupportScripts.referenceProgram("prometheus"),
      [
        "--config.file=\(configuration)", "--storage.tsdb.path=\(folder.path)/data",
        "--storage.tsdb.retention.time=10y",
        "--web.listen-address=127.0.0.1:\(port)", "--web.external-url=http://127.0.0.1:\(port)/prefix",
      ])
    try await process.waitForOK("http://127.0.0.1:\(port)/prefix/-/ready", within: .seconds(60))
    let (keeper, seconds) = try await run("http://127.0.0.1:\(port)/prefix", now: end * Self.minute)
    try expectHistory(keeper, end: end)
    print("backfill from Prometheus: \(Self.seriesCount) series in \(seconds) s")
    await process.stop()
  }

  @Test("VictoriaMetrics", .enabled(if: FileManager.default.isExecutableFile(atPath: victoriaMetrics)))
  func victoria() async throws {
    let folder = try TemporaryFolder()
    let end = SystemTime().now() / Self.minute - 60
    let port = try freeLoopbackPort()
    let process = try ManagedProcess(
      Self.victoriaMetrics,
      [
        "-storageDataPath=\(folder.path)/data", "-retentionPeriod=10y", "-httpListenAddr=127.0.0.1:\(port)",
        "-search.latencyOffset=0s", "-search.disableCache",
      ])
    let url = "http://127.0.0.1:\(port)"
    try await process.waitForOK("\(url)/health", within: .seconds(60))
    // This path takes timestamps in milliseconds.
    let text = Self.history(through: end).split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0 + "000" }.joined(separator: "\n")
    let answer = try await LoopbackHTTP.send(
      "POST", "\(url)/api/v1/import/prometheus", body: Array(text.utf8), limit: .seconds(60))
    try #require(answer.status == 204, "\(answer.text)")
    try await eventually("the samples can be read", within: .seconds(60)) {
      try await LoopbackHTTP.get("\(url)/internal/force_flush").isEmpty
    }
    let (keeper, seconds) = try await run(url, now: end * Self.minute)
    try expectHistory(keeper, end: end)
    print("backfill from VictoriaMetrics: \(Self.seriesCount) series in \(seconds) s")
    await process.stop()
  }
}
