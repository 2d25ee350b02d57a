/// One metric family as a RabbitMQ 4.0 node exposes it, and the recorded columns it is made of.
struct RecordedMetric: Sendable {
  var name: String
  /// The word after `# TYPE`. RabbitMQ's types are kept, also where they are odd.
  var type: String
  var help: String
  var source: Source = .recorded
  /// Labels that the metric has in a real document while the recording has only their sum. The sum
  /// is shown as the one series that most of it belongs to.
  var labels: String = ""

  /// Where the value comes from.
  enum Source: Sendable {
    /// The columns of the metric's own name.
    case recorded
    /// The sum of two other columns.
    case sum(String, String)
    /// What RabbitMQ has there when nobody changes its configuration.
    case constant(Double)
    /// A recorded point in time, in seconds, moved with the replay.
    case startTime
    /// The seconds since that point.
    case uptime
    /// The number of queues whose leader is on the node.
    case queueCount
  }
}

extension RecordedMetric {
  /// What `/metrics` of a node shows, in RabbitMQ's order.
  static let node: [RecordedMetric] = [
    RecordedMetric(
      name: "erlang_vm_memory_ets_tables", type: "gauge", help: "Erlang VM ETS Tables count."),
    RecordedMetric(
      name: "erlang_vm_memory_processes_bytes_total", type: "gauge",
      help: "The total amount of memory currently allocated for the Erlang processes."),
    RecordedMetric(
      name: "erlang_vm_memory_system_bytes_total", type: "gauge",
      help: "The total amount of memory currently allocated for the emulator that is not directly related to any "
        + "Erlang process. Memory presented as processes is not included in this memory."),
    RecordedMetric(
      name: "erlang_vm_statistics_runtime_milliseconds", type: "counter",
      help: "The sum of the runtime for all threads in the Erlang runtime system. Can be greater than wall clock "
        + "time."),
    RecordedMetric(
      name: "rabbitmq_connections_opened_total", type: "counter", help: "Total number of connections opened"),
    RecordedMetric(
      name: "rabbitmq_connections_closed_total", type: "counter",
      help: "Total number of connections closed or terminated"),
    RecordedMetric(name: "rabbitmq_process_open_fds", type: "gauge", help: "Open file descriptors"),
    RecordedMetric(name: "rabbitmq_process_resident_memory_bytes", type: "gauge", help: "Memory used in bytes"),
    RecordedMetric(name: "rabbitmq_disk_space_available_bytes", type: "gauge", help: "Disk space available in bytes"),
    RecordedMetric(name: "rabbitmq_erlang_processes_used", type: "gauge", help: "Erlang processes used"),
    RecordedMetric(
      name: "rabbitmq_process_max_fds", type: "gauge", help: "Open file descriptors limit", source: .constant(20_000)),
    RecordedMetric(
      name: "rabbitmq_resident_memory_limit_bytes", type: "gauge", help: "Memory high watermark in bytes"),
    RecordedMetric(
      name: "rabbitmq_disk_space_available_limit_bytes", type: "gauge", help: "Free disk space low watermark in bytes"),
    RecordedMetric(
      name: "rabbitmq_erlang_processes_limit", type: "gauge", help: "Erlang processes limit",
      source: .constant(1_048_576)),
    RecordedMetric(
      name: "rabbitmq_erlang_scheduler_run_queue", type: "gauge", help: "Erlang scheduler run queue"),
    RecordedMetric(name: "rabbitmq_erlang_uptime_seconds", type: "gauge", help: "Node uptime", source: .uptime),
    RecordedMetric(
      name: "rabbitmq_raft_entry_commit_latency_seconds", type: "gauge",
      help: "Time taken for a log entry to be committed"),
    RecordedMetric(
      name: "rabbitmq_auth_attempts_failed_total", type: "counter",
      help: "Total number of failed authentication attempts", labels: #"protocol="amqp091""#),
    RecordedMetric(
      name: "rabbitmq_queue_messages_ready", type: "gauge", help: "Messages ready to be delivered to consumers"),
    RecordedMetric(
      name: "rabbitmq_queue_messages_unacked", type: "gauge",
      help: "Messages delivered to consumers but not yet acknowledged"),
    RecordedMetric(
      name: "rabbitmq_queue_messages", type: "gauge",
      help: "Sum of ready and unacknowledged messages - total queue depth",
      source: .sum("rabbitmq_queue_messages_ready", "rabbitmq_queue_messages_unacked")),
    RecordedMetric(
      name: "rabbitmq_queue_process_memory_bytes", type: "gauge",
      help: "Memory in bytes used by the Erlang queue process"),
    RecordedMetric(name: "rabbitmq_connections", type: "gauge", help: "Connections currently open"),
    RecordedMetric(name: "rabbitmq_channels", type: "gauge", help: "Channels currently open"),
    RecordedMetric(name: "rabbitmq_consumers", type: "gauge", help: "Consumers currently connected"),
    RecordedMetric(name: "rabbitmq_queues", type: "gauge", help: "Queues available", source: .queueCount),
    RecordedMetric(
      name: "rabbitmq_global_messages_delivered_total", type: "counter",
      help: "Total number of messages delivered to consumers", labels: byQueueType),
    RecordedMetric(
      name: "rabbitmq_global_messages_redelivered_total", type: "counter",
      help: "Total number of messages redelivered to consumers", labels: byQueueType),
    RecordedMetric(
      name: "rabbitmq_global_messages_acknowledged_total", type: "counter",
      help: "Total number of message acknowledgements received from consumers", labels: byQueueType),
    RecordedMetric(
      name: "rabbitmq_global_messages_received_total", type: "counter",
      help: "Total number of messages received from publishers", labels: #"protocol="amqp091""#),
    RecordedMetric(
      name: "rabbitmq_global_messages_confirmed_total", type: "counter",
      help: "Total number of messages confirmed to publishers", labels: #"protocol="amqp091""#),
    RecordedMetric(
      name: "rabbitmq_alarms_file_descriptor_limit", type: "untyped",
      help: "is 1 if file descriptor limit alarm is in effect", source: .constant(0)),
    RecordedMetric(
      name: "rabbitmq_alarms_free_disk_space_watermark", type: "untyped",
      help: "is 1 if free disk space watermark alarm is in effect"),
    RecordedMetric(
      name: "rabbitmq_alarms_memory_used_watermark", type: "untyped",
      help: "is 1 if VM memory watermark alarm is in effect"),
    RecordedMetric(
      name: "rabbitmq_unreachable_cluster_peers_count", type: "gauge",
      help: "Number of peers in the cluster the current node cannot reach."),
    RecordedMetric(
      name: "process_start_time_seconds", type: "gauge",
      help: "Start time of the process since unix epoch in seconds.", source: .startTime),
  ]

  /// What a family of `/metrics/detailed` shows per queue; names without their prefix.
  static let queueFamilies: [(family: String, metrics: [RecordedMetric])] = [
    (
      "queue_coarse_metrics",
      [
        RecordedMetric(
          name: "queue_messages_ready", type: "gauge", help: "Messages ready to be delivered to consumers"),
        RecordedMetric(
          name: "queue_messages_unacked", type: "gauge",
          help: "Messages delivered to consumers but not yet acknowledged"),
        RecordedMetric(
          name: "queue_messages", type: "gauge",
          help: "Sum of ready and unacknowledged messages - total queue depth",
          source: .sum("queue_messages_ready", "queue_messages_unacked")),
      ]
    ),
    (
      "queue_consumer_count",
      [RecordedMetric(name: "queue_consumers", type: "gauge", help: "Consumers on a queue")]
    ),
  ]

  private static let byQueueType = #"protocol="amqp091",queue_type="rabbit_classic_queue""#
}
