import Exposition
import Foundation
import HTTPFetch
import HarecastTestKit
import Logging
import SeriesStore
import Synchronization
import Testing
import TimeSeries

@testable import Collection

/// A clock that jumps to whatever is waited for.
final class JumpingTime: TimeSource {
  private let current: Mutex<Int64>
  private let reach: Int64

  /// - Parameter reach: whoever waits for longer waits until the task is cancelled, in milliseconds.
  init(_ now: Int64, reach: Int64 = .max) {
    current = Mutex(now)
    self.reach = reach
  }

  func now() -> Int64 { current.withLock { $0 } }

  func sleep(until deadline: Int64) async throws {
    // A real pause keeps loops from spinning.
    try await Task.sleep(for: deadline - now() > reach ? .seconds(1000) : .milliseconds(1))
    current.withLock { $0 = max($0, deadline) }
  }
}

/// What backfill hands over: samples by series, and kept states.
final class HistoryKeeper: Sendable {
  struct State {
    var samples: [Labels: [Int64: Double]] = [:]
    var kept: [String: [UInt8]] = [:]
    var doubled = 0
    var failure: String?
  }

  struct Full: Error, CustomStringConvertible {
    let description: String
  }

  let state = Mutex(State())

  var destination: BackfillDestination {
    BackfillDestination(
      append: { [self] labels, timestamps, values, _ in
        try state.withLock { state in
          if let failure = state.failure { throw Full(description: failure) }
          for (time, value) in zip(timestamps, values) {
            if state.samples[labels, default: [:]].updateValue(value, forKey: time) != nil { state.doubled += 1 }
          }
          return timestamps.count
        }
      },
      saveState: { [self] bytes, key in state.withLock { $0.kept[key] = bytes } },
      state: { [self] key in state.withLock { $0.kept[key] } })
  }

  /// Values of a metric without markers, by time.
  func values(_ name: String) -> [Int64: Double] {
    state.withLock { state in
      state.samples.filter { $0.key.metricName == name }.values.reduce(into: [:]) { all, one in
        all.merge(one.filter { !$0.value.isStaleMarker }) { $1 }
      }
    }
  }
}

/// A server that knows one sample a minute of some metrics: the value is the minute.
enum HistorySource {
  static func answer(_ request: StaticHTTPServer.Request, names: [String] = ["a", "b"]) -> StaticHTTPServer.Response {
    var words: [String: String] = [:]
    for pair in request.target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { words[String(parts[0])] = parts[1].removingPercentEncoding }
    }
    if request.path.hasSuffix("/values") {
      return .json("{\"status\":\"success\",\"data\":[\(names.map { "\"\($0)\"" }.joined(separator: ","))]}")
    }
    guard let start = Int64(words["start"] ?? ""), let end = Int64(words["end"] ?? ""),
      let query = words["query"], let name = names.first(where: { query.contains("\"\($0)\"") })
    else { return .json("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}") }
    let points = stride(from: start, through: end, by: 60).map { "[\($0),\"\($0 / 60)\"]" }
    return .json(
      """
      {"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"\(name)"},
      "values":[\(points.joined(separator: ","))]}]}}
      """)
  }
}

@Suite("Fetching history", .timeLimit(.minutes(2)))
struct BackfillTests {
  private static let now: Int64 = 1_700_000_040_000
  private let time = JumpingTime(now)
  private let keeper = HistoryKeeper()
  private let registry = MetricRegistry()

  private func backfill(
    _ server: StaticHTTPServer, _ names: [String] = ["a", "b"], time: (any TimeSource)? = nil,
    identity: BackfillIdentity? = nil,
    _ change: (inout BackfillConfiguration) -> Void = { _ in }
  ) -> Backfill {
    var configuration = BackfillConfiguration(url: server.url)
    configuration.range = 86_400_000
    configuration.requestsPerSecond = 1000
    change(&configuration)
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    return Backfill(
      [configuration], metricNames: names, identity: identity, destination: keeper.destination, client: HTTPClient(),
      time: time ?? self.time, registry: registry, logger: logger)
  }

  /// Runs until `condition` holds.
  private func run(_ backfill: Backfill, until condition: (Backfill) -> Bool = { $0.isFinished }) async throws {
    let task = Task { try await backfill.run() }
    defer { task.cancel() }
    try await eventually("the history is there", within: .seconds(60)) { condition(backfill) }
    task.cancel()
    _ = await task.result
  }

  private func minutes(_ range: Range<Int64>) -> [Int64: Double] {
    Dictionary(uniqueKeysWithValues: range.map { ($0 * 60_000, Double($0)) })
  }

