/// From what is observed of a cluster, tick by tick, to its incidents: what is wrong, since when, how long there is.
///
/// Pure: the time comes with each observation. One classifier watches one cluster.
public struct IncidentClassifier: Sendable {
  var memory: ClusterMemory
  var book: IncidentBook

  /// - Parameters:
  ///   - depthLimit: ready messages that are too many for a queue without a limit of its own.
  public init(timing: IncidentTiming, cluster: String = "", depthLimit: Double = 10_000) {
    memory = ClusterMemory(timing: timing, depthLimit: depthLimit)
    book = IncidentBook(timing: timing, cluster: cluster)
  }

  /// Takes an observation; returns what it changes.
  ///
  /// - Parameter maintenance: the objects under planned work, ``MaintenanceWindow/everything`` for all.
  /// - Complexity: O(nodes + queues), each with a search over a few hundred points.
  public mutating func observe(_ observation: ClusterObservation, maintenance: Set<String> = []) -> [IncidentEvent] {
    memory.observe(observation)
    let findings =
      memory.partitions() + memory.silentNodes() + memory.disks() + memory.memories() + memory.connectionStorms()
      + memory.consumerFailures() + memory.fillingQueues() + memory.degradations()
    let (byWork, own) = (findings.filter(memory.isByWork), findings.filter { !memory.isByWork($0) })
    book.noteSuppressed(byWork.count, "planned")
    return book.update(own, at: observation.time, maintenance: maintenance)
  }

  /// The incidents that are open, worst first.
  public var open: [Incident] {
    book.open.values.sorted { ($1.severity, $0.openedAt, $0.id) < ($0.severity, $1.openedAt, $1.id) }
  }

  /// What becomes of each queue, as of the last observation.
  public var fates: [QueueFate] { memory.fates.values.sorted { $0.queue < $1.queue } }

  /// Goes on with incidents that were open before a restart.
  public mutating func restore(_ incidents: [Incident]) {
    book.restore(incidents)
    // A node that was silent then and is silent still has never answered since the start.
    for incident in book.open.values where incident.type == .nodeUnresponsive {
      let since = Double(incident.since) / 1000
      var node = NodeTrack(name: incident.object, firstSeen: since, day: memory.timing.day)
      node.lastAnswer = since
      memory.nodes[incident.object] = node
    }
  }

  /// How often something was seen and not opened, by reason.
  public var suppressed: [String: Int] { book.suppressed }
}

extension IncidentClassifier {
  /// What the nodes run into, as of the last observation.
  public var publisherBlock: PublisherBlock { memory.publisherBlock() }
}
