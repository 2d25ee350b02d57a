import Exposition
import SeriesStore
import Synchronization
import TimeSeries

/// Keeps Harecast's own metrics in its store, as a Prometheus that scrapes itself does: the dashboard about it then
/// needs no other server.
final class OwnMetrics: Sendable {
  /// The most series that are kept, and the shortest time between two samples, in milliseconds.
  private static let mostSeries = 2000
  private static let shortestInterval: Int64 = 4000

  private let store: SeriesStore
  private let registry: MetricRegistry
  private let process: ProcessMetrics
  private let time: any TimeSource
  private let interval: Int64
  private let dropped: Gauge
  /// The series of the last time.
  private let written = Mutex<Set<Labels>>([])

  init(
    store: SeriesStore, registry: MetricRegistry, process: ProcessMetrics, time: any TimeSource, interval: Int64
  ) {
    self.store = store
    self.registry = registry
    self.process = process
    self.time = time
    self.interval = max(Self.shortestInterval, interval)
    dropped = registry.gauge(
      "harecast_own_series_dropped", help: "Series about Harecast itself that are over the limit and not kept.")
  }

  func run() async throws {
    while true {
      sample(at: time.now())
      try await time.sleep(until: time.now() + interval)
    }
  }

  /// Takes one sample of each of the process's counters and gauges.
  private func sample(at now: Int64) {
    process.refresh()
    let families = registry.collect().filter { $0.type == .counter || $0.type == .gauge }
    for family in families { store.setMetadata(MetricMetadata(type: family.type, help: family.help), for: family.name) }
    let points = families.flatMap(\.samples)
    dropped.set(Double(max(0, points.count - Self.mostSeries)))
    var batch = SampleBatch()
    var current: Set<Labels> = []
    for point in points.prefix(Self.mostSeries) {
      let labels = point.labels.setting("job", to: "harecast")
      guard let id = store.resolve(labels) else { continue }
      batch.append(id, now, point.value)
      current.insert(labels)
    }
    let ended = written.withLock { written in
      defer { written = current }
      return written.subtracting(current)
    }
    for labels in ended {
      if let id = store.resolve(labels) { batch.append(id, now, StaleMarker.value) }
    }
    _ = store.append(batch, now: now)
  }
}
