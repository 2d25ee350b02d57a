import Foundation
import Testing
import TimeSeries

@testable import SeriesStore

/// Files that earlier versions have written, kept so that no later one forgets how to read them.
///
/// `schema-2-summaries.db` and `schema-3.db` were made of ten series with 480 samples each, as `RemoteWriteLoad` in the
/// benchmarks makes them. `schema-2.db` was made by scraping a page of two series every tenth of a second: at the k-th scrape `kept_total` had
/// the values 3k (queue `a`) and k/2, stamped 15 s after those before.
@Suite("Files of earlier versions")
struct SchemaHistoryTests {
  private let first: Int64 = 1_795_837_800_000
  private let now: Int64 = 1_795_839_190_000

  private func open(_ name: String, now: Int64, retentionTime: Int64 = 14 * 86_400_000) throws -> SeriesStore {
    let fixture = try #require(Bundle.module.url(forResource: name, withExtension: "db", subdirectory: "Fixtures"))
    let folder = try StoreFolder()
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: fixture.path, toPath: folder.path + "/harecast.db")
    return try SeriesStore.open(
      folder: folder.path, configuration: SeriesStoreConfiguration(retentionTime: retentionTime), now: now)
  }

  @Test("series with their names, all samples, metadata", arguments: ["schema-2"])
  func readsEverything(_ name: String) async throws {
    let store = try open(name, now: now)
    for (queue, factor) in [("a", 3.0), ("ü \"b\"", 0.5)] {
      let found = try store.select(
        [LabelMatcher("__name__", equals: "kept_total"), LabelMatcher("queue", equals: queue)], from: 0, through: .max)
      let series = try #require(found.first)
      #expect(found.count == 1 && series.labels["job"] == "kept")
      #expect(series.timestamps == (0..<85).map { first + Int64($0) * 15_000 })
      #expect(series.values == (0..<85).map { Double($0) * factor })
    }
    #expect(store.metadata()["kept_total"] == MetricMetadata(type: .counter, help: "Kept."))
    await store.close()
  }

  /// The files, each with the time of its first samples.
  static let withSummaries: [(String, Int64)] = [
    ("schema-2-summaries", 1_795_849_615_551), ("schema-3", 1_795_853_653_391),
  ]

  /// The values of the k-th of the ten series whose samples the files with summaries have.
  private static func value(_ series: Int, _ step: Int) -> Double {
    let noise = Double((series * 7919 + step * 104_729) % 101)
    return switch series {
    case 0..<4: Double(series * 1000 + step * 30) + (noise / 20).rounded(.down)
    case 4, 5: (noise / 4).rounded(.down)
    case 6, 7: (noise * 13 + Double(step)) / 100
    case 8: 4096
    default: (noise + Double(step)).squareRoot()
    }
  }

  @Test("ten series of 480 samples, sealed and growing", arguments: withSummaries)
  func readsSealedAndGrowing(_ name: String, _ first: Int64) async throws {
    let store = try open(name, now: first + 7_200_000)
    for index in 0..<10 {
      let found = try store.select([LabelMatcher("__name__", equals: "bench_metric_\(index)")], from: 0, through: .max)
      #expect(
        found.map(\.labels) == [
          Labels(
            name: "bench_metric_\(index)",
            [
              "cluster": "bench", "instance": "rabbit-\(index % 7):15692", "job": "rabbitmq",
              "queue": "orders.region-\(index).worker-\(index)", "vhost": "/tenant-\(index)",
            ])
        ])
      #expect(found.first?.timestamps == (0..<480).map { first + Int64($0) * 15_000 })
      #expect(found.first?.values == (0..<480).map { Self.value(index, $0) })
    }
    await store.close()
  }

  @Test("summaries, where samples are gone", arguments: withSummaries)
  func readsSummaries(_ name: String, _ first: Int64) async throws {
    let now = first + 10 * 86_400_000
    let store = try open(name, now: now, retentionTime: 86_400_000)
    store.enforceRetention(now: now)
    store.queue.sync {}
    for index in 0..<10 {
      // By five minutes of UTC.
      let steps = Dictionary(grouping: 0..<480) { (first + Int64($0) * 15_000) / 300_000 }
      let parts = steps.sorted { $0.key < $1.key }.map { $0.value.map { Self.value(index, $0) } }
      for (aggregate, expected) in [
        (SelectHints.Aggregate.maximum, parts.compactMap { $0.max() }), (.minimum, parts.compactMap { $0.min() }),
        (.last, parts.compactMap(\.last)), (.count, parts.map { Double($0.count) }),
        (.sum, parts.map { $0.reduce(0, +) }),
      ] {
        let found = try store.select(
          [LabelMatcher("__name__", equals: "bench_metric_\(index)")], from: 0, through: .max,
          hints: SelectHints(aggregate: aggregate))
        let values = found.first?.values ?? []
        #expect(values.count == expected.count)
        #expect(
          zip(values, expected).allSatisfy { ($0 - $1).magnitude <= 1e-12 * $1.magnitude }, "\(index) \(aggregate)")
      }
    }
    await store.close()
  }
}
