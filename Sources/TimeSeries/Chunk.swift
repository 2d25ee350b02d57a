/// A run of samples of one series, compressed and immutable.
///
/// There are two encodings. Values that are decimal numbers of few digits, as counters and most gauges are, become
/// integers: see `DecimalScale`. All others are written as in Gorilla (Pelkonen et al., "Gorilla: A Fast, Scalable,
/// In-Memory Time Series Database", VLDB 2015, sections 4.1.1 and 4.1.2): timestamps as delta of deltas, values as the
/// XOR with their predecessor, packed into bits. The bucket widths are for milliseconds.
public struct Chunk: Sendable {
  /// The timestamp of the oldest sample, in UTC milliseconds.
  public let start: Int64
  /// The timestamp of the newest sample, in UTC milliseconds.
  public let end: Int64
  let words: [UInt64]
  private let samples: Int32
  let encoding: Encoding

  /// How the samples are written.
  enum Encoding: Equatable {
    /// Values as the XOR with their predecessor.
    case xor
    /// Values as integers in units of 10 to the power of minus `scale`; `isRegular` if all timestamps are equally far
    /// apart. See `Chunk+Decimal.swift`.
    case decimal(scale: UInt8, isRegular: Bool)
  }

  init(start: Int64, end: Int64, count: Int, encoding: Encoding = .xor, words: [UInt64]) {
    self.start = start
    self.end = end
    self.samples = Int32(truncatingIfNeeded: count)
    self.encoding = encoding
    self.words = words
  }

  /// The number of samples; at least one.
  public var count: Int { Int(samples) }

  /// The bytes of memory that the samples take, without the chunk itself.
  public var byteCount: Int { words.count * 8 + 32 }

  /// Appends the samples in `from ... through` to the two arrays.
  ///
  /// - Complexity: O(`count`), about 10 ns a sample.
  public func decode(
    from: Int64, through: Int64, into timestamps: inout [Int64], _ values: inout [Double]
  ) {
    guard count > 0, start <= through, end >= from else { return }
    if case .decimal(let scale, let isRegular) = encoding {
      return decodeDecimal(
        DecimalScale(scale), isRegular: isRegular, from: from, through: through, into: &timestamps, &values)
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

/// Reads bits from the most significant end of each word.
package struct BitReader {
  private let words: UnsafeBufferPointer<UInt64>
  private var index = 0
  private var used = 0

  package init(_ words: UnsafeBufferPointer<UInt64>) { self.words = words }

  /// The next `length` bits (1 to 64), zeros past the end.
  ///
  /// Inlined, because decoding a sample calls it up to seven times, mostly with a constant length.
  @inline(__always)
  package mutating func read(_ length: Int) -> UInt64 {
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

  /// The next 64 bits, zeros past the end; they stay to be read.
  @inline(__always)
  func peek() -> UInt64 {
    guard index < words.count else { return 0 }
    let head = words[index] &<< UInt64(used)
    guard used > 0, index &+ 1 < words.count else { return head }
    return head | words[index &+ 1] >> UInt64(64 &- used)
  }

  /// Goes on by `length` bits, fewer than 64.
  @inline(__always)
  mutating func skip(_ length: Int) {
    guard index < words.count else { return }
    used &+= length
    if used >= 64 {
      used &-= 64
      index &+= 1
    }
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
