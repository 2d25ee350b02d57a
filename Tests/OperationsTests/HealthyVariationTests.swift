import Testing

@testable import Operations

/// What healthy clusters do: each of these looks like an incident to a rule that looks at one thing only.
@Suite("Healthy variations open no incident")
struct HealthyVariationTests {
  @Test("memory that takes a step, or levels off")
  func memorySteps() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(60) { observation, tick in
      observation.set(0, .memory, 120e6 + Double(min(tick, 5)) * 18e6)
      observation.set(1, .memory, 120e6 + 110e6 * (1 - (-Double(tick) / 15).exponential))
    }
    #expect(cluster.events.isEmpty)
  }

  @Test("a garbage collection saw, once its first tooth was seen")
  func memorySaw() {
    var cluster = ClusterBuilder()
    cluster.run(30)
    cluster.run(240) { observation, tick in observation.set(0, .memory, 120e6 + Double(tick % 40) * 3e6) }
    #expect(cluster.events.isEmpty)
  }

  @Test("a large file that is copied to the disk")
  func diskStep() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(60) { observation, tick in observation.set(1, .diskFree, 1.5e9 - Double(min(tick, 10)) * 5e7) }
    #expect(cluster.events.isEmpty)
  }

  @Test("a batch that is published at once and worked off")
  func batch() {
    var cluster = ClusterBuilder()
    cluster.run(80)
    cluster.run(40) { observation, tick in
      observation.set(.ready, tick < 3 ? Double(tick + 1) * 2000 : max(0, 6000 - Double(tick - 2) * 180))
    }
    cluster.run(30)
    #expect(cluster.events.isEmpty)
  }

  @Test("consumers scaled down on purpose, with the small backlog of that moment")
  func scaledDown() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(60) { observation, tick in
      observation.set(.consumers, 1)
      observation.set(.ready, Double(max(0, 20 - abs(tick - 20))) * 6)
    }
    #expect(cluster.events.isEmpty)
  }

  @Test("clients that all connect while the cluster starts")
  func coldStart() {
    var cluster = ClusterBuilder()
    cluster.run(40) { observation, tick in
      for node in 0..<3 {
        observation.set(node, .connectionsOpened, Double(min(tick, 15)) * 10)
        observation.set(node, .connections, Double(min(tick, 15)) * 10)
      }
    }
    #expect(cluster.events.isEmpty)
  }

  @Test("nodes that are not asked, because Harecast itself was held up")
  func heldUp() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    let last = cluster.now
    cluster.silent = Set(ClusterBuilder.nodes)
    cluster.run(20) { observation, _ in
      for node in 0..<3 {
        observation.nodes[node].answered = true
        observation.nodes[node].lastTry = last
      }
    }
    cluster.silent = []
    cluster.run(20)
    #expect(cluster.events.isEmpty)
  }

  @Test("clients that connect for a moment, two a second")
  func shortLived() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(60) { observation, tick in
      observation.set(0, .connectionsOpened, 10 + Double(tick) * 4)
      observation.set(0, .connectionsClosed, Double(tick) * 4)
    }
    #expect(cluster.events.isEmpty)
  }

  @Test("messages that a lost consumer gives back are delivered once more")
  func redeliveredOnce() {
    var cluster = ClusterBuilder()
    func count(_ observation: inout ClusterObservation, _ step: Int, _ repeats: Double) {
      for node in 0..<3 {
        observation.set(node, .delivered, Double(step) * 60)
        observation.set(node, .redelivered, repeats)
      }
    }
    cluster.run(60) { observation, tick in count(&observation, tick, 0) }
    cluster.run(40) { observation, tick in count(&observation, 60 + tick, 250) }
    #expect(cluster.events.isEmpty)
  }
}
