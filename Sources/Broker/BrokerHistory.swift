import Collection
import TimeSeries

/// What Harecast knows of RabbitMQ, applied to fetched history: a server that scrapes RabbitMQ knows nodes by address
/// only, and metrics by the names of the release that it scraped.
public enum BrokerHistory {
  /// Gives fetched series the labels of the node that `rabbitmq_identity_info` names for their target, and renamed
  /// metrics both names, as ``BrokerSense`` does with what is scraped.
  public static let identity = BackfillIdentity(metric: NodeIdentity.metric) { series in
    NodeIdentity(labels: series)?.added(to: .empty)
  } expand: { said, series in
    guard let named = NodeIdentity(labels: said)?.added(to: series) else { return [series] }
    guard let canonical = MetricNames.canonical(named) else { return [named] }
    return [named, canonical]
  }

  /// The metrics that may hold the history of those named `names`: these, and what they were called before.
  public static func metricNames(for names: [String]) -> [String] { names + names.flatMap(MetricNames.former) }
}
