import Exposition

/// Harecast's own counters of one job.
struct ScrapeMetrics: Sendable {
  private let registry: MetricRegistry
  private let job: String
  private let succeeded: Counter
  private let failed: Counter
  private let skipped: Counter
  private let samples: Counter
  private let bytes: Counter
  private let malformedLines: Counter
  /// The number of targets that are being scraped.
  let targets: Gauge

  init(_ registry: MetricRegistry, job: String) {
    self.registry = registry
    self.job = job
    func scrapes(_ outcome: String) -> Counter {
      registry.counter(
        "harecast_scrapes_total", help: "Scrapes by what became of them.", labels: ["job": job, "outcome": outcome])
    }
    succeeded = scrapes("success")
    failed = scrapes("failure")
    skipped = scrapes("skipped")
    samples = registry.counter(
      "harecast_scrape_samples_total", help: "Samples read from targets.", labels: ["job": job])
    bytes = registry.counter(
      "harecast_scrape_body_bytes_total", help: "Bytes of unpacked bodies read from targets.", labels: ["job": job])
    malformedLines = registry.counter(
      "harecast_scrape_malformed_lines_total", help: "Lines of targets' documents that could not be read.",
      labels: ["job": job])
    targets = registry.gauge(
      "harecast_scrape_targets", help: "Targets that are being scraped.", labels: ["job": job])
  }

  func countSkipped() { skipped.increment() }

  func count(_ outcome: ScrapeOutcome) {
    samples.increment(by: Double(outcome.samples))
    bytes.increment(by: Double(outcome.bodyBytes))
    guard let error = outcome.error else { return succeeded.increment() }
    failed.increment()
    registry.counter(
      "harecast_scrape_errors_total", help: "Failed scrapes by reason.", labels: ["job": job, "reason": error.code]
    ).increment()
  }

  func count(_ tally: ScrapeTally) {
    malformedLines.increment(by: Double(tally.malformedLines))
    countDropped("repeated", tally.repeated + tally.stored.duplicate + tally.stored.conflicting)
    countDropped("series_limit", tally.refused)
    countDropped("out_of_order", tally.stored.outOfOrder)
    countDropped("too_old", tally.stored.tooOld)
    countDropped("too_far_ahead", tally.stored.tooFarAhead)
    countDropped("evicted_series", tally.stored.unknownSeries)
  }

  func countDiscoveryErrors(_ count: Int) {
    if count == 0 { return }
    registry.counter(
      "harecast_discovery_errors_total", help: "Files and names that could not be read while discovering targets.",
      labels: ["job": job]
    ).increment(by: Double(count))
  }

  /// Forgets the job's gauge when the job is gone; its counters stay, as counters do.
  func retire() { registry.unregister(name: "harecast_scrape_targets", labels: ["job": job]) }

  private func countDropped(_ reason: String, _ count: Int) {
    if count == 0 { return }
    registry.counter(
      "harecast_scrape_samples_dropped_total", help: "Samples read from targets and not stored, by reason.",
      labels: ["job": job, "reason": reason]
    ).increment(by: Double(count))
  }
}
