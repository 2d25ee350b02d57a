import Exposition
import SeriesStore
import TimeSeries

/// What is counted about one destination, under Prometheus's names with our prefix.
struct DeliveryMetrics: Sendable {
  private let registry: MetricRegistry
  private let labels: Labels
  let sent: Counter
  let failed: Counter
  let retried: Counter
  let bytes: Counter
  let missedRows: Counter
  private let pending: Gauge
  private let shards: Gauge
  private let desiredShards: Gauge
  private let newestRead: Gauge
  private let newestSent: Gauge
  private let lag: Gauge
  private let queueBytes: Gauge
  private let duration: Gauge

  init(_ registry: MetricRegistry, _ configuration: DeliveryConfiguration) {
    self.registry = registry
    let labels = Labels(["remote_name": configuration.name, "url": configuration.url])
    self.labels = labels
    func counter(_ name: String, _ help: String) -> Counter {
      registry.counter("harecast_remote_storage_\(name)", help: help, labelSet: labels)
    }
    func gauge(_ name: String, _ help: String) -> Gauge {
      registry.gauge("harecast_remote_storage_\(name)", help: help, labelSet: labels)
    }
    sent = counter("samples_total", "Samples that the receiver has taken.")
    failed = counter("samples_failed_total", "Samples that the receiver has refused for good.")
    retried = counter("samples_retried_total", "Samples that were sent again because the receiver could not take them.")
    bytes = counter("bytes_total", "Bytes of requests that the receiver has taken, compressed.")
    missedRows = counter(
      "journal_rows_dropped_total", "Journal rows that were dropped unsent because the queue on disk was full.")
    pending = gauge("samples_pending", "Samples in memory that are not taken or refused yet.")
    shards = gauge("shards", "Shards that send in parallel.")
    desiredShards = gauge("shards_desired", "Shards that there will be when what is pending is sent.")
    registry.gauge(
      "harecast_remote_storage_shards_min", help: "The configured least number of shards.", labelSet: labels
    ).set(Double(configuration.queue.minimumShards))
    registry.gauge(
      "harecast_remote_storage_shards_max", help: "The configured greatest number of shards.", labelSet: labels
    ).set(Double(configuration.queue.maximumShards))
    newestRead = gauge(
      "queue_highest_timestamp_seconds", "The newest timestamp among the samples to be sent, in Unix seconds.")
    newestSent = gauge(
      "queue_highest_sent_timestamp_seconds", "The newest timestamp among the samples taken, in Unix seconds.")
    lag = gauge("lag_seconds", "The age of the oldest journal row that is not sent yet; 0 if all are.")
    queueBytes = gauge("queue_size_bytes", "Bytes of journal that are not sent yet.")
    duration = gauge("last_request_duration_seconds", "How long the last answered request took.")
    for reason in SampleRouter.DropReason.allCases { drop(0, reason) }
  }

  func drop(_ count: Int, _ reason: SampleRouter.DropReason) {
    registry.counter(
      "harecast_remote_storage_samples_dropped_total", help: "Samples that were not sent, by reason.",
      labelSet: labels.setting("reason", to: reason.rawValue)
    ).increment(by: Double(count))
  }

  func count(_ outcome: DeliveryOutcome, seconds: Double?) {
    registry.counter(
      "harecast_remote_storage_requests_total", help: "Requests by what became of them.",
      labelSet: labels.setting("outcome", to: outcome.code)
    ).increment()
    if let seconds { duration.set(seconds) }
  }

  func showNewest(read timestamp: Int64) {
    newestRead.set(max(newestRead.value, Double(timestamp) / 1000))
  }

  func showNewest(sent timestamp: Int64) { newestSent.set(max(newestSent.value, Double(timestamp) / 1000)) }

  func show(_ plan: DeliveryPlan) {
    pending.set(Double(plan.pending))
    shards.set(Double(plan.shardCount))
    desiredShards.set(Double(plan.desiredShards))
  }

  func show(_ state: FeedLag, at now: Int64) {
    lag.set(state.oldest.map { max(0, Double(now - $0) / 1000) } ?? 0)
    queueBytes.set(Double(state.bytes))
  }
}
