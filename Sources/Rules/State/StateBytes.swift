import TimeSeries

/// Why kept state cannot be used.
struct StateFault: Error, Sendable, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// Writes state as bytes: little-endian, doubles by their bit pattern.
struct StateWriter {
  private(set) var bytes: [UInt8]

  /// Starts a state of the given kind, whose layout has a version.
  init(_ kind: String, version: UInt8) {
    bytes = Array("HR".utf8)
    bytes.append(version)
    write(kind)
  }

  mutating func write(_ value: Int64) {
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift))) }
  }

  mutating func write(_ value: Int) { write(Int64(value)) }
  mutating func write(_ value: Double) { write(Int64(bitPattern: value.bitPattern)) }
  mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

  mutating func write(_ value: Int64?) {
    write(value != nil)
    write(value ?? 0)
  }

  mutating func write(_ value: [UInt8]) {
    write(value.count)
    bytes += value
  }

  mutating func write(_ text: String) { write(Array(text.utf8)) }

  mutating func write(_ labels: [Label]) {
    write(labels.count)
    for label in labels {
      write(label.name)
      write(label.value)
    }
  }

  mutating func write(_ values: [Double]) {
    write(values.count)
    for value in values { write(value) }
  }

  /// The state with a checksum.
  consuming func finished() -> [UInt8] {
    let sum = StateReader.checksum(bytes[...])
    write(Int64(bitPattern: sum))
    return bytes
  }
}

/// Reads what `StateWriter` wrote, refusing what is damaged, cut off or of another version.
struct StateReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  /// - Throws: ``StateFault`` if the bytes are not a state of this kind and version, or are damaged.
  init(_ bytes: [UInt8], _ kind: String, version: UInt8) throws(StateFault) {
    guard bytes.count >= 11 else { throw StateFault("the state has only \(bytes.count) bytes") }
    self.bytes = bytes.dropLast(8)
    position = bytes.count - 8
    var tail = StateReader(raw: bytes[...], at: bytes.count - 8)
    guard UInt64(bitPattern: try tail.int64()) == Self.checksum(self.bytes) else {
      throw StateFault("the checksum of the state does not fit")
    }
    position = 0
    guard try byte() == UInt8(ascii: "H"), try byte() == UInt8(ascii: "R") else {
      throw StateFault("not the state of a rule")
    }
    let found = try byte()
    guard found == version else { throw StateFault("the state has version \(found), this program reads \(version)") }
    let name = try string()
    guard name == kind else { throw StateFault("the state is of another kind: \(name.prefix(50))") }
  }

  private init(raw bytes: ArraySlice<UInt8>, at position: Int) {
    self.bytes = bytes
    self.position = position
  }

  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.withUnsafeBytes { StableHash.hash($0) } }

  private mutating func byte() throws(StateFault) -> UInt8 {
    guard position < bytes.endIndex else { throw StateFault("the state is cut off at byte \(position)") }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func int64() throws(StateFault) -> Int64 {
    guard bytes.endIndex - position >= 8 else { throw StateFault("the state is cut off at byte \(position)") }
    var value: Int64 = 0
    for offset in 0..<8 { value |= Int64(bytes[position + offset]) << Int64(offset * 8) }
    position += 8
    return value
  }

  mutating func double() throws(StateFault) -> Double { Double(bitPattern: UInt64(bitPattern: try int64())) }
  mutating func bool() throws(StateFault) -> Bool { try byte() != 0 }

  mutating func optionalInt64() throws(StateFault) -> Int64? {
    let present = try bool()
    let value = try int64()
    return present ? value : nil
  }

  /// The number of elements that follow, each of which takes at least `size` bytes.
  mutating func count(of size: Int) throws(StateFault) -> Int {
    let count = try int64()
    guard count >= 0, count <= Int64((bytes.endIndex - position) / size) else {
      throw StateFault("\(count) elements at byte \(position) of the state are too many")
    }
    return Int(count)
  }

  mutating func block() throws(StateFault) -> [UInt8] {
    let count = try count(of: 1)
    defer { position += count }
    return Array(bytes[position..<(position + count)])
  }

  mutating func string() throws(StateFault) -> String { String(decoding: try block(), as: UTF8.self) }

  mutating func labels() throws(StateFault) -> [Label] {
    var labels: [Label] = []
    for _ in 0..<(try count(of: 16)) { labels.append(Label(try string(), try string())) }
    return labels
  }

  mutating func doubles() throws(StateFault) -> [Double] {
    var values: [Double] = []
    for _ in 0..<(try count(of: 8)) { values.append(try double()) }
    return values
  }

  /// Checks that nothing follows.
  func end() throws(StateFault) {
    guard position == bytes.endIndex else {
      throw StateFault("\(bytes.endIndex - position) bytes too many in the state")
    }
  }
}
