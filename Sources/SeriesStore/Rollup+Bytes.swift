import TimeSeries

/// Rollups as bytes, for a row of the file.
///
/// The first byte has the decimals of minimum, maximum and last in its lower half and those of the sum in its upper one,
/// 7 for none. Then come bits. For each bucket: how many buckets are missing before it, the difference of its count and
/// of its last sample's place to those of the bucket before, in `BitWriter.writeSmall`'s code. Then its values, as
/// integers of their decimals in the same code, each told by its distance from what it is near to: the minimum from the
/// last value before, the maximum from the minimum and as far from it as in the bucket before, the last from the maximum,
/// the sum from what the middle of both times the count would be. Values without decimals: the XOR with what they are
/// near to, its leading zeros in six bits and the rest.
extension Rollup {
  private static let none: UInt8 = 7

  var bytes: [UInt8] {
    let values = DecimalScale.least(for: buckets.flatMap { [$0.minimum, $0.maximum, $0.last] })
    let sums = Self.sums(buckets.map(\.sum), like: values?.scale)
    var writer = BitWriter()
    var before = Before(start: (buckets.first?.start ?? 0) - RollupBucket.width)
    for (index, bucket) in buckets.enumerated() {
      writer.writeSmall((bucket.start &- before.start) / RollupBucket.width &- 1)
      let count = Int64(exactly: bucket.count) ?? 0
      writer.writeSmall(count &- before.count)
      writer.writeSmall(bucket.lastTimestamp &- bucket.start &- before.place)
      before.advance(start: bucket.start, count: count, place: bucket.lastTimestamp &- bucket.start)
      var middle: Int64 = 0
      if let values {
        let (minimum, maximum, last) = (
          values.integers[3 * index], values.integers[3 * index + 1], values.integers[3 * index + 2]
        )
        writer.writeSmall(minimum &- before.last)
        writer.writeSmall(maximum &- minimum &- before.width)
        writer.writeSmall(maximum &- last)
        before.last = last
        before.width = maximum &- minimum
        middle = minimum &+ before.width / 2
      } else {
        writer.writeNear(bucket.minimum, before.value)
        writer.writeNear(bucket.maximum, bucket.minimum)
        writer.writeNear(bucket.last, bucket.maximum)
        before.value = bucket.last
      }
      if let sums, let values, sums.scale == values.scale {
        writer.writeSmall(sums.integers[index] &- middle &* count)
      } else if let sums {
        writer.writeSmall(sums.integers[index] &- before.sum)
        before.sum = sums.integers[index]
      } else {
        writer.writeNear(bucket.sum, before.total)
        before.total = bucket.sum
      }
    }
    let forms = (values?.scale.digits ?? Self.none) | (sums?.scale.digits ?? Self.none) << 4
    return BitWriter.bytes(of: writer.finished(), after: forms)
  }

  /// Sums as integers, of as many decimals as the values have if that is possible.
  private static func sums(_ sums: [Double], like scale: DecimalScale?) -> (scale: DecimalScale, integers: [Int64])? {
    guard let least = DecimalScale.least(for: sums) else { return nil }
    guard let scale, scale.digits > least.scale.digits, let integers = scale.integers(sums) else { return least }
    return (scale, integers)
  }

  /// Reads what ``bytes`` wrote; nil if it cannot be a rollup. Damage inside is not noticed, but breaks nothing.
  init?(start: Int64, end: Int64, count: Int, bytes: UnsafeRawBufferPointer) {
    guard let forms = bytes.first, count > 0, count <= 1 << 16, end >= start else { return nil }
    let (valueForm, sumForm) = (forms & 0xf, forms >> 4)
    guard valueForm <= Self.none, sumForm <= Self.none else { return nil }
    let words = BitReader.words(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
    var buckets: [RollupBucket] = []
    buckets.reserveCapacity(count)
    words.withUnsafeBufferPointer { words in
      var reader = BitReader(words)
      var before = Before(start: start &- RollupBucket.width)
      for _ in 0..<count {
        before.advance(
          start: before.start &+ (reader.readSmall() &+ 1) &* RollupBucket.width,
          count: before.count &+ reader.readSmall(), place: before.place &+ reader.readSmall())
        buckets.append(Self.read(&reader, valueForm, sumForm, &before))
      }
    }
    self.init(buckets)
  }

  private static func read(
    _ reader: inout BitReader, _ valueForm: UInt8, _ sumForm: UInt8, _ before: inout Before
  ) -> RollupBucket {
    var bucket = RollupBucket(
      start: before.start, lastTimestamp: before.start &+ before.place, count: Double(before.count), sum: 0, minimum: 0,
      maximum: 0, last: 0)
    var middle: Int64 = 0
    if valueForm != none {
      let scale = DecimalScale(valueForm)
      let minimum = before.last &+ reader.readSmall()
      before.width = before.width &+ reader.readSmall()
      let maximum = minimum &+ before.width
      before.last = maximum &- reader.readSmall()
      middle = minimum &+ before.width / 2
      bucket.minimum = scale.value(minimum)
      bucket.maximum = scale.value(maximum)
      bucket.last = scale.value(before.last)
    } else {
      bucket.minimum = reader.readNear(before.value)
      bucket.maximum = reader.readNear(bucket.minimum)
      bucket.last = reader.readNear(bucket.maximum)
      before.value = bucket.last
    }
    if sumForm == none {
      bucket.sum = reader.readNear(before.total)
      before.total = bucket.sum
    } else if sumForm == valueForm {
      bucket.sum = DecimalScale(sumForm).value(reader.readSmall() &+ middle &* before.count)
    } else {
      before.sum = before.sum &+ reader.readSmall()
      bucket.sum = DecimalScale(sumForm).value(before.sum)
    }
    return bucket
  }

  /// What the numbers of a bucket are told by.
  private struct Before {
    var start: Int64
    var count: Int64 = 0
    var place: Int64 = 0
    var last: Int64 = 0
    var width: Int64 = 0
    var sum: Int64 = 0
    var value = 0.0
    var total = 0.0

    mutating func advance(start: Int64, count: Int64, place: Int64) {
      (self.start, self.count, self.place) = (start, count, place)
    }
  }
}

extension BitWriter {
  /// Writes a value that has its leading bits in common with another: 1 bit if it is the same, else 8 to 71.
  fileprivate mutating func writeNear(_ value: Double, _ other: Double) {
    let difference = value.bitPattern ^ other.bitPattern
    if difference == 0 { return write(0, 1) }
    let zeros = difference.leadingZeroBitCount
    write(1 << 6 | UInt64(zeros), 7)
    write(difference, 64 - zeros)
  }
}

extension BitReader {
  fileprivate mutating func readNear(_ other: Double) -> Double {
    if read(1) == 0 { return other }
    let zeros = Int(read(6))
    return Double(bitPattern: other.bitPattern ^ read(64 - zeros))
  }
}
