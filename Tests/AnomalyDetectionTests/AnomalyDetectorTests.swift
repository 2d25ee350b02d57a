import Glibc
import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000

/// Sixty points on a curve and two outliers, the same as were given to scikit-learn 1.9.
private let curve: [Double] =
  (0..<60).flatMap { index -> [Double] in
    let place = Double(index)
    return [sin(1.7 * place) + 0.01 * Double(index % 7), cos(2.3 * place) * 0.5 + 0.02 * Double(index % 5)]
  } + [4, 4, -3, 2]

@Suite("Named detectors against other implementations")
struct DetectorReferenceTests {
  private static func reading(_ kind: AnomalyDetector.Kind, after values: [Double], then value: Double)
    -> AnomalyDetector.Reading
  {
    var detector = AnomalyDetector(kind, step: minute)
    for (index, value) in values.enumerated() { _ = detector.score(value, at: Int64(index) * minute) }
    return detector.score(value, at: Int64(values.count) * minute)
  }

  /// numpy: percentiles 25 and 75 of 1...30 are 8.25 and 22.75; the median distance to the median 7.5; the standard
  /// deviation 8.655441; the 0.5% and 99.5% quantiles 1.145 and 29.855.
  @Test(arguments: [
    (AnomalyDetector.Kind.interquartileRange, 8.25 - 1.5 * 14.5, 22.75 + 1.5 * 14.5),
    (.medianDeviation, 15.5 - 3.5 / 0.6745 * 7.5, 15.5 + 3.5 / 0.6745 * 7.5),
    (.zScore, 15.5 - 3 * 8.65544144839919, 15.5 + 3 * 8.65544144839919),
    (.quantile, 1.145, 29.855),
  ])
  func `The lines of the statistical detectors are numpy's`(kind: AnomalyDetector.Kind, low: Double, high: Double) {
    let values = (1...30).map(Double.init)
    let inside = Self.reading(kind, after: values, then: 15.5)
    #expect(abs(inside.expectedLow - low) < 1e-9 && abs(inside.expectedHigh - high) < 1e-9)
    #expect(inside.score == 0)
    #expect(abs(Self.reading(kind, after: values, then: high).score - 1) < 1e-9)
    #expect(abs(Self.reading(kind, after: values, then: low).score - 1) < 1e-9)
    let outside = Self.reading(kind, after: values, then: high + 1)
    #expect(outside.score > 1 && outside.direction == .above)
  }

  @Test func `A sorted window has numpy's quantiles and forgets the oldest`() {
    var window = SortedWindow(capacity: 11)
    for value in [99.0, -7, 99, 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5] { window.add(value) }
    #expect(window.sorted == [1, 1, 2, 3, 3, 4, 5, 5, 5, 6, 9])
    #expect(window.quantile(0.25) == 2.5 && window.quantile(0.9) == 6 && window.medianDeviation == 1)
  }

  @Test func `Path lengths and scores of an isolation forest are scikit-learn's`() {
    #expect(IsolationForest.averagePath(1) == 0 && IsolationForest.averagePath(2) == 1)
    #expect(abs(IsolationForest.averagePath(64) - 7.47195078) < 1e-6)
    #expect(abs(IsolationForest.averagePath(256) - 10.24477092) < 1e-6)
    let forest = IsolationForest(rows: curve, width: 2)
    // The mean of five forests of 200 trees; one of 50 trees strays by a few hundredths.
    for (row, expected) in [([4.0, 4], 0.849), ([0, 0], 0.447), ([-3, 2], 0.804), ([0.9, 0.3], 0.470)] {
      #expect(abs(forest.score(row) - expected) < 0.05)
    }
  }

  @Test func `A one-class SVM decides as scikit-learn's`() throws {
    try #require(OneClassSVM.isAvailable)
    let machine = try #require(OneClassSVM(rows: curve, width: 2, nu: 0.1))
    for (row, expected) in [
      ([4.0, 4], -0.73677848), ([0, 0], 0.22520358), ([-3, 2], -0.72966654), ([0.9, 0.3], 0.15547146),
    ] {
      #expect(abs(machine.decision(row) - expected) < 2e-3)
    }
    #expect(OneClassSVM(rows: [], width: 2) == nil)
  }

