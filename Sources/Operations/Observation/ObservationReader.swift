import SeriesStore
import TimeSeries

/// Reads what is known of the clusters now out of the store: live and in a replay in the same way.
public struct ObservationReader: Sendable {
  private let store: SeriesStore
  /// How old a sample may be to count as present, in milliseconds.
  private let lookback: Int64
  /// The management API is asked less often.
  private let managementLookback: Int64
  /// The most queues that are watched; those with the most messages are kept.
  private let maximumQueues: Int

  public init(store: SeriesStore, lookback: Int64, maximumQueues: Int = 2000) {
    self.store = store
    self.lookback = lookback
    managementLookback = max(lookback, 300_000)
    self.maximumQueues = maximumQueues
  }

  /// One observation for each cluster that has series.
  ///
  /// - Complexity: O(series of the metrics read).
  public func observations(at now: Int64) -> [ClusterObservation] {
    var clusters: [String: Draft] = [:]
    readAnswers(now, &clusters)
    for (metric, source) in ObservationNames.node {
      for name in source.names.reversed() {
        for (labels, sample) in latest(name, now) where matches(labels, source) {
          guard let node = labels["rabbitmq_node"] else { continue }
          // On /metrics of a node only its own sums count, not single queues.
          if labels["queue"] != nil { continue }
          clusters[labels["rabbitmq_cluster"] ?? "", default: Draft()].nodes[node, default: NodeDraft()]
            .combine(metric, sample.value, source.combination, name)
        }
      }
    }
    for (metric, source) in ObservationNames.queue {
      for name in source.names { readQueues(name, metric, source.combination, now, &clusters) }
    }
    for name in ObservationNames.delivered { readQueues(name, .delivered, .sum, now, &clusters) }
    for (labels, _) in latest("rabbitmq_detailed_queue_info", now) { markStream(labels, "queue_type", &clusters) }
    for (labels, _) in latest("rabbitmq_management_queue_state", now) { markStream(labels, "queue_type", &clusters) }
    return clusters.filter { !$0.value.nodes.isEmpty }.sorted { $0.key < $1.key }.map { name, draft in
      draft.observation(name, now, maximumQueues)
    }
  }

  private func latest(_ name: String, _ now: Int64) -> [(labels: Labels, sample: Sample)] {
    let reach = name.hasPrefix("rabbitmq_management_") ? managementLookback : lookback
    return store.latest([LabelMatcher(Labels.metricNameLabel, equals: name)], since: now - reach)
  }

  private func matches(_ labels: Labels, _ source: ObservationNames.Source) -> Bool {
    source.label.map { labels[$0.name] == $0.value } ?? true
  }

  /// Who answers, and when last. A target that does not answer has no node label: it is known by its instance.
  private func readAnswers(_ now: Int64, _ clusters: inout [String: Draft]) {
    let instances = nodesByInstance(now)
    let name = [LabelMatcher(Labels.metricNameLabel, equals: "up")]
    for (labels, sample) in store.latest(name, since: now - 86_400_000) {
      guard let place = place(of: labels, instances) else { continue }
      let reach = max(3 * lookback, 60_000)
      guard now - sample.timestamp <= reach else { continue }
      // With several jobs for a node its totals say whether it answers: they are the cheapest document.
      if let job = labels["job"], job != "rabbitmq", instances.hasTotals(labels["instance"]) { continue }
      clusters[place.cluster, default: Draft()].nodes[place.node, default: NodeDraft()]
        .note(answered: sample.value == 1, at: sample.timestamp)
    }
    for (labels, sample) in store.latest(
      [LabelMatcher(Labels.metricNameLabel, equals: "scrape_duration_seconds")], since: now - lookback)
    {
      guard let place = place(of: labels, instances) else { continue }
      let old = clusters[place.cluster]?.nodes[place.node]?.scrapeSeconds ?? 0
      clusters[place.cluster]?.nodes[place.node]?.scrapeSeconds = max(old, sample.value)
    }
  }

  private func place(of labels: Labels, _ instances: Instances) -> (cluster: String, node: String)? {
    if let node = labels["rabbitmq_node"] { return (labels["rabbitmq_cluster"] ?? "", node) }
    return labels["instance"].flatMap { instances.places[$0] }
  }

  private struct Instances {
    var places: [String: (cluster: String, node: String)] = [:]
    var totals: Set<String> = []
    func hasTotals(_ instance: String?) -> Bool { instance.map(totals.contains) ?? false }
  }

