import Glibc
import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000

/// What makes other detectors alert every day, or go blind.
@Suite("Awkward signals")
struct AwkwardSignalTests {
  /// The days on which a signal of `days` days, five minutes a value, alerts.
  private static func alertDays(_ days: Int, seed: UInt64, value: (Int, inout SeededGenerator) -> Double?) -> [Int] {
    var scorer = AnomalyScorer(options: AnomalyOptions(step: 5 * minute))
    var generator = SeededGenerator(seed: seed)
    var result: [Int] = []
    for index in 0..<days * 288 {
      guard let value = value(index, &generator) else { continue }
      if scorer.score(value, at: Int64(index) * 5 * minute).alert { result.append(index / 288) }
    }
    return result
  }

  private static func wave(_ index: Int) -> Double { 100 + 40 * sin(2 * Double.pi * Double(index % 288) / 288) }

  @Test func `the hour that daylight saving moves is no week of alarms`() {
    // From day 21 on everything comes an hour, twelve values, earlier.
    let days = Self.alertDays(35, seed: 51) { index, generator in
      Self.wave(index >= 21 * 288 ? index + 12 : index) + 3 * generator.normal()
    }
    #expect(days.count { (21..<35).contains($0) } <= 3)
    #expect(days.count { $0 >= 28 } <= 1)
  }

  @Test(arguments: [0, 3, 15, 29]) func `an absurd value among the first ones does not blind`(place: Int) {
    // Noise of one, one value of 10¹² or so, and on the third day an hour that is ten higher.
    for absurd in [1e6, 1e12, -1e300] {
      let days = Self.alertDays(3, seed: 54) { index, generator in
        let noise = generator.normal()
        return index == place ? absurd : 100 + noise + ((600..<612).contains(index) ? 10 : 0)
      }
      #expect(days.contains(2), "\(absurd)")
    }
  }

  @Test func `a signal of few whole numbers does not alert for its steps`() {
    let days = Self.alertDays(30, seed: 52) { _, generator in (2 + 0.6 * generator.normal()).rounded() }
    #expect(days.count <= 3)
  }

  @Test func `a signal that is zero except for rare ones is not an alarm a day`() {
    let days = Self.alertDays(30, seed: 53) { _, generator in generator.uniform() < 0.01 ? 1 : 0 }
    #expect(days.count <= 5)
  }

  @Test func `a new signal does not alert while it is still unknown`() {
    for seed in 60..<80 as Range<UInt64> {
      var scorer = AnomalyScorer()
      var generator = SeededGenerator(seed: seed)
      for index in 0..<100 {
        let verdict = scorer.score(50 + 10 * generator.heavy(), at: Int64(index) * minute)
        #expect(!verdict.alert)
        #expect(!verdict.isWarmedUp || index > 90)
      }
    }
  }

  @Test func `a counter that starts again alerts once and is then followed`() {
    // A raw counter, which nobody should score, but somebody will: ten a sample, back to zero on day 10.
    let days = Self.alertDays(20, seed: 54) { index, generator in
      Double(index < 10 * 288 ? index : index - 10 * 288) * 10 + 3 * generator.normal()
    }
    #expect(days.contains(10))
    #expect(days.count { $0 > 10 } <= 2)
  }

  @Test func `a signal that goes silent for a day and returns as it was is no anomaly`() {
    let days = Self.alertDays(14, seed: 55) { index, generator in
      (10 * 288..<11 * 288).contains(index) ? nil : Self.wave(index) + 3 * generator.normal()
    }
    #expect(days.count { $0 >= 10 } <= 1)
  }

  @Test func `a jump of a hundredth of a percent is found where everything else is a millionth`() {
    var scorer = AnomalyScorer()
    var generator = SeededGenerator(seed: 56)
    for index in 0..<3000 { _ = scorer.score(1e9 * (1 + 1e-6 * generator.normal()), at: Int64(index) * minute) }
    #expect(scorer.score(1e9 * (1 + 1e-4), at: 3000 * minute).alert)
  }

  @Test func `after an alert the same signal is quiet for the night unless it gets worse`() {
    var incident = Incident(restTime: 8 * 3_600_000)
    let hour: Int64 = 3_600_000
    let alerts = [(0, 2.0), (3, 1.5), (5, 2.5), (14, 1.2)].map { at, score in
      incident.add(score, at: Int64(at) * hour, quietTime: Double(hour))
    }
    // 1.5 at three hours is not worse than 2; 2.5 is; nine hours after that, 1.2 is a new one.
    #expect(alerts == [true, false, true, true])
  }
}

@Suite("Groups: distance and state")
struct GroupPartsTests {
  @Test func `the distance is numpy's Mahalanobis distance over the root of the dimension`() {
    // Two signals that move together: x = a, y = a ± 1 in turn, a = ±2 in pairs. Means 0, covariances 4, 5 and 4.
    var distance = MahalanobisDistance(dimension: 2, span: 1e9, ridge: 0)
    for index in 0..<4000 {
      let common = index % 4 < 2 ? 2.0 : -2
      _ = distance.add([common, common + (index % 2 == 0 ? 1 : -1)])
    }
    // d² = (x, y) · inverse of [[4, 4], [4, 5]] · (x, y) = (5x² − 8xy + 4y²) / 4: of (2, −2) it is 17, of (4, 4) it is 4.
    var twin = distance
    // The covariance is mostly that of the first hundred, whose mean still moved.
    let across = distance.add([2, -2])
    let along = twin.add([4, 4])
    #expect(abs((across ?? 0) - (17.0 / 2).squareRoot()) < 0.1)
    #expect(abs((along ?? 0) - 2.0.squareRoot()) < 0.1)
  }

