import AnomalyDetection
import Operations
import Rules
import TimeSeries

/// The patterns of many signals at once that open incidents rest on, as evidence about what is unusual at the same place.
enum PatternEvidence {
  /// How bad each pattern is, from 1 to 3.
  private static let severities = ["memory_leak_suspected": 3.0, "no_consumers": 2.0, "connection_spam": 2.0]
  private static let nodeLabels = ["rabbitmq_node", "node", "instance"]
  private static let clusterLabels = ["rabbitmq_cluster", "cluster"]

  /// `anomalies` with the patterns of the open ones of `incidents` about the same queue, node or cluster among their parts
  /// and in their severity, the worst first.
  static func added(to anomalies: [CurrentAnomaly], from incidents: [Incident]) -> [CurrentAnomaly] {
    let open = incidents.filter { $0.resolvedAt == nil }
    guard !open.isEmpty else { return anomalies }
    let all = anomalies.map { anomaly in
      var anomaly = anomaly
      let patterns = patterns(of: open.filter { concerns($0, anomaly.labels) })
      if !patterns.isEmpty {
        anomaly.judgement.parts += patterns
        anomaly.judgement.severity = AnomalySeverity(anomaly.judgement.severity.evidence + patterns)
      }
      return anomaly
    }
    // Stable, so that those that nothing was added to keep their order.
    return all.enumerated().sorted {
      let (left, right) = ($0.element.judgement.severity.score, $1.element.judgement.severity.score)
      return left == right ? $0.offset < $1.offset : left > right
    }.map(\.element)
  }

  /// Each pattern once, in the order of their names.
  private static func patterns(of incidents: [Incident]) -> [AnomalySeverity.Evidence] {
    Set(incidents.flatMap { $0.evidence.map(\.signal) }).sorted().compactMap { name in
      severities[name].map {
        AnomalySeverity.Evidence(detector: name, family: .pattern, isCalibrated: false, score: $0)
      }
    }
  }

  /// Whether an incident is about what a signal's labels name: its queue if they name one, else its node, else its cluster.
  private static func concerns(_ incident: Incident, _ labels: Labels) -> Bool {
    for name in clusterLabels {
      if let cluster = labels[name], !incident.cluster.isEmpty, cluster != incident.cluster { return false }
    }
    func isNamed(_ object: String) -> Bool { incident.object == object || incident.affected.contains(object) }
    if let queue = labels["queue"] { return isNamed(QueueKey(vhost: labels["vhost"] ?? "/", name: queue).description) }
    let nodes = nodeLabels.compactMap { labels[$0] }
    if !nodes.isEmpty { return nodes.contains(where: isNamed) }
    return clusterLabels.contains { labels[$0] == incident.cluster && !incident.cluster.isEmpty }
  }
}
