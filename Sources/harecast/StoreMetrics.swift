import Exposition
import SeriesStore

/// The metrics about the store's file.
struct StoreMetrics: Sendable {
  private let file: Gauge
  private let journal: Gauge
  private let checkpointSeconds: Gauge
  private let degraded: Gauge
  private let checkpoints: Counter
  private let failures: Counter
  private let notDurable: Counter
  private let droppedRows: Counter
  private let failedReads: Counter

  init(_ registry: MetricRegistry) {
    file = registry.gauge("harecast_store_file_size_bytes", help: "Bytes of the store's file in use, its log included.")
    journal = registry.gauge("harecast_store_journal_size_bytes", help: "Bytes of journal since the last checkpoint.")
    checkpointSeconds = registry.gauge(
      "harecast_store_last_checkpoint_duration_seconds", help: "How long the last checkpoint took.")
    degraded = registry.gauge(
      "harecast_store_degraded", help: "1 while nothing can be made durable; samples are then in memory only.")
    checkpoints = registry.counter("harecast_store_checkpoints_total", help: "Checkpoints of the store.")
    failures = registry.counter(
      "harecast_store_write_failures_total", help: "Commits and checkpoints of the store that failed.")
    notDurable = registry.counter(
      "harecast_store_not_durable_samples_total",
      help: "Samples whose commit failed; they are in memory until a checkpoint saves them.")
    droppedRows = registry.counter(
      "harecast_store_feed_rows_dropped_total", help: "Journal rows that were dropped before a feed had read them.")
    failedReads = registry.counter("harecast_store_read_failures_total", help: "Queries that could not read the file.")
  }

  /// Shows the present figures; counters grow by the difference to `old`.
  func refresh(_ statistics: SeriesStoreStatistics, after old: SeriesStoreStatistics, _ condition: StoreCondition) {
    file.set(Double(statistics.fileBytes + statistics.logBytes))
    journal.set(Double(statistics.journalBytes))
    checkpointSeconds.set(statistics.checkpointSeconds)
    degraded.set(condition == .accepting ? 0 : 1)
    checkpoints.increment(by: Double(statistics.checkpoints - old.checkpoints))
    failures.increment(by: Double(statistics.failedCommits - old.failedCommits))
    notDurable.increment(by: Double(statistics.notDurableSamples - old.notDurableSamples))
    droppedRows.increment(by: Double(statistics.droppedFeedRows - old.droppedFeedRows))
    failedReads.increment(by: Double(statistics.failedReads - old.failedReads))
  }
}
