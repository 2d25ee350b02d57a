import Foundation
import HarecastTestKit
import SeriesStore
import Testing
import TimeSeries

@testable import Delivery

/// Deliveries to real servers, each of which is away for a while.
@Suite(
  "Deliveries to real servers", .serialized, .enabled(if: SupportScripts.realServersAreAvailable),
  .timeLimit(.minutes(5)))
struct RealReceiverTests {
  enum Kind: String, CaseIterable, Sendable {
    case prometheus1, prometheus2, victoria1, victoriaInflux1, victoriaInflux2, influx1

    var program: String? {
      let victoria = "\(SupportScripts.cache)/victoria-metrics/root/usr/bin/victoria-metrics"
      let candidates: [String] =
        switch self {
        case .prometheus1, .prometheus2: ["\(SupportScripts.cache)/reference/root/usr/bin/prometheus"]
        case .influx1: ["/usr/bin/influxd"]
        default: [victoria, "/usr/bin/victoria-metrics"]
        }
      return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
  }

  private let folder: TemporaryFolder
  private let port: Int

  init() throws {
    folder = try TemporaryFolder()
    port = try freeLoopbackPort()
  }

  private var url: String { "http://127.0.0.1:\(port)" }

  private func serve(_ kind: Kind, _ program: String) async throws -> ManagedProcess {
    let data = "\(folder.path)/receiver"
    switch kind {
    case .prometheus1, .prometheus2:
      let file = try folder.write("global: {}", to: "prometheus.yml")
      let process = try ManagedProcess(
        program,
        [
          "--config.file=\(file)", "--storage.tsdb.path=\(data)", "--web.listen-address=127.0.0.1:\(port)",
          "--web.enable-remote-write-receiver",
        ])
      try await process.waitForOK("\(url)/-/ready", within: .seconds(60))
      return process
    case .influx1:
      let other = try freeLoopbackPort()
      let file = try folder.write(
        """
        reporting-disabled = true
        bind-address = "127.0.0.1:\(other)"
        [meta]
          dir = "\(data)/meta"
        [data]
          dir = "\(data)/data"
          wal-dir = "\(data)/wal"
        [monitor]
          store-enabled = false
        [http]
          bind-address = "127.0.0.1:\(port)"
        """, to: "influxdb.conf")
      let process = try ManagedProcess(program, ["-config", file])
      try await eventually("InfluxDB answers", within: .seconds(60)) {
        (try? await LoopbackHTTP.send("GET", "\(url)/ping").status) == 204
      }
      return process
    default:
      let process = try ManagedProcess(
        program,
        [
          "-storageDataPath=\(data)", "-retentionPeriod=1y", "-httpListenAddr=127.0.0.1:\(port)",
          "-search.latencyOffset=0s", "-search.disableCache", "-influxSkipSingleField",
        ])
      try await process.waitForOK("\(url)/health", within: .seconds(60))
      return process
    }
  }

  private func destination(_ kind: Kind) -> DeliveryConfiguration {
    switch kind {
    case .prometheus1, .victoria1: DeliveryHarness.remoteWrite("\(url)/api/v1/write", 1)
    case .prometheus2: DeliveryHarness.remoteWrite("\(url)/api/v1/write", 2)
    case .victoriaInflux1, .influx1:
      DeliveryConfiguration(
        name: "i", url: url,
        format: .influxDB(InfluxDBTarget(place: .database(.init(name: "warnings", retentionPolicy: nil)))))
    case .victoriaInflux2:
      DeliveryConfiguration(
        name: "i", url: url, format: .influxDB(InfluxDBTarget(place: .bucket(.init(organization: "o", name: "b")))))
    }
  }

  private func ask(_ path: String, _ query: String) async throws -> Any {
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "-._~")
    let text = query.addingPercentEncoding(withAllowedCharacters: allowed) ?? query
    return try JSONSerialization.jsonObject(with: Data(try await LoopbackHTTP.get("\(url)\(path)\(text)").utf8))
  }

