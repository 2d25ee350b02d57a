import SeriesStore
import TimeSeries

/// Which quorum queues lose their majority when nodes go.
///
/// RabbitMQ 4.1 and later say which queue has a member on which node (`rabbitmq_detailed_queue_info`); a member that
/// was seen within a day and is not any more still counts in the majority.
struct QuorumMargins: Sendable {
  private struct Member: Hashable {
    var cluster: String
    var queue: QueueKey
    var node: String
  }
  private var lastSeen: [Member: Int64] = [:]

  /// How many more members each queue may lose, by cluster; negative for one without a majority.
  mutating func update(_ store: SeriesStore, at now: Int64, lookback: Int64) -> [(String, QueueKey, Int)] {
    let name = LabelMatcher(Labels.metricNameLabel, equals: "rabbitmq_detailed_queue_info")
    for (labels, _) in store.latest([name], since: now - lookback) {
      guard labels["queue_type"]?.contains("quorum") ?? false, let queue = labels["queue"],
        let vhost = labels["vhost"], let node = labels["rabbitmq_node"]
      else { continue }
      let key = QueueKey(vhost: vhost, name: queue)
      lastSeen[Member(cluster: labels["rabbitmq_cluster"] ?? "", queue: key, node: node)] = now
    }
    lastSeen = lastSeen.filter { now - $0.value < 86_400_000 }
    var counts: [String: [QueueKey: (all: Int, online: Int)]] = [:]
    for (member, seen) in lastSeen {
      counts[member.cluster, default: [:]][member.queue, default: (0, 0)].all += 1
      if seen == now { counts[member.cluster]?[member.queue]?.online += 1 }
    }
    return counts.flatMap { cluster, queues in
      // A queue that nobody shows any more was deleted.
      queues.filter { $0.value.online > 0 }.map { (cluster, $0.key, $0.value.online - ($0.value.all / 2 + 1)) }
    }
  }
}
