/// The life cycle of incidents: opened, updated, resolved, one for each cause.
///
/// A pure state machine: findings and the time go in, events come out. What another open incident explains is written
/// down as its consequence and not opened.
public struct IncidentBook: Sendable {
  private let timing: IncidentTiming
  private let cluster: String
  var open: [String: Incident] = [:]
  /// When the key of an open incident was last found, in milliseconds.
  private var lastFound: [String: Int64] = [:]
  private var lastUpdate: [String: Int64] = [:]
  /// The keys of incidents from before a restart that no look has come after yet.
  private var restored: Set<String> = []
  /// What was resolved lately, with its end.
  private var recent: [Incident] = []
  private var sequence = 0
  private(set) var suppressed: [String: Int] = [:]

  init(timing: IncidentTiming, cluster: String) {
    self.timing = timing
    self.cluster = cluster
  }

  /// Counts what was seen and not opened for a reason outside of the book.
  mutating func noteSuppressed(_ count: Int, _ reason: String) {
    if count > 0 { suppressed[reason, default: 0] += count }
  }

  mutating func restore(_ incidents: [Incident]) {
    for incident in incidents where incident.cluster == cluster && incident.resolvedAt == nil {
      let key = Self.key(incident.type, incident.object)
      open[key] = incident
      lastUpdate[key] = incident.updatedAt
      restored.insert(key)
    }
  }

  /// Incidents of queues are one whatever the number of queues; those of nodes are each node's.
  private static func key(_ type: IncidentType, _ object: String) -> String {
    switch type {
    case .memoryLeak, .diskFull, .nodeUnresponsive: "\(type.rawValue) \(object)"
    default: type.rawValue
    }
  }

  /// Takes what is found at `now`, in milliseconds.
  mutating func update(_ findings: [Finding], at now: Int64, maintenance: Set<String>) -> [IncidentEvent] {
    var events: [IncidentEvent] = []
    // What was open before a restart stays so until it can be judged again; whether nodes answer is seen at once.
    for key in restored {
      let isSeen = [.nodeUnresponsive, .networkPartition].contains(open[key]?.type)
      lastFound[key] = now + (isSeen ? 0 : Int64(timing.warmUp * 1000))
    }
    restored = []
    var groups: [(key: String, findings: [Finding])] = []
    for finding in findings {
      let key = Self.key(finding.type, finding.object)
      if let index = groups.firstIndex(where: { $0.key == key }) {
        groups[index].findings.append(finding)
      } else {
        groups.append((key, [finding]))
      }
    }
    for (key, group) in groups {
      guard let worst = group.max(by: { $0.severity < $1.severity }) else { continue }
      lastFound[key] = open[key] == nil ? nil : max(now, lastFound[key] ?? now)
      if var incident = open[key] {
        if change(&incident, worst, group, now) || now - (lastUpdate[key] ?? 0) >= Int64(timing.tick * 4000) {
          incident.updatedAt = now
          lastUpdate[key] = now
          events.append(IncidentEvent(kind: .updated, time: now, incident: incident))
        }
        open[key] = incident
        continue
      }
      if isPlanned(group, maintenance) {
        suppressed["maintenance", default: 0] += 1
      } else if let parent = explanation(of: worst, now) {
        suppressed["consequence", default: 0] += 1
        note(worst, in: parent)
      } else {
        let incident = make(worst, group, now)
        open[key] = incident
        lastFound[key] = now
        lastUpdate[key] = now
        events.append(IncidentEvent(kind: .opened, time: now, incident: incident))
      }
    }
    events += resolve(now)
    return events
  }

  private func isPlanned(_ group: [Finding], _ maintenance: Set<String>) -> Bool {
    guard !maintenance.isEmpty else { return false }
    if maintenance.contains(MaintenanceWindow.everything) { return true }
    return group.allSatisfy { finding in
      maintenance.contains(finding.object)
        || (!finding.affected.isEmpty && maintenance.isSuperset(of: finding.affected))
    }
  }

  // MARK: One cause, one incident

  /// The open, or just resolved, incident that brings such a finding with it; the key of an open one or the id.
  private func explanation(of finding: Finding, _ now: Int64) -> String? {
    let aftermath = Int64(timing.aftermath * 1000)
    for (key, incident) in open.sorted(by: { $0.key < $1.key }) where explains(incident, finding, isOver: false) {
      return key
    }
    for incident in recent {
      if let end = incident.resolvedAt, now - end <= aftermath, explains(incident, finding, isOver: true) {
        return incident.id
      }
    }
    return nil
  }

