import Testing
import TimeSeries

@testable import Delivery

@Suite("The plan of a delivery")
struct DeliveryPlanTests {
  private let hour: Int64 = 3_600_000

  private func settings(_ change: (inout QueueSettings) -> Void = { _ in }) -> QueueSettings {
    var settings = QueueSettings()
    settings.samplesPerRequest = 2
    change(&settings)
    return settings
  }

  private func sample(_ name: String, _ time: Int64) -> OutgoingSample {
    OutgoingSample(labels: Labels(name: name), timestamp: time, value: Double(time))
  }

  @Test("a request goes when it is full, or when its oldest sample has waited for the deadline")
  func waitsForFullRequests() {
    var plan = DeliveryPlan(settings())
    plan.add([sample("a", 1)], position: 1, at: 0)
    #expect(plan.begin(at: 4999).isEmpty)
    #expect(plan.nextDeadline == 5000)
    let first = plan.begin(at: 5000)
    #expect(first.map { $0.samples.map(\.timestamp) } == [[1]])
    plan.add([sample("a", 2), sample("a", 3)], position: 2, at: 5000)
    #expect(plan.begin(at: 5000).isEmpty, "one request of a shard at a time")
    _ = plan.finish(0, .delivered, at: 5001)
    #expect(plan.begin(at: 5001).map { $0.samples.map(\.timestamp) } == [[2, 3]])
  }

  @Test("a position is acknowledged when everything up to it is settled, in whichever shard")
  func acknowledgesInOrder() throws {
    var plan = DeliveryPlan(
      settings {
        $0.minimumShards = 2
        $0.samplesPerRequest = 1
      })
    // Two names whose series are in different shards.
    let names = (0..<50).map { "m\($0)" }
    let even = try #require(names.first { Labels(name: $0).fingerprint % 2 == 0 })
    let odd = try #require(names.first { Labels(name: $0).fingerprint % 2 == 1 })
    plan.add([sample(even, 1)], position: 10, at: 0)
    plan.add([sample(odd, 1)], position: 20, at: 0)
    plan.add([], position: 30, at: 0)
    #expect(plan.begin(at: 0).map(\.shard) == [0, 1])
    #expect(plan.finish(1, .delivered, at: 1).delivered == 1)
    #expect(plan.acknowledged == nil, "position 10 is still under way")
    #expect(plan.finish(0, .refused(reason: "no", written: 0), at: 1).refused == 1)
    #expect(plan.acknowledged == 30)
    plan.add([], position: 40, at: 2)
    #expect(plan.acknowledged == 40, "what nobody wants is dealt with at once")
  }

  @Test("over an outage of an hour the same request is repeated, with growing pauses, and then all arrive in order")
  func enduresOutages() {
    var plan = DeliveryPlan(settings { $0.capacity = 100 })
    var now: Int64 = 0
    var sent: [Int64] = []
    var attempts = 0
    var next: Int64 = 0
    var pauses: [Int64] = []
    var last: Int64?
    while now < 2 * hour, sent.count < 4000 {
      // A sample a second, as long as there is room: all others wait on disk.
      while plan.hasRoom, next <= now / 1000 {
        plan.add([sample("a", next)], position: next, at: now)
        next += 1
      }
      for attempt in plan.begin(at: now) {
        if now < hour {
          attempts += 1
          if let last { pauses.append(now - last) }
          last = now
          #expect(attempt.samples.first?.timestamp == 0)
          _ = plan.finish(attempt.shard, .retry(reason: "down", pause: nil), at: now)
        } else {
          sent += attempt.samples.map(\.timestamp)
          _ = plan.finish(attempt.shard, .delivered, at: now)
        }
      }
      now += 10
    }
    #expect(pauses.prefix(8) == [30, 60, 120, 240, 480, 960, 1920, 3840])
    #expect(pauses.dropFirst(8).allSatisfy { $0 == 5000 })
    #expect(attempts > 700 && attempts < 740, "an hour at one attempt in 5 s")
    #expect(sent == (0..<Int64(sent.count)).map { $0 }, "nothing lost, nothing doubled, in order")
    #expect(sent.count >= 4000)
  }

  @Test("the server says when to come back")
  func obeysRetryAfter() {
    var plan = DeliveryPlan(settings())
    plan.add([sample("a", 1), sample("a", 2)], position: 1, at: 0)
    _ = plan.begin(at: 0)
    let settlement = plan.finish(0, .retry(reason: "busy", pause: 20_000), at: 100)
    #expect(settlement.retried == 2)
    #expect(plan.begin(at: 20_099).isEmpty)
    #expect(plan.nextDeadline == 20_100)
    #expect(plan.begin(at: 20_100).count == 1)
  }

