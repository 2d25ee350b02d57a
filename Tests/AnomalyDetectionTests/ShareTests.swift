import Glibc
import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000

@Suite("Parts of what was expected")
struct ShareTests {
  /// A watch that knows losses of a tenth.
  private func watch() -> ShareWatch {
    var watch = ShareWatch(span: 100, deviations: 1)
    for _ in 0..<50 { _ = watch.add(90, expected: 100, floor: 0, isHeld: false) }
    return watch
  }

  @Test func `a loss is compared with the usual one as a ratio`() {
    var watch = watch()
    // ln(100 / 90) is usual and does not vary: log(1 + 1). ln(100 / 10) is 21.85 of it.
    let usual = watch.add(90, expected: 100, floor: 0, isHeld: true) ?? 0
    #expect(abs(usual - log(2.0)) < 1e-9)
    let outage = watch.add(10, expected: 100, floor: 0, isHeld: true) ?? 0
    #expect(abs(outage - log(22.854)) < 1e-3)
  }

  @Test func `more than was expected is no loss, and below the floor all is alike`() {
    var watch = watch()
    let more = watch.add(500, expected: 100, floor: 0, isHeld: true)
    #expect(more == 0)
    let low = watch.add(0, expected: 1, floor: 1000, isHeld: true) ?? 1
    #expect(low < 0.01)
  }

  @Test func `a rate that collapses stands out among its bursts more than a fall of a signal that knows no zero`() {
    func score(offset: Double) -> Double {
      var scorer = AnomalyScorer()
      var generator = SeededGenerator(seed: 101)
      for index in 0..<4000 {
        _ = scorer.score(offset + 1000 * exp(0.5 * generator.normal()), at: Int64(index) * minute)
      }
      return (4000..<4010).map { scorer.score(offset + 20, at: Int64($0) * minute).score }.max() ?? 0
    }
    #expect(score(offset: 0) > score(offset: -5000) + 0.05)
  }

  @Test func `an incident alerts when it begins, not when it ends`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 102)
    for index in 0..<4000 { _ = scorer.score(100 + generator.normal(), at: Int64(index) * minute) }
    let during = (4000..<4100).map { scorer.score(80 + generator.normal(), at: Int64($0) * minute) }
    let after = (4100..<4400).map { scorer.score(100 + generator.normal(), at: Int64($0) * minute) }
    #expect(during.prefix(2).contains { $0.alert })
    #expect(after.allSatisfy { !$0.alert })
  }
}
