import Collection
import Foundation
import HTTPFetch
import HarecastTestKit
import RemoteWrite
import SeriesStore
import Synchronization
import Testing
import TimeSeries

@testable import Delivery

/// What a fake receiver of remote-write was sent; its answers are the test's choice.
private final class FakeReceiver: Sendable {
  let server: StaticHTTPServer
  private let state = Mutex<[String: [(Int64, UInt64)]]>([:])
  private let answer = Mutex<@Sendable (StaticHTTPServer.Request) -> StaticHTTPServer.Response>({ _ in
    .init(status: 204)
  })

  init() throws {
    server = try StaticHTTPServer { _ in .init(status: 500) }
    server.setHandler { [weak self] request in
      guard let self else { return .init(status: 500) }
      let response = answer.withLock { $0 }(request)
      if response.status / 100 == 2 { keep(request) }
      return response
    }
  }

  func setAnswer(_ body: @escaping @Sendable (StaticHTTPServer.Request) -> StaticHTTPServer.Response) {
    answer.withLock { $0 = body }
  }

  private func keep(_ request: StaticHTTPServer.Request) {
    guard
      let version = try? WriteProtocol.negotiated(
        contentType: request.headers["content-type"], contentEncoding: request.headers["content-encoding"])
    else { return }
    var decoded = DecodedWriteRequest.empty
    request.body.withUnsafeBytes { body in
      _ = try? WriteRequestDecoder(seed: (1, 2)).decode(body, as: version, into: &decoded) { decoded in
        for one in decoded.series {
          guard let labels = try? decoded.checkedLabels(of: one, limits: WriteRequestLimits()) else { continue }
          let samples = one.samples.map { (decoded.timestamps[$0], decoded.values[$0].bitPattern) }
          state.withLock { $0["\(labels)", default: []] += samples }
        }
      }
    }
  }

  var received: [String: [(Int64, UInt64)]] { state.withLock { $0 } }
}

@Suite("The delivery of samples", .timeLimit(.minutes(2)))
struct SampleDeliveryTests {
  private let folder: TemporaryFolder
  private let receiver: FakeReceiver
  private let start = SystemTime().now() - 300_000

  init() throws {
    folder = try TemporaryFolder()
    receiver = try FakeReceiver()
  }

  private func harness(_ version: Int = 1, _ change: (inout DeliveryConfiguration) -> Void = { _ in }) throws
    -> DeliveryHarness
  {
    var configuration = DeliveryHarness.remoteWrite(receiver.server.url + "/write", version)
    change(&configuration)
    return try DeliveryHarness(configuration, folder: folder)
  }

  @Test("series of rules are sent with external labels, all others stay; a stale marker keeps its bits")
  func sendsRecordedSeries() async throws {
    let harness = try harness()
    try harness.start()
    try await harness.append("other", [(start, 1)])
    try await harness.append("m", Labels(["queue": "q"]), [(start, 1), (start + 1, 2), (start + 2, StaleMarker.value)])
    try await eventually("three samples arrive") { harness.metric("samples_total") == 3 }
    await harness.stop()
    #expect(Array(receiver.received.keys) == ["m{queue=\"q\", site=\"north\"}"])
    let samples = try #require(receiver.received.values.first)
    #expect(samples.map(\.0) == [start, start + 1, start + 2])
    #expect(samples.map(\.1) == [Double(1).bitPattern, Double(2).bitPattern, StaleMarker.bitPattern])
    #expect(harness.metric("samples_failed_total") == 0)
  }

  @Test("a series that a rule begins to make is sent from then on; what a rule has made ends with its marker")
  func followsRules() async throws {
    let harness = try harness()
    try harness.start()
    harness.recorded.withLock { $0 = ["m", "new"] }
    try await harness.append("new", [(start, 1)])
    try await eventually("the new series arrives") { receiver.received["new{site=\"north\"}"]?.count == 1 }
    harness.recorded.withLock { $0 = [] }
    try await harness.append("new", [(start + 1, StaleMarker.value)])
    try await eventually("its end arrives") { receiver.received["new{site=\"north\"}"]?.count == 2 }
    await harness.stop()
  }

