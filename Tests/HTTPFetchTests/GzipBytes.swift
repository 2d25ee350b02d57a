/// Gzip streams made by hand (RFC 1951 and 1952), valid or not.
enum GzipBytes {
  private static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]

  /// `text` as one stored block.
  static func stored(_ text: [UInt8]) -> [UInt8] {
    let length = [UInt8(text.count & 255), UInt8(text.count >> 8 & 255)]
    let trailer = little(crc32(text)) + little(UInt32(text.count))
    return header + [1] + length + length.map { ~$0 } + text + trailer
  }

  /// The beginning of a stream of `count` × 2064 bytes "A": a literal and then copies of the byte before, 13 bits for
  /// each 258 bytes, so that 13 bytes repeat.
  static func bomb(pieces count: Int) -> [UInt8] {
    var writer = BitWriter()
    writer.append(bits: 0b011, 3)  // last block, fixed codes
    writer.append(code: 0x30 + 0x41, 8)
    for _ in 0..<16 {
      writer.append(code: 0b1100_0101, 8)  // length 258
      writer.append(code: 0, 5)  // distance 1
    }
    var bytes = header + writer.bytes[..<2]
    bytes.reserveCapacity(count * 13 + 12)
    for _ in 0..<count { bytes += writer.bytes[2..<15] }
    return bytes
  }

  private struct BitWriter {
    var bytes: [UInt8] = []
    private var pending: UInt32 = 0
    private var count: UInt32 = 0

    mutating func append(bits: UInt32, _ width: UInt32) {
      pending |= bits << count
      count += width
      while count >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: pending))
        pending >>= 8
        count -= 8
      }
    }

    /// Huffman codes go most significant bit first.
    mutating func append(code: UInt32, _ width: UInt32) {
      var reversed: UInt32 = 0
      for bit in 0..<width where code >> bit & 1 == 1 { reversed |= 1 << (width - 1 - bit) }
      append(bits: reversed, width)
    }
  }

  private static func little(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
  }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xffff_ffff
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