  @Test func `a floor under the variance keeps a signal that hardly moves from being all there is to see`() {
    // Variances 1 and 0.0001; d² of (0, 1) is 1 / 0.0001 / 2 without a floor and 1 / 0.5001 / 2 with one of a half.
    var plain = MahalanobisDistance(dimension: 2, span: 1e9, ridge: 0)
    var floored = MahalanobisDistance(dimension: 2, span: 1e9, ridge: 0, floor: 0.5)
    for index in 0..<4001 {
      let row = [index % 2 == 0 ? 1.0 : -1, index % 4 < 2 ? 0.01 : -0.01]
      _ = plain.add(row)
      _ = floored.add(row)
    }
    #expect(abs((plain.add([0, 1]) ?? 0) - 5000.0.squareRoot()) < 2)
    #expect(abs((floored.add([0, 1]) ?? 0) - (1 / 1.0002).squareRoot()) < 0.02)
  }

  @Test func `the first thousands weigh alike, so that a short start does not stay the norm`() {
    // The mean of a hundred values of 0 and nine hundred of 10 is 9; had the start kept its weight it would be near 1.
    var distance = MahalanobisDistance(dimension: 1, span: 8000, ridge: 0)
    var generator = SeededGenerator(seed: 61)
    for index in 0..<1000 { _ = distance.add([(index < 100 ? 0 : 10) + 3 * generator.normal()]) }
    let (above, below) = (distance.add([10]), distance.add([0]))
    #expect((above ?? 9) < (below ?? 0))
  }

  @Test func `levels of long are measured in the signal's own deviations`() {
    var levels = SlowLevels(count: 3, span: 1e9)
    var result = [0.0, 0, 0]
    for index in 0..<1000 {
      levels.add([index % 2 == 0 ? 6 : 4, 7, index % 2 == 0 ? 1 : .nan], into: &result)
      #expect(index >= 30 || result[0] == 0)
    }
    // Mean 5, deviation 1; a constant that changes is far away; what is missing stays missing.
    levels.add([8, 8, .nan], into: &result)
    #expect(abs(result[0] - 3) < 0.02)
    #expect(result[1] == 100)
    #expect(result[2].isNaN)
  }

  @Test func `copies, constants and holes among the signals do no harm`() {
    var distance = MahalanobisDistance(dimension: 4)
    var generator = SeededGenerator(seed: 57)
    for index in 0..<1000 {
      let value = generator.normal()
      let result = distance.add([value, value, 7, index % 3 == 0 ? .nan : generator.normal()])
      if let result { #expect(result.isFinite && result < 10) }
    }
    let apart = distance.add([9, -9, 7, 0])
    #expect((apart ?? 0) > 10)
  }

  @Test(arguments: [11, 38]) func `a signal takes less than eight kilobytes in a group too`(count: Int) {
    var group = GroupScorer(signals: (0..<count).map { "s\($0)" })
    var generator = SeededGenerator(seed: 59)
    for index in 0..<1500 {
      _ = group.score((0..<count).map { _ in generator.heavy() }, at: Int64(index) * 15 * minute)
    }
    #expect(group.saved().count < 8192 * count)
  }

  @Test func `signals of any unit and size are measured alike`() {
    // Mahalanobis distance does not know units, and so neither the bytes of a disk nor the seconds of a beat may count more.
    let units = [1.0, 1e12, 1e-9]
    let offsets = [0.0, 4e15, 1e-6]
    var generator = SeededGenerator(seed: 60)
    var plain = GroupScorer(signals: ["a", "b", "c"])
    var scaled = plain
    for index in 0..<1500 {
      let row = units.map { _ in generator.normal() + (index == 1490 ? 9 : 0) }
      let other = row.indices.map { offsets[$0] + units[$0] * row[$0] }
      let (one, two) = (plain.score(row, at: Int64(index) * minute), scaled.score(other, at: Int64(index) * minute))
      #expect(abs(one.score - two.score) < 0.02)
    }
  }

  @Test func `a restored group goes on bit for bit`() throws {
    let names = ["a", "b", "c"]
    let options = AnomalyOptions(falseAlarmsPerDay: 1)
    for count in [0, 50, 700] {
      var group = GroupScorer(signals: names, options: options)
      var generator = SeededGenerator(seed: 58)
      func row() -> [Double] { names.map { _ in generator.heavy() } }
      for index in 0..<count { _ = group.score(row(), at: Int64(index) * minute) }
      let bytes = group.saved()
      var restored = try GroupScorer(signals: names, options: options, restoring: bytes)
      #expect(restored.saved() == bytes)
      for index in count..<count + 300 {
        let values = row()
        let (one, two) = (
          group.score(values, at: Int64(index) * minute), restored.score(values, at: Int64(index) * minute)
        )
        #expect(one == two || one.score.isNaN)
      }
      #expect(throws: AnomalyStateError.self) {
        try GroupScorer(signals: ["a"], options: options, restoring: bytes)
      }
      #expect(throws: AnomalyStateError.self) {
        try GroupScorer(signals: names, options: options, restoring: Array(bytes.dropLast()))
      }
    }
  }
}