  @Test("what a receiver was not ready for is sent again and nothing is lost, over a restart too", arguments: [1, 2])
  func survivesOutagesAndRestarts(_ version: Int) async throws {
    receiver.setAnswer { _ in .init(status: 503, headers: ["Retry-After": "0"]) }
    let first = try harness(version)
    try first.start()
    for step in 0..<5 { try await first.append("m", [(start + Int64(step), Double(step))]) }
    try await eventually("it is tried again") { first.metric("samples_retried_total") > 0 }
    #expect(first.metric("samples_total") == 0)
    await first.stop()
    receiver.setAnswer { _ in
      .init(status: 204, headers: ["X-Prometheus-Remote-Write-Samples-Written": "5"])
    }
    let second = try harness(version)
    try second.start()
    try await eventually("all arrive") { second.metric("samples_total") == 5 }
    #expect(receiver.received["m{site=\"north\"}"]?.map(\.0) == (0..<5).map { start + $0 })
    try await eventually("the queue is empty") {
      second.metric("lag_seconds") == 0 && second.metric("queue_size_bytes") == 0
    }
    await second.stop()
    // A third process has nothing to send.
    let third = try harness(version)
    try third.start()
    try await third.append("m", [(start + 10, 10)])
    try await eventually("only the new one arrives") { third.metric("samples_total") == 1 }
    await third.stop()
    #expect(receiver.received["m{site=\"north\"}"]?.count == 6)
  }

  @Test("a receiver that does not know 2.0 gets 1.0, and loses nothing", arguments: [415, 204])
  func fallsBack(_ status: Int) async throws {
    receiver.setAnswer { request in
      let isSecond = request.headers["content-type"]?.contains("v2.Request") == true
      return .init(status: isSecond ? status : 204)
    }
    let harness = try harness(2)
    try harness.start()
    try await harness.append("m", [(start, 1), (start + 1, 2)])
    try await eventually("both arrive") { harness.metric("samples_total") == 2 }
    #expect(receiver.server.requests.map { $0.headers["x-prometheus-remote-write-version"] } == ["2.0.0", "0.1.0"])
    await harness.stop()
  }

  @Test("what is refused is dropped and counted, and the next goes on")
  func dropsTheRefused() async throws {
    receiver.setAnswer { _ in .init(status: 400) }
    let harness = try harness()
    try harness.start()
    try await harness.append("m", [(start, 1)])
    try await eventually("it is counted") { harness.metric("samples_failed_total") == 1 }
    receiver.setAnswer { _ in .init(status: 204) }
    try await harness.append("m", [(start + 1, 2)])
    try await eventually("the next arrives") { harness.metric("samples_total") == 1 }
    await harness.stop()
  }

  @Test("relabelling and the age limit drop samples, counted by reason")
  func dropsByRule() async throws {
    let rules = [try RelabelRule(action: .drop, sourceLabels: ["__name__"], regex: "no_.*")]
    let harness = try harness {
      $0.selection = .all
      $0.queue.ageLimit = 60_000
      $0.relabelRules = rules
    }
    try harness.start()
    try await harness.append("no_thanks", [(start, 1)])
    try await harness.append("old", [(start, 1)])
    try await harness.append("young", [(start + 290_000, 1)])
    try await eventually("the young one arrives") { harness.metric("samples_total") == 1 }
    #expect(harness.metric("samples_dropped_total", ["reason": "dropped_series"]) == 1)
    #expect(harness.metric("samples_dropped_total", ["reason": "too_old"]) == 1)
    #expect(Array(receiver.received.keys) == ["young{site=\"north\"}"])
    await harness.stop()
  }
}