  /// Which node answers at which address, as of the last day: a node that is down does not say so any more.
  private func nodesByInstance(_ now: Int64) -> Instances {
    var result = Instances()
    let from = now - 86_400_000
    for labels in store.series(
      [LabelMatcher(Labels.metricNameLabel, equals: "rabbitmq_erlang_uptime_seconds")], from: from, through: now)
      + store.series([LabelMatcher(Labels.metricNameLabel, equals: "rabbitmq_connections")], from: from, through: now)
    {
      guard let instance = labels["instance"], let node = labels["rabbitmq_node"] else { continue }
      result.places[instance] = (labels["rabbitmq_cluster"] ?? "", node)
      if labels["job"] == "rabbitmq" { result.totals.insert(instance) }
    }
    return result
  }

  private func readQueues(
    _ name: String, _ metric: QueueMetric, _ combination: ObservationNames.Combination, _ now: Int64,
    _ clusters: inout [String: Draft]
  ) {
    for (labels, sample) in latest(name, now) {
      guard let queue = labels["queue"], let vhost = labels["vhost"] else { continue }
      let key = QueueKey(vhost: vhost, name: queue)
      clusters[labels["rabbitmq_cluster"] ?? "", default: Draft()].queues[
        key, default: QueueObservation(vhost: vhost, name: queue)
      ].combine(metric, sample.value, combination, node: labels["rabbitmq_node"])
    }
  }

  private func markStream(_ labels: Labels, _ type: String, _ clusters: inout [String: Draft]) {
    guard let queue = labels["queue"], let vhost = labels["vhost"], labels[type]?.contains("stream") ?? false else {
      return
    }
    clusters[labels["rabbitmq_cluster"] ?? ""]?.queues[QueueKey(vhost: vhost, name: queue)]?.isStream = true
  }
}

private struct Draft {
  var nodes: [String: NodeDraft] = [:]
  var queues: [QueueKey: QueueObservation] = [:]

  func observation(_ cluster: String, _ now: Int64, _ maximumQueues: Int) -> ClusterObservation {
    var watched = queues.values.filter { $0[.ready] != nil || $0[.consumers] != nil }
    if watched.count > maximumQueues {
      watched.sort { ($0[.ready] ?? 0) > ($1[.ready] ?? 0) }
      watched.removeLast(watched.count - maximumQueues)
    }
    return ClusterObservation(
      time: now, cluster: cluster,
      nodes: nodes.map { name, node in
        NodeObservation(
          name: name, lastAnswer: node.lastAnswer, lastTry: node.lastTry, answered: node.answered,
          scrapeSeconds: node.scrapeSeconds,
          values: node.values)
      }.sorted { $0.name < $1.name },
      queues: watched.sorted { $0.key < $1.key })
  }
}

private struct NodeDraft {
  var lastAnswer: Int64?
  var answered: Bool?
  var lastTry: Int64 = 0
  var scrapeSeconds: Double?
  var values: [NodeMetric: Double] = [:]
  /// Which of the possible names a value came from.
  var origins: [NodeMetric: String] = [:]

  mutating func note(answered yes: Bool, at time: Int64) {
    if yes { lastAnswer = max(lastAnswer ?? time, time) }
    guard time >= lastTry else { return }
    answered = time == lastTry ? (answered ?? yes) || yes : yes
    lastTry = time
  }

  mutating func combine(
    _ metric: NodeMetric, _ value: Double, _ combination: ObservationNames.Combination, _ name: String
  ) {
    guard value.isFinite else { return }
    // The names are read from the least to the most wanted.
    if origins[metric] != name {
      origins[metric] = name
      values[metric] = value
    } else {
      values[metric] = combination.apply(values[metric], value)
    }
  }
}

extension QueueObservation {
  fileprivate mutating func combine(
    _ metric: QueueMetric, _ value: Double, _ combination: ObservationNames.Combination, node: String?
  ) {
    guard value.isFinite else { return }
    if metric == .ready, value >= self[.ready] ?? 0 { self.node = node ?? self.node }
    values[metric] = combination.apply(values[metric], value)
  }
}

extension ObservationNames.Combination {
  fileprivate func apply(_ old: Double?, _ new: Double) -> Double {
    guard let old else { return new }
    switch self {
    case .sum: return old + new
    case .maximum: return max(old, new)
    case .minimum: return min(old, new)
    }
  }
}
