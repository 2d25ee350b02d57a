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
}
