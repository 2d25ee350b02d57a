@testable import Operations

/// Makes observations of a small healthy cluster, tick by tick, with what a test changes.
struct ClusterBuilder {
  static let tick = 2.0
  static let day = 180.0
  /// The moment of the first tick, in milliseconds.
  static let start: Int64 = 1_700_000_000_000
  static let nodes = ["rabbit@a", "rabbit@b", "rabbit@c"]

  var classifier = IncidentClassifier(timing: IncidentTiming(tick: tick, day: day), cluster: "c")
  var step = 0
  var events: [IncidentEvent] = []
  var silent: Set<String> = []
  var maintenance: Set<String> = []
  /// When nodes were started again, in seconds.
  var started: [String: Double] = [:]
  private var lastAnswer: [String: Int64] = [:]

  var now: Int64 { Self.start + Int64(step) * Int64(Self.tick * 1000) }

  /// Lets `count` ticks pass; `change` gets each observation and the number of the tick within this call.
  mutating func run(_ count: Int, _ change: (inout ClusterObservation, Int) -> Void = { _, _ in }) {
    for index in 0..<count {
      var observation = healthy()
      change(&observation, index)
      events += classifier.observe(observation, maintenance: maintenance)
      step += 1
    }
  }

  private mutating func healthy() -> ClusterObservation {
    let wobble = Double((step * 7919) % 11)
    let nodes = Self.nodes.map { name in
      let isUp = !silent.contains(name)
      if isUp { lastAnswer[name] = now }
      return NodeObservation(
        name: name, lastAnswer: lastAnswer[name], lastTry: now, answered: isUp, scrapeSeconds: isUp ? 0.02 : nil,
        values: isUp
          ? [
            .memory: 120e6 + wobble * 2e5, .memoryLimit: 400e6, .diskFree: 1.5e9 - wobble * 1e4, .diskLimit: 2e8,
            .connections: 10, .channels: 10, .connectionsOpened: 10, .connectionsClosed: 0,
            .commitLatency: 0.002 + wobble * 1e-4, .startTime: started[name] ?? 1.6e9,
            .unreachablePeers: Double(silent.count),
            .memoryAlarm: 0, .diskAlarm: 0,
          ] : [:])
    }
    let queue = QueueObservation(
      vhost: "/eu", name: "orders", node: "rabbit@a",
      values: [.ready: 0, .unacked: wobble, .consumers: 3])
    return ClusterObservation(time: now, cluster: "c", nodes: nodes, queues: [queue])
  }

  var opened: [IncidentType] { events.filter { $0.kind == .opened }.map(\.incident.type) }
}

extension ClusterObservation {
  /// Sets a value of a node.
  mutating func set(_ node: Int, _ metric: NodeMetric, _ value: Double?) { nodes[node].values[metric] = value }
  /// Sets a value of the first queue.
  mutating func set(_ metric: QueueMetric, _ value: Double?) { queues[0].values[metric] = value }
}
