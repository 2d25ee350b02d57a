import Testing

@testable import Operations

@Suite("Nodes that are slow are told from dead ones, and from what slowness does not explain")
struct SlowNodeTests {
  @Test("commits and scrapes that stay slow are a degradation, a moment of it is not")
  func slow() {
    func slowly(_ observation: inout ClusterObservation) {
      for node in 0..<3 {
        observation.set(node, .commitLatency, 0.12 + Double(observation.time / 2000 % 3) * 0.01)
        observation.nodes[node].scrapeSeconds = 0.6
      }
    }
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(4) { observation, _ in slowly(&observation) }
    cluster.run(40)
    #expect(cluster.events.isEmpty)
    cluster.run(30) { observation, _ in slowly(&observation) }
    #expect(cluster.opened == [.performanceDegradation])
  }

  @Test("nodes that become slower until none answers are slow, not dead: one incident")
  func slowUntilSilent() throws {
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(4) { observation, tick in
      for node in 0..<3 { observation.nodes[node].scrapeSeconds = 0.4 * Double(tick + 1) }
    }
    cluster.silent = Set(ClusterBuilder.nodes)
    cluster.run(20) { observation, _ in
      for node in 0..<3 { observation.nodes[node].scrapeSeconds = 1.7 }
    }
    #expect(cluster.opened == [.performanceDegradation])
    #expect(try #require(cluster.classifier.open.first).affected == ClusterBuilder.nodes)
  }

  @Test("where not even the quickest scrape is quick, the nodes are slow; single slow ones are a busy neighbour")
  func quickestScrape() throws {
    var cluster = ClusterBuilder()
    func commits(_ observation: inout ClusterObservation) {
      for node in 0..<3 { observation.set(node, .commitLatency, 0.006 + Double(observation.time / 2000 % 3) * 2e-4) }
    }
    cluster.run(80)
    // One of three scrapes waits for 300 ms, in turn.
    cluster.run(40) { observation, tick in
      commits(&observation)
      observation.nodes[tick % 3].scrapeSeconds = 0.3
    }
    #expect(cluster.events.isEmpty)
    cluster.run(60)
    cluster.run(16) { observation, _ in
      commits(&observation)
      for node in 0..<3 { observation.nodes[node].scrapeSeconds = 0.12 }
    }
    let incident = try #require(cluster.classifier.open.first)
    #expect(incident.type == .performanceDegradation)
    #expect(incident.summary.contains("even the quickest scrape takes 120 ms where 20 ms are usual"))
  }

  @Test("a machine that is busy for some looks makes all nodes slow, and none of them is named")
  func busyMachine() {
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(5) { observation, _ in
      for node in 0..<3 {
        observation.set(node, .commitLatency, 0.05)
        observation.nodes[node].scrapeSeconds = 0.4
      }
    }
    cluster.run(30)
    #expect(cluster.events.isEmpty)
  }

  @Test("a node that became slower and slower and is not missed by its peers is not called dead")
  func slowThenSilent() {
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(5) { observation, tick in
      for node in 0..<3 {
        observation.set(node, .commitLatency, 0.05 * Double(tick + 1))
        observation.nodes[node].scrapeSeconds = 0.5 * Double(tick + 1)
      }
    }
    cluster.silent = ["rabbit@b"]
    cluster.run(10) { observation, _ in
      observation.nodes[1].scrapeSeconds = 8
      for node in [0, 2] {
        observation.set(node, .unreachablePeers, 0)
        observation.set(node, .commitLatency, 0.3)
        observation.nodes[node].scrapeSeconds = 3
      }
    }
    #expect(!cluster.opened.contains(.nodeUnresponsive))
    #expect(cluster.opened == [.performanceDegradation])
  }

