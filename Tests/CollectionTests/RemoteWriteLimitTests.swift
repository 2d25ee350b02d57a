import Exposition
import HarecastTestKit
import RemoteWrite
import StrictYAML
import Testing
import TimeSeries

@testable import Collection
@testable import SeriesStore

@Suite("The bounds of remote-write requests")
struct RemoteWriteLimitTests {
  private let now: Int64 = 1_800_000_000_000

  private func receiver(_ yaml: String, store: SeriesStore = SeriesStore()) throws -> RemoteWriteReceiver {
    let configuration = try RemoteWriteReceiverConfiguration(YAMLDocument.parse(yaml, file: "h.yml"))
    return RemoteWriteReceiver(
      store: store, registry: MetricRegistry(), time: ManualTime(now), configuration: configuration)
  }

  private func send(
    _ series: [SeriesSamples], to receiver: RemoteWriteReceiver, as version: WriteProtocol
  ) async -> WriteAnswer {
    let encoder = WriteRequestEncoder(protocol: version)
    let pending = encoder.encode(series).withUnsafeBytes {
      receiver.receive($0, contentType: encoder.contentType, contentEncoding: "snappy")
    }
    return await receiver.finish(pending)
  }

  /// Two series with four samples each: `long` has a value of 40 bytes, `much` three labels, one with a name of ten.
  private var request: [SeriesSamples] {
    let long = Labels(name: "long", ["a": String(repeating: "x", count: 40)])
    return [long, Labels(name: "much", ["b": "1", "cccccccccc": "2"])].map {
      SeriesSamples(labels: $0, timestamps: (0..<4).map { now + $0 }, values: [1, 2, 3, 4])
    }
  }

  @Test(
    "each bound of the configuration holds, by the status that says whether a smaller request helps",
    arguments: [
      ("series_limit: 1", 413, "more than 1 series", 0), ("series_limit: 2", 204, "", 8),
      ("sample_limit: 7", 413, "more than 7 samples", 0), ("sample_limit: 8", 204, "", 8),
      ("label_limit: 2", 400, "3 labels, the limit is 2", 4), ("label_limit: 3", 204, "", 8),
      ("label_name_length_limit: 9", 400, "a label of 10 + 1 bytes is too long", 4),
      ("label_name_length_limit: 10", 204, "", 8),
      ("label_value_length_limit: 39", 400, "a label of 1 + 40 bytes is too long", 4),
      ("label_value_length_limit: 40", 204, "", 8),
    ], WriteProtocol.allCases)
  func holdsBounds(_ bound: (yaml: String, status: Int, words: String, stored: Int), _ version: WriteProtocol)
    async throws
  {
    let store = SeriesStore()
    let answer = await send(request, to: try receiver(bound.yaml, store: store), as: version)
    #expect(answer.status == bound.status)
    #expect(bound.words.isEmpty ? answer.text.isEmpty : answer.text.contains(bound.words), "\(answer.text)")
    #expect(store.statistics.samples == bound.stored)
  }

  @Test("a body is refused by its size, before and after unpacking", arguments: WriteProtocol.allCases)
  func holdsSizes(_ version: WriteProtocol) async throws {
    // 2,000 bytes that pack well, and as many that do not.
    var random = SplitMix64(seed: 7)
    let plain = SeriesSamples(
      labels: Labels(name: "m", ["a": String(repeating: "x", count: 2000)]), timestamps: [now], values: [1])
    let letters = String((0..<2000).compactMap { _ in "abcdefghijklmnop".randomElement(using: &random) })
    let noise = SeriesSamples(labels: Labels(name: "m", ["a": letters]), timestamps: [now], values: [1])
    let unpacked = await send([plain], to: try receiver("decoded_size_limit: 1KB"), as: version)
    #expect(unpacked.status == 413 && unpacked.text.contains("the limit is 1024"))
    let small = try receiver("{ body_size_limit: 1KB }")
    #expect(await send([plain], to: small, as: version).status == 204)
    #expect(await send([noise], to: small, as: version).status == 413)
    #expect(small.refusal(bodyBytes: 1025)?.status == 413 && small.refusal(bodyBytes: 1024) == nil)
  }

  @Test("one more than so many requests at once is turned away")
  func holdsConcurrency() throws {
    let receiver = try receiver("max_concurrent_requests: 2")
    #expect(receiver.enter() && receiver.enter() && !receiver.enter())
    receiver.leave()
    #expect(receiver.enter())
  }

  @Test("a request that could not be made durable may be repeated: never is it answered 400, and nothing is doubled")
  func repeatsAfterFailures() async throws {
    struct Refusal: Error {}
    let folder = try TemporaryFolder()
    let store = try SeriesStore.open(folder: folder.path + "/data", now: now)
    let receiver = try receiver("{}", store: store)
    // Its samples are in memory when the commit that was to carry them fails.
    store.queue.suspend()
    let first = Task { await send(request, to: receiver, as: .v1) }
    while store.statistics.samples < 8 { await Task.yield() }
    store.degrade(Refusal())
    store.queue.resume()
    let refused = await first.value
    #expect(refused.status == 503)
    #expect(refused.headers.contains { $0.0 == "Retry-After" })
    var statuses: [Int] = []
    try await eventually("the file is tried again") {
      statuses.append(await send(request, to: receiver, as: .v1).status)
      return statuses.last == 204
    }
    #expect(statuses.dropLast().allSatisfy { $0 == 503 })
    await store.close()
    let again = try SeriesStore.open(folder: folder.path + "/data", now: now)
    let found = try again.select([LabelMatcher("__name__", equals: "long")], from: 0, through: .max)
    #expect(found.map(\.values) == [[1, 2, 3, 4]])
    await again.close()
  }
}
