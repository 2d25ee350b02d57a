import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000

/// What a detector must outlast: absurd values, and healthy noise for days.
@Suite("Named detectors over long")
struct DetectorEnduranceTests {
  private static func healthy(_ generator: inout SeededGenerator) -> Double { 100 + generator.normal() }

  /// A stretch of noise and then one absurd value; what stands still or repeats a shape is another detector's.
  @Test(
    arguments: AnomalyDetector.Kind.allCases.filter { ![.flatline, .staleness, .matrixProfile].contains($0) },
    [1e308, -1e308, 1e160])
  func `One absurd value neither blinds for good nor alarms for ever`(kind: AnomalyDetector.Kind, value: Double) throws
  {
    var detector = AnomalyDetector(kind, step: minute)
    var generator = SeededGenerator(seed: 71)
    var time: Int64 = 0
    func score(_ value: Double) -> Double {
      time += minute
      return detector.score(value, at: time).score
    }
    for _ in 0..<400 { _ = score(Self.healthy(&generator)) }
    _ = score(value)
    for _ in 0..<3000 { _ = score(Self.healthy(&generator)) }
    var beyond = 0
    for _ in 0..<3000 where score(Self.healthy(&generator)) >= 1 { beyond += 1 }
    // One in ten is what the guide's own lines let through; none is a tenth.
    #expect(beyond < 300)
    let bytes = detector.saved()
    #expect(try AnomalyDetector(kind, step: minute, restoring: bytes).saved() == bytes)
    let later = (0..<5).map { _ in score(160) }
    #expect(later.contains { $0 >= 1 })
  }

  @Test(arguments: AnomalyDetector.Kind.allCases) func `The state can be saved right after an absurd value`(
    kind: AnomalyDetector.Kind
  ) throws {
    for count in [0, 1, 40, 300, 800] {
      var detector = AnomalyDetector(kind, step: minute)
      var generator = SeededGenerator(seed: 72)
      for index in 0..<count { _ = detector.score(Self.healthy(&generator), at: Int64(index) * minute) }
      for (offset, value) in [1e308, -1e308, .leastNonzeroMagnitude, 0].enumerated() {
        _ = detector.score(value, at: Int64(count + offset) * minute)
        let bytes = detector.saved()
        #expect(try AnomalyDetector(kind, step: minute, restoring: bytes).saved() == bytes)
      }
    }
  }

  @Test func `DBSCAN is calm about noise`() {
    // Four values of noise have no neighbours within half a deviation; within its own radius 99 of 100 have.
    var detector = AnomalyDetector(.dbscan, step: minute)
    var generator = SeededGenerator(seed: 73)
    var beyond = 0
    for index in 0..<4000 {
      let score = detector.score(Self.healthy(&generator), at: Int64(index) * minute).score
      if index >= 1000, score >= 1 { beyond += 1 }
    }
    // One row in a hundred, each value being in four rows; three in a hundred is the bound.
    #expect(beyond > 0 && beyond < 90)
  }

  @Test func `The radius leaves out the share that is noise`() {
    // Of 0...8 the inner seven have two neighbours at 1, the ends at 2; 100 has its second nearest at 93.
    let rows = (0...8).map(Double.init) + [100]
    #expect(DensityClusters.radius(rows: rows, width: 1, leastCount: 3, noise: 0.3) == 1)
    #expect(DensityClusters.radius(rows: rows, width: 1, leastCount: 3, noise: 0.1) == 2)
    #expect(DensityClusters.radius(rows: rows, width: 1, leastCount: 3, noise: 0) == 93)
    // In two columns: (0, 0), (3, 4), (6, 8): five apart.
    #expect(DensityClusters.radius(rows: [0, 0, 3, 4, 6, 8], width: 2, leastCount: 2, noise: 0) == 5)
    #expect(DensityClusters.radius(rows: [1, 2], width: 1, leastCount: 3, noise: 0) == 0)
  }

  @Test func `An average takes in what is far as if it lay at its reach`() {
    // −1 and 1 in turn: mean 0, variance 1. Bounded at two deviations, 1000 counts as 2.
    var bounded = ExponentialAverage(span: 1e9)
    for index in 0..<1000 { bounded.add(index % 2 == 0 ? 1 : -1) }
    var plain = bounded
    bounded.add(1000, within: 2)
    plain.add(2)
    #expect(abs(bounded.mean - plain.mean) < 1e-12 && abs(bounded.variance - plain.variance) < 1e-12)
  }
}
