import TimeSeries

/// Why saved state could not be restored.
public enum AnomalyStateError: Error, Equatable, CustomStringConvertible {
  /// The bytes do not begin with the mark of this kind of state.
  case notAScorerState
  /// The state was written in a layout this version does not know.
  case unknownVersion(UInt32)
  /// The bytes end before the state does.
  case truncated(offset: Int)
  /// There are bytes after the end of the state.
  case trailingBytes(Int)
  /// The bytes at `offset` hold a value that no scorer writes.
  case implausible(field: String, offset: Int)
  /// The checksum does not fit the bytes.
  case damaged
  /// The state belongs to a signal of another step or time zone.
  case differentClock(field: String, saved: Int64, configured: Int64)

  public var description: String {
    switch self {
    case .notAScorerState: "saved anomaly state: not the state of an anomaly scorer"
    case .unknownVersion(let version): "saved anomaly state: version \(version) is not known"
    case .truncated(let offset): "saved anomaly state: ends early, at byte \(offset)"
    case .trailingBytes(let count): "saved anomaly state: \(count) bytes too many"
    case .implausible(let field, let offset): "saved anomaly state: byte \(offset): implausible \(field)"
    case .damaged: "saved anomaly state: the checksum does not fit"
    case .differentClock(let field, let saved, let configured):
      "saved anomaly state: \(field) is \(saved) ms, configured are \(configured) ms"
    }
  }
}

/// Appends numbers to bytes in little-endian order, doubles as their bit patterns.
struct StateWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(_ number: Double) { write(number.bitPattern) }
  mutating func write(_ number: Float) { write(number.bitPattern) }
  mutating func write(_ flag: Bool) { write(flag ? 1 as UInt8 : 0) }

  mutating func write(_ raw: [UInt8]) { bytes += raw }

  mutating func write(_ numbers: [Double]) {
    for number in numbers { write(number) }
  }

  mutating func write(_ numbers: [Float]) {
    for number in numbers { write(number) }
  }

  /// A checksum against damage, not against intent.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.withUnsafeBytes { StableHash.hash($0) }
  }
}

/// Takes numbers off bytes in the order in which `StateWriter` appended them.
struct StateReader {
  private let bytes: ArraySlice<UInt8>
  private(set) var offset: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    offset = bytes.startIndex
  }

  var remaining: Int { bytes.endIndex - offset }

  mutating func read<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(AnomalyStateError) -> Number {
    let size = Number.bitWidth / 8
    guard remaining >= size else { throw .truncated(offset: offset) }
    var number: Number = 0
    for index in 0..<size {
      number |= Number(truncatingIfNeeded: bytes[offset + index]) << (8 * index)
    }
    offset += size
    return number
  }

  mutating func readBytes(_ count: Int) throws(AnomalyStateError) -> [UInt8] {
    guard count >= 0, remaining >= count else { throw .truncated(offset: offset) }
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }

  mutating func readDouble() throws(AnomalyStateError) -> Double {
    Double(bitPattern: try read(UInt64.self))
  }

  /// A double that must be finite and not below `minimum`.
  mutating func readFinite(_ field: String, atLeast minimum: Double = -.infinity) throws(AnomalyStateError) -> Double {
    let start = offset
    let number = try readDouble()
    guard number.isFinite, number >= minimum else { throw .implausible(field: field, offset: start) }
    return number
  }

  mutating func readBool(_ field: String) throws(AnomalyStateError) -> Bool {
    let start = offset
    let byte = try read(UInt8.self)
    guard byte <= 1 else { throw .implausible(field: field, offset: start) }
    return byte == 1
  }

  mutating func readFinites(_ field: String, count: Int) throws(AnomalyStateError) -> [Double] {
    var numbers: [Double] = []
    numbers.reserveCapacity(count)
    for _ in 0..<count { numbers.append(try readFinite(field)) }
    return numbers
  }

  mutating func readFloats(_ field: String, count: Int) throws(AnomalyStateError) -> [Float] {
    var numbers: [Float] = []
    numbers.reserveCapacity(count)
    for _ in 0..<count {
      let start = offset
      let number = Float(bitPattern: try read(UInt32.self))
      guard number.isFinite else { throw .implausible(field: field, offset: start) }
      numbers.append(number)
    }
    return numbers
  }

  /// An integer within `range`.
  mutating func readCount(_ field: String, in range: ClosedRange<Int64>) throws(AnomalyStateError) -> Int64 {
    let start = offset
    let number: Int64 = try read()
    guard range.contains(number) else { throw .implausible(field: field, offset: start) }
    return number
  }

  /// An unsigned number not above `largest`.
  mutating func readCount(
    _ field: String, of type: UInt8.Type, atMost largest: UInt8
  ) throws(AnomalyStateError) -> UInt8 {
    let start = offset
    let number = try read(type)
    guard number <= largest else { throw .implausible(field: field, offset: start) }
    return number
  }
}
