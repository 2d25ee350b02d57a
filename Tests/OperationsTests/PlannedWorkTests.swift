import Testing

@testable import Operations

@Suite("Planned work opens no incident")
struct PlannedWorkTests {
  /// Stops a node as an operator does: its port refuses at once, its peers miss it when it has ended, and it comes back
  /// as a new process.
  private func restart(_ index: Int, in cluster: inout ClusterBuilder, ticks: Int = 8) {
    let name = ClusterBuilder.nodes[index]
    cluster.silent = [name]
    cluster.run(ticks) { observation, tick in
      observation.nodes[index].scrapeSeconds = 0.001
      let missed = tick < 3 ? 0.0 : 1
      for node in 0..<3 where node != index { observation.set(node, .unreachablePeers, missed) }
    }
    cluster.silent = []
    cluster.started[name] = Double(cluster.now) / 1000
    cluster.run(10)
  }

  @Test("a rolling restart, node after node")
  func rollingRestart() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    for index in 0..<3 { restart(index, in: &cluster) }
    cluster.run(30)
    #expect(cluster.events.isEmpty)
  }

  @Test("what the restart of a node brings with it: consumers that come back late, peers that are counted late")
  func aftermath() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@b"]
    cluster.run(10) { observation, tick in
      observation.nodes[1].scrapeSeconds = 0.001
      observation.set(0, .unreachablePeers, tick < 3 ? 0 : 1)
      observation.set(2, .unreachablePeers, tick < 3 ? 0 : 1)
      observation.set(.consumers, 0)
      observation.set(.ready, Double(tick) * 16)
    }
    cluster.silent = []
    cluster.started["rabbit@b"] = Double(cluster.now) / 1000
    cluster.run(4) { observation, tick in
      for node in [0, 2] { observation.set(node, .unreachablePeers, 1) }
      observation.set(.consumers, 0)
      observation.set(.ready, 160 + Double(tick) * 16)
    }
    cluster.run(30)
    #expect(cluster.events.isEmpty)
    #expect((cluster.classifier.suppressed["planned"] ?? 0) > 0)
  }

  @Test("a node that was stopped and does not come back is an incident in the end")
  func stoppedForGood() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    restart(1, in: &cluster, ticks: 40)
    #expect(cluster.opened == [.nodeUnresponsive])
  }

  @Test("a node that refuses and is missed by all may be restarted: it is noted at once and wakes nobody for 45 s")
  func stoppedOrKilled() throws {
    var cluster = ClusterBuilder()
    cluster.run(60)
    let start = cluster.now
    cluster.silent = ["rabbit@b"]
    cluster.run(30) { observation, _ in observation.nodes[1].scrapeSeconds = 0.001 }
    let first = try #require(cluster.events.first)
    #expect(first.incident.type == .nodeUnresponsive && first.incident.level == .info)
    #expect(first.time - start <= 3 * Int64(ClusterBuilder.tick * 1000))
    let alarm = try #require(cluster.events.first { $0.incident.level == .critical })
    #expect((40_000...50_000).contains(alarm.time - start))
    #expect(cluster.opened == [.nodeUnresponsive])
  }

  @Test("the first node of a rolling restart, when its peers already miss it in the first look, alarms nobody")
  func fastRestart() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    for index in 0..<3 {
      let name = ClusterBuilder.nodes[index]
      cluster.silent = [name]
      cluster.run(12) { observation, _ in observation.nodes[index].scrapeSeconds = 0.001 }
      cluster.silent = []
      cluster.started[name] = Double(cluster.now) / 1000
      cluster.run(10)
    }
    cluster.run(30)
    #expect(cluster.events.allSatisfy { $0.incident.level == .info })
  }

  @Test("a node that was drained before it left is not missed while a restart takes, refused or not")
  func emptied() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.run(4) { observation, _ in observation.set(1, .connections, 0) }
    cluster.silent = ["rabbit@b"]
    cluster.run(15)
    cluster.silent = []
    cluster.started["rabbit@b"] = Double(cluster.now) / 1000
    cluster.run(30)
    #expect(cluster.events.isEmpty)
  }

  @Test("a node that refuses when it was short of memory did not leave by plan")
  func strained() throws {
    var cluster = ClusterBuilder()
    cluster.run(60) { observation, _ in observation.set(1, .memory, 380e6) }
    let start = cluster.now
    cluster.silent = ["rabbit@b"]
    cluster.run(6) { observation, _ in observation.nodes[1].scrapeSeconds = 0.001 }
    let incident = try #require(cluster.classifier.open.first { $0.type == .nodeUnresponsive })
    #expect(incident.level == .critical)
    #expect(incident.openedAt - start <= 3 * Int64(ClusterBuilder.tick * 1000))
  }

  @Test("a node that is back at once and gone again, for the third time, is in a crash loop")
  func crashLoop() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    for round in 0..<3 {
      cluster.silent = ["rabbit@b"]
      cluster.run(5) { observation, _ in observation.nodes[1].scrapeSeconds = 0.001 }
      #expect(cluster.events.contains { $0.incident.level == .critical } == (round == 2), "\(round)")
      cluster.silent = []
      cluster.started["rabbit@b"] = Double(cluster.now) / 1000
      cluster.run(16)
    }
  }

  @Test("a scrape that is under way while another node restarts does not lose the majority")
  func busyBesideRestart() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@b"]
    cluster.run(4) { observation, _ in observation.nodes[1].scrapeSeconds = 0.001 }
    cluster.silent = ["rabbit@b", "rabbit@c"]
    cluster.run(3) { observation, _ in
      observation.nodes[1].scrapeSeconds = 0.001
      observation.nodes[2].answered = nil
      observation.nodes[2].lastTry = observation.nodes[2].lastAnswer
      observation.set(0, .unreachablePeers, 1)
    }
    #expect(cluster.events.allSatisfy { $0.incident.level == .info })
  }

  @Test("two of three nodes gone are an incident however they went")
  func majority() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@a", "rabbit@b"]
    cluster.run(6) { observation, _ in
      for node in 0..<2 { observation.nodes[node].scrapeSeconds = 0.001 }
      observation.set(2, .unreachablePeers, 0)
    }
    #expect(cluster.opened.allSatisfy { $0 == .nodeUnresponsive })
    #expect(cluster.classifier.open.first?.severity == 10)
  }

  @Test("a node in maintenance mode")
  func drained() {
    var cluster = ClusterBuilder()
    cluster.run(60)
    cluster.silent = ["rabbit@a"]
    cluster.run(10) { observation, _ in observation.nodes[0].values[.drained] = 1 }
    #expect(cluster.events.isEmpty)
    cluster.run(30) { observation, _ in observation.nodes[0].values[.drained] = 1 }
    #expect(cluster.events.allSatisfy { $0.incident.level == .info })
  }

  @Test("a deploy of all consumers, queue after queue")
  func deploy() {
    var cluster = ClusterBuilder()
    let names = (0..<6).map { "work.\($0)" }
    func queues(_ observation: inout ClusterObservation, away: Int?) {
      observation.queues = names.indices.map { index in
        QueueObservation(
          vhost: "/", name: names[index],
          values: [.ready: index == away ? 30 : 0, .unacked: 2, .consumers: index == away ? 0 : 2])
      }
    }
    cluster.run(60) { observation, _ in queues(&observation, away: nil) }
    cluster.run(18) { observation, tick in queues(&observation, away: tick / 3) }
    cluster.run(30) { observation, _ in queues(&observation, away: nil) }
    #expect(cluster.events.isEmpty)
  }

  @Test("a burst that comes every day at the same time")
  func dailyBurst() {
    var cluster = ClusterBuilder()
    let ticks = Int(ClusterBuilder.day / ClusterBuilder.tick)
    func burst(_ observation: inout ClusterObservation, _ tick: Int, _ height: Double) {
      let time = tick % ticks
      observation.set(.ready, time < 30 ? Double(min(time, 30 - time)) * height : 0)
    }
    // The first day is worked off in time; from then on it is known, and 9,000 at once are no news.
    cluster.run(2 * ticks) { observation, tick in burst(&observation, tick, 600) }
    let before = cluster.events.count
    cluster.run(2 * ticks) { observation, tick in burst(&observation, tick, 600) }
    #expect(cluster.events.count == before)
  }

  @Test("work under a maintenance window, until the window ends")
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

  @Test("a maintenance window holds from its start to its end, for what it names or for everything")
  func windows() {
    let windows = [
      MaintenanceWindow(id: "1", start: 10, end: 20, objects: ["n"]), MaintenanceWindow(id: "2", start: 15, end: 16),
      MaintenanceWindow(id: "3", start: 100, end: 110, period: 1000, objects: ["daily"]),
    ]
    #expect(MaintenanceWindow.objects(of: windows, at: 9).isEmpty)
    #expect(MaintenanceWindow.objects(of: windows, at: 10) == ["n"])
    #expect(MaintenanceWindow.objects(of: windows, at: 15) == ["n", MaintenanceWindow.everything])
    #expect(MaintenanceWindow.objects(of: windows, at: 20).isEmpty)
    #expect(MaintenanceWindow.objects(of: windows, at: 3105) == ["daily"])
  }
}
