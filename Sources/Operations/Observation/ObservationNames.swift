/// The series that each observed value is read from, for RabbitMQ 4.0 to 4.3: the first that is there counts.
enum ObservationNames {
  /// How the series of one node come to one value.
  enum Combination: Sendable { case sum, maximum, minimum }

  struct Source: Sendable {
    var names: [String]
    var combination: Combination
    /// A label that has to have this value.
    var label: (name: String, value: String)?
    init(_ names: String..., by combination: Combination = .maximum, label: (String, String)? = nil) {
      self.names = names
      self.combination = combination
      self.label = label
    }
  }

  static let node: [(metric: NodeMetric, source: Source)] = [
    (.memory, Source("rabbitmq_process_resident_memory_bytes")),
    (.memoryLimit, Source("rabbitmq_resident_memory_limit_bytes")),
    (.diskFree, Source("rabbitmq_disk_space_available_bytes", by: .minimum)),
    (.diskLimit, Source("rabbitmq_disk_space_available_limit_bytes")),
    (.descriptors, Source("rabbitmq_process_open_fds")),
    (.descriptorLimit, Source("rabbitmq_process_max_fds")),
    (.processes, Source("rabbitmq_erlang_processes_used")),
    (.processLimit, Source("rabbitmq_erlang_processes_limit")),
    // A port of Erlang's is a file or a socket; 4.0 and later do not count sockets apart.
    (.ports, Source("erlang_vm_ports", "erlang_vm_port_count")),
    (.portLimit, Source("erlang_vm_port_limit")),
    (.atoms, Source("erlang_vm_atoms", "erlang_vm_atom_count")),
    (.atomLimit, Source("erlang_vm_atom_limit")),
    (.sockets, Source("rabbitmq_process_open_tcp_sockets")),
    (.socketLimit, Source("rabbitmq_process_max_tcp_sockets")),
    (.connections, Source("rabbitmq_connections")),
    (.channels, Source("rabbitmq_channels")),
    (.consumers, Source("rabbitmq_consumers")),
    (.ready, Source("rabbitmq_queue_messages_ready")),
    (.unacked, Source("rabbitmq_queue_messages_unacked")),
    (.connectionsOpened, Source("rabbitmq_connections_opened_total")),
    (.connectionsClosed, Source("rabbitmq_connections_closed_total")),
    (.failedLogins, Source("rabbitmq_auth_attempts_failed_total", by: .sum)),
    (.received, Source("rabbitmq_global_messages_received_total", by: .sum)),
    (.delivered, Source("rabbitmq_global_messages_delivered_total", by: .sum)),
    (.acknowledged, Source("rabbitmq_global_messages_acknowledged_total", by: .sum)),
    (.redelivered, Source("rabbitmq_global_messages_redelivered_total", by: .sum)),
    // 4.0 and 4.1 average over the queues of the node, later versions take the slowest.
    (
      .commitLatency,
      Source("rabbitmq_raft_max_commit_latency_seconds", "rabbitmq_raft_entry_commit_latency_seconds")
    ),
    (.runQueue, Source("rabbitmq_erlang_scheduler_run_queue")),
    // Milliseconds up to 4.2.1, seconds since: only ratios are made of it.
    (.runtime, Source("erlang_vm_statistics_runtime_seconds_total", "erlang_vm_statistics_runtime_milliseconds")),
    (.startTime, Source("process_start_time_seconds")),
    (.memoryAlarm, Source("rabbitmq_alarms_memory_used_watermark")),
    (.diskAlarm, Source("rabbitmq_alarms_free_disk_space_watermark")),
    (.descriptorAlarm, Source("rabbitmq_alarms_file_descriptor_limit")),
    (.unreachablePeers, Source("rabbitmq_unreachable_cluster_peers_count")),
    (.queueMemory, Source("rabbitmq_queue_process_memory_bytes", by: .sum)),
    (
      .binaryMemory,
      Source(
        "erlang_vm_memory_system_bytes", "erlang_vm_memory_system_bytes_total",
        label: ("usage", "binary"))
    ),
    (
      .processMemory,
      Source(
        "erlang_vm_memory_processes_bytes", "erlang_vm_memory_processes_bytes_total",
        label: ("usage", "used"))
    ),
    (.seenRunning, Source("rabbitmq_management_node_running", by: .minimum)),
    (.drained, Source("rabbitmq_management_node_being_drained")),
    (.partitions, Source("rabbitmq_management_node_partitions")),
  ]

  /// Gauges come from the leader and are taken once; counters come from every node with a channel and are added up.
  static let queue: [(metric: QueueMetric, source: Source)] = [
    (.ready, Source("rabbitmq_detailed_queue_messages_ready")),
    (.unacked, Source("rabbitmq_detailed_queue_messages_unacked")),
    (.consumers, Source("rabbitmq_detailed_queue_consumers")),
    (.capacity, Source("rabbitmq_detailed_queue_consumer_capacity")),
    // What is with consumers does not count towards max-length-bytes.
    (.bytes, Source("rabbitmq_detailed_queue_messages_ready_bytes")),
    (.published, Source("rabbitmq_detailed_queue_exchange_messages_published_total", by: .sum)),
    (.acknowledged, Source("rabbitmq_detailed_queue_messages_acked_total", by: .sum)),
    (.redelivered, Source("rabbitmq_detailed_queue_messages_redelivered_total", by: .sum)),
    (.maxLength, Source("rabbitmq_management_queue_max_length", by: .minimum)),
    (.maxLengthBytes, Source("rabbitmq_management_queue_max_length_bytes", by: .minimum)),
    (.messageTTL, Source("rabbitmq_management_queue_message_ttl_seconds", by: .minimum)),
  ]

  /// Deliveries with and without acknowledgement are two counters.
  static let delivered = [
    "rabbitmq_detailed_queue_messages_delivered_ack_total", "rabbitmq_detailed_queue_messages_delivered_total",
  ]

  /// Every series that is read, whatever its name in a version.
  static var all: [String] {
    let read = node.flatMap(\.source.names) + queue.flatMap(\.source.names) + delivered
    let other = [
      "up", "scrape_duration_seconds", "rabbitmq_erlang_uptime_seconds", "rabbitmq_detailed_queue_info",
      "rabbitmq_management_queue_state",
    ]
    return Array(Set(read + other)).sorted()
  }
}
