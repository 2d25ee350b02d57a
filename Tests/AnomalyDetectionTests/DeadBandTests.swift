import Testing

@testable import AnomalyDetection

@Suite struct DeadBandTests {
  @Test func `A deviation must exceed the absolute and the relative part`() {
    let band = DeadBand(absolute: 5, relative: 0.1)
    #expect(band.isExceeded(by: 112, expected: 100))
    #expect(!band.isExceeded(by: 109, expected: 100))
    #expect(!band.isExceeded(by: 14, expected: 10))
    #expect(band.isExceeded(by: 16, expected: 10))
    #expect(DeadBand().isExceeded(by: 1e-300, expected: 0))
  }

  @Test(arguments: [
    (AnomalyDirection.up, 0.0, false, true), (.down, 0, true, false), (.both, 0, true, true), (.both, 50, false, false),
  ])
  func `Named detectors heed direction and dead band too`(
    direction: AnomalyDirection, absolute: Double, tellsLow: Bool, tellsHigh: Bool
  ) {
    let options = AnomalyOptions(direction: direction, deadBand: DeadBand(absolute: absolute))
    var watch = SignalWatch(detectors: ["z_score"], options: options)
    for index in 0..<200 { _ = watch.score(index % 2 == 0 ? 99 : 101, at: Int64(index) * 60_000) }
    // Thirty deviations below the mean of 100, and above.
    var other = watch
    #expect((watch.score(70, at: 12_000_000).verdict.score >= 1) == tellsLow)
    #expect((other.score(130, at: 12_000_000).verdict.score >= 1) == tellsHigh)
  }
}
