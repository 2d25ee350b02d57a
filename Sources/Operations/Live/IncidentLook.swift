import Exposition
import SeriesStore
import TimeSeries

/// One look after another at the store: what the watch remembers in between.
struct IncidentLook {
  let watch: IncidentWatch
  let store: SeriesStore
  let registry: MetricRegistry
  private let reader: ObservationReader
  private let configuration: OperationsConfiguration
  private let interval: Int64
  private var restored: [Incident]
  private var classifiers: [String: IncidentClassifier] = [:]
  private var margins = QuorumMargins()
  /// The series that the last look wrote.
  private var written: Set<Labels> = []
  private let seconds: Gauge

  init(
    watch: IncidentWatch, store: SeriesStore, registry: MetricRegistry, configuration: OperationsConfiguration,
    interval: Int64, open: [Incident]
  ) {
    self.watch = watch
    self.store = store
    self.registry = registry
    self.configuration = configuration
    self.interval = interval
    restored = open
    reader = ObservationReader(
      store: store, lookback: max(2 * interval + interval / 2, 40_000), maximumQueues: configuration.maximumQueues)
    seconds = registry.gauge(
      "harecast_operations_last_look_seconds", help: "How long the last look for incidents took.")
    for type in IncidentType.allCases { for kind in ["opened", "resolved"] { _ = counter(type, kind) } }
  }

  private func counter(_ type: IncidentType, _ kind: String) -> Counter {
    registry.counter(
      "harecast_incidents_total", help: "Number of incidents opened and resolved, by type.",
      labels: ["type": type.rawValue, "event": kind])
  }

  mutating func run(at now: Int64) {
    let began = ContinuousClock.now
    let maintenance = watch.maintenance(at: now)
    var events: [IncidentEvent] = []
    var found = IncidentWatch.Snapshot(time: now)
    var rows: [(labels: Labels, value: Double)] = []
    var suppressed: [String: Int] = [:]
    for observation in reader.observations(at: now) {
      let cluster = observation.cluster
      var classifier = classifiers[cluster] ?? makeClassifier(cluster)
      events += classifier.observe(observation, maintenance: maintenance)
      found.incidents += classifier.open
      found.fates += classifier.fates.map { (cluster, $0) }
      let block = classifier.publisherBlock
      found.blocks.append((cluster, block))
      rows += SeriesRows(cluster: cluster).rows(classifier.open, classifier.fates, block)
      suppressed.merge(classifier.suppressed) { $0 + $1 }
      classifiers[cluster] = classifier
    }
    // A cluster that gives no series now keeps its incidents.
    let seen = Set(found.blocks.map(\.cluster))
    found.incidents += classifiers.filter { !seen.contains($0.key) }.flatMap(\.value.open)
    found.incidents += restored.filter { classifiers[$0.cluster] == nil }
    for (cluster, queue, margin) in margins.update(store, at: now, lookback: max(2 * interval, 40_000)) {
      rows.append((SeriesRows(cluster: cluster).labels(OperationsSeries.queueMargin, queue), Double(margin)))
    }
    write(rows, now)
    watch.take(events, found)
    for event in events where event.kind != .updated {
      counter(event.incident.type, event.kind.rawValue).increment(by: 1)
    }
    for (reason, count) in suppressed {
      registry.gauge(
        "harecast_incidents_suppressed", help: "How often a finding was not opened, by reason, since the start.",
        labels: ["reason": reason]
      ).set(Double(count))
    }
    seconds.set((ContinuousClock.now - began) / .seconds(1))
  }

  private mutating func makeClassifier(_ cluster: String) -> IncidentClassifier {
    var classifier = IncidentClassifier(
      timing: IncidentTiming(tick: Double(interval) / 1000, day: Double(configuration.day) / 1000), cluster: cluster,
      depthLimit: configuration.depthLimit)
    classifier.restore(restored)
    restored.removeAll { $0.cluster == cluster }
    return classifier
  }

  private mutating func write(_ rows: [(labels: Labels, value: Double)], _ now: Int64) {
    var batch = SampleBatch()
    var current: Set<Labels> = []
    for (labels, value) in rows where value.isFinite && current.insert(labels).inserted {
      if let id = store.resolve(labels) { batch.append(id, now, value) }
    }
    for labels in written.subtracting(current) {
      if let id = store.resolve(labels) { batch.append(id, now, StaleMarker.value) }
    }
    written = current
    _ = store.append(batch, now: now)
  }
}
