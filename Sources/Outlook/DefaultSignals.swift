/// The resources of a RabbitMQ node and the load that explains them, where the configuration says nothing else.
enum DefaultSignals {
  private static let node = "by (rabbitmq_cluster, rabbitmq_node)"

  static let resources = [
    NamedQuery(name: "memory", text: "max \(node) (rabbitmq_process_resident_memory_bytes)"),
    // Processor seconds a second of all schedulers; before 4.2.2 they were counted in milliseconds.
    NamedQuery(
      name: "cpu",
      text: "max \(node) (rate(erlang_vm_statistics_runtime_seconds_total[5m])) or "
        + "max \(node) (rate(erlang_vm_statistics_runtime_milliseconds[5m])) / 1000"),
    NamedQuery(name: "disk_free", text: "min \(node) (rabbitmq_disk_space_available_bytes)"),
  ]

  static let loads = [
    NamedQuery(name: "publish_rate", text: "sum \(node) (rate(rabbitmq_global_messages_received_total[5m]))"),
    NamedQuery(name: "deliver_rate", text: "sum \(node) (rate(rabbitmq_global_messages_delivered_total[5m]))"),
    NamedQuery(name: "messages_ready", text: "sum \(node) (rabbitmq_queue_messages_ready)"),
    NamedQuery(name: "messages_unacked", text: "sum \(node) (rabbitmq_queue_messages_unacked)"),
    NamedQuery(name: "connections", text: "max \(node) (rabbitmq_connections)"),
    NamedQuery(name: "channels", text: "max \(node) (rabbitmq_channels)"),
    NamedQuery(name: "queues", text: "max \(node) (rabbitmq_queues)"),
    NamedQuery(name: "consumers", text: "max \(node) (rabbitmq_consumers)"),
  ]
}
