import Testing

@testable import TimeSeries

@Suite("Compacted chunks")
struct CompactedChunkTests {
  private func chunk(_ values: [Double], _ timestamp: (Int) -> Int64 = { Int64($0) * 15_000 }) throws -> Chunk {
    var encoder = ChunkEncoder()
    for (index, value) in values.enumerated() { encoder.append(timestamp(index), value) }
    return try #require(encoder.chunk())
  }

  private func bits(_ chunk: Chunk) -> ([Int64], [UInt64]) {
    var timestamps: [Int64] = []
    var values: [Double] = []
    chunk.decode(from: .min, through: .max, into: &timestamps, &values)
    return (timestamps, values.map(\.bitPattern))
  }

  static let shapes: [(String, @Sendable (Int) -> Double)] = [
    ("a constant", { _ in 42 }), ("a counter", { Double($0 * 31 + ($0 % 7)) + 1e9 }),
    ("hundredths", { Double(($0 * 7919) % 1000) / 100 }), ("negative tenths", { -Double($0) / 10 }),
    ("zeros and large integers", { $0 % 2 == 0 ? 0 : 9e15 }), ("irrational", { Double($0).squareRoot() }),
    ("not finite", { $0 == 3 ? .nan : $0 == 4 ? .infinity : 1 }), ("minus zero", { $0 == 5 ? -0.0 : 1 }),
    ("huge", { Double($0) * 1e300 }), ("tiny", { Double($0) * 1e-300 }),
    ("falling and rising", { Double(($0 % 5) - 2) * 1e6 }),
  ]

  @Test("every value keeps its bits and every sample its time", arguments: shapes.indices)
  func isExact(_ index: Int) throws {
    let (name, shape) = Self.shapes[index]
    for count in [1, 2, 3, 240] {
      let jittered = try chunk((0..<count).map(shape)) { Int64($0) * 15_000 + Int64(($0 * 31) % 17) }
      let compacted = jittered.compacted()
      #expect(bits(compacted) == bits(jittered), "\(name)")
      #expect(compacted.byteCount <= jittered.byteCount)
      let restored = compacted.bytes.withUnsafeBytes {
        Chunk(start: compacted.start, end: compacted.end, count: compacted.count, bytes: $0)
      }
      #expect(try bits(#require(restored)) == bits(jittered), "\(name)")
    }
  }

  @Test("a counter with small steps takes less than two bytes a sample, a constant almost none")
  func isSmall() throws {
    let counter = try chunk((0..<240).map { index -> Double in 5e6 + Double(index * 30 + (index * 7919) % 11) })
      .compacted()
    #expect(counter.bytes.count < 240 * 2)
    #expect(try chunk([Double](repeating: 0.25, count: 240)).compacted().bytes.count < 80)
  }

  @Test("a range cuts a compacted chunk exactly")
  func cutsExactly() throws {
    let compacted = try chunk((0..<100).map { Double($0) * 0.5 }).compacted()
    var timestamps: [Int64] = []
    var values: [Double] = []
    compacted.decode(from: 150_000, through: 299_999, into: &timestamps, &values)
    #expect(timestamps.first == 150_000 && timestamps.last == 285_000)
    #expect(values == (10..<20).map { Double($0) * 0.5 })
  }

  @Test("bytes that cannot be a chunk are refused, damaged ones decode to something")
  func survivesDamage() throws {
    let good = try chunk((0..<240).map { Double($0) }).compacted()
    for bytes in [[], [200], [15, 1, 2]] as [[UInt8]] {
      #expect(bytes.withUnsafeBytes { Chunk(start: 0, end: 1, count: 2, bytes: $0) } == nil)
    }
    #expect(good.bytes.withUnsafeBytes { Chunk(start: 5, end: 1, count: 2, bytes: $0) } == nil)
    #expect(good.bytes.withUnsafeBytes { Chunk(start: 0, end: 1, count: 0, bytes: $0) } == nil)
    for index in good.bytes.indices {
      var bytes = good.bytes
      bytes[index] ^= 0xff
      guard let damaged = bytes.withUnsafeBytes({ Chunk(start: 0, end: 9, count: 240, bytes: $0) }) else { continue }
      #expect(self.bits(damaged).0.count <= 240)
    }
  }
}
