import Exposition
import HTTPTypes
import Hummingbird
import SeriesStore
import Synchronization
import TimeSeries

/// The `/metrics` page: the newest sample of every recorded series, alerts, and Harecast's own
/// metrics.
///
/// A page is rendered from one immutable set of families, at most once a second for each format,
/// and then served as it is; a series that cannot be written is left out and counted, and never
/// spoils the page. Samples carry no timestamps, so that Prometheus's staleness works on them.
public final class MetricsPage: Sendable {
  /// How old a recorded sample may be to be shown, in milliseconds.
  static let lookback: Int64 = 300_000
  /// How long a rendered page is served, in milliseconds of the page's clock.
  static let freshness: Int64 = 1000

  private let store: SeriesStore
  private let registry: MetricRegistry
  private let time: any TimeSource
  private let recorded: @Sendable () -> [String: MetricMetadata]
  private let refresh: @Sendable () -> Void
  private let dropped: Counter
  private let cache = Mutex<[PageKey: Page]>([:])

  private struct PageKey: Hashable {
    let negotiation: ExpositionNegotiation
    let isCompressed: Bool
  }

  private struct Page {
    let body: ByteBuffer
    let isCompressed: Bool
    let renderedAt: Int64
  }

  /// - Parameters:
  ///   - recorded: type and help of the metrics that rules record; only these are taken from the store.
  ///   - refresh: called before a page is rendered, to bring gauges of the registry up to date.
  public init(
    store: SeriesStore, registry: MetricRegistry, time: any TimeSource,
    recorded: @escaping @Sendable () -> [String: MetricMetadata],
    refresh: @escaping @Sendable () -> Void = {}
  ) {
    self.store = store
    self.registry = registry
    self.time = time
    self.recorded = recorded
    self.refresh = refresh
    dropped = registry.counter(
      "harecast_exposition_samples_dropped_total",
      help: "Samples left out of the metrics page because they cannot be written.")
  }

  /// Answers a scrape in the format and encoding that it accepts.
  func answer(_ request: Request) -> Response {
    let negotiation = ExpositionNegotiation(accept: request.headers[.accept])
    let wantsGzip = (request.headers[.acceptEncoding] ?? "").contains("gzip")
    let page = page(PageKey(negotiation: negotiation, isCompressed: wantsGzip))
    var headers: HTTPFields = [.contentType: negotiation.contentType, .vary: "Accept, Accept-Encoding"]
    if page.isCompressed { headers[.contentEncoding] = "gzip" }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: page.body))
  }

  private func page(_ key: PageKey) -> Page {
    let now = time.now()
    if let page = cache.withLock({ $0[key] }), now - page.renderedAt < Self.freshness, now >= page.renderedAt {
      return page
    }
    refresh()
    let rendered = ExpositionWriter(key.negotiation).render(families(now: now))
    dropped.increment(by: Double(rendered.droppedSamples))
    let compressed = key.isCompressed ? Gzip.compress(rendered.bytes) : nil
    let page = Page(
      body: ByteBuffer(bytes: compressed ?? rendered.bytes), isCompressed: compressed != nil, renderedAt: now)
    cache.withLock { cache in
      // A client chooses its Accept header; a few forms are worth keeping, not every one.
      if cache.count >= 8 { cache.removeAll() }
      cache[key] = page
    }
    return page
  }

  /// Everything that goes on the page at `now`.
  func families(now: Int64) -> [MetricFamily] {
    var families = registry.collect()
    for (name, metadata) in recorded() {
      let latest = store.latest([LabelMatcher(Labels.metricNameLabel, equals: name)], since: now - Self.lookback)
      guard !latest.isEmpty else { continue }
      let samples = latest.sorted { $0.labels < $1.labels }.map {
        MetricPoint(labels: $0.labels, value: $0.sample.value)
      }
      families.append(MetricFamily(name: name, type: metadata.type, help: metadata.help, samples: samples))
    }
    return families
  }
}