  @Test("every minute of the range arrives once, for every metric")
  func complete() async throws {
    let server = try StaticHTTPServer { HistorySource.answer($0) }
    let backfill = backfill(server, ["a", "b", "absent"])
    try await run(backfill)
    let end = Self.now / 60_000
    #expect(keeper.values("a") == minutes(end - 1440..<end))
    #expect(keeper.values("b") == minutes(end - 1440..<end))
    #expect(keeper.state.withLock { $0.doubled } == 0)
    let progress = backfill.progress
    #expect(progress.isFinished && progress.fraction == 1 && progress.failures.isEmpty)
    #expect(progress.samples == 2880 && progress.series == 2)
    let values = Dictionary(
      registry.collect().flatMap(\.samples).map { ($0.labels.metricName, $0.value) }, uniquingKeysWith: +)
    #expect(values["harecast_backfill_samples_total"] == 2880)
    #expect(values["harecast_backfill_progress_ratio"] == 1)
  }

  @Test("a restart goes on where the last run stopped, asks nothing twice and fills the time between")
  func resume() async throws {
    let server = try StaticHTTPServer { HistorySource.answer($0) }
    let seen = Mutex(0)
    server.setHandler { request in
      // The first run is cut off after four answers.
      let count = seen.withLock { count in
        count += 1
        return count
      }
      return count > 4 ? .init(status: 503) : HistorySource.answer(request)
    }
    let still = JumpingTime(Self.now, reach: 100)
    try await run(backfill(server, time: still) { $0.concurrency = 1 }) { _ in seen.withLock { $0 } > 4 }
    let first = keeper.state.withLock { $0.samples.values.reduce(0) { $0 + $1.count } }
    #expect(first > 0)

    server.setHandler { HistorySource.answer($0) }
    let later = JumpingTime(Self.now + 600_000)
    try await run(backfill(server, time: later))
    let end = Self.now / 60_000
    for name in ["a", "b"] {
      let values = keeper.values(name)
      #expect((end - 1430..<end + 10).allSatisfy { values[$0 * 60_000] == Double($0) })
    }
    #expect(keeper.state.withLock { $0.doubled } == 0)

    let asked = server.requests.count
    try await run(backfill(server, time: ManualTime(later.now())))
    #expect(server.requests.count == asked)
  }

  @Test("while this server ran, nothing is asked for; when it did not, the gap is")
  func downtime() async throws {
    let server = try StaticHTTPServer { HistorySource.answer($0) }
    let task = Task { [backfill = backfill(server)] in try await backfill.run() }
    try await eventually("it has run for a while") { time.now() > Self.now + 1_200_000 }
    task.cancel()
    _ = await task.result
    let stopped = time.now() / 60_000
    let down = JumpingTime((stopped + 30) * 60_000)
    try await run(backfill(server, time: down))
    let start = Self.now / 60_000
    let values = keeper.values("a")
    #expect(values[(start - 1) * 60_000] != nil)
    #expect((start..<start + 15).allSatisfy { values[$0 * 60_000] == nil })
    #expect((stopped + 1..<stopped + 30).allSatisfy { values[$0 * 60_000] != nil })
    #expect(keeper.state.withLock { $0.doubled } == 0)
  }

  @Test("failures are waited out, whatever they are")
  func failures() async throws {
    let count = Mutex(0)
    let server = try StaticHTTPServer { request in
      let number = count.withLock { count in
        count += 1
        return count
      }
      switch number % 4 {
      case 0: return .init(status: 429, headers: ["Retry-After": "7"])
      case 1: return .init(status: 502)
      case 2: return .init(headers: [:], body: Array("{\"status\":\"succ".utf8), declaredLength: 10_000)
      default: return HistorySource.answer(request)
      }
    }
    let backfill = backfill(server)
    try await run(backfill)
    let end = Self.now / 60_000
    #expect(keeper.values("a") == minutes(end - 1440..<end))
    #expect(backfill.progress.failures.isEmpty)
  }

