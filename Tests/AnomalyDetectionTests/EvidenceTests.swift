import Testing

@testable import AnomalyDetection

/// Expected rates are worked out by hand from the weights in `Evidence`: a kind alone counts 0.53, a second one 0.4 of
/// that, and what was said before 0.4, where each sample halves what is older.
@Suite("Evidence of one sample is put together, with what the samples before said")
struct EvidenceTests {
  private static let line = -12.0

  /// The rate that follows from answers of the given rarity, the first of a jump, the second of the level.
  private func rate(_ jump: Double, level: Double? = nil, after recent: inout Double) -> Double {
    var evidence = Evidence()
    evidence.weigh(jump, .jumpUp, .above)
    if let level { evidence.weigh(level, .level, .above) }
    evidence.conclude(line: Self.line, recent: &recent)
    return evidence.logRate
  }

  @Test("what stays unusual becomes the more so, by less and less")
  func persistence() {
    var recent = 0.0
    for expected in [-5.3, -6.36, -6.89, -7.155] {
      #expect(abs(rate(-10, after: &recent) - expected) < 1e-12)
    }
  }

  @Test("what was unusual a moment ago is no news about a sample that is not")
  func afterwards() {
    var recent = 0.0
    _ = rate(-10, after: &recent)
    for expected in [-1.06, -0.53, -0.265] {
      #expect(abs(rate(0, after: &recent) - expected) < 1e-12)
    }
  }

  @Test("what is far beyond the line says no more to the next sample than one and a half lines")
  func bounded() {
    var recent = 0.0
    _ = rate(-1000, after: &recent)
    // 0.4 of the half of 1.5 times the line.
    #expect(abs(rate(0, after: &recent) + 3.6) < 1e-12)
  }

  @Test("a second kind that agrees counts less than half")
  func agreement() {
    var recent = 0.0
    #expect(abs(rate(-10, level: -8, after: &recent) + 0.53 * (10 + 0.4 * 8)) < 1e-12)
  }

  @Test("records and earlier samples are no part of what a sample says among other signals")
  func alone() {
    var recent = -9.0
    var evidence = Evidence()
    evidence.weigh(-10, .jumpUp, .above)
    evidence.weigh(record: -30, .place, .above)
    evidence.conclude(line: Self.line, recent: &recent)
    #expect(abs(evidence.logRateWithoutRecords + 6.67) < 1e-12)
    #expect(abs(evidence.logRate + 0.53 * (30 + 0.4 * 10) + 3.6) < 1e-12)
  }
}