  @Test("consumers that put back what they get are told beside a slow cluster: slowness does not make them")
  func loopBesideSlowness() {
    var cluster = ClusterBuilder()
    var total = 0.0
    var loops = 0.0
    func deliver(_ observation: inout ClusterObservation, _ repeats: Double) {
      total += 100
      loops += repeats
      observation.set(0, .delivered, total)
      observation.set(0, .redelivered, loops)
    }
    cluster.run(80) { observation, _ in deliver(&observation, 0) }
    cluster.run(30) { observation, _ in
      deliver(&observation, 0)
      for node in 0..<3 {
        observation.set(node, .commitLatency, 0.12 + Double(observation.time / 2000 % 3) * 0.01)
        observation.nodes[node].scrapeSeconds = 0.6
      }
    }
    cluster.run(30) { observation, _ in
      deliver(&observation, 60)
      for node in 0..<3 {
        observation.set(node, .commitLatency, 0.12 + Double(observation.time / 2000 % 3) * 0.01)
        observation.nodes[node].scrapeSeconds = 0.6
      }
    }
    #expect(cluster.opened == [.performanceDegradation, .consumerFailure])
  }

  @Test("a queue that fills because far more comes in is told beside a slow cluster, before it is full")
  func surgeBesideSlowness() throws {
    var cluster = ClusterBuilder()
    var received = 0.0
    func receive(_ observation: inout ClusterObservation, _ count: Double) {
      received += count
      observation.set(0, .received, received)
    }
    func slowly(_ observation: inout ClusterObservation) {
      for node in 0..<3 {
        observation.set(node, .commitLatency, 0.12 + Double(observation.time / 2000 % 3) * 0.01)
        observation.nodes[node].scrapeSeconds = 0.6
      }
    }
    cluster.run(80) { observation, _ in receive(&observation, 100) }
    cluster.run(30) { observation, _ in
      receive(&observation, 100)
      slowly(&observation)
    }
    cluster.run(30) { observation, tick in
      receive(&observation, 500)
      slowly(&observation)
      observation.set(.ready, Double(tick) * 250)
    }
    #expect(cluster.opened == [.performanceDegradation, .highQueueDepth])
    let filling = try #require(cluster.events.first { $0.incident.type == .highQueueDepth })
    #expect(filling.incident.isPredicted)
  }

  @Test("a commit that was slow once and is shown ever since, for want of another, is no slowness")
  func staleCommit() {
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(60) { observation, tick in
      for node in 0..<3 { observation.set(node, .commitLatency, 0.8 + Double(tick % 3) * 0.001) }
    }
    #expect(cluster.events.isEmpty)
  }

  @Test("a node is not called slow for what the commits of its start took")
  func slowStart() {
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.started["rabbit@b"] = Double(cluster.now) / 1000
    cluster.run(50) { observation, tick in
      observation.set(1, .commitLatency, 0.8 / Double(1 + tick / 3))
      observation.nodes[1].scrapeSeconds = 0.3
    }
    #expect(cluster.events.isEmpty)
  }

  @Test("one node that stays slow while the others do not is named")
  func slowNode() throws {
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(30) { observation, _ in
      observation.set(1, .commitLatency, 0.4 + Double(observation.time / 2000 % 3) * 0.02)
      observation.nodes[1].scrapeSeconds = 0.9
    }
    #expect(cluster.opened == [.performanceDegradation])
    #expect(cluster.classifier.open.first?.object == "rabbit@b")
    #expect(cluster.classifier.open.first?.affected == ["rabbit@b"])
  }

  @Test("nodes that are slow because they get less processor time than their messages cost are told as that")
  func starved() throws {
    var cluster = ClusterBuilder()
    var runtime = 0.0
    func traffic(_ observation: inout ClusterObservation, _ step: Int, _ cost: Double) {
      runtime += cost
      for node in 0..<3 {
        observation.set(node, .received, Double(step) * 200)
        observation.set(node, .runtime, runtime)
      }
    }
    cluster.run(120) { observation, tick in traffic(&observation, tick, 100) }
    cluster.run(16) { observation, tick in
      traffic(&observation, 120 + tick, 50)
      for node in 0..<3 {
        observation.set(node, .commitLatency, 0.06 + Double(observation.time / 2000 % 3) * 0.004)
        observation.nodes[node].scrapeSeconds = 0.3
      }
    }
    let incident = try #require(cluster.classifier.open.first)
    #expect(incident.type == .performanceDegradation)
    #expect(incident.summary.contains("% of the processor time that their messages should cost"))
  }
}
