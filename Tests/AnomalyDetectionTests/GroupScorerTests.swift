import Testing

@testable import AnomalyDetection

@Suite("Several signals of one thing")
struct GroupScorerTests {
  private static let names = (0..<12).map { "signal_\($0)" }

  /// Feeds `count` rows of independent noise around 100; `change` may alter a row.
  private static func feed(
    _ scorer: inout GroupScorer, rows: Range<Int>, seed: UInt64 = 7, change: (Int, inout [Double]) -> Void = { _, _ in }
  ) -> [GroupVerdict] {
    var random = SeededGenerator(seed: seed)
    return rows.map { row in
      var values = names.map { _ in 100 + random.normal() }
      change(row, &values)
      return scorer.score(values, at: Int64(row) * 60_000)
    }
  }

  @Test("signals that jump together are told, and named as the cause")
  func namesTheCause() throws {
    var scorer = GroupScorer(signals: Self.names, options: AnomalyOptions(step: 60_000, falseAlarmsPerDay: 0.1))
    let verdicts = Self.feed(&scorer, rows: 0..<3000) { row, values in
      guard row >= 2900 else { return }
      values[3] += 40
      values[7] -= 40
    }
    let alert = try #require(verdicts.indices.first { $0 >= 2900 && verdicts[$0].alert })
    #expect(alert <= 2902)
    let named = verdicts[alert].contributions
    #expect(Set(named.prefix(2).map(\.signal)) == ["signal_3", "signal_7"])
    #expect(named.first { $0.signal == "signal_3" }?.direction == .above)
    #expect(named.first { $0.signal == "signal_7" }?.direction == .below)
    var total = 0.0
    for contribution in named { total += contribution.share }
    #expect(abs(total - 1) < 1e-9)
    #expect(verdicts[alert].since == Int64(alert) * 60_000)
  }

  @Test("healthy signals alert about as often as the budget of the whole group allows")
  func holdsTheBudget() {
    // Four groups over ten days at two alerts a day: eighty would be on budget, 120 half as many again.
    var alerts = 0
    for seed in 0..<4 {
      var scorer = GroupScorer(signals: Self.names, options: AnomalyOptions(step: 60_000, falseAlarmsPerDay: 2))
      alerts += Self.feed(&scorer, rows: 0..<14_400, seed: UInt64(seed) + 1).count { $0.alert }
    }
    #expect(alerts < 120)
  }

  @Test("a signal that spikes alone twice a day is learnt to do so within weeks")
  func learnsSpikes() {
    // Two spikes of 15 to 25 deviations a day where one alert in five days is asked for: 40 spikes in the last twenty days, of
    // which four alerts are on budget, and twice as many are bearable.
    var scorer = GroupScorer(signals: Self.names, options: AnomalyOptions(step: 60_000, falseAlarmsPerDay: 0.2))
    var random = SeededGenerator(seed: 83)
    let verdicts = Self.feed(&scorer, rows: 0..<30 * 1440) { _, values in
      let chance = random.uniform()
      if chance < 2 / 1440.0 { values[3] += 15 + 10 * random.uniform() }
    }
    #expect(verdicts.suffix(20 * 1440).count { $0.alert } <= 8)
  }

  @Test("many signals that move a little at once are told before any of them is remarkable by itself")
  func seesManySmallMoves() throws {
    // Eight of twelve signals 2.5 deviations away: the mean square of all is 8 · 6.25 / 12 + 1 = 5.2 instead of 1.
    let options = AnomalyOptions(step: 60_000, falseAlarmsPerDay: 0.2)
    var scorer = GroupScorer(signals: Self.names, options: options)
    var alone = Self.names.map { _ in AnomalyScorer(options: options) }
    var firstAlone = Int.max
    let verdicts = Self.feed(&scorer, rows: 0..<3100) { row, values in
      if row >= 3000 { for index in 0..<8 { values[index] += index % 2 == 0 ? 2.5 : -2.5 } }
      for (index, value) in values.enumerated() {
        let verdict = alone[index].score(value, at: Int64(row) * 60_000)
        if row >= 3000, verdict.alert { firstAlone = min(firstAlone, row) }
      }
    }
    let told = try #require(verdicts.indices.first { $0 >= 3000 && verdicts[$0].alert })
    #expect(told < 3003)
    #expect(told < firstAlone)
  }

  @Test("a late row changes nothing, and missing values are no anomaly")
  func toleratesGaps() {
    var scorer = GroupScorer(signals: Self.names)
    _ = Self.feed(&scorer, rows: 0..<500)
    let before = scorer.score(Self.names.map { _ in .nan }, at: 500 * 60_000)
    #expect(before.score < 1 && !before.alert)
    let late = scorer.score(Self.names.map { _ in 1e9 }, at: 400 * 60_000)
    #expect(late.score == before.score && !late.alert)
    #expect(scorer.score([1], at: 501 * 60_000).contributions.allSatisfy { $0.signal == "signal_0" })
  }

  @Test("a group without signals has nothing to say")
  func acceptsNoSignals() {
    var scorer = GroupScorer(signals: [])
    #expect(scorer.score([], at: 1).score == 0)
  }
}
