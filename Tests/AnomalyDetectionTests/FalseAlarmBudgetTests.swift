import Glibc
import Testing

@testable import AnomalyDetection

/// Healthy signals of several kinds, five minutes a sample.
enum HealthySignal: String, CaseIterable, Sendable {
  case normal, heavyTailed, autoregressive, seasonal

  func values(days: Int, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    var state = 0.0
    return (0..<days * 288).map { index in
      switch self {
      case .normal: return generator.normal()
      case .heavyTailed: return generator.heavy()
      case .autoregressive:
        state = 0.9 * state + generator.normal()
        return state
      case .seasonal:
        return 100 + 30 * sin(2 * Double.pi * Double(index % 288) / 288) + 3 * generator.normal()
      }
    }
  }
}

@Suite struct FalseAlarmBudgetTests {
  @Test(arguments: HealthySignal.allCases) func `Alarms on a healthy signal keep near the budget`(signal: HealthySignal)
  {
    let budget = 0.8
    let days = 60
    let warmUpDays = 2
    var alarms = 0
    let seeds: [UInt64] = [1, 2, 3, 4]
    for seed in seeds {
      var scorer = AnomalyScorer(options: AnomalyOptions(step: 300_000, falseAlarmsPerDay: budget))
      for (index, value) in signal.values(days: days, seed: seed).enumerated() {
        let verdict = scorer.score(value, at: Int64(index) * 300_000)
        if verdict.alert && index >= warmUpDays * 288 { alarms += 1 }
      }
    }
    let expected = budget * Double((days - warmUpDays) * seeds.count)
    let ratio = Double(alarms) / expected
    // Kinds of evidence that agree weigh more than one alone. In independent noise they agree by chance only, so that
    // such signals stay well below the budget.
    #expect(ratio > 0.02 && ratio < 2, "\(alarms) alarms where the budget allows \(expected)")
  }

  @Test func `A smaller budget gives fewer alarms`() {
    var alarms: [Int] = []
    for budget in [0.02, 0.2, 2] {
      var count = 0
      for seed in 5...6 {
        var scorer = AnomalyScorer(options: AnomalyOptions(step: 300_000, falseAlarmsPerDay: budget))
        for (index, value) in HealthySignal.heavyTailed.values(days: 40, seed: UInt64(seed)).enumerated() {
          if scorer.score(value, at: Int64(index) * 300_000).alert && index > 576 { count += 1 }
        }
      }
      alarms.append(count)
    }
    #expect(alarms[0] < alarms[1] && alarms[1] < alarms[2])
    // 76 days at 0.02 allow 1.5. Heavy tails without memory are the worst case: a value far out is at once a jump, far from
    // the mean and a record.
    #expect(alarms[0] <= 8)
  }
}
