import Testing

@testable import TimeSeries

@Suite("Chunk codec")
struct ChunkTests {
  private func roundTrip(_ samples: [Sample]) -> [Sample] {
    var encoder = ChunkEncoder()
    for sample in samples { encoder.append(sample.timestamp, sample.value) }
    var timestamps: [Int64] = []
    var values: [Double] = []
    encoder.chunk()?.decode(from: .min, through: .max, into: &timestamps, &values)
    return zip(timestamps, values).map { Sample($0, $1) }
  }

  @Test func everyBitOfSpecialValuesSurvives() {
    let values: [Double] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .nan, StaleMarker.value, StaleMarker.normalNaN, .greatestFiniteMagnitude,
      .leastNonzeroMagnitude, 0.1, 12345.678, 1e300,
    ]
    let samples = values.enumerated().map { Sample(Int64($0) * 15_000, $1) }
    #expect(roundTrip(samples) == samples)
  }

  @Test func timestampsOfAnySpacingSurvive() {
    let times: [Int64] = [
      Int64.min / 4, -1, 0, 1, 2, 15_000, 30_000, 45_001, 45_002, 1_000_000, 2_000_000_000_000, Int64.max / 4,
    ]
    let samples = times.map { Sample($0, 7) }
    #expect(roundTrip(samples) == samples)
  }

  @Test func randomSeriesSurvive() {
    var generator = SplitMix64(seed: 20_26)
    for _ in 0..<300 {
      var time = Int64(generator.next() % 2_000_000_000_000)
      var value = 0.0
      let samples = (0..<Int(generator.next() % 400 + 1)).map { _ -> Sample in
        time += 1 + Int64(generator.next() >> (generator.next() % 50 + 13))
        switch generator.next() % 4 {
        case 0: value = Double(bitPattern: generator.next())
        case 1: value += 1
        case 2: value = Double(generator.next() % 1000) / 10
        default: break
        }
        return Sample(time, value)
      }
      #expect(roundTrip(samples) == samples)
    }
  }

  @Test func aRangeReturnsOnlyItsSamplesBothEndsIncluded() {
    var encoder = ChunkEncoder()
    for index in 0..<10 { encoder.append(Int64(index) * 10, Double(index)) }
    var timestamps: [Int64] = []
    var values: [Double] = []
    encoder.chunk()?.decode(from: 20, through: 40, into: &timestamps, &values)
    #expect(timestamps == [20, 30, 40])
    #expect(values == [2, 3, 4])
  }

  @Test func aConstantSeriesAtAFixedStepTakesTwoBitsASample() {
    var encoder = ChunkEncoder()
    for index in 0..<240 { encoder.append(Int64(index) * 15_000, 400_000_000) }
    // 65 bits for the first value, 25 for the first distance and 1 for the value with it, 2 a sample after that.
    let bits = 65 + 26 + 2 * 238
    let bytes = encoder.chunk()?.bytes.count ?? .max
    #expect(bytes <= bits / 8 + 2)
  }
}
