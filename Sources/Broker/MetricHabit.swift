/// What a RabbitMQ metric does that its name or its type does not say.
public enum MetricHabit: Sendable, Hashable, CaseIterable {
  /// Typed as a counter, but a sum over whatever lives now: it falls when a channel or connection
  /// closes or a queue is deleted, and `rate()` takes that for a restart. Use the
  /// `rabbitmq_global_` counters instead.
  case fallingCounter
  /// Typed as a counter, but a position or an amount that also goes back.
  case gaugeTypedAsCounter
  /// Named `_total`, but typed as the gauge it is.
  case gaugeNamedTotal
  /// A ratio or a position per queue, which `/metrics` adds up over all queues.
  case meaninglessSum
  /// Always 0 since 4.0.
  case alwaysZero
  /// The same on every node: take the maximum over nodes, never the sum.
  case clusterWide
  /// Per queue, and only on the node of the queue's leader; it moves with the leader. Take the
  /// maximum over nodes, so that the moment with two leaders does not count twice.
  case reportedByLeader
  /// Per queue or exchange, on every node that has a channel which used it: take the sum over nodes.
  case reportedByChannel
}

extension MetricNames {
  /// What is to be known of `metric` before it is used, or nothing.
  ///
  /// - Complexity: O(1).
  public static func habits(of metric: String) -> Set<MetricHabit> {
    byMetric[metric] ?? []
  }

  /// All metrics with a habit.
  public static let habits: [MetricHabit: [String]] = [
    .fallingCounter: [
      "rabbitmq_channel_get_ack_total", "rabbitmq_channel_get_empty_total", "rabbitmq_channel_get_total",
      "rabbitmq_channel_messages_acked_total", "rabbitmq_channel_messages_confirmed_total",
      "rabbitmq_channel_messages_delivered_ack_total", "rabbitmq_channel_messages_delivered_total",
      "rabbitmq_channel_messages_published_total", "rabbitmq_channel_messages_redelivered_total",
      "rabbitmq_channel_messages_unroutable_dropped_total", "rabbitmq_channel_messages_unroutable_returned_total",
      "rabbitmq_channel_process_reductions_total",
      "rabbitmq_connection_incoming_bytes_total", "rabbitmq_connection_incoming_packets_total",
      "rabbitmq_connection_outgoing_bytes_total", "rabbitmq_connection_outgoing_packets_total",
      "rabbitmq_connection_process_reductions_total",
      "rabbitmq_queue_messages_published_total", "rabbitmq_queue_process_reductions_total",
      "rabbitmq_queue_disk_reads_total", "rabbitmq_queue_disk_writes_total",
    ],
    .gaugeTypedAsCounter: [
      "rabbitmq_raft_term_total", "rabbitmq_detailed_raft_term_total",
      "rabbitmq_raft_term", "rabbitmq_detailed_raft_term",
      "rabbitmq_raft_snapshot_index", "rabbitmq_detailed_raft_snapshot_index",
      "rabbitmq_raft_commit_index", "rabbitmq_detailed_raft_commit_index",
      "rabbitmq_raft_last_index", "rabbitmq_detailed_raft_last_index",
      "rabbitmq_raft_last_written_index", "rabbitmq_detailed_raft_last_written_index",
      "rabbitmq_raft_wal_files", "rabbitmq_detailed_raft_wal_files",
      "rabbitmq_stream_segments", "rabbitmq_detailed_stream_segments",
    ],
    .gaugeNamedTotal: [
      "erlang_vm_memory_atom_bytes_total", "erlang_vm_memory_bytes_total",
      "erlang_vm_memory_processes_bytes_total", "erlang_vm_memory_system_bytes_total",
    ],
    .meaninglessSum: [
      "rabbitmq_queue_consumer_utilisation", "rabbitmq_queue_consumer_capacity",
      "rabbitmq_raft_term_total", "rabbitmq_raft_log_snapshot_index", "rabbitmq_raft_log_last_applied_index",
      "rabbitmq_raft_log_commit_index", "rabbitmq_raft_log_last_written_index",
    ],
    .alwaysZero: [
      "rabbitmq_io_read_bytes_total", "rabbitmq_io_read_ops_total", "rabbitmq_io_read_time_seconds_total",
      "rabbitmq_io_reopen_ops_total", "rabbitmq_io_seek_ops_total", "rabbitmq_io_seek_time_seconds_total",
      "rabbitmq_io_sync_ops_total", "rabbitmq_io_sync_time_seconds_total", "rabbitmq_io_write_bytes_total",
      "rabbitmq_io_write_ops_total", "rabbitmq_io_write_time_seconds_total",
    ],
    .clusterWide: [
      "rabbitmq_cluster_vhost_status", "rabbitmq_cluster_exchange_bindings", "rabbitmq_cluster_exchange_name",
    ],
    .reportedByLeader: [
      "rabbitmq_detailed_queue_messages_ready", "rabbitmq_detailed_queue_messages_unacked",
      "rabbitmq_detailed_queue_messages", "rabbitmq_detailed_queue_process_reductions_total",
      "rabbitmq_detailed_queue_consumers", "rabbitmq_detailed_queue_consumer_capacity",
      "rabbitmq_detailed_queue_consumer_utilisation", "rabbitmq_detailed_queue_process_memory_bytes",
      "rabbitmq_detailed_queue_messages_bytes", "rabbitmq_detailed_queue_messages_ready_bytes",
      "rabbitmq_detailed_queue_messages_unacked_bytes", "rabbitmq_detailed_queue_messages_ram",
      "rabbitmq_detailed_queue_messages_ram_bytes", "rabbitmq_detailed_queue_messages_ready_ram",
      "rabbitmq_detailed_queue_messages_unacked_ram", "rabbitmq_detailed_queue_messages_persistent",
      "rabbitmq_detailed_queue_messages_persistent_bytes", "rabbitmq_detailed_queue_head_message_timestamp",
      "rabbitmq_detailed_queue_disk_reads_total", "rabbitmq_detailed_queue_disk_writes_total",
      "rabbitmq_detailed_stream_segments",
    ],
    .reportedByChannel: [
      "rabbitmq_detailed_queue_exchange_messages_published_total", "rabbitmq_detailed_queue_get_ack_total",
      "rabbitmq_detailed_queue_get_empty_total", "rabbitmq_detailed_queue_get_total",
      "rabbitmq_detailed_queue_messages_acked_total", "rabbitmq_detailed_queue_messages_delivered_ack_total",
      "rabbitmq_detailed_queue_messages_delivered_total", "rabbitmq_detailed_queue_messages_redelivered_total",
      "rabbitmq_detailed_exchange_messages_confirmed_total", "rabbitmq_detailed_exchange_messages_published_total",
      "rabbitmq_detailed_exchange_messages_unroutable_dropped_total",
      "rabbitmq_detailed_exchange_messages_unroutable_returned_total",
    ],
  ]

  private static let byMetric: [String: Set<MetricHabit>] = {
    var result: [String: Set<MetricHabit>] = [:]
    for (habit, metrics) in habits {
      for metric in metrics { result[metric, default: []].insert(habit) }
    }
    return result
  }()
}