  @Test("a request that is too large is halved, in order; a single sample that is too large is refused")
  func halvesRequests() {
    var plan = DeliveryPlan(settings { $0.samplesPerRequest = 3 })
    plan.add([sample("a", 1), sample("a", 2), sample("a", 3)], position: 1, at: 0)
    var sent: [[Int64]] = []
    for _ in 0..<5 {
      for attempt in plan.begin(at: 0) {
        let outcome: DeliveryOutcome = attempt.samples.count > 1 ? .tooLarge(reason: "") : .delivered
        if outcome == .delivered { sent.append(attempt.samples.map(\.timestamp)) }
        _ = plan.finish(0, outcome, at: 0)
      }
    }
    #expect(sent == [[1], [2], [3]])
    #expect(plan.acknowledged == 1)
    plan.add([sample("a", 4)], position: 2, at: 0)
    _ = plan.begin(at: 9000)
    #expect(plan.finish(0, .tooLarge(reason: ""), at: 9000).refused == 1)
    #expect(plan.acknowledged == 2)
  }

  @Test("of a request that is refused as a whole, only the samples at fault are lost, and the others arrive in order")
  func findsTheSamplesAtFault() {
    var plan = DeliveryPlan(settings { $0.samplesPerRequest = 8 })
    plan.add((1...8).map { sample("a", $0) }, position: 1, at: 0)
    var taken: [Int64] = []
    var refused = 0
    for _ in 0..<32 {
      for attempt in plan.begin(at: 0) {
        let times = attempt.samples.map(\.timestamp)
        // The receiver has had the first three before.
        let isGood = times.allSatisfy { $0 > 3 }
        if isGood { taken += times }
        refused += plan.finish(0, isGood ? .delivered : .refusedTogether(reason: ""), at: 0).refused
      }
    }
    #expect(taken == [4, 5, 6, 7, 8])
    #expect(refused == 3)
    #expect(plan.acknowledged == 1)
  }

  @Test("a receiver that refuses everything is asked about parts of one request only")
  func doesNotHalveForEver() {
    var plan = DeliveryPlan(settings { $0.samplesPerRequest = 4 })
    var requests: [Int] = []
    for position in 1...3 {
      plan.add((1...4).map { sample("a", $0) }, position: Int64(position), at: 0)
      var count = 0
      while let attempt = plan.begin(at: 0).first {
        count += 1
        _ = plan.finish(attempt.shard, .refusedTogether(reason: ""), at: 0)
      }
      requests.append(count)
    }
    // Four samples are one request of four, two of two and four of one; the second time the patience ends on the way.
    #expect(requests.first == 7)
    #expect(requests.last == 1)
    #expect(plan.acknowledged == 3)
  }

  @Test("memory is bounded: beyond the capacity samples wait on disk")
  func boundsMemory() {
    var plan = DeliveryPlan(settings { $0.capacity = 4 })
    plan.add([sample("a", 1), sample("a", 2), sample("a", 3)], position: 1, at: 0)
    #expect(plan.hasRoom)
    plan.add([sample("a", 4)], position: 2, at: 0)
    #expect(!plan.hasRoom)
    _ = plan.begin(at: 0)
    _ = plan.finish(0, .delivered, at: 0)
    #expect(plan.hasRoom)
  }

  @Test("shards double while the receiver answers but does not keep up, and only between samples of a series")
  func addsShards() {
    var plan = DeliveryPlan(
      settings {
        $0.capacity = 4
        $0.maximumShards = 3
      })
    var time: Int64 = 0
    func step(_ now: Int64) {
      while plan.hasRoom {
        time += 1
        plan.add([sample("a", time)], position: time, at: now)
      }
      for attempt in plan.begin(at: now) { _ = plan.finish(attempt.shard, .delivered, at: now) }
    }
    for now in stride(from: Int64(0), through: 12_000, by: 1000) {
      // The receiver needs half a second each.
      step(now)
      while plan.hasRoom {
        time += 1
        plan.add([sample("a", time)], position: time, at: now + 1)
      }
    }
    #expect(plan.desiredShards == 2)
    for now in stride(from: Int64(13_000), through: 20_000, by: 1000) {
      for attempt in plan.begin(at: now) { _ = plan.finish(attempt.shard, .delivered, at: now) }
    }
    #expect(plan.shardCount == 2)
    #expect(plan.acknowledged == time)
  }

  @Test("what a receiver says it has written of a refused request counts as delivered")
  func countsPartialWrites() {
    var plan = DeliveryPlan(settings())
    plan.add([sample("a", 1), sample("b", 2)], position: 1, at: 0)
    _ = plan.begin(at: 0)
    let settlement = plan.finish(0, .refused(reason: "", written: 1), at: 0)
    #expect(settlement.delivered == 1 && settlement.refused == 1)
  }
}
