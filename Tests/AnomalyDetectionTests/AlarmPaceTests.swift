import Glibc
import Testing

@testable import AnomalyDetection

@Suite("Alarms so far and the line")
struct AlarmPaceTests {
  /// Ten bouts, each followed by enough silence to end it.
  private func busy() -> AlarmPace {
    var pace = AlarmPace()
    for _ in 0..<10 {
      pace.add(-9, line: -9, logBudget: -9, milliseconds: 0)
      for _ in 0..<13 { pace.add(-1, line: -9, logBudget: -9, milliseconds: 0) }
    }
    return pace
  }

  @Test func `a new signal alerts at its budget`() {
    #expect(AlarmPace().line(for: -9) == -9)
  }

  @Test func `ten bouts where none was to be expected move the line by more than the square of two`() {
    // 140 samples at exp(-0.95 * 9) let 0.027 bouts expect: 2.5 ln(20 / 10.027) = 1.726.
    #expect(abs(busy().line(for: -9) + 10.726) < 0.001)
  }

  @Test func `one bout counts once, however long it lasts`() {
    var pace = AlarmPace()
    for _ in 0..<100 { pace.add(-9, line: -9, logBudget: -9, milliseconds: 0) }
    // 2.5 ln(11 / 10.019)
    #expect(abs(pace.line(for: -9) + 9.233) < 0.001)
  }

  @Test func `silence lowers the line by two nats at most, and never to less than half`() {
    var pace = AlarmPace()
    for _ in 0..<1000 { pace.add(0, line: -3, logBudget: -3, milliseconds: 0) }
    #expect(pace.line(for: -9) == -7)
    #expect(pace.line(for: -3) == -1.5)
  }

  @Test func `what was counted fades in half a year`() {
    var pace = busy()
    for _ in 0..<180 { pace.add(0, line: -9, logBudget: -20, milliseconds: 86_400_000) }
    // A third of the ten bouts, 10 / e, is left: 2.5 ln(13.68 / 10.01).
    #expect(abs(pace.line(for: -9) + 9.78) < 0.01)
  }

  @Test func `a state is restored as it was`() throws {
    var writer = StateWriter()
    busy().save(to: &writer)
    var reader = StateReader(writer.bytes[...])
    var restored = AlarmPace()
    try restored.restore(from: &reader)
    #expect(restored == busy() && reader.remaining == 0)
  }
}
