import Exposition
import Foundation
import SeriesStore
import Synchronization

/// Brings the metrics about the store and the process up to date before a page is rendered.
final class ProcessMetrics: Sendable {
  private let store: SeriesStore
  private let registry: MetricRegistry
  private let series: Gauge
  private let samples: Gauge
  private let bytes: Gauge
  private let residentMemory: Gauge
  private let storeMetrics: StoreMetrics
  private let known = Mutex(Known())

  private struct Known {
    var statistics = SeriesStoreStatistics()
    var processorSeconds = 0.0
  }

  init(store: SeriesStore, registry: MetricRegistry, version: String, startTime: Int64) {
    self.store = store
    self.registry = registry
    series = registry.gauge("harecast_store_series", help: "Series in the store.")
    samples = registry.gauge("harecast_store_samples", help: "Samples in the store.")
    bytes = registry.gauge(
      "harecast_store_size_bytes", help: "Bytes of memory that the store holds, by its own account.")
    storeMetrics = StoreMetrics(registry)
    residentMemory = registry.gauge("process_resident_memory_bytes", help: "Resident memory of the process.")
    registry.gauge("process_start_time_seconds", help: "When the process started, in Unix seconds.")
      .set(Double(startTime) / 1000)
    registry.gauge(
      "harecast_build_info", help: "The version of Harecast; the value is always 1.", labels: ["version": version]
    ).set(1)
  }

  /// Reads the present figures.
  func refresh() {
    let statistics = store.statistics
    series.set(Double(statistics.series))
    samples.set(Double(statistics.samples))
    bytes.set(Double(statistics.bytes))
    if let pages = Self.residentPages() { residentMemory.set(Double(pages * sysconf(Int32(_SC_PAGESIZE)))) }
    let processor = Self.processorSeconds()
    known.withLock { known in
      let old = known.statistics
      storeMetrics.refresh(statistics, after: old, store.condition)
      for (reason, before, now) in [
        ("duplicate", old.outcome.duplicate, statistics.outcome.duplicate),
        ("conflicting", old.outcome.conflicting, statistics.outcome.conflicting),
        ("out_of_order", old.outcome.outOfOrder, statistics.outcome.outOfOrder),
        ("too_old", old.outcome.tooOld, statistics.outcome.tooOld),
        ("too_far_ahead", old.outcome.tooFarAhead, statistics.outcome.tooFarAhead),
        ("histogram", old.outcome.histograms, statistics.outcome.histograms),
        ("evicted_series", old.outcome.unknownSeries, statistics.outcome.unknownSeries),
      ] {
        registry.counter(
          "harecast_store_samples_refused_total", help: "Samples that the store did not take, by reason.",
          labels: ["reason": reason]
        ).increment(by: Double(now - before))
      }
      registry.counter("harecast_store_samples_appended_total", help: "Samples that the store took.")
        .increment(by: Double(statistics.outcome.appended - old.outcome.appended))
      registry.counter("harecast_store_series_refused_total", help: "Series refused because the series budget is full.")
        .increment(by: Double(statistics.refusedSeries - old.refusedSeries))
      registry.counter("harecast_store_series_evicted_total", help: "Series dropped by the retention.")
        .increment(by: Double(statistics.evictedSeries - old.evictedSeries))
      registry.counter("process_cpu_seconds_total", help: "Processor time, user and system, in seconds.")
        .increment(by: max(0, processor - known.processorSeconds))
      known = Known(statistics: statistics, processorSeconds: processor)
    }
  }

  private static func residentPages() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let words = text.split(separator: " ")
    return words.count > 1 ? Int(words[1]) : nil
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