  private func explains(_ cause: Incident, _ finding: Finding, isOver: Bool) -> Bool {
    if cause.level == .info { return false }
    switch cause.type {
    case .nodeUnresponsive:
      // Peers that come back are counted late; what lasts longer than the aftermath is a partition.
      if finding.type == .networkPartition { return true }
      return [.consumerFailure, .highQueueDepth, .performanceDegradation, .connectionStorm].contains(finding.type)
    case .networkPartition:
      return [
        .nodeUnresponsive, .consumerFailure, .highQueueDepth, .performanceDegradation, .connectionStorm,
      ].contains(finding.type)
    case .connectionStorm:
      if finding.type == .nodeUnresponsive { return !finding.isCertain }
      if finding.type == .memoryLeak { return !finding.isCertain }
      return finding.type == .performanceDegradation || (finding.type == .connectionStorm && isOver)
    case .diskFull, .memoryLeak:
      if finding.type == .nodeUnresponsive { return !finding.isCertain }
      // Publishers that were held back come all at once; those that are blocked cannot be blocked a second time.
      if finding.type == .memoryLeak { return cause.level == .critical && finding.isPredicted }
      // A queue that grows on the disk that runs out is the same trouble.
      if finding.type == .highQueueDepth, cause.affected.contains(finding.object) { return finding.severity < 7 }
      return finding.type == .performanceDegradation
        || (!cause.isPredicted && [.consumerFailure, .highQueueDepth].contains(finding.type))
    case .performanceDegradation:
      if finding.isCertain { return false }
      if finding.type == .nodeUnresponsive { return true }
      return [.consumerFailure, .highQueueDepth].contains(finding.type) && finding.severity < 7
    case .consumerFailure:
      if finding.type == .highQueueDepth { return cause.affected.contains(finding.object) }
      if finding.type == .memoryLeak { return !finding.isCertain && isByBacklog(finding) }
      return finding.type == .performanceDegradation
    case .highQueueDepth:
      if finding.type == .memoryLeak { return !finding.isCertain && isByBacklog(finding) }
      if finding.type == .consumerFailure { return cause.affected.contains(finding.object) && finding.severity < 7 }
      return finding.type == .performanceDegradation
    }
  }

  /// Whether a backlog is what makes the memory grow.
  private func isByBacklog(_ finding: Finding) -> Bool {
    let backlog = [
      "rabbitmq_queue_messages_ready", "rabbitmq_queue_messages_unacked", "rabbitmq_queue_process_memory_bytes",
    ]
    return finding.evidence.dropFirst().first.map { backlog.contains($0.signal) } ?? true
  }

  private mutating func note(_ finding: Finding, in parent: String) {
    guard var incident = open[parent], incident.consequences.count < 20 else { return }
    let words = "\(finding.type.rawValue): \(finding.object.isEmpty ? finding.summary : finding.object)"
    guard
      !incident.consequences.contains(where: { $0.hasPrefix(finding.type.rawValue) && $0.hasSuffix(finding.object) })
    else { return }
    incident.consequences.append(words)
    open[parent] = incident
  }

  // MARK: Making and changing

  private mutating func make(_ worst: Finding, _ group: [Finding], _ now: Int64) -> Incident {
    sequence += 1
    var incident = Incident(
      id: "\(worst.type.rawValue)-\(now)-\(sequence)", type: worst.type, cluster: cluster, object: worst.object,
      affected: [], severity: worst.severity, since: group.map(\.since).min() ?? now, openedAt: now, updatedAt: now,
      isPredicted: worst.isPredicted, limit: worst.limit, timeToLimit: worst.timeToLimit, summary: worst.summary,
      evidence: [], actions: RecommendedActions.actions(for: worst.type), consequences: [])
    fill(&incident, worst, group)
    return incident
  }

  /// Brings an incident up to date; returns whether that is worth an event of its own: another level, more objects.
  private func change(_ incident: inout Incident, _ worst: Finding, _ group: [Finding], _ now: Int64) -> Bool {
    let (level, count, predicted) = (incident.level, incident.affected.count, incident.isPredicted)
    // What was critical stays so until it is resolved: levels that go to and fro wake people for nothing.
    incident.severity = level == .critical ? max(worst.severity, 7) : worst.severity
    incident.isPredicted = worst.isPredicted
    incident.limit = worst.limit
    incident.timeToLimit = worst.timeToLimit
    incident.summary = worst.summary
    fill(&incident, worst, group)
    return incident.level != level || incident.affected.count != count || incident.isPredicted != predicted
  }

  private func fill(_ incident: inout Incident, _ worst: Finding, _ group: [Finding]) {
    incident.affected = Array(Set(incident.affected + group.flatMap(\.affected))).sorted()
    let evidence = ([worst] + group.filter { $0 != worst }).flatMap(\.evidence).prefix(12)
    let sum = evidence.reduce(0) { $0 + $1.share }
    incident.evidence = evidence.map {
      IncidentEvidence($0.signal, $0.detail, share: sum > 0 ? $0.share / sum : 0)
    }.sorted { $0.share > $1.share }
    if group.count > 1, !incident.summary.hasSuffix(" more") { incident.summary += "; and \(group.count - 1) more" }
  }

  private mutating func resolve(_ now: Int64) -> [IncidentEvent] {
    var events: [IncidentEvent] = []
    for (key, incident) in open.sorted(by: { $0.key < $1.key }) {
      guard now - (lastFound[key] ?? incident.updatedAt) >= Int64(timing.quiet * 1000) else { continue }
      var ended = incident
      ended.resolvedAt = now
      ended.updatedAt = now
      open[key] = nil
      lastFound[key] = nil
      lastUpdate[key] = nil
      recent.append(ended)
      events.append(IncidentEvent(kind: .resolved, time: now, incident: ended))
    }
    recent.removeAll { now - ($0.resolvedAt ?? now) > Int64(timing.aftermath * 1000) }
    return events
  }
}
