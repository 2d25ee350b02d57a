import Testing
import TimeSeries

@testable import SeriesStore

@Suite("Five-minute summaries as bytes")
struct RollupTests {
  static let shapes: [(name: String, value: @Sendable (Int) -> Double)] = [
    ("a constant", { _ in 42 }), ("a counter", { Double($0 * 31 + $0 % 7) + 1e9 }),
    ("hundredths", { Double(($0 * 7919) % 1000) / 100 }), ("negative tenths", { -Double($0) / 10 }),
    ("far jumps", { $0 % 2 == 0 ? 0 : 9e15 }), ("irrational", { Double($0).squareRoot() }),
    ("infinite", { $0 == 30 ? .infinity : $0 == 31 ? -.infinity : 1 }), ("minus zero", { _ in -0.0 }),
    ("huge", { Double($0) * 1e305 }), ("tiny", { Double($0) * 1e-300 }),
  ]

  private func rollup(_ value: (Int) -> Double, count: Int = 480) -> Rollup {
    // 15 s apart, with an hour missing after the 200th.
    let timestamps = (0..<count).map { (index: Int) -> Int64 in
      let gap: Int64 = index >= 200 ? 3_600_000 : 0
      return 1_800_000_000_123 + Int64(index) * 15_000 + gap
    }
    return Rollup(timestamps: timestamps, values: (0..<count).map(value))
  }

  private func read(_ rollup: Rollup, _ bytes: [UInt8]) -> Rollup? {
    guard let first = rollup.buckets.first, let last = rollup.buckets.last else { return nil }
    return bytes.withUnsafeBytes {
      Rollup(start: first.start, end: last.start + RollupBucket.width - 1, count: rollup.buckets.count, bytes: $0)
    }
  }

  @Test("every bucket comes back bit for bit", arguments: shapes.indices)
  func isExact(_ index: Int) throws {
    for count in [1, 20, 21, 480] {
      let rollup = rollup(Self.shapes[index].value, count: count)
      let restored = try #require(read(rollup, rollup.bytes))
      #expect(restored.buckets.count == rollup.buckets.count)
      for (one, other) in zip(restored.buckets, rollup.buckets) {
        #expect(one.start == other.start && one.lastTimestamp == other.lastTimestamp && one.count == other.count)
        for column in [\RollupBucket.sum, \.minimum, \.maximum, \.last] {
          #expect(one[keyPath: column].bitPattern == other[keyPath: column].bitPattern, "\(Self.shapes[index].name)")
        }
      }
    }
  }

  @Test("a constant takes at most two bytes a bucket, a counter at most seven")
  func isSmall() {
    #expect(rollup { _ in 4096 }.bytes.count <= 2 * 36)
    let counter = rollup { (index: Int) -> Double in
      let noise = (index * 7919) % 5
      return Double(index * 30 + noise)
    }
    #expect(counter.bytes.count <= 7 * 36)
  }

  @Test("a sum of hundredths is the number nearest to it")
  func sumsExactly() throws {
    // 0.01 + 0.02 + … + 0.20 is 2.10; added up one by one it is 2.1000000000000005.
    let values = (1...20).map { Double($0) / 100 }
    #expect(values.reduce(0, +) != 2.1)
    let rollup = Rollup(timestamps: (0..<20).map { Int64($0) * 15_000 }, values: values)
    #expect(rollup.buckets.map(\.sum) == [2.1])
  }

  @Test("damaged bytes give something or nothing, and break nothing")
  func survivesDamage() {
    let good = rollup { Double($0) / 4 }
    #expect(read(good, []) == nil)
    #expect(read(good, [0x88]) == nil)
    for index in good.bytes.indices {
      for mask: UInt8 in [0xff, 0x80, 0x01] {
        var bytes = good.bytes
        bytes[index] ^= mask
        #expect((read(good, bytes)?.buckets.count ?? 0) <= good.buckets.count)
        #expect(read(good, Array(bytes[..<index]))?.buckets.count ?? 0 <= good.buckets.count)
      }
    }
  }
}
