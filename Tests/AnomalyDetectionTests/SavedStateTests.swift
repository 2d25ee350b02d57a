import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000

private func trained(_ count: Int, seed: UInt64 = 31) -> (scorer: AnomalyScorer, generator: SeededGenerator) {
  var scorer = AnomalyScorer()
  var generator = SeededGenerator(seed: seed)
  for index in 0..<count { _ = scorer.score(generator.heavy(), at: Int64(index) * minute) }
  return (scorer, generator)
}

private func sameBits(_ one: AnomalyVerdict, _ two: AnomalyVerdict) -> Bool {
  one.score.bitPattern == two.score.bitPattern && one.expectedLow.bitPattern == two.expectedLow.bitPattern
    && one.expectedHigh.bitPattern == two.expectedHigh.bitPattern && one.alert == two.alert && one.since == two.since
    && one.isWarmedUp == two.isWarmedUp && one.direction == two.direction && one.reason == two.reason
}

@Suite struct SavedStateTests {
  @Test(arguments: [0, 1, 10, 31, 90, 131, 1500, 6000]) func `A restored scorer goes on bit for bit`(count: Int) throws
  {
    var (scorer, generator) = trained(count)
    let bytes = scorer.saved()
    var restored = try AnomalyScorer(options: scorer.options, restoring: bytes)
    #expect(restored.saved() == bytes)
    for index in count..<count + 500 {
      let value = generator.heavy()
      let one = scorer.score(value, at: Int64(index) * minute)
      let two = restored.score(value, at: Int64(index) * minute)
      #expect(sameBits(one, two))
    }
    #expect(restored.saved() == scorer.saved())
  }

  @Test func `A long history takes less than eight kilobytes`() {
    var (scorer, generator) = trained(0)
    for index in 0..<4000 { _ = scorer.score(generator.heavy(), at: Int64(index) * 15 * minute) }
    #expect(scorer.saved().count < 8192)
  }

  @Test func `Another budget and direction may be chosen when restoring`() throws {
    let bytes = trained(500).scorer.saved()
    let options = AnomalyOptions(falseAlarmsPerDay: 1, direction: .up, deadBand: DeadBand(absolute: 3))
    var restored = try AnomalyScorer(options: options, restoring: bytes)
    #expect(restored.options == options)
    #expect(restored.score(100, at: 500 * minute).alert)
  }

  @Test func `Another step or time zone is refused`() {
    let bytes = trained(500).scorer.saved()
    #expect(throws: AnomalyStateError.differentClock(field: "step", saved: 60_000, configured: 15_000)) {
      try AnomalyScorer(options: AnomalyOptions(step: 15_000), restoring: bytes)
    }
    #expect(throws: AnomalyStateError.differentClock(field: "time zone", saved: 0, configured: 3_600_000)) {
      try AnomalyScorer(options: AnomalyOptions(timeZoneOffset: 3_600_000), restoring: bytes)
    }
  }

  @Test func `Bytes of something else, cut short or damaged are refused`() {
    let bytes = trained(300).scorer.saved()
    let options = AnomalyOptions()
    #expect(throws: AnomalyStateError.notAScorerState) {
      try AnomalyScorer(options: options, restoring: [UInt8](repeating: 7, count: 100))
    }
    var newer = bytes
    newer[4] = 9
    #expect(throws: AnomalyStateError.unknownVersion(9)) { try AnomalyScorer(options: options, restoring: newer) }
    for length in stride(from: 0, to: bytes.count, by: 37) {
      #expect(throws: AnomalyStateError.self) {
        try AnomalyScorer(options: options, restoring: Array(bytes[..<length]))
      }
    }
    var damaged = bytes
    damaged[bytes.count / 2] ^= 1
    #expect(throws: AnomalyStateError.damaged) { try AnomalyScorer(options: options, restoring: damaged) }
  }

  @Test func `Crafted bytes with a fitting checksum never crash the scorer`() {
    let bytes = trained(1500).scorer.saved()
    var generator = SeededGenerator(seed: 33)
    var accepted = 0
    for _ in 0..<1500 {
      var crafted = Array(bytes.dropLast(8))
      for _ in 0..<(1 + generator.next() % 4) {
        let place = 24 + Int(generator.next() % UInt64(crafted.count - 24))
        crafted[place] = UInt8(truncatingIfNeeded: generator.next())
      }
      var writer = StateWriter()
      writer.write(StateWriter.checksum(crafted[...]))
      guard var scorer = try? AnomalyScorer(options: AnomalyOptions(), restoring: crafted + writer.bytes) else {
        continue
      }
      accepted += 1
      for index in 0..<8 {
        let verdict = scorer.score(generator.heavy() * 100, at: .max - 1_000_000_000 + Int64(index) * 1_000_000)
        #expect(!(verdict.score < 0) && !(verdict.score > 10))
      }
      _ = scorer.saved()
    }
    #expect(accepted > 100)
  }

  @Test func `Errors read as one line`() {
    #expect(
      AnomalyStateError.implausible(field: "rate", offset: 120).description
        == "saved anomaly state: byte 120: implausible rate")
    #expect(
      AnomalyStateError.differentClock(field: "step", saved: 60_000, configured: 15_000).description
        == "saved anomaly state: step is 60000 ms, configured are 15000 ms")
  }
}
