import Exposition

/// What is counted about one Alertmanager, under the names that Prometheus has for it.
struct AlertmanagerMetrics: Sendable {
  private static let counters = [
    ("harecast_notifications_sent_total", "Alerts sent to the Alertmanager."),
    ("harecast_notifications_errors_total", "Alerts whose sending failed, each time it did."),
    (
      "harecast_notifications_dropped_total",
      "Alerts that the Alertmanager refused, for which there was no room, or which were left at the end."
    ),
  ]

  private let registry: MetricRegistry
  private let url: String
  let sent: Counter
  let errors: Counter
  let dropped: Counter
  let queueLength: Gauge
  let latency: Histogram

  init(_ registry: MetricRegistry, url: String) {
    self.registry = registry
    self.url = url
    func counter(_ index: Int) -> Counter {
      registry.counter(Self.counters[index].0, help: Self.counters[index].1, labels: ["alertmanager": url])
    }
    sent = counter(0)
    errors = counter(1)
    dropped = counter(2)
    queueLength = registry.gauge(
      "harecast_notifications_queue_length", help: "Alerts that the Alertmanager has not been told yet.",
      labels: ["alertmanager": url])
    latency = registry.histogram(
      "harecast_notifications_latency_seconds", help: "How long requests to the Alertmanager took.",
      bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10], labels: ["alertmanager": url])
  }

  /// Forgets the gauge of an Alertmanager that is gone; its counters stay, as counters do.
  func retire() {
    registry.unregister(name: "harecast_notifications_queue_length", labels: ["alertmanager": url])
  }
}
