import Exposition

/// Harecast's own metrics of one source of history.
struct BackfillMetrics: Sendable {
  private let registry: MetricRegistry
  private let source: String
  private let progress: Gauge
  private let series: Gauge
  private let samples: Counter
  private let bytes: Counter

  init(_ registry: MetricRegistry, source: String) {
    self.registry = registry
    self.source = source
    progress = registry.gauge(
      "harecast_backfill_progress_ratio", help: "How much of the missing history was fetched, from 0 to 1.",
      labels: ["source": source])
    series = registry.gauge(
      "harecast_backfill_series", help: "Series whose history was fetched since the start.",
      labels: ["source": source])
    samples = registry.counter(
      "harecast_backfill_samples_total", help: "Samples of the past that the store took.", labels: ["source": source])
    bytes = registry.counter(
      "harecast_backfill_body_bytes_total", help: "Bytes of unpacked answers with history.",
      labels: ["source": source])
  }

  func count(_ outcome: BackfillPlan.Outcome, samples taken: Int) {
    let word =
      switch outcome {
      case .taken: "success"
      case .tooMuch: "too_much"
      case .later: "failure"
      case .refused, .closed: "refused"
      }
    registry.counter(
      "harecast_backfill_requests_total", help: "Requests for history by what became of them.",
      labels: ["source": source, "outcome": word]
    ).increment()
    samples.increment(by: Double(taken))
    if case .taken(let count) = outcome { bytes.increment(by: Double(count)) }
  }

  func show(_ state: BackfillProgress) {
    progress.set(state.fraction)
    series.set(Double(state.series))
  }
}
