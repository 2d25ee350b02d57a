import Testing

@testable import Broker

@Suite("ScrapeGovernor")
struct ScrapeGovernorTests {
  private typealias Cost = ScrapeGovernor.Cost
  private let coarse = ScrapeGovernor.coarseFamilies
  /// 15 s apart: a scrape may take 3 s.
  private let interval: Int64 = 15_000

  private func governor(_ families: [String], interval: Int64 = 15_000) -> ScrapeGovernor {
    ScrapeGovernor(families: families, interval: interval)
  }

  /// Lets the governor see `count` scrapes of the same cost; returns the changes.
  private func observe(_ governor: inout ScrapeGovernor, _ cost: Cost, times count: Int) -> [ScrapeGovernor.Change] {
    (0..<count).compactMap { _ in governor.observe(cost) }
  }

  @Test("builds a ladder of what the configuration leaves to give up")
  func ladder() {
    let all = governor(["queue_coarse_metrics", "queue_metrics", "channel_metrics", "queue_delivery_metrics"])
    #expect(
      all.ladder == [
        .init(families: nil, every: 1),
        .init(families: ["queue_coarse_metrics", "queue_delivery_metrics"], every: 1),
        .init(families: ["queue_coarse_metrics"], every: 1),
        .init(families: ["queue_coarse_metrics"], every: 2),
        .init(families: ["queue_coarse_metrics"], every: 4),
        .init(families: ["queue_coarse_metrics"], every: 8),
        .init(families: ["queue_coarse_metrics"], every: 16),
      ])
    #expect(governor(coarse).ladder.map(\.every) == [1, 2, 4, 8, 16])
    #expect(governor(coarse).ladder.allSatisfy { $0.families == nil })
    // Nothing cheap is configured: there is nothing to narrow to.
    #expect(governor(["ra_metrics", "queue_metrics"]).ladder.allSatisfy { $0.families == nil })
  }

  @Test(
    "never leaves a gap in which series would go stale",
    arguments: [(15_000, 16), (30_000, 8), (60_000, 4), (120_000, 2), (130_000, 1), (Int64.max, 1)] as [(Int64, Int)])
  func gaps(interval: Int64, most: Int) {
    #expect(governor([], interval: interval).ladder.map(\.every).max() == most)
  }

  @Test("does nothing as long as scrapes are cheap")
  func calm() {
    var governor = governor(["queue_metrics", "queue_coarse_metrics"])
    #expect(observe(&governor, Cost(duration: 2999, bodyBytes: 16 << 20, samples: 100_000), times: 100).isEmpty)
    #expect(governor.decide() == .scrape(families: nil))
  }

  @Test("climbs when scrapes are slow twice in a row, not once")
  func slow() {
    var governor = governor(["queue_metrics", "queue_coarse_metrics"])
    #expect(governor.observe(Cost(duration: 3001)) == nil)
    #expect(governor.observe(Cost(duration: 2000)) == nil)
    #expect(governor.observe(Cost(duration: 3001)) == nil)
    let change = governor.observe(Cost(duration: 4500))
    #expect(change == .init(from: 0, to: 1, reason: "scrapes take 30 % of their interval, over 20 %"))
    #expect(governor.decide() == .scrape(families: ["queue_coarse_metrics"]))
    #expect(governor.isNarrowed)
  }

  @Test(
    "climbs at once for what is certain",
    arguments: [
      (Cost(duration: 1, bodyBytes: 16_777_217), "a body of 16777217 bytes is over the budget of 16777216"),
      (Cost(duration: 1, samples: 100_001), "100001 samples are over the budget of 100000"),
      (Cost(duration: 10_000, excess: .time, failed: true), "the scrape timed out"),
      (Cost(duration: 900, excess: .size, failed: true), "the body is over the limit of the scrape"),
    ])
  func certain(cost: ScrapeGovernor.Cost, reason: String) {
    var governor = governor(["queue_metrics", "queue_coarse_metrics"])
    #expect(governor.observe(cost) == .init(from: 0, to: 1, reason: reason))
  }

  @Test("counts a failed scrape by what it cost, but never as cheap")
  func failed() {
    var governor = governor(["queue_metrics", "queue_coarse_metrics"])
    #expect(governor.observe(Cost(duration: 1, bodyBytes: 64 << 20, failed: true))?.to == 1)
    #expect(observe(&governor, Cost(duration: 1, failed: true), times: 100).isEmpty)
    #expect(observe(&governor, Cost(duration: 1), times: 10).map(\.to) == [0])
  }

  @Test("leaves out scrapes until the cost, spread over them, fits")
  func backsOff() {
    var governor = governor(coarse)
    // 10 s of 15 s: a half is 5 s per 15 s, a quarter 2.5 s.
    #expect(observe(&governor, Cost(duration: 10_000), times: 50).map(\.to) == [1, 2])
    let decisions = (0..<8).map { _ in governor.decide() }
    #expect(decisions.map { $0 == .skip } == [false, true, true, true, false, true, true, true])
    #expect(!governor.isNarrowed)
  }

  @Test("stops at the top")
  func top() {
    var governor = governor(coarse)
    let changes = observe(&governor, Cost(duration: 10_000, excess: .time), times: 20)
    #expect(changes.map(\.to) == [1, 2, 3, 4])
    #expect(governor.level == 4)
  }

  @Test("comes down one step after ten cheap scrapes, when the step below has room")
  func recovers() {
    var governor = governor(coarse)
    _ = observe(&governor, Cost(duration: 10_000), times: 4)
    #expect(governor.level == 2)
    // Twice as often would cost 2.5 s of 15 s: over 80 % of the allowed 3 s.
    #expect(observe(&governor, Cost(duration: 5000), times: 100).isEmpty)
    #expect(observe(&governor, Cost(duration: 4000), times: 9).isEmpty)
    #expect(governor.observe(Cost(duration: 4000)) == .init(from: 2, to: 1, reason: nil))
    // Every time would cost 4 s: no room.
    #expect(observe(&governor, Cost(duration: 4000), times: 100).isEmpty)
    #expect(observe(&governor, Cost(duration: 1000), times: 10).map(\.to) == [0])
  }

  @Test("doubles its patience when a descent has to be taken back, and forgets that once one holds")
  func hysteresis() {
    var governor = governor(["queue_metrics", "queue_coarse_metrics"])
    let narrow = Cost(duration: 500)
    let wide = Cost(duration: 6000)
    func scrapesUntilDescent() -> Int {
      for count in 1...1000 where governor.observe(narrow)?.reason == nil && governor.level == 0 { return count }
      return 0
    }
    _ = observe(&governor, wide, times: 2)
    #expect(scrapesUntilDescent() == 10)
    _ = observe(&governor, wide, times: 2)
    #expect(scrapesUntilDescent() == 20)
    _ = observe(&governor, wide, times: 2)
    #expect(scrapesUntilDescent() == 40)
    _ = observe(&governor, narrow, times: 10)
    _ = observe(&governor, wide, times: 2)
    #expect(scrapesUntilDescent() == 10)
  }

  @Test("bears nonsense", arguments: [Double.nan, .infinity, -.infinity, -1, .greatestFiniteMagnitude])
  func nonsense(duration: Double) {
    var governor = governor(coarse, interval: 0)
    for _ in 0..<50 {
      _ = governor.observe(Cost(duration: duration, bodyBytes: -1, samples: .max))
      _ = governor.decide()
    }
    #expect(governor.ladder.indices.contains(governor.level))
  }
}
