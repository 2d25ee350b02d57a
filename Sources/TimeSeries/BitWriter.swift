/// Packs bits into words, from the most significant end.
package struct BitWriter: Sendable {
  /// The words that are full.
  private(set) var words: [UInt64] = []
  private var pending: UInt64 = 0
  /// How many bits of `pending` are not taken yet; a byte, because every series in memory has a writer.
  private var room: UInt8 = 64

  package init() {}

  /// Appends the low `length` bits (1 to 64) of `bits`; the others must be zero.
  package mutating func write(_ bits: UInt64, _ length: Int) {
    var free = Int(room)
    if length <= free {
      free &-= length
      pending |= bits &<< UInt64(free)
      if free == 0 {
        append(pending)
        pending = 0
        free = 64
      }
    } else {
      let rest = length &- free
      append(pending | (bits >> UInt64(rest)))
      free = 64 &- rest
      pending = bits &<< UInt64(free)
    }
    room = UInt8(truncatingIfNeeded: free)
  }

  /// Every series has a writer: an array that doubled would on average waste a quarter of all memory for samples.
  private mutating func append(_ word: UInt64) {
    let count = words.count
    if count == words.capacity { words.reserveCapacity(count &+ count / 16 &+ 2) }
    words.append(word)
  }

  /// All bits so far, the last word filled with zeros.
  package func finished() -> [UInt64] {
    guard room < 64 else { return words }
    var copy = [UInt64]()
    copy.reserveCapacity(words.count + 1)
    copy.append(contentsOf: words)
    copy.append(pending)
    return copy
  }

  /// Appends a signed number in 1 to 69 bits, the fewer the nearer to zero it is.
  package mutating func writeSmall(_ value: Int64) {
    if value == 0 {
      write(0, 1)
    } else if value >= -8, value < 8 {
      write(0b10 << 4 | UInt64(bitPattern: value) & 0xf, 6)
    } else if value >= -128, value < 128 {
      write(0b110 << 8 | UInt64(bitPattern: value) & 0xff, 11)
    } else if value >= -4096, value < 4096 {
      write(0b1110 << 13 | UInt64(bitPattern: value) & 0x1fff, 17)
    } else if value >= -524_288, value < 524_288 {
      write(0b11110 << 20 | UInt64(bitPattern: value) & 0xf_ffff, 25)
    } else {
      write(0b11111, 5)
      write(UInt64(bitPattern: value), 64)
    }
  }
  /// How many bits ``writeSmall(_:)`` takes.
  static func smallLength(_ value: Int64) -> Int {
    switch value {
    case 0: 1
    case -8..<8: 6
    case -128..<128: 11
    case -4096..<4096: 17
    case -524_288..<524_288: 25
    default: 69
    }
  }
  /// A byte, then words, big-endian, without the zero bytes at the end.
  package static func bytes(of words: [UInt64], after first: UInt8) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(words.count * 8 + 1)
    result.append(first)
    for word in words {
      withUnsafeBytes(of: word.bigEndian) { result.append(contentsOf: $0) }
    }
    while result.count > 1, result.last == 0 { result.removeLast() }
    return result
  }
}
