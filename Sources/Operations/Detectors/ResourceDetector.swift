extension ClusterMemory {
  /// Free disk space that runs out, or has: one node's alarm blocks the publishers of the whole cluster.
  func disks() -> [Finding] {
    sortedNodes.compactMap { node in
      let isAlarm = node.newest[.diskAlarm] == 1
      guard isAlarm || isWorthWarning(node.diskTrend, probability: 0.566) else { return nil }
      let trend = node.diskTrend
      var evidence = [
        IncidentEvidence(
          "rabbitmq_disk_space_available_bytes",
          trend.map { "falls by \(Words.bytes($0.slope))/s, \(Words.bytes($0.distance)) above its limit" }
            ?? "under its limit", share: 0.7)
      ]
      if isAlarm {
        evidence.append(IncidentEvidence("rabbitmq_alarms_free_disk_space_watermark", "the alarm is on", share: 1))
      }
      let growing = queues.values.filter { $0.node == node.name && fates[$0.queue]?.verdict == .growing }
        .map(\.queue.description).sorted()
      if !growing.isEmpty {
        let names = growing.prefix(3).joined(separator: ", ")
        evidence.append(IncidentEvidence("rabbitmq_detailed_queue_messages_ready", "\(names) grow", share: 0.2))
      }
      return resource(
        .diskFull, node, trend, isAlarm, "free disk", "the free disk limit", growing: growing, evidence: evidence,
        isCertain: true)
    }
  }

  /// Memory that climbs to the watermark, or is there.
  func memories() -> [Finding] {
    sortedNodes.compactMap { node in
      let isAlarm = node.newest[.memoryAlarm] == 1
      let trend = node.memoryTrend
      guard isAlarm || isWorthWarning(trend, probability: 0.5) else { return nil }
      let culprits = memoryCulprits(node, since: trend?.start ?? now - 20 * timing.tick)
      guard isAlarm || isHeld(culprits) || isWorthWarning(trend, probability: 0.67) else { return nil }
      var evidence = [
        IncidentEvidence(
          "rabbitmq_process_resident_memory_bytes",
          trend.map { "grows by \(Words.bytes($0.slope))/s, \(Words.bytes($0.distance)) below the watermark" }
            ?? "at the watermark", share: 0.6)
      ]
      if isAlarm {
        evidence.append(IncidentEvidence("rabbitmq_alarms_memory_used_watermark", "the alarm is on", share: 0.8))
      }
      evidence += culprits
      let ready = node.newest[.ready] ?? 0
      if ready < 1000, (node.newest[.memory] ?? 0) > 1.5 * (node.signals[.memory]?.baseline(skipping: 20) ?? .infinity)
      {
        evidence.append(
          IncidentEvidence(
            "memory_leak_suspected", "much memory with \(Words.count(ready, "message", "messages"))", share: 0.2))
      }
      let cause = culprits.first.map { ", because \($0.detail)" } ?? ""
      return resource(
        .memoryLeak, node, trend, isAlarm, "memory", "the memory limit", evidence: evidence, isCertain: isAlarm,
        because: cause)
    }
  }

  /// Whether clients hold what has grown: no garbage collection takes it back.
  private func isHeld(_ culprits: [IncidentEvidence]) -> Bool {
    let held = ["rabbitmq_channels", "rabbitmq_connections", "rabbitmq_queue_messages_unacked"]
    return culprits.filter { held.contains($0.signal) }.reduce(0) { $0 + $1.share } >= 0.3
  }

  /// Whether a limit is near and likely enough to wake somebody.
  func isWorthWarning(_ trend: TrendToLimit?, probability: Double) -> Bool {
    guard let trend else { return false }
    return trend.time.probability >= probability && trend.time.median <= timing.horizon
      && trend.age >= (trend.isWitnessed ? 1 : 2) * timing.persistence
  }

  /// 4 at the horizon to 6.9 close by; 7 and more when it is urgent and likely.
  func severity(_ time: TimeToLimit) -> Double {
    if time.median <= timing.urgent, time.probability > 0.6 { return 8 }
    return 4 + 2.9 * max(0, 1 - time.median / timing.horizon)
  }

  private func resource(
    _ type: IncidentType, _ node: NodeTrack, _ trend: TrendToLimit?, _ isAlarm: Bool, _ what: String, _ limit: String,
    growing: [String] = [], evidence: [IncidentEvidence], isCertain: Bool, because: String = ""
  ) -> Finding {
    let time = isAlarm ? nil : trend?.time
    let isThere = isAlarm || time?.median == 0
    let summary =
      isThere
      ? "node \(node.name) \(isAlarm ? "blocks" : "is about to block") all publishers of the cluster: \(what)\(because)"
      : "node \(node.name) will block all publishers in \(Words.interval(time)): \(what)\(because)"
    return Finding(
      type: type, object: node.name, affected: [node.name] + growing.prefix(20),
      severity: isAlarm ? 9 : time.map(severity) ?? 4,
      since: Int64(((trend?.start ?? now) * 1000).rounded()), isPredicted: !isAlarm, limit: limit, timeToLimit: time,
      summary: summary, evidence: evidence, isCertain: isCertain)
  }

  /// What has grown along with the memory, the likeliest culprit first; shares are of what the node grew by.
  private func memoryCulprits(_ node: NodeTrack, since start: Double) -> [IncidentEvidence] {
    func growth(_ metric: NodeMetric) -> (from: Double, to: Double)? {
      guard let track = node.signals[metric], let last = track.last?.mean else { return nil }
      let level = track.levels.first { ($0.first?.time ?? .infinity) <= start } ?? track.levels[0]
      guard let first = level.last(where: { $0.time <= start })?.mean ?? level.first?.mean else { return nil }
      return (first, last)
    }
    guard let memory = growth(.memory), memory.to > memory.from else { return [] }
    let grown = memory.to - memory.from
    // Bytes of one connection with a channel, of a channel and of an unacknowledged message, as measured on 4.0.
    let candidates: [(NodeMetric, String, String, Double)] = [
      (.channels, "rabbitmq_channels", "its channels grew", 30_000),
      (.connections, "rabbitmq_connections", "its connections grew", 150_000),
      (.unacked, "rabbitmq_queue_messages_unacked", "unacknowledged messages grew", 2000),
      (.ready, "rabbitmq_queue_messages_ready", "its backlog grew", 2000),
      (.binaryMemory, "erlang_vm_memory_system_bytes", "binaries grew", 1),
      (.queueMemory, "rabbitmq_queue_process_memory_bytes", "its queues' memory grew", 1),
    ]
    return candidates.compactMap { metric, name, words, size in
      guard let growth = growth(metric) else { return nil }
      let share = (growth.to - growth.from) * size / grown
      guard share > 0.15 else { return nil }
      let number = size == 1 ? Words.bytes : Words.number
      return IncidentEvidence(
        name, "\(words) from \(number(growth.from)) to \(number(growth.to))", share: min(1, share))
    }.sorted { $0.share > $1.share }
  }
}
