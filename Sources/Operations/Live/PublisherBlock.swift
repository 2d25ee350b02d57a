/// How likely the nodes of a cluster meet their limits, and with them whether publishers are blocked.
public struct PublisherBlock: Sendable, Equatable {
  /// What a node runs out of.
  public enum Resource: String, Sendable, CaseIterable {
    case memory, disk
    case fileDescriptors = "file_descriptors"
    case erlangProcesses = "erlang_processes"
    /// Files and sockets together; more of either than this stops the node from opening any.
    case erlangPorts = "erlang_ports"
    /// Never given back; too many end the node.
    case erlangAtoms = "erlang_atoms"
    /// Where the broker still counts them apart.
    case sockets
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
      add(.erlangPorts, node, .ports, .portLimit, rising: true, .memory, alarm: nil, to: &nodes)
      add(.erlangAtoms, node, .atoms, .atomLimit, rising: true, .memory, alarm: nil, to: &nodes)
      add(.sockets, node, .sockets, .socketLimit, rising: true, .memory, alarm: nil, to: &nodes)
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
    let inflow = resource.blocks ? node.inflowTime(track, limit, rising: rising) : nil
    var probability: [String: Double] = [:]
    for horizon in PublisherBlock.horizons {
      let byResource = LimitRisk.probability(track, limit: limit, rising: rising, trend: trend, within: horizon.seconds)
      probability[horizon.name] =
        isThere ? 1 : max(byResource, inflow?.probability(within: horizon.seconds) ?? 0)
    }
    var time = trend?.time
    if let inflow, inflow.probability > time?.probability ?? 0 { time = inflow }
    if isThere { time = TimeToLimit(median: 0, lower: 0, upper: 0, probability: 1) }
    nodes.append(PublisherBlock.Node(node: node.name, resource: resource, time: time, probability: probability))
  }
}

extension NodeTrack {
  /// When the backlog that grows now has used up a resource; nil where it does not, or its cost is not known.
  fileprivate func inflowTime(_ resource: SignalTrack, _ limit: Double, rising: Bool) -> TimeToLimit? {
    guard let now = resource.last?.mean, let cost = inflow.cost(of: resource, rising: rising) else { return nil }
    let headroom = rising ? limit - now : now - limit
    return headroom > 0 ? inflow.time(headroom: headroom, cost: cost) : nil
  }
}
