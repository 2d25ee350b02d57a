import Testing

@testable import AnomalyDetection

/// A node of six signals a minute, four of which a job moves for ten minutes from two at night on.
@Suite("A job that moves a whole node every night")
struct GroupDailyJobTests {
  /// The days on which the node alerts within half an hour of the job's start.
  private static func alertDays(_ days: Int, size: (Int) -> Double, start: (Int) -> Int = { _ in 120 }) -> [Int] {
    var node = GroupScorer(signals: (0..<6).map { "s\($0)" }, options: AnomalyOptions(step: 60_000))
    var random = SeededGenerator(seed: 71)
    var alerts: [Int] = []
    for index in 0..<days * 1440 {
      let (day, minute) = (index / 1440, index % 1440 - start(index / 1440))
      let job = (0..<10).contains(minute) ? size(day) : 0
      let values = (0..<6).map { 100 + random.normal() + ($0 < 4 ? job : 0) }
      let verdict = node.score(values, at: Int64(index) * 60_000)
      if verdict.alert && (0..<30).contains(minute) { alerts.append(day) }
    }
    return alerts
  }

  @Test func `alerts on two nights and is expected from the third on`() {
    #expect(Self.alertDays(8, size: { day in day == 0 ? 0 : 12 }) == [1, 2])
  }

  @Test func `is expected a few minutes early or late as well, over the edge of a quarter of an hour too`() {
    let start = { (day: Int) in 128 + 3 * (day % 3) }
    #expect(Self.alertDays(9, size: { day in day == 0 ? 0 : 12 }, start: start) == [1, 2])
  }

  @Test func `alerts again when it moves far more than on other nights`() {
    #expect(Self.alertDays(7, size: { day in day == 0 ? 0 : day == 6 ? 200 : 6 }) == [1, 2, 6])
  }

  @Test func `alerts at another time of day`() {
    #expect(Self.alertDays(6, size: { day in day == 0 ? 0 : 12 }, start: { $0 == 5 ? 900 : 120 }) == [1, 2, 5])
  }
}
