import TimeSeries

/// One metric that RabbitMQ has renamed between 4.0 and 4.3.
public struct MetricRename: Sendable, Hashable {
  /// The name up to the release before ``since``.
  public var old: String
  /// The name of 4.3.
  public var canonical: String
  /// The first release with the canonical name.
  public var since: String
  /// What the old value is multiplied by to have the new unit.
  ///
  /// Rows where this is not 1 are not stored under the canonical name: a stored sample is what the
  /// broker said. Whoever needs both writes `old * factor or canonical`.
  public var factor: Double = 1
  /// Whether only series of single queues, or of single Raft systems, mean the same under both
  /// names. On `/metrics`, 4.0 and 4.1 show the sum over all of them, where 4.2 shows none.
  public var singleMembersOnly = false
}

/// RabbitMQ's metric names across 4.0 to 4.3: the one place that knows of renames.
public enum MetricNames {
  /// All renames.
  ///
  /// Sources: the documents of a 4.0.5 and of a 4.3.6 broker, the release notes of 4.2.0 for Raft,
  /// and the Prometheus client for Erlang, which went from 4.11 over 5.1 to 6.1 with 4.2.2, for
  /// `erlang_vm`.
  public static let renames: [MetricRename] = raft + erlang

  /// The label set under which a series is stored a second time: its canonical name, or nil if it
  /// has not been renamed or means something else under the new name.
  ///
  /// - Complexity: O(labels).
  public static func canonical(_ labels: Labels) -> Labels? {
    guard let rename = byOldName[labels.metricName], rename.factor == 1 else { return nil }
    let system = labels["raft_cluster"]
    if rename.singleMembersOnly, labels["queue"] == nil, system == nil { return nil }
    var result = labels.setting(Labels.metricNameLabel, to: rename.canonical)
    if let system {
      let module = system == "rabbitmq_metadata" ? "rabbit_khepri" : system
      result = result.setting("raft_cluster", to: "").setting("module", to: module)
      result = result.setting("ra_system", to: "coordination")
    }
    return result
  }

  /// The names under which metrics of the canonical name `name` were stored before they were renamed.
  public static func former(_ name: String) -> [String] {
    renames.filter { $0.canonical == name && $0.factor == 1 }.map(\.old)
  }

  private static let byOldName = Dictionary(uniqueKeysWithValues: renames.map { ($0.old, $0) })

  /// The Raft metrics exist for the node (`/metrics`, `/metrics/per-object`) and with the prefix of
  /// `/metrics/detailed`.
  private static let raft: [MetricRename] = ["rabbitmq_", "rabbitmq_detailed_"].flatMap { prefix in
    [
      ("raft_term_total", "raft_term"),
      ("raft_log_snapshot_index", "raft_snapshot_index"),
      ("raft_log_last_applied_index", "raft_last_applied"),
      ("raft_log_commit_index", "raft_commit_index"),
      ("raft_log_last_written_index", "raft_last_written_index"),
      ("raft_entry_commit_latency_seconds", "raft_commit_latency_seconds"),
    ].map { old, new in
      MetricRename(old: prefix + old, canonical: prefix + new, since: "4.2.0", singleMembersOnly: true)
    }
  }

  private static let erlang: [MetricRename] =
    [
      ("memory_atom_bytes_total", "memory_atom_bytes"),
      ("memory_bytes_total", "memory_bytes"),
      ("memory_processes_bytes_total", "memory_processes_bytes"),
      ("memory_system_bytes_total", "memory_system_bytes"),
      ("atom_count", "atoms"),
      ("port_count", "ports"),
      ("process_count", "processes"),
      ("statistics_context_switches", "statistics_context_switches_total"),
      ("statistics_garbage_collection_number_of_gcs", "statistics_garbage_collection_number_of_gcs_total"),
      ("statistics_garbage_collection_bytes_reclaimed", "statistics_garbage_collection_bytes_reclaimed_total"),
      ("statistics_garbage_collection_words_reclaimed", "statistics_garbage_collection_words_reclaimed_total"),
    ].map { old, new in
      MetricRename(old: "erlang_vm_" + old, canonical: "erlang_vm_" + new, since: "4.2.2")
    }
    + [
      ("statistics_runtime_milliseconds", "statistics_runtime_seconds_total"),
      ("statistics_wallclock_time_milliseconds", "statistics_wallclock_time_seconds_total"),
    ].map { old, new in
      MetricRename(old: "erlang_vm_" + old, canonical: "erlang_vm_" + new, since: "4.2.2", factor: 0.001)
    }
}