  @Test func `DBSCAN finds scikit-learn's clusters and noise`() {
    #expect(
      DensityClusters(rows: curve, width: 2, radius: 0.3, leastCount: 4).labels
        == [Int](repeating: 0, count: 60) + [-1, -1])
    #expect(
      DensityClusters(rows: curve, width: 2, radius: 0.2, leastCount: 4).labels == [
        -1, 0, 1, 1, 0, 2, 1, 3, 2, -1, 3, -1, 0, -1, 1, -1, 2, 1, 3, 2, 0, 3, -1, 0, -1, 1, -1, 2, 1, 3, 2, 0, 1, -1,
        0, -1, 1, -1, 2, 1, 3, 2, 0, 1, -1, 0, 2, 1, -1, 2, 1, 3, 2, 0, 1, 1, 0, 2, 1, 1, -1, -1,
      ])
    #expect(DensityClusters(rows: [], width: 2).distance([0, 0]) == .infinity)
  }

  @Test func `The nearest earlier shape is as far as numpy finds it`() throws {
    var window = ValueWindow(capacity: 512)
    for index in 0..<100 { window.add(sin(0.37 * Double(index)) + 0.3 * cos(1.9 * Double(index))) }
    let distance = try #require(MatrixProfileDetector.nearest(window))
    #expect(abs(distance - 0.9819007335) < 1e-6)
  }

  @Test func `A shift of one deviation is signalled when its sum passes five`() {
    // Mean 0 and deviation 1 after a hundred alternating values. Each value at 2 adds at most 2 − ½; the deviation grows
    // a little meanwhile, so the sum passes 5 with the fourth value and not with the third, 4.5 at most.
    var detector = AnomalyDetector(.levelShift, step: minute)
    for index in 0..<1000 { _ = detector.score(index % 2 == 0 ? 1 : -1, at: Int64(index) * minute) }
    let readings = (1000..<1004).map { detector.score(2, at: Int64($0) * minute) }
    #expect(readings[0].score > 0.2 && readings[2].score < 1 && readings[3].score >= 1)
    #expect(readings[3].direction == .above)
  }

  @Test func `A spread that doubles is a change of variance, an outlier of level is not for long`() {
    var detector = AnomalyDetector(.varianceShift, step: minute)
    // Differences of ±2, whose square is 4: the usual value. Then ±4: 16, a ratio of 4 > 2.45.
    for index in 0..<300 { _ = detector.score(index % 2 == 0 ? 1 : -1, at: Int64(index) * minute) }
    #expect(abs(detector.score(1, at: 300 * minute).score) < 1e-9)
    let readings = (301..<330).map { detector.score($0 % 2 == 0 ? 2 : -2, at: Int64($0) * minute) }
    #expect(readings.contains { $0.score >= 1 && $0.direction == .above })
  }
}

@Suite("All named detectors")
struct AllDetectorsTests {
  /// Two days of noise around a daily cycle, a value a minute.
  private static func healthy(_ index: Int, _ generator: inout SeededGenerator) -> Double {
    100 + 5 * sin(2 * Double.pi * Double(index) / 1440) + generator.normal()
  }

  @Test(arguments: AnomalyDetector.Kind.allCases)
  func `What each of them is for is found`(kind: AnomalyDetector.Kind) {
    var detector = AnomalyDetector(kind, step: minute)
    var generator = SeededGenerator(seed: 41)
    let start = 3 * 1440 + 100
    // Shapes are compared where there are any: a wave of 24 values.
    func healthy(_ index: Int) -> Double {
      let noise = Self.healthy(index, &generator)
      return kind == .matrixProfile ? 20 * sin(2 * Double.pi * Double(index) / 24) + 0.02 * noise : noise
    }
    for index in 0..<start { _ = detector.score(healthy(index), at: Int64(index) * minute) }
    var found = false
    for offset in 0..<(kind == .flatline ? 600 : 60) {
      let normal = healthy(start + offset)
      if kind == .staleness && offset < 59 { continue }
      let value: Double
      switch kind {
      case .flatline: value = 104
      case .varianceShift, .likelihood: value = normal + 12 * generator.normal()
      case .matrixProfile: value = normal + 3 * Double(offset * offset % 23)
      default: value = normal + 40
      }
      if detector.score(value, at: Int64(start + offset) * minute).score >= 1 { found = true }
    }
    #expect(found)
  }

  @Test(arguments: AnomalyDetector.Kind.allCases)
  func `A restored detector goes on bit for bit`(kind: AnomalyDetector.Kind) throws {
    for count in [0, 5, 200, 900, 1500] {
      var detector = AnomalyDetector(kind, step: minute)
      var generator = SeededGenerator(seed: 42)
      for index in 0..<count { _ = detector.score(Self.healthy(index, &generator), at: Int64(index) * minute) }
      let bytes = detector.saved()
      var restored = try AnomalyDetector(kind, step: minute, restoring: bytes)
      #expect(restored.saved() == bytes)
      for index in count..<count + 300 {
        let value = Self.healthy(index, &generator) + (index % 97 == 0 ? 30 : 0)
        let (one, two) = (
          detector.score(value, at: Int64(index) * minute), restored.score(value, at: Int64(index) * minute)
        )
        #expect(one.score.bitPattern == two.score.bitPattern && one.direction == two.direction)
      }
      #expect(detector.saved() == restored.saved())
    }
  }

  @Test(arguments: AnomalyDetector.Kind.allCases)
  func `Constant, late, infinite and huge values do no harm`(kind: AnomalyDetector.Kind) {
    var detector = AnomalyDetector(kind, step: minute)
    for index in 0..<2000 {
      let reading = detector.score(7, at: Int64(index) * minute)
      #expect(reading.score == 0)
    }
    let before = detector.saved()
    _ = detector.score(.nan, at: 5000 * minute)
    _ = detector.score(.infinity, at: 5000 * minute)
    _ = detector.score(1e300, at: 10 * minute)
    #expect(detector.saved() == before)
    for (offset, value) in [1e300, -1e300, 0, 1e-300, 7].enumerated() {
      let reading = detector.score(value, at: Int64(6000 + offset) * minute)
      #expect(reading.score >= 0 && reading.score <= 10)
    }
  }

  @Test func `State of another kind, damaged or cut short is refused`() {
    let bytes = AnomalyDetector(.zScore, step: minute).saved()
    #expect(throws: AnomalyStateError.self) { try AnomalyDetector(.quantile, step: minute, restoring: bytes) }
    #expect(throws: AnomalyStateError.self) { try AnomalyDetector(.zScore, step: minute, restoring: []) }
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1
      #expect(throws: AnomalyStateError.self) { try AnomalyDetector(.zScore, step: minute, restoring: damaged) }
    }
  }
}
