/// What is remembered of one node.
struct NodeTrack: Sendable {
  /// How a silence began.
  enum Departure: Sendable {
    /// There is none, or it began without a refusal, or out of trouble.
    case none
    /// Its peers still reached it when its ports were closed, or its clients were gone before.
    case stopped
    case stoppedOrKilled
  }

  let name: String
  /// In seconds.
  let firstSeen: Double
  var signals: [NodeMetric: SignalTrack] = [:]
  var counters: [NodeMetric: CounterTrack] = [:]
  var scrape = SignalTrack()
  var newest: [NodeMetric: Double] = [:]
  /// When it last answered, in seconds.
  var lastAnswer: Double?
  /// When a scrape of it last ended, in seconds.
  var lastTry: Double?
  private var tick = 0.0
  /// When scrapes of the last two minutes of ticks failed, in seconds.
  private var failures: [Double] = []
  /// Whether its last failed scrape was refused at once, and not waited for in vain.
  private(set) var refused = false
  /// How much slower it is than usual, and than the others are.
  var slowness = Self.newSlowness(warmUp: 60)
  private static func newSlowness(warmUp: Int) -> Slowness {
    Slowness(SequentialTest(allowance: 1.2, limit: 8), window: 4, warmUp: warmUp)
  }
  /// How its present silence began.
  var departure = Departure.none
  /// When its last silence began, and when it was back from one that was planned, in seconds.
  private(set) var departed: Double?
  /// When it left by itself or was stopped in the last 200 ticks, in seconds.
  private(set) var departures: [Double] = []
  var returned: Double?
  /// When it was last seen to have restarted, in seconds.
  var restarted: Double?
  var memoryTrend: TrendToLimit?
  var diskTrend: TrendToLimit?
  var inflow: InflowOutlook

  private static let counted: Set<NodeMetric> = [
    .connectionsOpened, .connectionsClosed, .failedLogins, .received, .delivered, .acknowledged, .redelivered, .runtime,
  ]
  private static let remembered: Set<NodeMetric> = [
    .memory, .diskFree, .descriptors, .processes, .connections, .channels, .queueMemory, .binaryMemory,
    .processMemory, .commitLatency, .runQueue, .unacked, .ready, .ports, .atoms, .sockets,
  ]

  init(name: String, firstSeen: Double, day: Double) {
    self.name = name
    self.firstSeen = firstSeen
    inflow = InflowOutlook(day: day)
  }

  mutating func observe(_ node: NodeObservation, at time: Double, _ timing: IncidentTiming) {
    tick = timing.tick
    if let attempt = node.lastTry { lastTry = max(lastTry ?? 0, Double(attempt) / 1000) }
    if let answer = node.lastAnswer { lastAnswer = max(lastAnswer ?? 0, Double(answer) / 1000) }
    if node.answered == false {
      failures.append(time)
      refused = node.scrapeSeconds.map { $0 < 0.5 } ?? false
    }
    failures.removeAll { time - $0 > 60 * tick }
    if let seconds = node.scrapeSeconds, node.answered ?? false { scrape.append(seconds, at: time) }
    if node.answered ?? false, departure != .none {
      departure = .none
      returned = time
    }
    if let start = node[.startTime], let old = newest[.startTime], start > old + 1 {
      restarted = time
      returned = time
      // What it was before says nothing about what it is now.
      for metric in [NodeMetric.memory, .descriptors, .processes, .ports, .atoms, .sockets] { signals[metric] = nil }
      // A node that starts is slow, and shows its first commits for long.
      slowness = Self.newSlowness(warmUp: 120)
    }
    for (metric, value) in node.values {
      newest[metric] = value
      if Self.counted.contains(metric) { counters[metric, default: CounterTrack()].append(value, at: time) }
      if Self.remembered.contains(metric) { signals[metric, default: SignalTrack()].append(value, at: time) }
    }
    if let ready = node[.ready], let rate = counters[.received]?.rate(over: timing.rateWindow) {
      inflow.append(inflow: rate, backlog: ready + (node[.unacked] ?? 0), at: time)
    }
    // An alarm that is not shown is not known, and what the peers said of a node that came back is old.
    for metric in [NodeMetric.memoryAlarm, .diskAlarm, .unreachablePeers] where node[metric] == nil {
      newest[metric] = nil
    }
    // While the node is silent the last forecast stands.
    if node[.memory] != nil { memoryTrend = trend(.memory, newest[.memoryLimit], rising: true, .memory) }
    if node[.diskFree] != nil { diskTrend = trend(.diskFree, newest[.diskLimit], rising: false, .disk) }
  }

  /// Notes that a silence has begun at `time`, in seconds.
  mutating func leave(at time: Double, as departure: Departure) {
    self.departure = departure
    departed = time
    if departure != .none, departures.last != time { departures.append(time) }
    departures.removeAll { time - $0 > 200 * tick }
  }

  func trend(_ metric: NodeMetric, _ limit: Double?, rising: Bool, _ habit: TrendToLimit.Habit) -> TrendToLimit? {
    guard let limit, let track = signals[metric] else { return nil }
    return TrendToLimit.find(in: track, limit: limit, rising: rising, habit: habit)
  }

  /// Whether it was short of memory or disk when it was last seen: such a node does not leave by plan.
  var isStrained: Bool {
    func last(_ metric: NodeMetric) -> Double? { signals[metric]?.last?.mean }
    if let memory = last(.memory), let limit = newest[.memoryLimit], memory >= 0.9 * limit { return true }
    if let disk = last(.diskFree), let limit = newest[.diskLimit], disk <= 1.1 * limit { return true }
    return false
  }

  /// Whether its clients were sent away before it left, as a drain does.
  var wasEmptied: Bool {
    guard let track = signals[.connections], track.last?.mean == 0 else { return false }
    return (track.baseline(skipping: 4) ?? 0) >= 1
  }

  /// Whether it became slower and slower before it answered last: not one of its last scrapes was quick.
  var gotSlower: Bool {
    let latest = scrape.levels[0].suffix(3).map(\.mean)
    guard latest.count == 3, let least = latest.min(), least >= 0.1 * tick,
      let usual = scrape.baseline(skipping: 8)
    else { return false }
    let scrapes = least / max(0.02, usual)
    guard let commit = signals[.commitLatency], let now = commit.median(last: 3),
      let before = commit.baseline(skipping: 8)
    else { return scrapes >= 2 }
    return scrapes >= 2 || scrapes * now / max(0.0025, before) >= 4
  }

  /// Whether the last scrape that has ended was answered, and that not long ago.
  func answers(_ now: Double) -> Bool {
    guard let lastAnswer else { return false }
    return (lastTry ?? 0) <= lastAnswer && now - lastAnswer <= 2.5 * tick
  }

  /// How many scrapes failed lately, before the present silence.
  var recentFailures: Int { failures.count { $0 <= lastAnswer ?? 0 } }

  /// For how long scrapes have not been answered, in seconds; 0 for a node that never did.
  ///
  /// The scrape that is under way does not count: it may just not be back yet.
  func silence(_ now: Double) -> Double {
    guard let lastAnswer else { return 0 }
    return max(0, (lastTry ?? now) - lastAnswer, now - lastAnswer - 1.2 * tick)
  }
}
