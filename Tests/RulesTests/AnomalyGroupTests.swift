import HarecastTestKit
import Testing
import TimeSeries

@testable import Rules

/// `by` in an `anomaly` block.
struct AnomalyGroupTests {
  private static let rules = """
    groups:
    - name: g
      rules:
      - record: node_score
        expr: load
        anomaly: {by: [node], history: 12h, step: 1m}
    """

  /// A signal of one of two nodes: uneven, and a different one for each place.
  private static func healthy(_ place: Int, _ seconds: Int64) -> Double {
    let mixed = (UInt64(seconds / 60) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(place) &* 0xD1B5_4A32_D192_ED03)
    let folded = (mixed ^ (mixed >> 31)) &* 0x94D0_49BB_1331_11EB
    return 100 + Double(folded >> 54) / 100
  }

  @Test func `signals of one node that jump together give that node one score, and say who it was`() async throws {
    let fixture = RuleFixture(configuration: RuleManagerConfiguration(evaluationInterval: 60_000))
    try fixture.load(Self.rules)
    var signals: [(labels: Labels, node: String, place: Int)] = []
    for (index, node) in ["a", "b"].enumerated() {
      for signal in 0..<4 {
        let labels = Labels(name: "load", ["node": node, "signal": "s\(signal)"])
        signals.append((labels, node, index * 4 + signal))
      }
    }
    let learnt: Int64 = 12 * 3600
    for one in signals {
      let seconds = Array(stride(from: Int64(0), to: learnt, by: 60))
      _ = try await fixture.store.appendHistory(
        one.labels, timestamps: seconds.map { RuleFixture.start + $0 * 1000 },
        values: seconds.map { Self.healthy(one.place, $0) }, now: RuleFixture.start + learnt * 1000)
    }
    for second in stride(from: learnt, through: learnt + 600, by: 60) {
      for one in signals {
        let isHit = second >= learnt + 300 && one.node == "a" && one.place < 3
        try fixture.add(one.labels, Self.healthy(one.place, second) + (isHit ? 80 : 0), at: second)
      }
      await fixture.evaluate(at: second)
    }
    #expect(fixture.manager.groups()[0].rules[0].lastError == nil)
    #expect(fixture.samples("node_score").count == 2)
    #expect(try fixture.value(#"node_score{node="a"}"#) >= 1)
    #expect(try fixture.value(#"node_score{node="b"}"#) < 1)
    let shares = try ["s0", "s1", "s2"].map { try fixture.value(#"node_score_share{node="a", signal="\#($0)"}"#) }
    #expect(abs(shares.reduce(0, +) - 1) < 0.2, "\(shares)")
    let current = fixture.manager.currentAnomalies()
    #expect(current.map(\.labels.description) == [#"{node="a"}"#])
    let named = try #require(current.first).contributions
    #expect(Set(named.compactMap { $0.labels["signal"] }) == ["s0", "s1", "s2"])
    for one in named {
      #expect(one.part.direction == .above && one.part.since == RuleFixture.start + (learnt + 300) * 1000)
      #expect(one.part.value > one.part.expectedHigh && one.part.expectedLow < one.part.expectedHigh)
    }
  }

  @Test func `by takes labels, once each, and no detectors beside it`() throws {
    func errors(_ block: String) -> String {
      do {
        _ = try RuleFile.parse(
          """
          groups:
          - name: g
            rules:
            - {record: s, expr: up, anomaly: {\(block)}}
          """, path: "r.yml")
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(errors("by: [node]") == "")
    #expect(errors("by: [node], dead_band: {absolute: 1}").contains("'dead_band' has no meaning"))
    #expect(errors("by: [node, node]").contains("given twice"))
    #expect(errors("by: []").contains("at least one label"))
    #expect(errors("by: [node], detectors: [mad]").contains("'detectors' have no meaning"))
  }
}