  @Test("a refused query is named, and the others go on")
  func refused() async throws {
    let server = try StaticHTTPServer { request in
      guard request.target.contains("%22a%22") else { return HistorySource.answer(request) }
      return .init(
        status: 400, body: Array("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"no a here\"}".utf8))
    }
    let backfill = backfill(server)
    try await run(backfill)
    #expect(keeper.values("a").isEmpty)
    #expect(keeper.values("b").count == 1440)
    #expect(
      backfill.progress.failures == [
        "\(server.url): {__name__=\"a\"}: the source answers 400: no a here"
      ])
  }

  @Test("a source that does not let us in is given up with its reason")
  func closed() async throws {
    let server = try StaticHTTPServer { _ in .init(status: 401, body: Array("who are you".utf8)) }
    let backfill = backfill(server)
    try await run(backfill)
    #expect(backfill.progress.failures == ["\(server.url): the source answers 401"])
    #expect(server.requests.count <= 4)
  }

  @Test("answers that are no answers are errors of the query, not of the process")
  func hostile() async throws {
    let server = try StaticHTTPServer { request in
      request.target.contains("%22a%22")
        ? .json(String(repeating: "[", count: 2_000_000)) : HistorySource.answer(request)
    }
    let backfill = backfill(server)
    try await run(backfill)
    #expect(keeper.values("b").count == 1440)
    #expect(backfill.progress.failures.count == 1)
  }

  @Test("a stretch that is too much is fetched in parts")
  func tooMuch() async throws {
    let server = try StaticHTTPServer { request in
      let answer = HistorySource.answer(request)
      return answer.body.count > 700
        ? .init(status: 422, body: Array("{\"status\":\"error\",\"error\":\"too many samples\"}".utf8)) : answer
    }
    try await run(backfill(server, ["a"]) { $0.range = 7_200_000 })
    let end = Self.now / 60_000
    #expect(keeper.values("a") == minutes(end - 120..<end))
  }

  @Test("a source that does not answer keeps nobody from learning what the others gave")
  func silentSource() async throws {
    let living = try StaticHTTPServer { HistorySource.answer($0) }
    let dead = try StaticHTTPServer { _ in StaticHTTPServer.Response(status: 503) }
    let sources = [living.url, dead.url].map { url in
      var configuration = BackfillConfiguration(url: url)
      configuration.range = 86_400_000
      return configuration
    }
    let backfill = Backfill(
      sources, metricNames: ["a"], destination: keeper.destination, client: HTTPClient(), time: SystemTime(),
      registry: registry, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    #expect(!backfill.progress.isSettled)
    try await run(backfill) { $0.progress.isSettled && $0.progress.samples >= 1440 }
    #expect(!backfill.isFinished)
    #expect(backfill.progress.silentSources == [dead.url])
  }

  @Test("models learn once what is there, again what comes later, and not too often")
  func lessons() {
    var lessons = HistoryLessons()
    var progress = BackfillProgress()
    var due: [Bool] = []
    func look(at now: Int64) { due.append(lessons.isDue(progress, at: now)) }
    progress.samples = 10
    look(at: 0)
    progress.isSettled = true
    look(at: 5000)
    look(at: 1_000_000)
    #expect(due == [false, true, false])
    due = []
    progress.samples = 20
    look(at: 5000 + 599_999)
    look(at: 5000 + 600_000)
    progress.samples = 30
    progress.isFinished = true
    look(at: 700_000)
    look(at: 10_000_000)
    #expect(due == [false, true, true, false])
  }

  @Test("a selector is asked for its metrics first; labels are rewritten")
  func selectors() async throws {
    let server = try StaticHTTPServer { HistorySource.answer($0) }
    let rule = try RelabelRule(action: .replace, targetLabel: "job", replacement: "rabbitmq")
    let backfill = backfill(server, []) {
      $0.match = ["{job=\"x\"}"]
      $0.relabelRules = [rule]
    }
    try await run(backfill)
    #expect(server.requests.first?.path == "/api/v1/label/__name__/values")
    #expect(keeper.values("b").count == 1440)
    #expect(keeper.state.withLock { $0.samples.keys.allSatisfy { $0["job"] == "rabbitmq" } })
  }

  @Test("history gets the labels of who its target says it is; targets that were two things are left as they are")
  func identities() async throws {
    let server = try StaticHTTPServer { request in
      if request.path.hasSuffix("/series") {
        return .json(
          """
          {"status":"success","data":[{"__name__":"who","instance":"a:1","is":"one"},
          {"__name__":"who","instance":"b:1","is":"one"},{"__name__":"who","instance":"b:1","is":"two"}]}
          """)
      }
      let time = Self.now / 1000 / 60 * 60 - 600
      let series = ["a:1", "b:1", "c:1"].map {
        "{\"metric\":{\"__name__\":\"a\",\"instance\":\"\($0)\"},\"values\":[[\(time),\"1\"]]}"
      }
      return .json(
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[\(series.joined(separator: ","))]}}")
    }
    let identity = BackfillIdentity(metric: "who") { series in
      Labels(["is"].compactMap { name in series[name].map { Label(name, $0) } })
    } expand: { said, series in
      [series.setting("is", to: said["is"] ?? "")]
    }
    try await run(backfill(server, ["a"], identity: identity) { $0.range = 3_600_000 })
    let kept = keeper.state.withLock { state in
      Set(state.samples.keys.map { "\($0["instance"] ?? "") \($0["is"] ?? "-")" })
    }
    #expect(kept == ["a:1 one", "b:1 -", "c:1 -"])
    #expect(server.requests.count { $0.path.hasSuffix("/series") } == 1)
  }

  @Test("what the store does not take is fetched again when it does")
  func storeFull() async throws {
    let server = try StaticHTTPServer { HistorySource.answer($0) }
    keeper.state.withLock { $0.failure = "the disk is full" }
    let backfill = backfill(server)
    let task = Task { try await backfill.run() }
    defer { task.cancel() }
    try await eventually("it was tried") { server.requests.count > 3 }
    keeper.state.withLock { $0.failure = nil }
    try await eventually("it is there", within: .seconds(30)) { backfill.isFinished }
    #expect(keeper.values("a").count >= 1440)
  }
}
