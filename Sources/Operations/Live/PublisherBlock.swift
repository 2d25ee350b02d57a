/// How likely the nodes of a cluster meet their limits, and with them whether publishers are blocked.
public struct PublisherBlock: Sendable, Equatable {
  /// What a node runs out of.
  public enum Resource: String, Sendable, CaseIterable {
    case memory, disk
    case fileDescriptors = "file_descriptors"
    case erlangProcesses = "erlang_processes"
    /// Whether its alarm blocks publishers.
    var blocks: Bool { self == .memory || self == .disk }
  }

  /// The horizons with their lengths in seconds.
  static let horizons: [(name: String, seconds: Double)] = [
    ("15m", 900), ("1h", 3600), ("6h", 21_600), ("24h", 86_400),
  ]

  public struct Node: Sendable, Equatable {
    public var node: String
    public var resource: Resource
    /// nil where no trend leads to the limit.
    public var time: TimeToLimit?
    /// By horizon.
    public var probability: [String: Double]
  }

  public var nodes: [Node]
  /// By horizon: the probability that any node's memory or disk alarm blocks the cluster, nodes taken as independent.
  public var probability: [String: Double]
  /// The first block that a trend leads to.
  public var first: Node?
  /// How many more nodes may go until there is no majority.
  public var quorumMargin: Int
}

extension ClusterMemory {
  /// What the nodes run into.
  func publisherBlock() -> PublisherBlock {
    var nodes: [PublisherBlock.Node] = []
    for node in sortedNodes {
      add(.memory, node, .memory, .memoryLimit, rising: true, .memory, alarm: .memoryAlarm, to: &nodes)
      add(.disk, node, .diskFree, .diskLimit, rising: false, .disk, alarm: .diskAlarm, to: &nodes)
      add(.fileDescriptors, node, .descriptors, .descriptorLimit, rising: true, .memory, alarm: nil, to: &nodes)
      add(.erlangProcesses, node, .processes, .processLimit, rising: true, .memory, alarm: nil, to: &nodes)
    }
    let blocking = nodes.filter(\.resource.blocks)
    var probability: [String: Double] = [:]
    for horizon in PublisherBlock.horizons {
      probability[horizon.name] = 1 - blocking.reduce(1) { $0 * (1 - ($1.probability[horizon.name] ?? 0)) }
    }
    let first = blocking.filter { ($0.time?.probability ?? 0) >= 0.3 }
      .min { ($0.time?.median ?? .infinity) < ($1.time?.median ?? .infinity) }
    let up = self.nodes.values.count { $0.silence(now) <= 4 * timing.tick }
    return PublisherBlock(
      nodes: nodes, probability: probability, first: first, quorumMargin: up - (self.nodes.count / 2 + 1))
  }

  private func add(
    _ resource: PublisherBlock.Resource, _ node: NodeTrack, _ metric: NodeMetric, _ limitMetric: NodeMetric,
    rising: Bool, _ habit: TrendToLimit.Habit, alarm: NodeMetric?, to nodes: inout [PublisherBlock.Node]
  ) {
    guard let limit = node.newest[limitMetric], limit > 0, let track = node.signals[metric] else { return }
    let isThere = alarm.map { node.newest[$0] == 1 } ?? false
    let trend =
      resource == .memory
      ? node.memoryTrend : resource == .disk ? node.diskTrend : node.trend(metric, limit, rising: rising, habit)
    var probability: [String: Double] = [:]
    for horizon in PublisherBlock.horizons {
      probability[horizon.name] =
        isThere
        ? 1
        : LimitRisk.probability(
          track, limit: limit, rising: rising, trend: trend, within: horizon.seconds)
    }
    let time = isThere ? TimeToLimit(median: 0, lower: 0, upper: 0, probability: 1) : trend?.time
    nodes.append(PublisherBlock.Node(node: node.name, resource: resource, time: time, probability: probability))
  }
}
