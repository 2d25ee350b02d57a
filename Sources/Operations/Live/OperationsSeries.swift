import TimeSeries

/// The series that are written back into the store, by name.
public enum OperationsSeries {
  static let incident = "harecast_incident"
  static let incidentTime = "harecast_incident_time_to_limit_seconds"
  static let verdict = "harecast_queue_verdict"
  static let netRate = "harecast_queue_net_rate"
  static let netRateError = "harecast_queue_net_rate_standard_error"
  static let drain = "harecast_queue_drain_eta_seconds"
  static let queueTime = "harecast_queue_time_to_limit_seconds"
  static let nodeTime = "harecast_node_time_to_limit_seconds"
  static let nodeRisk = "harecast_node_limit_probability"
  static let blockRisk = "harecast_publisher_block_probability"
  static let blockTime = "harecast_publisher_block_time_seconds"
  static let quorumMargin = "harecast_cluster_quorum_margin"
  static let queueMargin = "harecast_queue_quorum_margin"

  /// Type and help of each.
  public static let metadata: [String: MetricMetadata] = [
    incident: "Severity from 0 to 10 of each open incident; the label severity is its level.",
    incidentTime: "Time until the incident's limit is reached, at quantile q.",
    verdict: "1 for what becomes of the queue, as the label verdict.",
    netRate: "Messages a second that come in more than go out, ready and unacknowledged together.",
    netRateError: "Standard error of the net rate.",
    drain: "Time until the queue is empty, at quantile q; only while it surely shrinks.",
    queueTime: "Time until the queue meets the limit that the label limit names, at quantile q.",
    nodeTime: "Time until the node meets the limit of the resource, at quantile q.",
    nodeRisk: "Probability that the node meets the limit of the resource within the horizon.",
    blockRisk: "Probability that an alarm of any node blocks the publishers of the cluster within the horizon.",
    blockTime: "Time until an alarm blocks the publishers of the cluster, at quantile q.",
    quorumMargin: "How many more nodes may go until the cluster has no majority; negative without one.",
    queueMargin: "How many more members may go until the queue has no majority; negative without one.",
  ].mapValues { MetricMetadata(type: .gauge, help: $0) }

  /// A time at its three quantiles.
  static func quantiles(_ time: TimeToLimit) -> [(q: String, value: Double)] {
    [("0.025", time.lower), ("0.5", time.median), ("0.975", time.upper)].filter { $0.1.isFinite }
  }
}
