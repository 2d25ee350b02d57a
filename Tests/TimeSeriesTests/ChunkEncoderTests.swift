import Testing

@testable import TimeSeries

/// What a growing chunk does when values come that it has no form for yet.
@Suite("A chunk that grows")
struct ChunkEncoderTests {
  private func encoder(_ values: [Double], after previous: ChunkEncoder? = nil) -> ChunkEncoder {
    var encoder = previous.map { ChunkEncoder(after: $0) } ?? ChunkEncoder()
    for (index, value) in values.enumerated() { encoder.append(Int64(index) * 15_000, value) }
    return encoder
  }

  private func bits(_ encoder: ChunkEncoder) throws -> [UInt64] {
    var timestamps: [Int64] = []
    var values: [Double] = []
    let chunk = try #require(encoder.chunk())
    chunk.decode(from: .min, through: .max, into: &timestamps, &values)
    #expect(timestamps == (0..<encoder.count).map { Int64($0) * 15_000 })
    return values.map(\.bitPattern)
  }

  @Test("keeps every bit when decimals become more, and when a value is no decimal at all")
  func widens() throws {
    let values: [Double] = [
      1, 2, 2.5, 2.25, 0.125, 1e-6, 7, -0.5, 9_007_199_254_740_991, 0.1, .nan, StaleMarker.value, -0.0, .infinity, 3,
    ]
    for count in 1...values.count {
      let part = Array(values[..<count])
      #expect(try bits(encoder(part)) == part.map(\.bitPattern))
      #expect(try bits(encoder(part, after: encoder(values))) == part.map(\.bitPattern))
      #expect(try bits(encoder(part, after: encoder([0.25]))) == part.map(\.bitPattern))
    }
  }

  @Test("keeps every bit of decimals near the end of what doubles tell apart")
  func isExactNearTheLimit() throws {
    var generator = SplitMix64(seed: 53)
    for _ in 0..<2000 {
      let digits = Int(generator.next() % 7)
      let power = [1.0, 10, 100, 1_000, 10_000, 100_000, 1_000_000][digits]
      var values: [Double] = []
      for _ in 0..<4 {
        let integer = Int64(generator.next() >> (generator.next() % 12 + 9))
        values.append(Double(generator.next() % 2 == 0 ? integer : -integer) / power)
      }
      let grown = encoder(values)
      #expect(try bits(grown) == values.map(\.bitPattern))
      let compacted = try #require(grown.chunk()).compacted()
      var timestamps: [Int64] = []
      var read: [Double] = []
      compacted.decode(from: .min, through: .max, into: &timestamps, &read)
      #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
    }
  }

  @Test("a counter that grows by about the same takes less than two bytes a sample while it grows")
  func isSmallWhileItGrows() {
    let counter = encoder(
      (0..<240).map { (index: Int) -> Double in
        let noise = (index * 7919) % 11
        return 5e6 + Double(index * 30 + noise)
      })
    #expect(counter.byteCount < 2 * 240)
  }

  @Test("once compacted, samples at a fixed distance take no bits for their times")
  func regularTimesAreFree() throws {
    let values = [Double](repeating: 4096, count: 240)
    // The first value and the distance in 25 bits each, a bit for the kind of differences, then one for each sample.
    #expect(try #require(encoder(values).chunk()).compacted().bytes.count <= 1 + (25 + 1 + 25 + 239 + 7) / 8)
    var jittered = ChunkEncoder()
    for (index, value) in values.enumerated() { jittered.append(Int64(index * 15_000 + (index == 100 ? 1 : 0)), value) }
    let chunk = try #require(jittered.chunk()).compacted()
    var timestamps: [Int64] = []
    var read: [Double] = []
    chunk.decode(from: .min, through: .max, into: &timestamps, &read)
    #expect(timestamps[99...101] == [1_485_000, 1_500_001, 1_515_000])
  }

  @Test("a gauge that jumps between far numbers is kept as XOR if that is smaller")
  func choosesTheSmallerForm() throws {
    let jumping = encoder((0..<240).map { (index: Int) -> Double in index % 2 == 0 ? 0 : 1_099_511_627_776 })
    let compacted = try #require(jumping.chunk()).compacted()
    #expect(compacted.encoding == .xor)
    #expect(compacted.byteCount < jumping.byteCount)
  }
}
