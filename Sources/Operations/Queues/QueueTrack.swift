/// What is remembered of one queue.
struct QueueTrack: Sendable {
  var queue: QueueKey
  var node: String?
  var isStream = false
  var ready = SignalTrack()
  var unacked = SignalTrack()
  var total = SignalTrack()
  var bytes = SignalTrack()
  var consumers = SignalTrack()
  var counters: [QueueMetric: CounterTrack] = [:]
  var newest: [QueueMetric: Double] = [:]
  var lastSeen = 0.0
  var profile: DayProfile
  /// In how many ticks the queue was empty, or emptier than before.
  private var drained = 0

  /// Whether the queue is one that is worked off, and not a log or a stream that only grows.
  var isWorkedOff: Bool { drained >= 12 }

  init(_ queue: QueueKey, day: Double) {
    self.queue = queue
    profile = DayProfile(day: day)
  }

  /// Takes what was observed at `time`, in seconds.
  mutating func observe(_ queue: QueueObservation, at time: Double) {
    node = queue.node ?? node
    isStream = queue.isStream
    lastSeen = time
    newest = queue.values
    if let value = queue[.ready] {
      if value == 0 || value < ready.last?.mean ?? 0 { drained = min(drained + 1, 1000) }
      ready.append(value, at: time)
      profile.append(value, at: time)
    }
    if let value = queue[.unacked] { unacked.append(value, at: time) }
    if let ready = queue[.ready] { total.append(ready + (queue[.unacked] ?? 0), at: time) }
    if let value = queue[.bytes] { bytes.append(value, at: time) }
    if let value = queue[.consumers] { consumers.append(value, at: time) }
    for metric in [QueueMetric.published, .delivered, .acknowledged, .redelivered] {
      if let value = queue[metric] { counters[metric, default: CounterTrack()].append(value, at: time) }
    }
  }

  /// Whether as many consumers were there in each of the last `ticks`.
  func hasSteadyConsumers(ticks: Int) -> Bool {
    let recent = consumers.levels[0].suffix(ticks)
    return recent.allSatisfy { $0.mean == recent.last?.mean }
  }

  func rate(_ metric: QueueMetric, over seconds: Double) -> Double? { counters[metric]?.rate(over: seconds) }
}
