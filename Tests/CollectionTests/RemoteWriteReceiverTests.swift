import Exposition
import HarecastTestKit
import RemoteWrite
import SeriesStore
import Testing
import TimeSeries

@testable import Collection

@Suite("The remote-write receiver")
struct RemoteWriteReceiverTests {
  private let now: Int64 = 1_800_000_000_000
  private let store = SeriesStore(configuration: .init(maximumSeries: 3))
  private let receiver: RemoteWriteReceiver

  init() {
    var configuration = RemoteWriteReceiverConfiguration()
    configuration.maximumConcurrency = 1
    receiver = RemoteWriteReceiver(
      store: store, registry: MetricRegistry(), time: ManualTime(1_800_000_000_000), configuration: configuration)
  }

  private func send(
    _ series: [(Labels, [(Int64, Double)])], as version: WriteProtocol = .v1
  ) async -> WriteAnswer {
    let encoder = WriteRequestEncoder(protocol: version)
    let body = encoder.encode(
      series.map { SeriesSamples(labels: $0.0, timestamps: $0.1.map(\.0), values: $0.1.map(\.1)) })
    let pending = body.withUnsafeBytes {
      receiver.receive($0, contentType: encoder.contentType, contentEncoding: "snappy")
    }
    return await receiver.finish(pending)
  }

  private func header(_ answer: WriteAnswer, _ name: String) -> String? {
    answer.headers.first { $0.0 == "X-Prometheus-Remote-Write-\(name)-Written" }?.1
  }

  @Test("good requests are stored and answered without a body", arguments: WriteProtocol.allCases)
  func storesGoodRequests(_ version: WriteProtocol) async throws {
    for step in 0..<3 {
      let answer = await send([(Labels(name: "a"), [(now + Int64(step), Double(step))])], as: version)
      #expect(answer.status == 204 && answer.text.isEmpty)
      #expect(header(answer, "Samples") == (version == .v2 ? "1" : nil))
    }
    let found = try store.select([LabelMatcher("__name__", equals: "a")], from: 0, through: .max)
    #expect(found.first?.values == [0, 1, 2])
  }

  @Test("a request that is partly bad keeps its good part, and says what was not stored")
  func keepsTheGoodPart() async throws {
    _ = await send([(Labels(name: "a"), [(now, 1)])])
    let answer = await send(
      [
        (Labels(name: "a"), [(now - 5, 1)]), (Labels(name: "b"), [(now, 7)]), (Labels(["x": "nameless"]), [(now, 1)]),
        (Labels(name: "a"), [(now, 2)]),
      ], as: .v2)
    #expect(answer.status == 400)
    #expect(answer.text.contains("1 out of order") && answer.text.contains("no metric name"))
    #expect(answer.text.contains("1 duplicates with another value"))
    #expect(header(answer, "Samples") == "1" && header(answer, "Histograms") == "0")
    #expect(store.latest([LabelMatcher("__name__", equals: "b")], since: 0).first?.sample.value == 7)
  }

  @Test("a sample that is there already, bit for bit, is no error: senders repeat what was not answered")
  func acceptsRepeats() async {
    for _ in 0..<2 { #expect(await send([(Labels(name: "a"), [(now, 1)])]).status == 204) }
  }

  @Test("a repeated request with several samples of a series is no error: not only its newest is known")
  func acceptsRepeatsOfSeveral() async {
    let series = [(Labels(name: "a"), [(now, 1.0), (now + 1, 2), (now + 2, 3)])]
    for _ in 0..<2 { #expect(await send(series).status == 204) }
    #expect(await send([(Labels(name: "a"), [(now + 1, 7)])]).status == 400, "another value is another sample")
  }

  @Test("what 2.0 says about a metric is taken whenever it changes, not only with the first sample")
  func followsMetadata() async {
    let encoder = WriteRequestEncoder(protocol: .v2)
    for (step, help) in ["first", "second"].enumerated() {
      let body = encoder.encode(
        [SeriesSamples(labels: Labels(name: "a"), timestamps: [now + Int64(step)], values: [1])],
        metadata: ["a": MetricMetadata(type: .gauge, help: help)])
      let pending = body.withUnsafeBytes {
        receiver.receive($0, contentType: encoder.contentType, contentEncoding: "snappy")
      }
      #expect(await receiver.finish(pending).status == 204)
      #expect(store.metadata()["a"]?.help == help)
    }
  }

  @Test("samples too old and too far ahead are refused for good")
  func refusesOtherTimes() async {
    let answer = await send([(Labels(name: "a"), [(0, 1), (now + 3_600_000, 1)])])
    #expect(answer.status == 400)
    #expect(answer.text.contains("1 too old") && answer.text.contains("1 too far in the future"))
  }

  @Test("series beyond the budget are refused, known ones go on")
  func keepsTheBudget() async {
    let names = ["a", "b", "c", "d"]
    let answer = await send(names.map { (Labels(name: $0), [(now, 1)]) })
    #expect(answer.status == 400 && answer.text.contains("1 series refused") && answer.text.contains("budget"))
    #expect(await send([(Labels(name: "a"), [(now + 1, 1)])]).status == 204)
  }

  @Test("ids of series that left the store are found anew")
  func followsEvictions() async throws {
    #expect(await send([(Labels(name: "a"), [(now, 1)])]).status == 204)
    for _ in 0..<3 { store.enforceRetention(now: now + 100 * 86_400_000) }
    #expect(store.statistics.series == 0)
    #expect(await send([(Labels(name: "a"), [(now + 1, 2)])]).status == 204)
    #expect(store.latest([LabelMatcher("__name__", equals: "a")], since: 0).first?.sample.value == 2)
  }

  @Test("one request more than allowed is turned away")
  func boundsConcurrency() {
    #expect(receiver.enter())
    #expect(!receiver.enter())
    receiver.leave()
    #expect(receiver.enter())
  }

  @Test("what is not remote-write gets the status that says whether a retry helps")
  func answersNonsense() async {
    func status(_ body: [UInt8], _ type: String?, _ encoding: String? = "snappy") async -> Int {
      await receiver.finish(
        body.withUnsafeBytes { receiver.receive($0, contentType: type, contentEncoding: encoding) }
      ).status
    }
    #expect(await status([1, 2, 3], "application/x-protobuf") == 400)
    #expect(await status([], "application/x-protobuf") == 400)
    #expect(await status([1], "text/plain") == 415)
    #expect(await status([1], "application/x-protobuf", "gzip") == 415)
    #expect(await status([0xff, 0xff, 0xff, 0xff, 0x0f], "application/x-protobuf") == 413)
  }
}
