/// A run of samples of one series, compressed and immutable.
///
/// The encoding is Gorilla's (Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series
/// Database", VLDB 2015, sections 4.1.1 and 4.1.2): timestamps as delta of deltas, values as the
/// XOR with their predecessor, packed into bits. The bucket widths are for milliseconds.
public struct Chunk: Sendable {
  /// The timestamp of the oldest sample, in UTC milliseconds.
  public let start: Int64
  /// The timestamp of the newest sample, in UTC milliseconds.
  public let end: Int64
  /// The number of samples; at least one.
  public let count: Int
  let encoding: Encoding
  let words: [UInt64]

  /// How the values are written.
  enum Encoding: Equatable {
    /// As the XOR with their predecessor.
    case xor
    /// As integers, in units of 10 to the power of minus `scale`; see ``Chunk/compacted()``.
    case decimal(scale: Int)
  }

  init(start: Int64, end: Int64, count: Int, encoding: Encoding = .xor, words: [UInt64]) {
    self.start = start
    self.end = end
    self.count = count
    self.encoding = encoding
    self.words = words
  }

  /// The bytes that the samples take, without the fixed size of the chunk itself.
  public var byteCount: Int { words.count * 8 }

  /// Appends the samples in `from ... through` to the two arrays.
  ///
  /// - Complexity: O(`count`), about 10 ns a sample.
  public func decode(
    from: Int64, through: Int64, into timestamps: inout [Int64], _ values: inout [Double]
  ) {
    guard count > 0, start <= through, end >= from else { return }
    if case .decimal(let scale) = encoding {
      return decodeDecimal(scale: scale, from: from, through: through, into: &timestamps, &values)
    }
    words.withUnsafeBufferPointer { buffer in
      var reader = BitReader(buffer)
      var timestamp = start
      var delta: Int64 = 0
      var bits = reader.read(64)
      var leading = 0
      var significant = 64
      if timestamp >= from {
        timestamps.append(timestamp)
        values.append(Double(bitPattern: bits))
      }
      var index = 1
      while index < count {
        delta &+= reader.readDeltaOfDelta()
        timestamp &+= delta
        if timestamp > through { return }
        if reader.read(1) != 0 {
          if reader.read(1) != 0 {
            leading = Int(reader.read(5))
            significant = Int(reader.read(6)) &+ 1
          }
          bits ^= reader.read(significant) &<< UInt64(64 &- leading &- significant)
        }
        if timestamp >= from {
          timestamps.append(timestamp)
          values.append(Double(bitPattern: bits))
        }
        index &+= 1
      }
    }
  }
}

/// Compresses samples one by one into a ``Chunk``.
public struct ChunkEncoder: Sendable {
  private var writer = BitWriter()
  private var leading = 0
  private var significant = 0
  private var delta: Int64 = 0
  private var start: Int64 = 0
  /// The number of samples so far.
  public private(set) var count = 0
  /// The newest timestamp, in UTC milliseconds; meaningless while `count` is 0.
  public private(set) var lastTimestamp: Int64 = 0
  /// The bits of the newest value.
  public private(set) var lastBits: UInt64 = 0

  public init() {}

  /// The timestamp of the oldest sample; meaningless while `count` is 0.
  public var firstTimestamp: Int64 { start }

  /// The bytes that the samples take so far.
  public var byteCount: Int { (writer.words.count + 1) * 8 }

  /// Adds a sample, which must be newer than the last.
  ///
  /// - Complexity: amortised O(1), about 15 ns.
  public mutating func append(_ timestamp: Int64, _ value: Double) {
    let bits = value.bitPattern
    if count == 0 {
      start = timestamp
      write(bits, 64)
    } else {
      let newDelta = timestamp &- lastTimestamp
      writeDeltaOfDelta(newDelta &- delta)
      delta = newDelta
      writeXor(bits ^ lastBits)
    }
    lastTimestamp = timestamp
    lastBits = bits
    count &+= 1
  }

  /// The samples so far as a chunk; nil if there is none.
  ///
  /// - Complexity: O(bytes so far).
  public func chunk() -> Chunk? {
    guard count > 0 else { return nil }
    return Chunk(start: start, end: lastTimestamp, count: count, words: writer.finished())
  }

  private mutating func write(_ bits: UInt64, _ length: Int) { writer.write(bits, length) }

  private mutating func writeDeltaOfDelta(_ value: Int64) {
    if value == 0 {
      write(0, 1)
    } else if value >= -8192, value < 8192 {
      write(0b10, 2)
      write(UInt64(bitPattern: value) & 0x3fff, 14)
    } else if value >= -524_288, value < 524_288 {
      write(0b110, 3)
      write(UInt64(bitPattern: value) & 0xf_ffff, 20)
    } else {
      write(0b111, 3)
      write(UInt64(bitPattern: value), 64)
    }
  }

  private mutating func writeXor(_ xor: UInt64) {
    if xor == 0 {
      write(0, 1)
      return
    }
    let newLeading = min(xor.leadingZeroBitCount, 31)
    let trailing = xor.trailingZeroBitCount
    let oldTrailing = 64 &- leading &- significant
    if significant > 0, newLeading >= leading, trailing >= oldTrailing {
      write(0b10, 2)
      write(xor >> UInt64(oldTrailing), significant)
    } else {
      leading = newLeading
      significant = 64 &- newLeading &- trailing
      write(0b11, 2)
      write(UInt64(leading), 5)
      write(UInt64(significant &- 1), 6)
      write(xor >> UInt64(trailing), significant)
    }
  }
}

/// Reads bits from the most significant end of each word.
struct BitReader {
  private let words: UnsafeBufferPointer<UInt64>
  private var index = 0
  private var used = 0

  init(_ words: UnsafeBufferPointer<UInt64>) { self.words = words }

  /// The next `length` bits (1 to 64), zeros past the end.
  ///
  /// Inlined, because decoding a sample calls it up to seven times, mostly with a constant length.
  @inline(__always)
  mutating func read(_ length: Int) -> UInt64 {
    guard index < words.count else { return 0 }
    let available = 64 &- used
    let head = words[index] &<< UInt64(used)
    if length < available {
      used &+= length
      return head >> UInt64(64 &- length)
    }
    index &+= 1
    used = length &- available
    guard used > 0 else { return head >> UInt64(64 &- length) }
    let tail = index < words.count ? words[index] >> UInt64(64 &- used) : 0
    return (head >> UInt64(64 &- length)) | tail
  }

  mutating func readDeltaOfDelta() -> Int64 {
    if read(1) == 0 { return 0 }
    if read(1) == 0 { return signed(read(14), 14) }
    if read(1) == 0 { return signed(read(20), 20) }
    return Int64(bitPattern: read(64))
  }

  func signed(_ bits: UInt64, _ length: Int) -> Int64 {
    let shift = UInt64(64 &- length)
    return Int64(bitPattern: bits &<< shift) >> Int64(shift)
  }
}
