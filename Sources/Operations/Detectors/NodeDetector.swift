extension ClusterMemory {
  /// Notes how each node left whose silence begins.
  ///
  /// The peers see a crash in the same moment, and a node that stops only after its ports are closed: one that refuses us
  /// and is still reached by a peer that we asked later was stopped. One that refuses and is missed by all may have been
  /// stopped or killed: the time tells. A hung node refuses nobody.
  mutating func noteDepartures(_ observation: ClusterObservation) {
    for node in observation.nodes where node.answered == false {
      guard let track = nodes[node.name], let lastAnswer = track.lastAnswer, now - lastAnswer < 3.5 * timing.tick else {
        continue
      }
      let left = (track.refused || track.wasEmptied) && !track.isStrained
      if track.departure == .none {
        nodes[node.name]?.leave(
          at: lastAnswer, as: !left ? .none : track.wasEmptied ? .stopped : .stoppedOrKilled)
      }
      let isReached = observation.nodes.contains { peer in
        peer.name != node.name && (peer.lastAnswer ?? 0) >= (node.lastTry ?? .max)
          && (peer[.unreachablePeers] ?? .infinity) <= goneBefore(track)
      }
      if isReached, left { nodes[node.name]?.departure = .stopped }
    }
  }

  /// Nodes that do not answer: crashed, killed or hung.
  ///
  /// A scrape or two are missed on a busy machine; three in a row of a node that answered quickly before are not, and
  /// neither is one that its peers miss as well. A node that was slow already gets twice as long, one that became slower
  /// until it stopped answering four times, one that missed several lately one more, one that was stopped, or is the
  /// next of a rolling restart, as long as a restart takes. One that may have been stopped or killed is only noted
  /// until then.
  func silentNodes() -> [Finding] {
    if commonSlowness() != nil { return [] }
    // Where no scrape at all has ended lately, it is Harecast that was held up.
    guard nodes.values.contains(where: { now - ($0.lastTry ?? 0) <= 2.5 * timing.tick }) else { return [] }
    // All at once, and none refuses: rather something that they have in common.
    let isCommon = nodes.count > 1 && !nodes.values.contains { $0.answers(now) || $0.refused }
    return sortedNodes.compactMap { node in
      let silence = node.silence(now)
      guard silence >= 1.9 * timing.tick, node.lastAnswer != nil else { return nil }
      let peers = sortedNodes.filter { $0.name != node.name && $0.answers(now) }
      let misses = misses(of: node)
      let isMissed = misses > 0 || node.newest[.seenRunning] == 0
      let wasSlow = (node.scrape.median(last: 8) ?? 0) > 0.25 * timing.tick
      let isShaky = node.recentFailures >= 3
      let ticks = isMissed ? 2.0 : node.gotSlower ? 12 : wasSlow || isCommon ? 7 : isShaky ? 4 : 3
      let patience = (ticks - 0.1) * timing.tick
      guard silence >= patience else { return nil }
      let isLong = silence >= 8 * timing.tick
      let isMajorityLost = nodes.count > 2 && nodes.values.count(where: isDown) * 2 >= nodes.count
      if isPlanned(node, silence), !isMajorityLost { return nil }
      var severity = isMissed ? 8.0 : isLong && !wasSlow ? 7.5 : 5
      let isWaitedFor = mayBeStopped(node, silence)
      if node.newest[.drained] == 1 {
        severity = 2
      } else if isMajorityLost {
        severity = 10
      } else if isWaitedFor {
        severity = 3
      }
      var evidence = [
        IncidentEvidence("up", "no answer for \(Words.duration(silence))", share: isMissed ? 0.5 : 0.8)
      ]
      if misses > 0 {
        evidence.append(
          IncidentEvidence(
            "rabbitmq_unreachable_cluster_peers_count",
            "\(misses) of \(Words.count(Double(peers.count), "other node misses", "other nodes miss")) a peer",
            share: 0.5)
        )
      }
      if node.newest[.seenRunning] == 0 {
        evidence.append(
          IncidentEvidence("rabbitmq_management_node_running", "its peers say that it does not run", share: 0.3))
      }
      let queues = queues.values.filter { $0.node == node.name }.map(\.queue.description).sorted()
      return Finding(
        type: .nodeUnresponsive, object: node.name, affected: [node.name] + queues.prefix(20), severity: severity,
        since: Int64(((node.lastAnswer ?? now) * 1000).rounded()),
        summary: "node \(node.name) has not answered for \(Words.duration(silence))"
          + (misses > 0 ? ", and its peers miss it" : "") + (isWaitedFor ? ", as in a restart" : "")
          + (queues.isEmpty ? "" : "; it led \(Words.count(Double(queues.count), "queue", "queues"))"),
        evidence: evidence, isCertain: isMissed || (isLong && !wasSlow && !node.gotSlower))
    }
  }

  /// How many other nodes miss `node`.
  private func misses(of node: NodeTrack) -> Int {
    nodes.values.count {
      $0.name != node.name && $0.answers(now) && ($0.newest[.unreachablePeers] ?? 0) > goneBefore(node)
    }
  }

  /// Whether a node is gone, and not just busy for a scrape or two.
  private func isDown(_ node: NodeTrack) -> Bool {
    let silence = node.silence(now)
    return silence >= 1.9 * timing.tick && (node.refused || misses(of: node) > 0 || silence >= 5 * timing.tick)
  }

  /// How many other nodes have been silent for longer than `node`: they are who its peers miss first.
  private func goneBefore(_ node: NodeTrack) -> Double {
    let silence = node.silence(now)
    return Double(nodes.values.count { $0.name != node.name && $0.silence(now) > silence + 0.5 * timing.tick })
  }

  /// Whether a silence is, as far as can be told, part of planned work.
  private func isPlanned(_ node: NodeTrack, _ silence: Double) -> Bool {
    if node.newest[.drained] == 1, silence < timing.restart { return true }
    guard !leavesAgainAndAgain(node) else { return false }
    let isStopped = node.departure == .stopped
    return (isStopped && silence < timing.restart) || (isRollingRestart(besides: node) && silence < 2 * timing.restart)
  }

  /// Whether a silence may be the restart of a node as well as its end.
  private func mayBeStopped(_ node: NodeTrack, _ silence: Double) -> Bool {
    node.departure == .stoppedOrKilled && silence < timing.restart && !leavesAgainAndAgain(node)
  }

  /// Whether a node has left so often lately that nobody plans it.
  private func leavesAgainAndAgain(_ node: NodeTrack) -> Bool { node.departures.count >= 3 }

  /// Since when nodes are stopped and started on purpose, in seconds; nil where that is over for as long as a restart
  /// takes.
  private var workSince: Double? {
    nodes.values.compactMap { node -> Double? in
      let silence = node.silence(now)
      let isAway = silence > 0 && (isPlanned(node, silence) || mayBeStopped(node, silence))
      let isBack = node.returned.map { now - $0 < timing.restart } ?? false
      return isAway || isBack ? node.departed : nil
    }.min()
  }

  /// Whether a finding is what the restart of a node brings with it: clients that come back, peers that are counted late.
  func isByWork(_ finding: Finding) -> Bool {
    guard let start = workSince else { return false }
    let brought: [IncidentType] = [.consumerFailure, .networkPartition, .performanceDegradation, .highQueueDepth]
    let since = Double(finding.since) / 1000
    return brought.contains(finding.type) && now - start < 4 * timing.restart
      && (finding.type == .performanceDegradation || since >= start - 2 * timing.tick) && now - since < timing.restart
  }

  /// Whether another node has just restarted well: then this one's absence is probably the next step.
  private func isRollingRestart(besides node: NodeTrack) -> Bool {
    nodes.values.contains { other in
      guard other.name != node.name, let restarted = other.restarted else { return false }
      return now - restarted < 40 * timing.tick && other.silence(now) <= 1.5 * timing.tick
    }
  }

  /// Nodes that answer us but not each other.
  func partitions() -> [Finding] {
    let reachable = sortedNodes.filter { $0.answers(now) }
    let cutOff = reachable.filter { ($0.newest[.partitions] ?? 0) > 0 }
    // The broker's own word for a node that Mnesia has given up, although it answers.
    let forgotten = reachable.filter {
      $0.newest[.seenRunning] == 0 && now - ($0.restarted ?? 0) > 20 * timing.tick
    }
    guard disagreement >= 2 || !cutOff.isEmpty || (disagreement >= 1 && !forgotten.isEmpty) else { return [] }
    let missing = reachable.filter { ($0.newest[.unreachablePeers] ?? 0) > 0 }
    let worst = missing.map { $0.newest[.unreachablePeers] ?? 0 }.max() ?? 0
    var evidence: [IncidentEvidence] = []
    if !missing.isEmpty {
      let list = missing.map { "\($0.name) misses \(Words.number($0.newest[.unreachablePeers] ?? 0))" }
      evidence.append(
        IncidentEvidence("rabbitmq_unreachable_cluster_peers_count", list.joined(separator: ", "), share: 0.7))
      evidence.append(IncidentEvidence("up", "all of them answer us", share: 0.2))
    }
    if !cutOff.isEmpty {
      evidence.append(
        IncidentEvidence(
          "rabbitmq_management_node_partitions", "\(cutOff.map(\.name).joined(separator: ", ")) report a partition",
          share: 0.6))
    }
    if !forgotten.isEmpty {
      evidence.append(
        IncidentEvidence(
          "rabbitmq_management_node_running",
          "\(forgotten.map(\.name).joined(separator: ", ")) answer but count as not running", share: 0.3))
    }
    // The node that misses most is the one on the smaller side.
    let alone = missing.filter { ($0.newest[.unreachablePeers] ?? 0) == worst }.map(\.name)
    let affected = Array(Set(missing.map(\.name) + cutOff.map(\.name) + forgotten.map(\.name))).sorted()
    let isMajorityLost = nodes.count > 1 && missing.count == reachable.count && alone.count == reachable.count
    return [
      Finding(
        type: .networkPartition, object: alone.count == 1 ? alone[0] : "", affected: affected,
        severity: isMajorityLost ? 10 : 8, since: nowMilliseconds - Int64(Double(disagreement) * timing.tick * 1000),
        summary: alone.count == 1 && worst > 1
          ? "node \(alone[0]) is cut off from its peers although it runs"
          : "the nodes \(affected.joined(separator: ", ")) answer, but do not reach each other",
        evidence: evidence, isCertain: true)
    ]
  }
}
