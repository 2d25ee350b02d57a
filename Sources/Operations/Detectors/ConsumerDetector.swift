extension ClusterMemory {
  /// Consumers that are gone or do not work, of queues that had working ones.
  ///
  /// A queue that never had a consumer is a place to put messages, not an incident. In a deploy every consumer is away
  /// for a moment; while several queues take turns in it, they get twice as long.
  func consumerFailures() -> [Finding] {
    let patience = isDeploying ? 2 * timing.deploy : timing.deploy
    return watchedQueues.compactMap { track in
      lostConsumers(track, patience) ?? restlessConsumers(track) ?? stalledConsumers(track)
    } + (redeliveries().map { [$0] } ?? [])
  }

  /// The queues whose series are current, sorted.
  var watchedQueues: [QueueTrack] {
    queues.values.filter { !$0.isStream && now - $0.lastSeen < 2 * timing.tick }.sorted { $0.queue < $1.queue }
  }

  /// Whether several queues have lost and regained consumers lately.
  private var isDeploying: Bool {
    let ticks = 20
    let returned = queues.values.count { track in
      let recent = track.consumers.levels[0].suffix(ticks).map(\.mean)
      guard let last = recent.last, let least = recent.min(), let most = recent.max() else { return false }
      return least < most && last == most
    }
    return returned >= 2
  }

  /// How many consumers the queue had before they fell, and since when it has fewer, in seconds.
  private func drop(_ track: QueueTrack) -> (usual: Double, now: Double, since: Double)? {
    guard let current = track.consumers.last?.mean,
      let usual = track.consumers.baseline(skipping: min(40, track.consumers.levels[0].count / 2)), usual >= 1,
      current < usual
    else { return nil }
    let recent = track.consumers.levels[0]
    let lastMore = recent.last { $0.mean > current }?.time
    guard let since = recent.first(where: { $0.time > lastMore ?? -1 })?.time else { return nil }
    return (usual, current, since)
  }

  private func lostConsumers(_ track: QueueTrack, _ patience: Double) -> Finding? {
    guard let drop = drop(track) else { return nil }
    let gone = now - drop.since
    let fate = fates[track.queue]
    let waiting = track.ready.last?.mean ?? 0
    let isAlone = drop.now == 0
    guard isAlone ? gone >= patience - 0.1 * timing.tick : areTooFew(track, drop, gone) else { return nil }
    // Nobody waits for the consumers of a queue without messages.
    if isAlone, waiting < 1, (track.rate(.published, over: timing.rateWindow) ?? 0) == 0 { return nil }
    let fell =
      "its consumers fell from \(Words.number(drop.usual)) to \(Words.number(drop.now)) at "
      + Words.clock(drop.since)
    var evidence = [IncidentEvidence("rabbitmq_detailed_queue_consumers", fell, share: 0.6)]
    if waiting >= 1 {
      evidence.append(
        IncidentEvidence(
          "rabbitmq_detailed_queue_messages_ready", Words.count(waiting, "message waits", "messages wait"),
          share: 0.3))
    }
    if isAlone, waiting > 0 {
      evidence.append(IncidentEvidence("no_consumers", "messages and nobody who takes them", share: 0.1))
    }
    return Finding(
      type: .consumerFailure, object: track.queue.description, affected: [track.queue.description],
      severity: isAlone ? (waiting >= 10 ? 7.5 : 5) : 5, since: Int64(drop.since * 1000),
      limit: fate?.nearest?.limit.words ?? "",
      summary: "queue \(track.queue) "
        + (isAlone ? "has lost all its consumers" : "is filling")
        + ": \(fell), \(Words.count(waiting, "message waits", "messages wait"))" + ahead(fate),
      evidence: evidence)
  }

  /// Whether those who are left are too few: fewer consumers may be meant, a backlog that grows ever since is not.
  private func areTooFew(_ track: QueueTrack, _ drop: (usual: Double, now: Double, since: Double), _ gone: Double)
    -> Bool
  {
    let waiting = track.ready.last?.mean ?? 0
    return drop.now <= 0.5 * drop.usual && gone >= 1.5 * timing.persistence && fates[track.queue]?.verdict == .growing
      && waiting >= 200 && waiting > 2 * (track.ready.maximum(before: drop.since) ?? 0)
      && waiting > 1.5 * (track.profile.usual(at: now) ?? 0)
  }

  /// Consumers that come and go while a backlog grows: they crash as soon as they work.
  private func restlessConsumers(_ track: QueueTrack) -> Finding? {
    let recent = track.consumers.levels[0].suffix(36).map(\.mean)
    let falls = zip(recent.dropFirst(), recent).count { $0 < $1 }
    let ready = track.ready.levels[0].suffix(recent.count)
    guard falls >= 3, let usual = recent.max(), let first = ready.first?.mean, let waiting = ready.last?.mean,
      waiting - first >= 50, waiting > 1.5 * (track.ready.maximum(before: ready.first?.time ?? now) ?? 0)
    else { return nil }
    let words =
      "its consumers, \(Words.number(usual)) at best, were lost \(falls) times in the last "
      + Words.duration(Double(recent.count) * timing.tick)
    return Finding(
      type: .consumerFailure, object: track.queue.description, affected: [track.queue.description], severity: 5,
      since: nowMilliseconds - Int64(Double(recent.count) * timing.tick * 1000),
      limit: fates[track.queue]?.nearest?.limit.words ?? "",
      summary: "queue \(track.queue) is filling: \(words), \(Words.number(waiting)) messages wait"
        + ahead(fates[track.queue]),
      evidence: [
        IncidentEvidence("rabbitmq_detailed_queue_consumers", words, share: 0.6),
        IncidentEvidence(
          "rabbitmq_detailed_queue_messages_ready", "\(Words.number(waiting)) messages wait", share: 0.3),
      ])
  }

  private func ahead(_ fate: QueueFate?) -> String {
    guard let (limit, time) = fate?.nearest, time.median <= timing.horizon, time.median > 0 else { return "" }
    return "; it will hit \(limit.words) in \(Words.interval(time))"
  }

  /// Consumers that take messages and do not acknowledge them.
  private func stalledConsumers(_ track: QueueTrack) -> Finding? {
    guard (track.newest[.consumers] ?? 0) > 0 else { return nil }
    let unacked = track.unacked.last?.mean ?? 0
    let fate = fates[track.queue]
    var evidence: [IncidentEvidence] = []
    var words = ""
    switch fate?.verdict {
    case .stalled:
      words =
        "its consumers acknowledge nothing while \(Words.count(unacked, "message is", "messages are")) with them"
      evidence.append(IncidentEvidence("rabbitmq_detailed_queue_messages_acked_total", words, share: 0.7))
    case .redeliveryLoop:
      words = "the same messages are delivered again and again"
      evidence.append(IncidentEvidence("rabbitmq_detailed_queue_messages_redelivered_total", words, share: 0.8))
    default:
      guard let climb = unackedClimb(track) else { return nil }
      words =
        "messages that its consumers do not acknowledge climb by \(Words.number(climb.slope)) a second, "
        + "now \(Words.number(unacked))"
      evidence.append(IncidentEvidence("rabbitmq_detailed_queue_messages_unacked", words, share: 0.8))
    }
    let before = track.unacked.maximum(before: now - timing.rateWindow) ?? 0
    guard fate?.verdict != .stalled || isStallNew(track) else { return nil }
    return Finding(
      type: .consumerFailure, object: track.queue.description, affected: [track.queue.description],
      severity: unacked > max(500, 10 * before) ? 7 : 5, since: nowMilliseconds - Int64(timing.rateWindow * 1000),
      summary: "the consumers of queue \(track.queue) do not work: \(words)" + ahead(fate), evidence: evidence,
      isCertain: fate?.verdict == .redeliveryLoop)
  }

  /// Whether the queue was acknowledged before: one with slow jobs is quiet at times.
  private func isStallNew(_ track: QueueTrack) -> Bool {
    (track.rate(.acknowledged, over: 5 * timing.rateWindow) ?? 0) * timing.rateWindow > 3
  }

  /// How many messages a consumer may well hold: most clients ask for fewer at once.
  private static let usualPrefetch = 100.0

  /// Many deliveries are repeats, where only the totals of the nodes tell it: consumers that put back what they get.
  ///
  /// A consumer that is lost gives its messages back once; what lasts while consumers neither come nor go is a loop.
  private func redeliveries() -> Finding? {
    guard queues.values.allSatisfy({ $0.counters[.redelivered] == nil && $0.hasSteadyConsumers(ticks: 12) }),
      let usual = repeatShare.baseline(skipping: 24)
    else { return nil }
    func increase(_ metric: NodeMetric, _ window: Double) -> Double {
      nodes.values.compactMap { $0.counters[metric]?.increase(over: window) }.reduce(0, +)
    }
    let window = timing.rateWindow
    let (repeats, all) = (increase(.redelivered, window) / window, increase(.delivered, window) / window)
    let latest = increase(.redelivered, window / 3)
    let least = max(5, max(0.1, 4 * usual) * all)
    guard latest / (window / 3) >= least, (repeats * window - latest) / (window * 2 / 3) >= least else { return nil }
    let likely = watchedQueues.filter { ($0.newest[.consumers] ?? 0) > 0 }
      .max { ($0.unacked.last?.mean ?? 0) < ($1.unacked.last?.mean ?? 0) }
    let words = "\(Words.number(repeats)) of \(Words.number(all)) deliveries a second are repeats"
    return Finding(
      type: .consumerFailure, object: likely?.queue.description ?? "",
      affected: likely.map { [$0.queue.description] } ?? [], severity: 5,
      since: nowMilliseconds - Int64(window * 1000),
      summary: "consumers put back what they get: \(words)"
        + (likely.map { "; most is with those of queue \($0.queue)" } ?? ""),
      // No slowness makes a consumer put back what it gets.
      evidence: [IncidentEvidence("rabbitmq_global_messages_redelivered_total", words, share: 1)], isCertain: true)
  }

  /// A steady climb of unacknowledged messages beyond all that was seen: no prefetch limit holds it.
  private func unackedClimb(_ track: QueueTrack) -> LinearFit? {
    let count = 15
    let points = track.unacked.levels[0].suffix(count)
    guard points.count == count, let first = points.first, let last = points.last,
      let fit = LinearFit(times: points.map(\.time), values: points.map(\.mean)), fit.determination > 0.9,
      last.mean - first.mean >= Self.usualPrefetch,
      last.mean > Self.usualPrefetch * max(1, track.newest[.consumers] ?? 1),
      (points.map(\.mean).suffix(count / 2).min() ?? 0) > first.mean,
      last.mean > 1.5 * (track.unacked.maximum(before: first.time) ?? 0)
    else { return nil }
    return fit
  }
}
