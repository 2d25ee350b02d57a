import TimeSeries

/// The hash by which `limit_ratio` chooses series: XXH64 over the labels as Prometheus stores them,
/// so that both choose the same.
///
/// The algorithm is Yann Collet's xxHash, 64 bits, seed 0 (xxHash specification, section "XXH64").
enum LabelHash {
  private static let p1: UInt64 = 0x9e37_79b1_85eb_ca87
  private static let p2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
  private static let p3: UInt64 = 0x1656_67b1_9e37_79f9
  private static let p4: UInt64 = 0x85eb_ca77_c2b2_ae63
  private static let p5: UInt64 = 0x27d4_eb2f_1656_67c5

  /// The hash of a label set: every name and value in order, each after its length.
  static func of(_ labels: Labels) -> UInt64 {
    var bytes: [UInt8] = []
    for label in labels.elements {
      append(label.name, to: &bytes)
      append(label.value, to: &bytes)
    }
    return hash(bytes)
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    let length = text.utf8.count
    if length < 255 {
      bytes.append(UInt8(length))
    } else {
      bytes.append(255)
      for shift in [0, 8, 16] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
    }
    bytes.append(contentsOf: text.utf8)
  }

  private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }

  private static func round(_ accumulator: UInt64, _ lane: UInt64) -> UInt64 {
    rotate(accumulator &+ lane &* p2, 31) &* p1
  }

  /// XXH64 with seed 0.
  static func hash(_ bytes: [UInt8]) -> UInt64 {
    func word(_ offset: Int, _ count: Int) -> UInt64 {
      var value: UInt64 = 0
      for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
      return value
    }
    var offset = 0
    var result: UInt64
    if bytes.count >= 32 {
      var lanes = [p1 &+ p2, p2, 0, 0 &- p1]
      while offset + 32 <= bytes.count {
        for lane in 0..<4 { lanes[lane] = round(lanes[lane], word(offset + 8 * lane, 8)) }
        offset += 32
      }
      result = rotate(lanes[0], 1) &+ rotate(lanes[1], 7) &+ rotate(lanes[2], 12) &+ rotate(lanes[3], 18)
      for lane in lanes { result = (result ^ round(0, lane)) &* p1 &+ p4 }
    } else {
      result = p5
    }
    result = result &+ UInt64(bytes.count)
    while offset + 8 <= bytes.count {
      result = rotate(result ^ round(0, word(offset, 8)), 27) &* p1 &+ p4
      offset += 8
    }
    if offset + 4 <= bytes.count {
      result = rotate(result ^ (word(offset, 4) &* p1), 23) &* p2 &+ p3
      offset += 4
    }
    while offset < bytes.count {
      result = rotate(result ^ (UInt64(bytes[offset]) &* p5), 11) &* p1
      offset += 1
    }
    result = (result ^ (result >> 33)) &* p2
    result = (result ^ (result >> 29)) &* p3
    return result ^ (result >> 32)
  }
}
