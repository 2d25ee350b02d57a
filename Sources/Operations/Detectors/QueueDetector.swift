extension ClusterMemory {
  /// Queues that fill, or are full.
  ///
  /// What comes every day at this time is no news, nor is a queue that nobody ever consumed: it is kept by design.
  func fillingQueues() -> [Finding] {
    watchedQueues.compactMap { track in
      guard let ready = track.ready.last?.mean, let fate = fates[track.queue], track.isWorkedOff,
        (track.consumers.baseline(skipping: 0) ?? 1) >= 1
      else { return nil }
      if let usual = track.profile.usual(at: now), ready < 1.5 * usual { return nil }
      let own: [QueueFate.Limit] = [.maxLength, .maxLengthBytes, .depth]
      let limit = track.newest[.maxLength] ?? depthLimit
      let isFull = ready >= limit && (track.ready.baseline(skipping: 24) ?? 0) < 0.5 * limit
      let nearest = own.compactMap { kind in fate.limits[kind].map { (kind, $0) } }
        .min { $0.1.median < $1.1.median }
      let isNear = nearest.map { isLikely($0.1, track) } ?? false
      guard isFull || isNear || growsForLong(track, fate) else { return nil }
      let isOver = isFull || nearest?.1.median == 0
      return finding(track, fate, ready, isOver ? nil : nearest, isOver, isNear)
    }
  }

  /// Whether a backlog goes on to its limit: it has grown for longer than what is published at once takes.
  private func isLikely(_ time: TimeToLimit, _ track: QueueTrack) -> Bool {
    time.probability >= 0.6 && time.median <= timing.horizon
      && now - startOfGrowth(track) >= timing.persistence - 2 * timing.tick
  }

  private func finding(
    _ track: QueueTrack, _ fate: QueueFate, _ ready: Double, _ nearest: (QueueFate.Limit, TimeToLimit)?,
    _ isFull: Bool, _ isNear: Bool
  ) -> Finding {
    let cause = cause(track, fate)
    var evidence = [
      IncidentEvidence(
        "rabbitmq_detailed_queue_messages_ready",
        "\(Words.count(ready, "message waits", "messages wait")), \(Words.number(abs(fate.netRate))) "
          + "\(fate.netRate < 0 ? "fewer" : "more") a second",
        share: 0.6)
    ]
    if let cause { evidence.append(cause) }
    let words = nearest.map { "will hit \($0.0.words) in \(Words.interval($0.1))" }
    let state =
      isFull
      ? "has \(Words.count(ready, "message", "messages")), more than its limit of \(Words.number(track.newest[.maxLength] ?? depthLimit))"
      : "is filling" + (words.map { ", \($0)" } ?? " for longer than a daily peak lasts")
    let time = isFull ? nil : isNear ? nearest?.1 : nil
    return Finding(
      type: .highQueueDepth, object: track.queue.description, affected: [track.queue.description],
      severity: isFull ? 7.5 : time.map(severity) ?? 4.5,
      since: Int64((startOfGrowth(track) * 1000).rounded()), isPredicted: !isFull,
      limit: nearest?.0.words ?? "", timeToLimit: time,
      summary: "queue \(track.queue) \(state)" + (cause.map { ", because \($0.detail)" } ?? ""), evidence: evidence,
      isCertain: isLoadUp)
  }

  /// Whether twice as much comes in as before: a slow cluster does not make that, but it may follow from it.
  private var isLoadUp: Bool {
    func received(_ window: Double) -> Double {
      nodes.values.compactMap { $0.counters[.received]?.rate(over: window) }.reduce(0, +)
    }
    let before = received(5 * timing.rateWindow)
    return before > 0 && received(timing.rateWindow / 2) >= 2 * before
  }

  /// Whether a backlog has grown without a break for longer than a daily peak does, beyond all that was seen.
  private func growsForLong(_ track: QueueTrack, _ fate: QueueFate) -> Bool {
    guard fate.verdict == .growing, let ready = track.ready.last?.mean, ready >= 200 else { return false }
    let start = startOfGrowth(track)
    return now - start >= timing.dailyPeak && ready > 2 * (track.ready.maximum(before: start) ?? 0)
  }

  /// When the backlog last was a tenth of what it is, in seconds.
  private func startOfGrowth(_ track: QueueTrack) -> Double {
    guard let ready = track.ready.last?.mean else { return now }
    for level in track.ready.levels {
      if let low = level.last(where: { $0.minimum <= 0.1 * ready }) { return low.time }
    }
    return track.ready.firstTime ?? now
  }

  /// Why a queue grows, if its signals say it: fewer consumers, more publishing, slower consumers.
  private func cause(_ track: QueueTrack, _ fate: QueueFate) -> IncidentEvidence? {
    let recent = track.consumers.levels[0]
    if let usual = track.consumers.baseline(skipping: 12), let current = recent.last?.mean, current < usual,
      let fell = recent.first(where: { $0.mean <= current })?.time
    {
      return IncidentEvidence(
        "rabbitmq_detailed_queue_consumers",
        "its consumers fell from \(Words.number(usual)) to \(Words.number(current)) at \(Words.clock(fell))", share: 0.3
      )
    }
    let (short, long) = (timing.rateWindow, 5 * timing.rateWindow)
    if let now = track.rate(.published, over: short), let before = track.rate(.published, over: long), before > 0,
      now > 1.5 * before
    {
      return IncidentEvidence(
        "rabbitmq_detailed_queue_exchange_messages_published_total",
        "\(Words.count(now, "message a second comes", "messages a second come")) in where "
          + "\(Words.count(before, "is", "are")) usual", share: 0.3)
    }
    if let now = track.rate(.acknowledged, over: short), let before = track.rate(.acknowledged, over: long),
      now < 0.7 * before
    {
      return IncidentEvidence(
        "rabbitmq_detailed_queue_messages_acked_total",
        "its consumers work off \(Words.count(now, "message", "messages")) a second where "
          + "\(Words.count(before, "is", "are")) usual",
        share: 0.3)
    }
    if let capacity = track.newest[.capacity], capacity < 0.5, (track.newest[.consumers] ?? 0) > 0 {
      return IncidentEvidence(
        "rabbitmq_detailed_queue_consumer_capacity",
        "its consumers can take messages only \(Words.number((capacity * 100).rounded()))% of the time: too slow, too few, "
          + "or a prefetch too small", share: 0.3)
    }
    if (track.unacked.last?.mean ?? 0) > 0, (track.newest[.consumers] ?? 0) > 0, fate.netRate > 0 {
      return IncidentEvidence(
        "rabbitmq_detailed_queue_messages_unacked", "its consumers are busy and too slow for what comes in", share: 0.2)
    }
    return nil
  }
}
