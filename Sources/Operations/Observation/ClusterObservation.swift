/// What was known of one cluster at one moment, under the same names for every RabbitMQ version.
///
/// A value that the broker did not give is nil, never zero.
public struct ClusterObservation: Sendable, Equatable {
  /// UTC milliseconds.
  public var time: Int64
  /// The cluster's name; empty where series do not say.
  public var cluster: String
  /// Sorted by name.
  public var nodes: [NodeObservation]
  /// Sorted by vhost and name.
  public var queues: [QueueObservation]

  public init(time: Int64, cluster: String = "", nodes: [NodeObservation] = [], queues: [QueueObservation] = []) {
    self.time = time
    self.cluster = cluster
    self.nodes = nodes
    self.queues = queues
  }
}

/// One node at one moment.
public struct NodeObservation: Sendable, Equatable {
  public var name: String
  /// When the node last answered a scrape, UTC milliseconds; nil if it never did.
  public var lastAnswer: Int64?
  /// When the last scrape that has ended was, with or without an answer, UTC milliseconds.
  public var lastTry: Int64?
  /// How the last scrape went: nil if none has ended yet.
  public var answered: Bool?
  /// How long the node takes to answer a scrape, in seconds.
  public var scrapeSeconds: Double?
  /// The node's metrics by what they mean; a metric that was not exposed is not there.
  public var values: [NodeMetric: Double]

  public init(
    name: String, lastAnswer: Int64? = nil, lastTry: Int64? = nil, answered: Bool? = nil, scrapeSeconds: Double? = nil,
    values: [NodeMetric: Double] = [:]
  ) {
    self.name = name
    self.lastAnswer = lastAnswer
    self.lastTry = lastTry
    self.answered = answered
    self.scrapeSeconds = scrapeSeconds
    self.values = values
  }

  public subscript(metric: NodeMetric) -> Double? { values[metric] }
}

/// What is watched of a node.
public enum NodeMetric: String, Sendable, CaseIterable {
  case memory, memoryLimit, diskFree, diskLimit
  case descriptors, descriptorLimit, processes, processLimit
  case ports, portLimit, atoms, atomLimit, sockets, socketLimit
  case connections, channels, consumers, ready, unacked
  case connectionsOpened, connectionsClosed, failedLogins
  case received, delivered, acknowledged, redelivered
  case commitLatency, runQueue, runtime, startTime
  case memoryAlarm, diskAlarm, descriptorAlarm, unreachablePeers
  case queueMemory, binaryMemory, processMemory
  /// From the management API: 1 if its peers see the node run, if it is drained, and how many nodes it is cut off from.
  case seenRunning, drained, partitions
}

/// One queue at one moment.
public struct QueueObservation: Sendable, Equatable {
  public var vhost: String
  public var name: String
  /// The node whose series these are: the leader's.
  public var node: String?
  public var isStream: Bool
  public var values: [QueueMetric: Double]

  public init(
    vhost: String, name: String, node: String? = nil, isStream: Bool = false, values: [QueueMetric: Double] = [:]
  ) {
    self.vhost = vhost
    self.name = name
    self.node = node
    self.isStream = isStream
    self.values = values
  }

  public subscript(metric: QueueMetric) -> Double? { values[metric] }
  var key: QueueKey { QueueKey(vhost: vhost, name: name) }
}

/// What is watched of a queue.
public enum QueueMetric: String, Sendable, CaseIterable {
  case ready, unacked, consumers, capacity, bytes
  /// Counters.
  case published, delivered, acknowledged, redelivered
  /// Limits, from the management API.
  case maxLength, maxLengthBytes, messageTTL
}

/// Which queue, independent of the node that leads it.
public struct QueueKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  public var vhost: String
  public var name: String
  public init(vhost: String, name: String) {
    self.vhost = vhost
    self.name = name
  }
  public static func < (left: QueueKey, right: QueueKey) -> Bool {
    (left.vhost, left.name) < (right.vhost, right.name)
  }
  public var description: String { "`\(name)` on `\(vhost)`" }
}
