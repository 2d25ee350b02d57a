/// A smaller form of chunks whose values are decimal numbers of few digits, as counters and most gauges are.
///
/// The idea of writing values as scaled integers is that of VictoriaMetrics' storage; the layout is our own: the first
/// value, a bit that says whether differences or differences of differences follow, then for each further sample the
/// timestamp's delta of deltas and the value's difference, both in `BitWriter.writeSmall`'s code.
extension Chunk {
  private static let powers: [Double] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
  /// Below this, doubles tell all integers apart.
  private static let largest = 9_007_199_254_740_992.0

  /// The same samples in the fewest bytes known; the values' bits are kept exactly.
  ///
  /// - Complexity: O(`count`).
  public func compacted() -> Chunk {
    guard encoding == .xor, count > 1 else { return self }
    var timestamps: [Int64] = []
    var values: [Double] = []
    timestamps.reserveCapacity(count)
    values.reserveCapacity(count)
    decode(from: .min, through: .max, into: &timestamps, &values)
    guard timestamps.count == count, let scale = Self.scale(of: values) else { return self }
    let power = Self.powers[scale]
    let integers = values.map { Int64(($0 * power).rounded()) }
    let first = Self.encode(timestamps, integers, isSecondOrder: false)
    let second = Self.encode(timestamps, integers, isSecondOrder: true)
    let words = second.count < first.count ? second : first
    guard words.count < self.words.count else { return self }
    return Chunk(start: start, end: end, count: count, encoding: .decimal(scale: scale), words: words)
  }

  /// The least number of decimals that all values have exactly, if it is at most six.
  private static func scale(of values: [Double]) -> Int? {
    var scale = 0
    for value in values {
      guard value.isFinite, !(value == 0 && value.sign == .minus) else { return nil }
      while true {
        let scaled = (value * powers[scale]).rounded()
        guard scaled.magnitude < largest else { return nil }
        if (scaled / powers[scale]).bitPattern == value.bitPattern || value == 0 { break }
        scale += 1
        guard scale < powers.count else { return nil }
      }
    }
    // A later value may have asked for more decimals than an earlier one has room for.
    for value in values where (value * powers[scale]).magnitude >= largest { return nil }
    return scale
  }

  private static func encode(_ timestamps: [Int64], _ integers: [Int64], isSecondOrder: Bool) -> [UInt64] {
    var writer = BitWriter()
    writer.write(UInt64(bitPattern: integers[0]), 64)
    writer.write(isSecondOrder ? 1 : 0, 1)
    var interval: Int64 = 0
    var difference: Int64 = 0
    for index in 1..<integers.count {
      let newInterval = timestamps[index] &- timestamps[index - 1]
      writer.writeSmall(newInterval &- interval)
      interval = newInterval
      let newDifference = integers[index] &- integers[index - 1]
      writer.writeSmall(isSecondOrder ? newDifference &- difference : newDifference)
      difference = newDifference
    }
    return writer.finished()
  }

  func decodeDecimal(
    scale: Int, from: Int64, through: Int64, into timestamps: inout [Int64], _ values: inout [Double]
  ) {
    let power = Self.powers[min(max(0, scale), Self.powers.count - 1)]
    words.withUnsafeBufferPointer { buffer in
      var reader = BitReader(buffer)
      var timestamp = start
      var integer = Int64(bitPattern: reader.read(64))
      let isSecondOrder = reader.read(1) != 0
      if timestamp >= from {
        timestamps.append(timestamp)
        values.append(Double(integer) / power)
      }
      var interval: Int64 = 0
      var difference: Int64 = 0
      var index = 1
      while index < count {
        interval &+= reader.readSmall()
        timestamp &+= interval
        if timestamp > through { return }
        let read = reader.readSmall()
        difference = isSecondOrder ? difference &+ read : read
        integer &+= difference
        if timestamp >= from {
          timestamps.append(timestamp)
          values.append(Double(integer) / power)
        }
        index &+= 1
      }
    }
  }

  // MARK: Bytes

  /// The chunk as bytes, for a file; start, end and count are kept beside them.
  ///
  /// The first byte is the encoding: 0 for XOR, 1 plus the scale for decimals. Then come the words, big-endian, without
  /// the zero bytes at the end.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(words.count * 8 + 1)
    switch encoding {
    case .xor: result.append(0)
    case .decimal(let scale): result.append(UInt8(scale + 1))
    }
    for word in words {
      withUnsafeBytes(of: word.bigEndian) { result.append(contentsOf: $0) }
    }
    while result.count > 1, result.last == 0 { result.removeLast() }
    return result
  }

  /// Reads what ``bytes`` wrote; nil if it cannot be a chunk.
  ///
  /// Damage inside the samples is not noticed: wrong values come out, but nothing breaks.
  public init?(start: Int64, end: Int64, count: Int, bytes: UnsafeRawBufferPointer) {
    guard let kind = bytes.first, Int(kind) <= Self.powers.count, count > 0, count <= 1 << 20, end >= start else {
      return nil
    }
    let payload = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
    var words = [UInt64](repeating: 0, count: (payload.count + 7) / 8)
    for index in words.indices {
      if index * 8 + 8 <= payload.count {
        words[index] = UInt64(bigEndian: payload.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
      } else {
        for offset in index * 8..<payload.count {
          words[index] |= UInt64(payload[offset]) << UInt64(56 - 8 * (offset % 8))
        }
      }
    }
    self.init(
      start: start, end: end, count: count, encoding: kind == 0 ? .xor : .decimal(scale: Int(kind) - 1), words: words)
  }
}

extension BitReader {
  /// Reads what `BitWriter.writeSmall` wrote.
  mutating func readSmall() -> Int64 {
    if read(1) == 0 { return 0 }
    if read(1) == 0 { return signed(read(4), 4) }
    if read(1) == 0 { return signed(read(8), 8) }
    if read(1) == 0 { return signed(read(13), 13) }
    if read(1) == 0 { return signed(read(20), 20) }
    return Int64(bitPattern: read(64))
  }
}
