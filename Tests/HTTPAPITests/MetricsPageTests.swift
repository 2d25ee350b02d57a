import Exposition
import SeriesStore
import Testing
import TimeSeries

@testable import HTTPAPI

@Suite("The metrics page")
struct MetricsPageTests {
  /// A clock that stands still.
  private struct FixedTime: TimeSource {
    let milliseconds: Int64
    func now() -> Int64 { milliseconds }
    func sleep(until deadline: Int64) async throws {}
  }

  private let now: Int64 = 1_800_000_000_000

  private func page(
    _ store: SeriesStore, recorded: [String: MetricMetadata], registry: MetricRegistry = MetricRegistry()
  ) -> MetricsPage {
    MetricsPage(store: store, registry: registry, time: FixedTime(milliseconds: now), recorded: { recorded })
  }

  private func append(_ store: SeriesStore, _ labels: Labels, _ sample: Sample) throws {
    var batch = SampleBatch()
    batch.append(try #require(store.resolve(labels)), sample.timestamp, sample.value)
    store.append(batch, now: now)
  }

  private func text(_ page: MetricsPage) -> String {
    String(decoding: ExpositionWriter().render(page.families(now: now)).bytes, as: UTF8.self)
  }

  @Test func showsRecordedSeriesWithTheirHelpAndLeavesOutWhatWasScraped() throws {
    let store = SeriesStore()
    try append(store, Labels(name: "f", ["q": "0.5"]), Sample(now - 10_000, 1.5))
    try append(store, Labels(name: "scraped"), Sample(now, 1))
    let page = page(store, recorded: ["f": MetricMetadata(type: .gauge, help: "Forecast of x.")])
    #expect(text(page).contains("# HELP f Forecast of x.\n# TYPE f gauge\nf{q=\"0.5\"} 1.5\n"))
    #expect(!text(page).contains("scraped"))
  }

  @Test func leavesOutSeriesThatEndedOrAreOld() throws {
    let store = SeriesStore()
    try append(store, Labels(name: "f", ["s": "ended"]), Sample(now - 1000, StaleMarker.value))
    try append(store, Labels(name: "f", ["s": "old"]), Sample(now - 300_001, 1))
    try append(store, Labels(name: "f", ["s": "new"]), Sample(now - 300_000, 1))
    let found = page(store, recorded: ["f": MetricMetadata(type: .gauge, help: "F.")]).families(now: now)
      .first { $0.name == "f" }
    #expect(found?.samples.map { $0.labels["s"] } == ["new"])
  }

  @Test func oneSeriesThatCannotBeWrittenDoesNotSpoilThePage() throws {
    let store = SeriesStore()
    try append(store, Labels(name: "good"), Sample(now, 1))
    // Both become f_x when names are escaped for a scraper that knows only classic names.
    try append(store, Labels(name: "f.x"), Sample(now, 1))
    try append(store, Labels(name: "f_x"), Sample(now, 2))
    let metadata = MetricMetadata(type: .gauge, help: "H.")
    let page = page(store, recorded: ["good": metadata, "f.x": metadata, "f_x": metadata])
    #expect(text(page).contains("good 1\n"))
    let document = ExpositionDocument(
      parsing: ExpositionWriter().render(page.families(now: now)).bytes, format: .text)
    #expect(document.malformed.isEmpty)
  }

  @Test func harecastsOwnMetricsAreThere() {
    let registry = MetricRegistry()
    registry.counter("harecast_things_total", help: "Things.").increment(by: 3)
    #expect(text(page(SeriesStore(), recorded: [:], registry: registry)).contains("harecast_things_total 3\n"))
  }
}
