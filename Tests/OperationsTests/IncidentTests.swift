import Testing

@testable import Operations

@Suite("Incidents are classified by what causes them")
struct IncidentTests {
  @Test("a healthy cluster has none")
  func healthy() {
    var cluster = ClusterBuilder()
    cluster.run(200)
    #expect(cluster.events.isEmpty)
  }

  @Test("a dead node is one incident, and what it brings with it belongs to it")
  func deadNode() throws {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@b"]
    cluster.run(30) { observation, _ in
      observation.set(.consumers, 0)
      observation.set(.ready, 500)
    }
    #expect(cluster.opened == [.nodeUnresponsive])
    let incident = try #require(cluster.classifier.open.first)
    #expect(incident.object == "rabbit@b")
    #expect(incident.level == .critical)
    #expect(incident.consequences.contains { $0.hasPrefix("consumer_failure") })
    #expect(abs(incident.evidence.reduce(0) { $0 + $1.share } - 1) < 1e-9)
    #expect(!incident.actions.isEmpty)
  }

  @Test("one scrape that is missed is nothing")
  func missedScrape() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@b"]
    // The peers do not miss it: the machine was busy.
    cluster.run(1) { observation, _ in for node in 0..<3 { observation.set(node, .unreachablePeers, 0) } }
    cluster.silent = []
    cluster.run(60)
    #expect(cluster.events.isEmpty)
  }

  @Test("nodes that answer us but miss each other are partitioned")
  func partition() throws {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(10) { observation, _ in
      observation.set(0, .unreachablePeers, 1)
      observation.set(1, .unreachablePeers, 1)
      observation.set(2, .unreachablePeers, 2)
    }
    #expect(cluster.opened == [.networkPartition])
    #expect(cluster.classifier.open.first?.object == "rabbit@c")
  }

  @Test("a disk that fills is announced with an interval that holds the moment of the alarm")
  func disk() throws {
    var cluster = ClusterBuilder()
    cluster.run(60)
    let start = cluster.now
    // 1.3 GB above the limit at 10 MB/s: 130 s.
    cluster.run(40) { observation, tick in observation.set(1, .diskFree, 1.5e9 - Double(tick) * 2e7) }
    let first = try #require(cluster.events.first)
    #expect(first.incident.type == .diskFull)
    #expect(first.incident.object == "rabbit@b")
    #expect(first.incident.isPredicted)
    let time = try #require(first.incident.timeToLimit)
    let elapsed = Double(first.time - start) / 1000
    #expect(elapsed < 60)
    #expect(elapsed + time.lower < 130 && 130 < elapsed + time.upper)
  }

  @Test("channels that leak are named as what fills the memory")
  func leak() throws {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(60) { observation, tick in
      observation.set(0, .memory, 120e6 + Double(tick) * 2.4e6)
      observation.set(0, .channels, 10 + Double(tick) * 80)
    }
    #expect(cluster.opened == [.memoryLeak])
    let incident = try #require(cluster.classifier.open.first)
    #expect(incident.evidence.contains { $0.signal == "rabbitmq_channels" })
    #expect(incident.summary.contains("its channels grew"))
  }

  @Test("consumers that do not come back are an incident, those of a deploy are not")
  func consumers() throws {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(2) { observation, _ in
      observation.set(.consumers, 0)
      observation.set(.ready, 40)
    }
    cluster.run(30)
    #expect(cluster.events.isEmpty)
    cluster.run(20) { observation, tick in
      observation.set(.consumers, 0)
      observation.set(.ready, Double(tick) * 20)
    }
    #expect(cluster.opened == [.consumerFailure])
    let incident = try #require(cluster.classifier.open.first)
    #expect(incident.affected == ["`orders` on `/eu`"])
    #expect(incident.summary.contains("its consumers fell from 3 to 0 at"))
  }

  @Test("a queue that nobody ever consumed and a stream may grow")
  func byDesign() {
    var cluster = ClusterBuilder()
    cluster.run(150) { observation, tick in
      observation.queues = [
        QueueObservation(vhost: "/", name: "dead-letters", values: [.ready: Double(tick) * 90, .consumers: 0]),
        QueueObservation(
          vhost: "/", name: "events", isStream: true, values: [.ready: Double(tick) * 90, .consumers: 1]),
      ]
    }
    #expect(cluster.events.isEmpty)
  }

  @Test("a burst that is worked off is no incident, a backlog that goes on is")
  func depth() {
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(40) { observation, tick in observation.set(.ready, Double(min(tick, 40 - tick)) * 60) }
    cluster.run(40)
    #expect(cluster.events.isEmpty)
    cluster.run(60) { observation, tick in observation.set(.ready, Double(tick) * 150) }
    #expect(cluster.opened == [.highQueueDepth])
  }

  @Test("a storm of connections is told from a deploy")
  func storm() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    // Sixty connections within a minute: a new service.
    cluster.run(30) { observation, tick in
      for node in 0..<3 {
        observation.set(node, .connectionsOpened, 10 + Double(tick) / 1.5)
        observation.set(node, .connections, 10 + Double(tick) / 1.5)
      }
    }
    #expect(cluster.events.isEmpty)
    cluster.run(10) { observation, tick in
      for node in 0..<3 {
        observation.set(node, .connectionsOpened, 30 + Double(tick) * 8)
        observation.set(node, .connections, 30 + Double(tick) * 8)
      }
    }
    #expect(cluster.opened == [.connectionStorm])
  }

  @Test("commits and scrapes that stay slow are a degradation, a moment of it is not")
  func slow() {
    func slowly(_ observation: inout ClusterObservation) {
      for node in 0..<3 {
        observation.set(node, .commitLatency, 0.12)
        observation.nodes[node].scrapeSeconds = 0.6
      }
    }
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(6) { observation, _ in slowly(&observation) }
    cluster.run(40)
    #expect(cluster.events.isEmpty)
    cluster.run(30) { observation, _ in slowly(&observation) }
    #expect(cluster.opened == [.performanceDegradation])
  }

  @Test("an incident is opened once, brought up to date and resolved when its cause is gone")
  func lifeCycle() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@b"]
    cluster.run(20)
    cluster.silent = []
    cluster.run(30)
    #expect(cluster.events.map(\.kind).filter { $0 != .updated } == [.opened, .resolved])
    #expect(Set(cluster.events.map(\.incident.id)).count == 1)
    #expect(cluster.classifier.open.isEmpty)
  }

  @Test("planned work opens none")
  func maintenance() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.maintenance = ["rabbit@b"]
    cluster.silent = ["rabbit@b"]
    cluster.run(20)
    #expect(cluster.events.isEmpty)
    #expect((cluster.classifier.suppressed["maintenance"] ?? 0) > 0)
    cluster.maintenance = []
    cluster.run(2)
    #expect(cluster.opened == [.nodeUnresponsive])
  }

  @Test("a node that is drained, and the next of a rolling restart, wake nobody")
  func planned() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@a"]
    cluster.run(10) { observation, _ in observation.nodes[0].values[.drained] = 1 }
    #expect(cluster.events.allSatisfy { $0.incident.level == .info })
  }

  @Test("incidents go on after a restart")
  func restored() throws {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@b"]
    cluster.run(10)
    let open = cluster.classifier.open
    cluster.classifier = IncidentClassifier(
      timing: IncidentTiming(tick: ClusterBuilder.tick, day: ClusterBuilder.day), cluster: "c")
    cluster.classifier.restore(open)
    cluster.events = []
    cluster.run(5)
    #expect(cluster.opened.isEmpty)
    #expect(cluster.classifier.open.map(\.id) == open.map(\.id))
  }

  @Test("a maintenance window holds from its start to its end, for what it names or for everything")
  func windows() {
    let windows = [
      MaintenanceWindow(id: "1", start: 10, end: 20, objects: ["n"]), MaintenanceWindow(id: "2", start: 15, end: 16),
    ]
    #expect(MaintenanceWindow.objects(of: windows, at: 9).isEmpty)
    #expect(MaintenanceWindow.objects(of: windows, at: 10) == ["n"])
    #expect(MaintenanceWindow.objects(of: windows, at: 15) == ["n", MaintenanceWindow.everything])
    #expect(MaintenanceWindow.objects(of: windows, at: 20).isEmpty)
  }
}
