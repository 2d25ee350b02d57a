import Exposition
import Testing
import TimeSeries

@Suite("gzip")
struct GzipTests {
  /// `hello` as GNU gzip 1.12 packs it, without name and time.
  static let hello: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86, 0xa6,
    0x10, 0x36, 0x05, 0x00, 0x00, 0x00,
  ]

  @Test("what was packed unpacks to the same", arguments: [0, 1, 100, 65_535, 65_536, 65_537, 1_000_000])
  func roundTrip(size: Int) throws {
    var random = SplitMix64(seed: UInt64(size))
    let noise = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
    let text = (0..<size).map { UInt8(truncatingIfNeeded: $0 % 7) }
    for bytes in [noise, text] {
      for level in [1, 6] {
        let packed = try #require(Gzip.compress(bytes, level: level))
        #expect(try Gunzip.unpack(packed, limit: size) == bytes)
      }
    }
  }

  @Test("output of another gzip is read, also several members in a row and byte by byte")
  func foreign() throws {
    #expect(try Gunzip.unpack(GzipTests.hello, limit: 5) == Array("hello".utf8))
    let twice = GzipTests.hello + GzipTests.hello
    #expect(try Gunzip.unpack(twice, limit: 10) == Array("hellohello".utf8))
    var gunzip = try Gunzip(limit: 10)
    var output: [UInt8] = []
    for byte in twice { try gunzip.append([byte], to: &output) }
    try gunzip.finish()
    #expect(output == Array("hellohello".utf8))
    #expect(gunzip.unpackedCount == 10)
  }

  @Test("output beyond the bound is refused and not delivered")
  func bound() throws {
    #expect(throws: GunzipError.tooLarge(limit: 4)) { try Gunzip.unpack(GzipTests.hello, limit: 4) }
    #expect(throws: GunzipError.tooLarge(limit: 0)) { try Gunzip.unpack(GzipTests.hello, limit: 0) }
    #expect(throws: GunzipError.tooLarge(limit: 9)) {
      try Gunzip.unpack(GzipTests.hello + GzipTests.hello, limit: 9)
    }
    let bomb = try #require(Gzip.compress([UInt8](repeating: 0, count: 10_000_000), level: 6))
    #expect(bomb.count < 20_000)
    var gunzip = try Gunzip(limit: 100_000)
    var output: [UInt8] = []
    var thrown: GunzipError?
    do throws(GunzipError) { try gunzip.append(bomb, to: &output) } catch { thrown = error }
    #expect(thrown == .tooLarge(limit: 100_000))
    #expect(output.count == 100_000)
  }

  @Test("every cut is noticed")
  func truncated() {
    for length in 0..<GzipTests.hello.count {
      #expect(throws: GunzipError.truncated) {
        try Gunzip.unpack(Array(GzipTests.hello.prefix(length)), limit: 100)
      }
    }
  }

  @Test("damage is noticed")
  func corrupt() {
    for index in [0, 1, 2, 10, 17, 21] {
      var damaged = GzipTests.hello
      damaged[index] ^= 0x55
      #expect(throws: GunzipError.self) { try Gunzip.unpack(damaged, limit: 100) }
    }
    #expect(throws: GunzipError.corrupt) { try Gunzip.unpack(Array("not gzip at all".utf8), limit: 100) }
    #expect(throws: GunzipError.corrupt) { try Gunzip.unpack(GzipTests.hello + [1, 2, 3], limit: 100) }
  }
}