  /// The samples of one queue as the server has them: seconds and values in the order of time.
  private func samples(_ kind: Kind, _ queue: String) async throws -> [(Double, Double)] {
    if kind == .influx1 {
      let quoted = queue.replacing("'", with: "\\'")
      let answer =
        try await ask("/query?db=warnings&epoch=ms&q=", "SELECT value FROM m WHERE queue = '\(quoted)'")
        as? [String: Any]
      let results = answer?["results"] as? [[String: Any]]
      let series = results?.first?["series"] as? [[String: Any]]
      let rows = series?.first?["values"] as? [[Double]] ?? []
      return rows.map { ($0[0] / 1000, $0[1]) }
    }
    if kind != .prometheus1, kind != .prometheus2 { _ = try await LoopbackHTTP.get("\(url)/internal/force_flush") }
    let answer =
      try await ask("/api/v1/query?query=", "m{queue=\(Labels.quoted(queue))}[20m]") as? [String: Any]
    let data = answer?["data"] as? [String: Any]
    let result = data?["result"] as? [[String: Any]] ?? []
    let rows = result.first?["values"] as? [[Any]] ?? []
    return rows.compactMap { row in
      guard let time = row.first as? Double, let text = row.last as? String, let value = Double(text) else {
        return nil
      }
      return (time, value)
    }
  }

  @Test("nothing is lost, doubled or out of order when the receiver is away for a while", arguments: Kind.allCases)
  func survivesAnOutage(_ kind: Kind) async throws {
    let program = try #require(kind.program, "the program is missing: `make test-deps` installs it")
    let queues = ["q", "a, b=c \"d\""]
    let start = SystemTime().now() / 1000 * 1000 - 300_000
    var process = try await serve(kind, program)
    let harness = try DeliveryHarness(destination(kind), folder: folder)
    try harness.start()
    func append(_ steps: Range<Int>) async throws {
      for queue in queues {
        for step in steps {
          try await harness.append("m", Labels(["queue": queue]), [(start + Int64(step) * 1000, Double(step) + 0.25)])
        }
      }
      try await harness.append("other", [(start + Int64(steps.lowerBound) * 1000, 1)])
    }
    if kind == .influx1 {
      try await append(0..<1)
      // The database does not exist yet: the samples wait for it.
      try await eventually("it is tried again") { harness.metric("samples_retried_total") > 0 }
      let answer = try await LoopbackHTTP.send("POST", "\(url)/query?q=CREATE%20DATABASE%20warnings")
      try #require(answer.status == 200, "\(answer.text)")
      try await append(1..<20)
    } else {
      try await append(0..<20)
    }
    try await eventually("the first samples arrive", within: .seconds(20)) { harness.metric("samples_total") == 40 }
    await process.stop()
    let retried = harness.metric("samples_retried_total")
    try await append(20..<50)
    try await eventually("it is tried in vain", within: .seconds(20)) {
      harness.metric("samples_retried_total") > retried
    }
    process = try await serve(kind, program)
    try await eventually("all arrive", within: .seconds(30)) { harness.metric("samples_total") == 100 }
    #expect(harness.metric("samples_failed_total") == 0)
    for queue in queues {
      var found: [(Double, Double)] = []
      try await eventually("they can be read", within: .seconds(20)) {
        found = try await samples(kind, queue)
        return found.count >= 50
      }
      #expect(found.map(\.0) == (0..<50).map { Double(start / 1000) + Double($0) }, "\(queue)")
      #expect(found.map(\.1) == (0..<50).map { Double($0) + 0.25 }, "\(queue)")
    }
    // The end of a series: a marker for remote-write, nothing that InfluxDB could be told.
    try await harness.append("m", Labels(["queue": "q"]), [(start + 60_000, StaleMarker.value)])
    if kind == .prometheus1 || kind == .prometheus2 {
      try await eventually("the series ends", within: .seconds(20)) {
        let time = Double(start / 1000 + 61)
        let answer = try await ask("/api/v1/query?time=\(time)&query=", "m{queue=\"q\"}") as? [String: Any]
        return ((answer?["data"] as? [String: Any])?["result"] as? [Any])?.isEmpty == true
      }
    } else if kind != .victoria1 {
      try await eventually("the marker is counted", within: .seconds(20)) {
        harness.metric("samples_dropped_total", ["reason": "not_representable"]) == 1
      }
    }
    await harness.stop()
    await process.stop()
  }
}
