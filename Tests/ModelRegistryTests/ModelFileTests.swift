import Foundation
import HarecastTestKit
import Testing

@testable import ModelRegistry

/// What the tests of model files share.
enum ModelFixture {
  static func header(_ name: String = "orders", series: Int = 2) -> ModelHeader {
    ModelHeader(
      name: name, model: "theta", settings: ["a": "b"], query: "sum(x)", step: 60_000, trainedFrom: 0,
      trainedThrough: 6_000_000, created: 7_000_000, harecast: "0.1.0", metrics: ["mase": 0.5, "r2": .nan],
      series: (0..<series).map {
        .init(labels: ["queue": "q\($0)"], observations: 100, bytes: 0, metrics: ["mae": 1.5])
      })
  }

  static func file(_ name: String = "orders") throws -> ModelFile {
    try ModelFile(header: header(name), states: [Array("first state".utf8), [1, 2, 3]])
  }

  static func key(_ text: String = "0123456789abcdef") throws -> ModelKey { try ModelKey(bytes: Array(text.utf8)) }
}

@Suite("Model files")
struct ModelFileTests {
  @Test("what is written is read again, signed or not")
  func roundTrip() throws {
    let file = try ModelFixture.file()
    let key = try ModelFixture.key()
    #expect(file.header.series.map(\.bytes) == [11, 3])
    let signed = try ModelFile.read(try file.bytes(signedWith: key), subject: "f", keys: [key])
    #expect(signed.file == file && signed.signature == .verified(key.name))
    let plain = try ModelFile.read(try file.bytes(signedWith: nil), subject: "f", keys: [])
    #expect(plain.file == file && plain.signature == .none)
    let unchecked = try ModelFile.read(try file.bytes(signedWith: key), subject: "f", keys: [])
    #expect(unchecked.signature == .unchecked(key.name))
    // JSON has no number for what is none.
    #expect(file.header.metrics == ["mase": 0.5])
  }

  @Test("checksum and signature are those of other implementations")
  func digests() throws {
    // FIPS 180-4, "abc"; RFC 4231, test case 2.
    #expect(
      Digest.hex(Digest.sha256(Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Digest.hex(Digest.hmac(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8)))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    // The checksum stands at the end, and is that of what comes before.
    let bytes = try ModelFixture.file().bytes(signedWith: nil)
    #expect(Array(bytes.suffix(32)) == Digest.sha256(Array(bytes.dropLast(32))))
  }

  @Test("a file with any one byte changed is refused, with a key and without")
  func anyByte() throws {
    let key = try ModelFixture.key()
    let good = try ModelFixture.file().bytes(signedWith: key)
    for index in good.indices {
      for flip: UInt8 in [0x01, 0x80, 0xff] {
        var bytes = good
        bytes[index] ^= flip
        #expect(throws: ModelError.self, "byte \(index)") {
          try ModelFile.read(bytes, subject: "f", keys: [key])
        }
        #expect(throws: ModelError.self, "byte \(index)") { try ModelFile.read(bytes, subject: "f", keys: []) }
      }
    }
  }

  @Test("a byte changed by somebody who mends the checksum is refused all the same")
  func mendedChecksum() throws {
    let key = try ModelFixture.key()
    let good = try ModelFixture.file().bytes(signedWith: key)
    for index in good.indices.dropLast(32) {
      var bytes = good
      bytes[index] ^= 0x20
      bytes.replaceSubrange((bytes.count - 32)..., with: Digest.sha256(Array(bytes.dropLast(32))))
      #expect(throws: ModelError.self, "byte \(index)") { try ModelFile.read(bytes, subject: "f", keys: [key]) }
    }
    // In the payload it is the signature that tells.
    var bytes = good
    bytes[bytes.count - 32 - 41 - 1] ^= 1
    bytes.replaceSubrange((bytes.count - 32)..., with: Digest.sha256(Array(bytes.dropLast(32))))
    #expect(throws: ModelError("f", .forged)) { try ModelFile.read(bytes, subject: "f", keys: [key]) }
  }

  @Test("a file cut off anywhere, or with something after its end, is refused")
  func anyLength() throws {
    let good = try ModelFixture.file().bytes(signedWith: nil)
    for count in good.indices {
      #expect(throws: ModelError.self, "\(count)") {
        try ModelFile.read(Array(good.prefix(count)), subject: "f", keys: [])
      }
    }
    #expect(throws: ModelError("f", .wrongLength(expected: good.count, found: good.count + 1))) {
      try ModelFile.read(good + [0], subject: "f", keys: [])
    }
  }

  @Test("with a key, files that are not signed or are signed by another are refused")
  func foreign() throws {
    let (own, other) = (try ModelFixture.key(), try ModelFixture.key("another key, quite long"))
    let file = try ModelFixture.file()
    #expect(throws: ModelError("f", .unsigned)) {
      try ModelFile.read(try file.bytes(signedWith: nil), subject: "f", keys: [own])
    }
    #expect(throws: ModelError("f", .foreignKey(other.name))) {
      try ModelFile.read(try file.bytes(signedWith: other), subject: "f", keys: [own])
    }
    // While keys change, both are good.
    let both = try ModelFile.read(try file.bytes(signedWith: other), subject: "f", keys: [own, other])
    #expect(both.signature == .verified(other.name))
  }

  @Test("a newer version says so, and what is no model says that")
  func versions() throws {
    var bytes = try ModelFixture.file().bytes(signedWith: nil)
    bytes[8] = 2
    bytes.replaceSubrange((bytes.count - 32)..., with: Digest.sha256(Array(bytes.dropLast(32))))
    #expect(throws: ModelError("f", .newerVersion(2))) { try ModelFile.read(bytes, subject: "f", keys: []) }
    for other in [[], Array("PK".utf8), [UInt8](repeating: 0, count: 500)] {
      #expect(throws: ModelError("f", .notAModel)) { try ModelFile.read(other, subject: "f", keys: []) }
    }
  }

  @Test("declared lengths are believed only after they fit the file")
  func lengths() throws {
    var bytes = try ModelFixture.file().bytes(signedWith: nil)
    for index in 16..<24 { bytes[index] = 0xff }
    #expect(throws: ModelError.self) { try ModelFile.read(bytes, subject: "f", keys: []) }
  }

  @Test("a key is at least 16 bytes, a line end after it does not count, and it never prints")
  func keys() throws {
    let folder = try TemporaryFolder()
    let key = try ModelKey(file: try folder.write("0123456789abcdef\n", to: "key"))
    #expect(key == (try ModelFixture.key()))
    #expect("\(key)" == "<secret>" && String(reflecting: key) == "<secret>")
    #expect(key.name.count == 16 && !key.name.contains("0123"))
    let short = try folder.write("secret\n", to: "short")
    #expect(throws: ModelError(short, .badKey("6 bytes, at least 16 are needed"))) { try ModelKey(file: short) }
    #expect(throws: ModelError.self) { try ModelKey(file: folder.path + "/none") }
  }
}
