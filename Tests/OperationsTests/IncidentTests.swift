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

  @Test("a queue that fills the disk of its node is one incident with it")
  func diskByQueue() throws {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(40) { observation, tick in
      observation.set(0, .diskFree, 1.5e9 - Double(tick) * 2e7)
      observation.set(.ready, Double(tick) * 30)
    }
    #expect(cluster.opened == [.diskFull])
    let incident = try #require(cluster.classifier.open.first)
    #expect(incident.affected == ["`orders` on `/eu`", "rabbit@a"])
    #expect(incident.consequences.contains("high_queue_depth: `orders` on `/eu`"))
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

  @Test("consumers that come and go while a backlog grows have failed")
  func restless() throws {
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(40) { observation, tick in
      observation.set(.consumers, tick % 6 < 3 ? 0 : 3)
      observation.set(.ready, Double(tick) * 12)
    }
    #expect(cluster.opened == [.consumerFailure])
    #expect(try #require(cluster.classifier.open.first).summary.contains("its consumers, 3 at best, were lost"))
  }

  @Test("consumers that put back what they get are told from the totals of the nodes alone")
  func redeliveries() throws {
    var cluster = ClusterBuilder()
    var (delivered, repeats) = (0.0, 0.0)
    func count(_ observation: inout ClusterObservation, loop: Bool) {
      delivered += loop ? 400 : 60
      repeats += loop ? 340 : 0
      for node in 0..<3 {
        observation.set(node, .delivered, delivered)
        observation.set(node, .redelivered, repeats)
      }
    }
    cluster.run(60) { observation, _ in count(&observation, loop: false) }
    cluster.run(15) { observation, _ in count(&observation, loop: true) }
    #expect(cluster.opened == [.consumerFailure])
    let incident = try #require(cluster.classifier.open.first)
    #expect(incident.summary.hasPrefix("consumers put back what they get"))
    #expect(incident.affected == ["`orders` on `/eu`"])
  }

  @Test("a node that answers late while another is dead is not taken for dead as well")
  func slowBesideDead() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@c"]
    cluster.run(6)
    // From now on the second node answers every third scrape only.
    for _ in 0..<6 {
      cluster.silent = ["rabbit@b", "rabbit@c"]
      cluster.run(2) { observation, _ in
        observation.set(0, .unreachablePeers, 1)
        // Its scrape is under way: nothing has failed.
        observation.nodes[1].answered = nil
        observation.nodes[1].lastTry = observation.nodes[1].lastAnswer
      }
      cluster.silent = ["rabbit@c"]
      cluster.run(1)
    }
    #expect(cluster.opened == [.nodeUnresponsive])
    #expect(cluster.classifier.open.map(\.object) == ["rabbit@c"])
  }

  @Test("a peer that is missed at the moment in which it refuses us is gone, not cut off")
  func refusedAndMissed() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@b"]
    cluster.run(30) { observation, _ in
      observation.nodes[1].scrapeSeconds = 0.001
      observation.nodes[1].values[.seenRunning] = 0
      observation.set(0, .unreachablePeers, 1)
      observation.set(2, .unreachablePeers, 0)
    }
    #expect(!cluster.opened.contains(.networkPartition))
    #expect(cluster.opened == [.nodeUnresponsive])
  }

  @Test("the rush of publishers that were blocked is no leak of the other nodes")
  func rush() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(40) { observation, tick in
      observation.set(0, .memory, 400e6)
      observation.set(0, .memoryAlarm, 1)
    }
    cluster.run(16) { observation, tick in observation.set(1, .memory, 120e6 + Double(tick) * 15e6) }
    #expect(cluster.opened == [.memoryLeak])
    #expect(cluster.classifier.open.allSatisfy { $0.object == "rabbit@a" })
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

  @Test("a node that was dead before a restart and never answers stays an incident")
  func restoredDead() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@b"]
    cluster.run(10)
    let open = cluster.classifier.open
    cluster.classifier = IncidentClassifier(
      timing: IncidentTiming(tick: ClusterBuilder.tick, day: ClusterBuilder.day), cluster: "c")
    cluster.classifier.restore(open)
    cluster.run(40) { observation, _ in observation.nodes[1].lastAnswer = nil }
    #expect(cluster.classifier.open.map(\.id) == open.map(\.id))
  }

  @Test("an incident from before a restart stays open until it can be judged again, however long the restart took")
  func restoredAfterLong() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(40) { observation, tick in observation.set(1, .diskFree, 1.5e9 - Double(tick) * 2e7) }
    let open = cluster.classifier.open
    #expect(open.map(\.type) == [.diskFull])
    cluster.classifier = IncidentClassifier(
      timing: IncidentTiming(tick: ClusterBuilder.tick, day: ClusterBuilder.day), cluster: "c")
    cluster.classifier.restore(open)
    cluster.step += 600
    cluster.run(40)
    #expect(cluster.classifier.open.map(\.id) == open.map(\.id))
    cluster.run(20)
    #expect(cluster.classifier.open.isEmpty)
  }
}
