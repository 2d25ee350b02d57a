/// What is remembered of one cluster: the recent past of its nodes and queues.
struct ClusterMemory: Sendable {
  var timing: IncidentTiming
  var nodes: [String: NodeTrack] = [:]
  var queues: [QueueKey: QueueTrack] = [:]
  var fates: [QueueKey: QueueFate] = [:]
  var connections = SignalTrack()
  var openRate = SignalTrack()
  var failedRate = SignalTrack()
  /// Which part of the deliveries are repeats.
  var repeatShare = SignalTrack()
  /// How slow the nodes are in the middle.
  var slowness = Slowness(SequentialTest(allowance: 1.5, limit: 10), window: 3)
  /// Messages and the processor time that they cost.
  var processor = Proportion()
  /// In seconds.
  var now = 0.0
  var depthLimit: Double
  /// For how many ticks in a row the nodes have disagreed about each other.
  var disagreement = 0

  init(timing: IncidentTiming, depthLimit: Double) {
    self.timing = timing
    self.depthLimit = depthLimit
  }

  var nowMilliseconds: Int64 { Int64((now * 1000).rounded()) }
  var sortedNodes: [NodeTrack] { nodes.values.sorted { $0.name < $1.name } }

  /// The window in which a storm shows, in seconds.
  var stormWindow: Double { max(5 * timing.tick, 10) }

  /// Takes an observation.
  mutating func observe(_ observation: ClusterObservation) {
    now = Double(observation.time) / 1000
    for node in observation.nodes {
      nodes[node.name, default: NodeTrack(name: node.name, firstSeen: now, day: timing.day)].observe(
        node, at: now, timing)
    }
    for queue in observation.queues {
      queues[queue.key, default: QueueTrack(queue.key, day: timing.day)].observe(queue, at: now)
    }
    // A queue that is gone for an hour of ticks was deleted; a node that is gone for a week was taken out.
    queues = queues.filter { now - $0.value.lastSeen < 240 * timing.tick }
    nodes = nodes.filter { now - ($0.value.lastAnswer ?? $0.value.firstSeen) < 7 * timing.day }
    let total = observation.nodes.compactMap { $0[.connections] }
    if total.count == observation.nodes.count, !total.isEmpty { connections.append(total.reduce(0, +), at: now) }
    append(.connectionsOpened, to: \.openRate)
    append(.failedLogins, to: \.failedRate)
    measureRepeats()
    measureProcessor()
    measureSlowness(observation)
    noteDepartures(observation)
    judgeQueues()
    let confused = isDisagreeing
    disagreement = confused ? disagreement + 1 : 0
  }

  private mutating func append(_ counter: NodeMetric, to rate: WritableKeyPath<ClusterMemory, SignalTrack>) {
    let increase = nodes.values.compactMap { $0.counters[counter]?.increase(over: stormWindow) }
    if !increase.isEmpty { self[keyPath: rate].append(increase.reduce(0, +) / stormWindow, at: now) }
  }

  private mutating func measureRepeats() {
    func increase(_ metric: NodeMetric) -> Double {
      nodes.values.compactMap { $0.counters[metric]?.increase(over: timing.rateWindow) }.reduce(0, +)
    }
    let delivered = increase(.delivered)
    if delivered > 0 { repeatShare.append(increase(.redelivered) / delivered, at: now) }
  }

  private mutating func judgeQueues() {
    let judge = QueueJudge(window: timing.rateWindow, ticks: 12, depthLimit: depthLimit)
    var limits: [String: NodeLimits] = [:]
    for node in nodes.values {
      limits[node.name] = NodeLimits(memory: node.memoryTrend?.time, disk: node.diskTrend?.time)
    }
    fates = [:]
    for (key, track) in queues where now - track.lastSeen < 4 * timing.tick {
      fates[key] = judge.fate(of: track, node: track.node.flatMap { limits[$0] })
    }
  }

  /// Whether a node that answers us is missed by a node that answers us.
  private var isDisagreeing: Bool {
    let silent = nodes.values.count { !$0.answers(now) }
    return nodes.values.contains { $0.answers(now) && ($0.newest[.unreachablePeers] ?? 0) > Double(silent) }
  }
}
