/// Decides the fate of a queue from what is remembered of it.
struct QueueJudge: Sendable {
  /// The window of rates, in seconds.
  var window: Double
  /// The number of ticks in it.
  var ticks: Int
  /// The depth that counts as too many where the queue has no limit.
  var depthLimit: Double

  func fate(of track: QueueTrack, node: NodeLimits?) -> QueueFate {
    let (rate, error) = netRate(track)
    let isKnown = abs(rate) > 3 * error && abs(rate) * window >= 3
    var fate = QueueFate(
      queue: track.queue, verdict: .keepingUp, netRate: rate, netRateError: error, drain: nil, limits: [:])
    fate.verdict = verdict(track, rate, isKnown: isKnown)
    fate.evidence = evidence(of: track, rate: rate, error: error)
    let waiting = track.total.last?.mean ?? 0
    if isKnown, rate < 0, waiting > 0, -rate > 1.96 * error {
      fate.drain = TimeToLimit(
        median: waiting / -rate, lower: waiting / (-rate + 1.96 * error), upper: waiting / (-rate - 1.96 * error),
        probability: 1)
    }
    if !track.isStream, track.isWorkedOff { fate.limits = limits(track, node, isGrowing: isKnown && rate > 0) }
    return fate
  }

  private func netRate(_ track: QueueTrack) -> (Double, Double) {
    let points = track.total.levels[0].suffix(ticks)
    guard let fit = LinearFit(times: points.map(\.time), values: points.map(\.mean)) else { return (0, .infinity) }
    // Messages are counted: a few more or fewer are chance.
    let span = (points.last?.time ?? 0) - (points.first?.time ?? 0)
    return (fit.slope, max(fit.slopeError, span > 0 ? 1 / span : .infinity))
  }

  private func verdict(_ track: QueueTrack, _ rate: Double, isKnown: Bool) -> QueueFate.Verdict {
    let ready = track.ready.last?.mean ?? 0
    let unacked = track.unacked.last?.mean ?? 0
    let consumers = track.newest[.consumers]
    let delivered = track.rate(.delivered, over: window)
    let acknowledged = track.rate(.acknowledged, over: window)
    let redelivered = track.rate(.redelivered, over: window)
    if !track.isStream, consumers == 0, ready > 0 { return .noConsumers }
    if let delivered, let redelivered, delivered > 0, redelivered > 0.5 * delivered,
      (acknowledged ?? 0) < 0.2 * delivered
    {
      return .redeliveryLoop
    }
    // Someone who works on one message for long has little unacknowledged and nothing waiting.
    if !track.isStream, (consumers ?? 0) > 0, acknowledged == 0, unacked > 0, ready > 0 || (isKnown && rate > 0),
      track.total.levels[0].count >= ticks
    {
      return .stalled
    }
    if isKnown { return rate > 0 ? .growing : .clearing }
    let flow = max(track.rate(.published, over: window) ?? 0, delivered ?? 0)
    return ready + unacked == 0 && flow == 0 ? .idle : .keepingUp
  }

  private func limits(_ track: QueueTrack, _ node: NodeLimits?, isGrowing: Bool) -> [QueueFate.Limit: TimeToLimit] {
    var result: [QueueFate.Limit: TimeToLimit] = [:]
    func add(_ limit: QueueFate.Limit, _ signal: SignalTrack, _ value: Double?) {
      // A handful of messages leads nowhere.
      guard let value, (signal.last?.mean ?? 0) >= 10,
        let trend = TrendToLimit.find(in: signal, limit: value, habit: .backlog)
      else { return }
      result[limit] = trend.time
    }
    add(.maxLength, track.ready, track.newest[.maxLength])
    add(.maxLengthBytes, track.bytes, track.newest[.maxLengthBytes])
    if let life = track.newest[.messageTTL], let out = track.rate(.acknowledged, over: window) {
      // By Little's law a message waits for as long as it takes to work off those before it.
      add(.messageTTL, track.ready, life * out)
    }
    if track.newest[.maxLength] == nil { add(.depth, track.ready, depthLimit) }
    if isGrowing, let node {
      result[.nodeMemory] = node.memory
      result[.nodeDisk] = node.disk
    }
    return result
  }
}

/// When the node of a queue runs into its limits.
struct NodeLimits: Sendable, Equatable {
  var memory: TimeToLimit?
  var disk: TimeToLimit?
}
