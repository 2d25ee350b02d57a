import TimeSeries

/// What one poll of the management API found, as series.
///
/// These are the things that RabbitMQ's Prometheus plugin does not export: the limits of queues and clients,
/// the state of queues, and how the nodes see each other.
struct ManagementSnapshot: Sendable, Equatable {
  var overview: ManagementOverview
  var nodes: [ManagementNode]
  var queues: [ManagementQueue]
  var limits = ClientLimits()

  /// The series of this snapshot with their values.
  ///
  /// All carry `rabbitmq_cluster`, so that they join with scraped series on that label, the vhost
  /// and the queue.
  var series: [(labels: Labels, value: Double)] {
    var result: [(labels: Labels, value: Double)] = []
    let cluster = Label("rabbitmq_cluster", overview.clusterName ?? "")
    func add(_ name: String, _ value: Double?, _ labels: [Label]) {
      guard let value else { return }
      result.append((Labels([Label(Labels.metricNameLabel, Self.prefix + name), cluster] + labels), value))
    }
    for node in nodes {
      let labels = [Label("rabbitmq_node", node.name)]
      add("node_running", node.isRunning.map { $0 ? 1 : 0 }, labels)
      add("node_being_drained", node.isBeingDrained.map { $0 ? 1 : 0 }, labels)
      add("node_partitions", node.partitions.map { Double($0.count) }, labels)
    }
    for queue in queues {
      let labels = [Label("vhost", queue.vhost), Label("queue", queue.name)]
      add("queue_max_length", queue.limits.maxLength, labels)
      add("queue_max_length_bytes", queue.limits.maxLengthBytes, labels)
      add("queue_message_ttl_seconds", queue.limits.messageTTL.map { $0 / 1000 }, labels)
      if let state = queue.state {
        add("queue_state", 1, labels + [Label("queue_type", queue.type ?? ""), Label("state", state)])
      }
    }
    func add(_ name: String, _ uses: [String: ClientLimits.Use], of label: String, maximum: String) {
      for (key, use) in uses {
        add(name, use.used, [Label(label, key)])
        add(maximum, use.limit, [Label(label, key)])
      }
    }
    add("vhost_connections", limits.vhostConnections, of: "vhost", maximum: "vhost_max_connections")
    add("vhost_queues", limits.vhostQueues, of: "vhost", maximum: "vhost_max_queues")
    add("user_connections", limits.userConnections, of: "user", maximum: "user_max_connections")
    add("user_channels", limits.userChannels, of: "user", maximum: "user_max_channels")
    let node = [Label("rabbitmq_node", overview.node ?? "")]
    add("node_connections", limits.nodeConnections?.used, node)
    add("node_max_connections", limits.nodeConnections?.limit, node)
    add("connection_channels", limits.connectionChannels?.used, [])
    add("connection_max_channels", limits.connectionChannels?.limit, [])
    return result
  }

  /// What the metrics are, by their names.
  static let metadata: [(name: String, metadata: MetricMetadata)] = [
    ("node_running", "Whether the node is running, as the other nodes of the cluster see it."),
    ("node_being_drained", "Whether the node is in maintenance mode."),
    ("node_partitions", "Number of nodes that the node believes to be partitioned from it."),
    ("queue_max_length", "Largest number of ready messages that policies and arguments let the queue hold."),
    ("queue_max_length_bytes", "Largest size of all ready messages that policies and arguments let the queue hold."),
    ("queue_message_ttl_seconds", "Time after which policies and arguments let a message of the queue expire."),
    ("vhost_connections", "Number of connections to the vhost; only where they are limited."),
    ("vhost_max_connections", "Largest number of connections that the vhost may have."),
    ("vhost_queues", "Number of queues in the vhost; only where they are limited."),
    ("vhost_max_queues", "Largest number of queues that the vhost may have."),
    ("user_connections", "Number of connections of the user; only where they are limited."),
    ("user_max_connections", "Largest number of connections that the user may have."),
    ("user_channels", "Number of channels of the user; only where they are limited."),
    ("user_max_channels", "Largest number of channels that the user may have."),
    ("node_connections", "Number of connections to the node that was asked; only where they are limited."),
    ("node_max_connections", "Largest number of connections that the node that was asked may have."),
    ("connection_channels", "Number of channels of the connection that has the most."),
    ("connection_max_channels", "Largest number of channels that this connection may have."),
    ("queue_state", "State of the queue, as a label."),
  ].map { (prefix + $0.0, MetricMetadata(type: .gauge, help: $0.1)) }

  private static let prefix = "rabbitmq_management_"
}
