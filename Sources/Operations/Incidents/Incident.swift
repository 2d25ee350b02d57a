/// The eight kinds of problem that are told apart.
public enum IncidentType: String, Sendable, CaseIterable, Codable {
  case memoryLeak = "memory_leak"
  case highQueueDepth = "high_queue_depth"
  case nodeUnresponsive = "node_unresponsive"
  case connectionStorm = "connection_storm"
  case diskFull = "disk_full"
  case networkPartition = "network_partition"
  case consumerFailure = "consumer_failure"
  case performanceDegradation = "performance_degradation"
}

/// How urgent an incident is.
public enum IncidentLevel: String, Sendable, CaseIterable, Codable, Comparable {
  case info = "INFO"
  case warning = "WARNING"
  case critical = "CRITICAL"

  /// The level of a severity from 0 to 10.
  public init(severity: Double) {
    self = severity >= 7 ? .critical : severity >= 4 ? .warning : .info
  }

  private var rank: Int { self == .critical ? 2 : self == .warning ? 1 : 0 }
  public static func < (left: IncidentLevel, right: IncidentLevel) -> Bool { left.rank < right.rank }
}

/// One signal that speaks for an incident.
public struct IncidentEvidence: Sendable, Hashable, Codable {
  /// What was looked at, for instance `rabbitmq_process_resident_memory_bytes` or the pattern `memory_leak_suspected`.
  public var signal: String
  /// What it showed, as words.
  public var detail: String
  /// How much of the case it makes, 0 to 1; the shares of an incident add up to 1.
  public var share: Double

  public init(_ signal: String, _ detail: String, share: Double) {
    self.signal = signal
    self.detail = detail
    self.share = share
  }
}

/// A classified problem, from when it was opened until it is resolved.
public struct Incident: Sendable, Equatable, Codable, Identifiable {
  /// Unique in the journal, for instance `disk_full-1795376650000-1`.
  public var id: String
  public var type: IncidentType
  public var cluster: String
  /// What it is about: a node, a queue, or the cluster.
  public var object: String
  /// All that is affected, sorted.
  public var affected: [String]
  /// 0 to 10.
  public var severity: Double
  public var level: IncidentLevel { IncidentLevel(severity: severity) }
  /// When the trouble began, as far as the signals say; UTC milliseconds.
  public var since: Int64
  public var openedAt: Int64
  public var updatedAt: Int64
  /// nil while it is open.
  public var resolvedAt: Int64?
  /// Whether the limit is still ahead.
  public var isPredicted: Bool
  /// What it runs into, as words; empty if there is no limit.
  public var limit: String
  /// When the limit is reached, seconds from ``updatedAt``.
  public var timeToLimit: TimeToLimit?
  /// One sentence for an operator.
  public var summary: String
  public var evidence: [IncidentEvidence]
  /// What to do, most useful first.
  public var actions: [String]
  /// What it brings with it and was not opened on its own.
  public var consequences: [String]
}

/// What has happened to an incident.
public struct IncidentEvent: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable { case opened, updated, resolved }
  public var kind: Kind
  public var time: Int64
  public var incident: Incident
}
