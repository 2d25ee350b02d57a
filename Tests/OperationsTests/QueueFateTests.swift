import Testing

@testable import Operations

@Suite("The fate of a queue")
struct QueueFateTests {
  private let judge = QueueJudge(window: 24, ticks: 12, depthLimit: 10_000)

  /// A queue seen for 40 ticks of two seconds.
  private func fate(_ values: (Double) -> [QueueMetric: Double], isStream: Bool = false) -> QueueFate {
    var track = QueueTrack(QueueKey(vhost: "/", name: "q"), day: 86_400)
    for tick in 0..<40 {
      let time = Double(tick) * 2
      track.observe(
        QueueObservation(vhost: "/", name: "q", node: "n", isStream: isStream, values: values(time)), at: time)
    }
    return judge.fate(of: track, node: nil)
  }

  @Test("an empty queue without traffic is idle, one with traffic keeps up")
  func quiet() {
    #expect(fate { _ in [.ready: 0, .unacked: 0, .consumers: 2] }.verdict == .idle)
    let busy = fate { [.ready: 0, .unacked: 0, .consumers: 2, .published: $0 * 10, .acknowledged: $0 * 10] }
    #expect(busy.verdict == .keepingUp)
    #expect(busy.drain == nil)
  }

  @Test("a queue that shrinks clears, and is empty when its rate says")
  func clearing() throws {
    let fate = fate { [.ready: 1000 - 5 * $0, .unacked: 0, .consumers: 2, .acknowledged: 5 * $0] }
    #expect(fate.verdict == .clearing)
    // 1000 - 5 × 78 = 610 messages at five a second.
    let drain = try #require(fate.drain)
    #expect(abs(drain.median - 122) < 1e-6)
    #expect(drain.lower <= 122 && 122 <= drain.upper)
  }

  @Test("there is no time when the sign of the net rate is not known")
  func unknownSign() {
    let fate = fate { [.ready: 500 + Double((Int($0) * 7919) % 37), .unacked: 0, .consumers: 2] }
    #expect(fate.drain == nil)
    #expect(fate.verdict == .keepingUp)
  }

  @Test("more in than out is growing")
  func growing() {
    let fate = fate {
      [.ready: 4 * $0, .unacked: 20, .consumers: 2, .published: 10 * $0, .acknowledged: 6 * $0, .delivered: 6 * $0]
    }
    #expect(fate.verdict == .growing)
    #expect(abs(fate.netRate - 4) < 1e-9)
    // 4 × 78 = 312 messages; the error of a count is one message over the 22 s looked at.
    #expect(
      fate.evidence.map(\.detail) == [
        "10 a second are published", "312 messages wait, 4 ± 0.089 more a second", "20 are with consumers",
        "2 consumers", "6 a second are delivered", "6 a second are acknowledged",
      ])
    #expect(fate.evidence[0].signal == "rabbitmq_detailed_queue_exchange_messages_published_total")
  }

  @Test("of one it is said in the singular")
  func singular() {
    let fate = fate { [.ready: 1, .unacked: 1, .consumers: 1, .published: $0, .acknowledged: $0] }
    let details = fate.evidence.map(\.detail)
    #expect(details.contains { $0.hasPrefix("1 message waits, ") }, "\(details)")
    #expect(details.contains("1 is with consumers") && details.contains("1 consumer"), "\(details)")
    #expect(Words.count(0, "message", "messages") == "0 messages")
    #expect(Words.count(1.2, "message", "messages") == "1.2 messages")
  }

  @Test("messages and no consumer are its own verdict, for streams too they are not")
  func noConsumers() {
    #expect(fate { [.ready: 4 * $0, .unacked: 0, .consumers: 0] }.verdict == .noConsumers)
    #expect(fate({ [.ready: 4 * $0, .consumers: 0] }, isStream: true).verdict == .growing)
  }

  @Test("consumers that acknowledge nothing stall the queue")
  func stalled() {
    let fate = fate { [.ready: 4 * $0, .unacked: 80, .consumers: 2, .published: 4 * $0, .acknowledged: 700] }
    #expect(fate.verdict == .stalled)
  }

  @Test("the same messages again and again are a redelivery loop")
  func loop() {
    let fate = fate {
      [.ready: 5, .unacked: 1, .consumers: 1, .delivered: 50 * $0, .redelivered: 49 * $0, .acknowledged: 0]
    }
    #expect(fate.verdict == .redeliveryLoop)
  }

  @Test("the length limit, the time to live and the node's limits are met in their order")
  func limits() throws {
    var track = QueueTrack(QueueKey(vhost: "/", name: "q"), day: 86_400)
    for tick in 0..<60 {
      let time = Double(tick)
      let ready = tick < 30 ? 0 : (time - 30) * 10
      track.observe(
        QueueObservation(
          vhost: "/", name: "q", node: "n",
          values: [
            .ready: ready, .unacked: 0, .consumers: 1, .acknowledged: 20 * time, .maxLength: 1000, .messageTTL: 20,
          ]), at: time)
    }
    let node = NodeLimits(memory: TimeToLimit(median: 500, lower: 400, upper: 600, probability: 0.9), disk: nil)
    let fate = QueueJudge(window: 12, ticks: 12, depthLimit: 10_000).fate(of: track, node: node)
    // 290 messages; a message waits 20 s behind 400, in 11 s; 1000 is 71 s away.
    let life = try #require(fate.limits[.messageTTL])
    let length = try #require(fate.limits[.maxLength])
    #expect(life.lower <= 11 && 11 <= life.upper)
    #expect(length.lower <= 71 && 71 <= length.upper)
    #expect(fate.limits[.nodeMemory]?.median == 500)
    #expect(fate.limits[.depth] == nil)
    #expect(fate.nearest?.limit == .messageTTL)
  }

  @Test("a counter that falls has restarted")
  func counter() {
    var track = CounterTrack()
    for (time, value) in [(0.0, 100.0), (10, 200), (20, 30)] { track.append(value, at: time) }
    #expect(track.increase(over: 20) == 130)
    #expect(track.rate(over: 10) == 3)
  }
}
