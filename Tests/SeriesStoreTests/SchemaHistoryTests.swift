import Foundation
import Testing
import TimeSeries

@testable import SeriesStore

/// Files that earlier versions have written, kept so that no later one forgets how to read them.
///
/// `schema-2.db` was made by scraping a page of two series every tenth of a second: at the k-th scrape `kept_total` had
/// the values 3k (queue `a`) and k/2, stamped 15 s after those before.
@Suite("Files of earlier versions")
struct SchemaHistoryTests {
  private let first: Int64 = 1_795_837_800_000
  private let now: Int64 = 1_795_839_190_000

  @Test("schema 2 is read: series with their names, all samples, metadata")
  func readsSchemaTwo() async throws {
    let fixture = try #require(
      Bundle.module.url(forResource: "schema-2", withExtension: "db", subdirectory: "Fixtures"))
    let folder = try StoreFolder()
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: fixture.path, toPath: folder.path + "/harecast.db")
    let store = try SeriesStore.open(folder: folder.path, configuration: SeriesStoreConfiguration(), now: now)
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
}
