/// Compresses samples one by one into a ``Chunk``.
///
/// It begins with the decimal encoding and the fewest digits, and writes what it has anew when a value has more digits or
/// is no decimal number: at most eight times in a chunk, and not in the next one, which goes on where this one ended.
public struct ChunkEncoder: Sendable {
  private var writer = BitWriter()
  /// The decimals that the values are written with; nil if they are written as XOR.
  private var scale: DecimalScale?
  private var leading: UInt8 = 0
  private var significant: UInt8 = 0
  private var samples: Int32 = 0
  private var start: Int64 = 0
  private var interval: Int64 = 0
  private var lastInteger: Int64 = 0
  /// The newest timestamp, in UTC milliseconds; meaningless while `count` is 0.
  public private(set) var lastTimestamp: Int64 = 0
  /// The bits of the newest value.
  public private(set) var lastBits: UInt64 = 0

  public init() { scale = DecimalScale(0) }

  /// An encoder for the samples that come after those of another.
  public init(after other: ChunkEncoder) { scale = other.scale }

  init(scale: DecimalScale?) { self.scale = scale }

  /// The number of samples so far.
  public var count: Int { Int(samples) }

  /// The timestamp of the oldest sample; meaningless while `count` is 0.
  public var firstTimestamp: Int64 { start }

  /// The bytes of memory that the samples take so far.
  public var byteCount: Int { samples == 0 ? 0 : writer.words.count * 8 + 40 }

  /// Adds a sample, which must be newer than the last.
  ///
  /// - Complexity: amortised O(1), about 15 ns.
  public mutating func append(_ timestamp: Int64, _ value: Double) {
    if let scale {
      guard let integer = scale.integer(value) else {
        widen(for: value)
        return append(timestamp, value)
      }
      if samples == 0 {
        writer.write(UInt64(bitPattern: integer), 64)
        writer.write(0, 1)
      } else {
        let newInterval = timestamp &- lastTimestamp
        writer.writeSmall(newInterval &- interval)
        interval = newInterval
        writer.writeSmall(integer &- lastInteger)
      }
      lastInteger = integer
    } else if samples == 0 {
      writer.write(value.bitPattern, 64)
    } else {
      let newInterval = timestamp &- lastTimestamp
      writeDeltaOfDelta(newInterval &- interval)
      interval = newInterval
      writeXor(value.bitPattern ^ lastBits)
    }
    if samples == 0 { start = timestamp }
    lastTimestamp = timestamp
    lastBits = value.bitPattern
    samples &+= 1
  }

  /// The samples so far as a chunk; nil if there is none.
  ///
  /// - Complexity: O(bytes so far).
  public func chunk() -> Chunk? {
    guard samples > 0 else { return nil }
    let encoding = scale.map { Chunk.Encoding.decimal(scale: $0.digits, isRegular: false) } ?? .xor
    return Chunk(start: start, end: lastTimestamp, count: count, encoding: encoding, words: writer.finished())
  }

  /// Writes the samples anew so that `value` can follow them.
  private mutating func widen(for value: Double) {
    var timestamps: [Int64] = []
    var values: [Double] = []
    chunk()?.decode(from: .min, through: .max, into: &timestamps, &values)
    var wider = ChunkEncoder(scale: scale?.widened(for: value, after: values))
    for (timestamp, value) in zip(timestamps, values) { wider.append(timestamp, value) }
    self = wider
  }

  private mutating func writeDeltaOfDelta(_ value: Int64) {
    if value == 0 {
      writer.write(0, 1)
    } else if value >= -8192, value < 8192 {
      writer.write(0b10, 2)
      writer.write(UInt64(bitPattern: value) & 0x3fff, 14)
    } else if value >= -524_288, value < 524_288 {
      writer.write(0b110, 3)
      writer.write(UInt64(bitPattern: value) & 0xf_ffff, 20)
    } else {
      writer.write(0b111, 3)
      writer.write(UInt64(bitPattern: value), 64)
    }
  }

  private mutating func writeXor(_ xor: UInt64) {
    if xor == 0 { return writer.write(0, 1) }
    let newLeading = min(xor.leadingZeroBitCount, 31)
    let trailing = xor.trailingZeroBitCount
    let oldTrailing = 64 &- Int(leading) &- Int(significant)
    if significant > 0, newLeading >= Int(leading), trailing >= oldTrailing {
      writer.write(0b10, 2)
      writer.write(xor >> UInt64(oldTrailing), Int(significant))
    } else {
      let length = 64 &- newLeading &- trailing
      leading = UInt8(truncatingIfNeeded: newLeading)
      significant = UInt8(truncatingIfNeeded: length)
      writer.write(0b11, 2)
      writer.write(UInt64(newLeading), 5)
      writer.write(UInt64(length &- 1), 6)
      writer.write(xor >> UInt64(trailing), length)
    }
  }
}
