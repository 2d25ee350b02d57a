/// Writes a model's state as bytes: little-endian, doubles by their bit pattern.
struct StateWriter {
  /// The version of the layout; raised whenever the meaning of the bytes changes.
  static let version: UInt8 = 1
  static let magic: [UInt8] = Array("HFC".utf8)

  private(set) var bytes: [UInt8] = []

  /// Starts a state with the format's mark, its version and the model's name.
  init(modelName: String) {
    bytes += Self.magic
    bytes.append(Self.version)
    let name = Array(modelName.utf8.prefix(255))
    bytes.append(UInt8(name.count))
    bytes += name
  }

  /// Marks the layout of one kind of model, where that has changed since its first: a number below zero, which no first
  /// layout began with.
  mutating func write(layout: Int) { write(-layout) }

  mutating func write(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
  }

  mutating func write(_ value: UInt32) {
    for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
  }

  mutating func write(_ value: Int) { write(UInt64(bitPattern: Int64(value))) }
  mutating func write(_ value: Int64) { write(UInt64(bitPattern: value)) }
  mutating func write(_ value: Double) { write(value.bitPattern) }
  mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

  mutating func write(_ value: Double?) {
    write(value != nil)
    write(value ?? 0)
  }

  mutating func write(bytes more: [UInt8]) { bytes += more }

  mutating func write(_ text: String) {
    let utf8 = Array(text.utf8)
    write(utf8.count)
    bytes += utf8
  }

  mutating func write(_ values: [Double]) {
    write(values.count)
    bytes.reserveCapacity(bytes.count + values.count * 8)
    for value in values { write(value.bitPattern) }
  }
}

/// Reads what `StateWriter` wrote, refusing anything cut off or oversized.
struct StateReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads the mark and the version and returns the model's name.
  mutating func readHeader() throws(ForecastError) -> String {
    for expected in StateWriter.magic where try readByte() != expected {
      throw .unreadableState("it does not start with the mark of a forecast model")
    }
    let version = try readByte()
    guard version == StateWriter.version else {
      throw .unreadableState("version \(version), this program reads \(StateWriter.version)")
    }
    let count = Int(try readByte())
    guard position + count <= bytes.count else { throw .unreadableState("cut off in the model name") }
    defer { position += count }
    return String(decoding: bytes[position..<position + count], as: UTF8.self)
  }

  /// Reads the header and checks that the state belongs to the model that is being restored.
  mutating func readHeader(of modelName: String) throws(ForecastError) {
    let name = try readHeader()
    guard name == modelName else {
      throw .unreadableState("it holds a model \"\(name.prefix(50))\", not \"\(modelName)\"")
    }
  }

  /// Reads what ``StateWriter/write(layout:)`` wrote.
  mutating func readLayout(_ layout: Int) throws(ForecastError) {
    let found = try readInt64()
    guard found == -Int64(layout) else {
      throw .unreadableState("a model of another version of this program, which is to be trained again")
    }
  }

  mutating func readByte() throws(ForecastError) -> UInt8 {
    guard position < bytes.count else { throw .unreadableState("cut off at byte \(position)") }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func readUInt64() throws(ForecastError) -> UInt64 {
    guard position + 8 <= bytes.count else { throw .unreadableState("cut off at byte \(position)") }
    var value: UInt64 = 0
    for offset in 0..<8 { value |= UInt64(bytes[position + offset]) << UInt64(offset * 8) }
    position += 8
    return value
  }

  mutating func readUInt32() throws(ForecastError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw .unreadableState("cut off at byte \(position)") }
    var value: UInt32 = 0
    for offset in 0..<4 { value |= UInt32(bytes[position + offset]) << UInt32(offset * 8) }
    position += 4
    return value
  }

  mutating func readInt64() throws(ForecastError) -> Int64 { Int64(bitPattern: try readUInt64()) }
  mutating func readDouble() throws(ForecastError) -> Double { Double(bitPattern: try readUInt64()) }
  mutating func readBool() throws(ForecastError) -> Bool { try readByte() != 0 }

  mutating func readOptionalDouble() throws(ForecastError) -> Double? {
    let present = try readBool()
    let value = try readDouble()
    return present ? value : nil
  }

  /// Reads an integer and checks its range, so that no later arithmetic on it can overflow.
  mutating func readInt(in range: ClosedRange<Int>) throws(ForecastError) -> Int {
    let value = Int(try readInt64())
    guard range.contains(value) else {
      throw .unreadableState("\(value) at byte \(position - 8) is outside \(range.lowerBound)…\(range.upperBound)")
    }
    return value
  }

  /// Reads a count and as many bytes.
  mutating func readBytes(atMost limit: Int) throws(ForecastError) -> [UInt8] {
    let count = try readInt(in: 0...limit)
    guard count <= bytes.count - position else { throw .unreadableState("a block at byte \(position) is cut off") }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  /// Reads text of at most 64 KiB.
  mutating func readString() throws(ForecastError) -> String {
    let count = try readInt(in: 0...65_536)
    guard count <= bytes.count - position else { throw .unreadableState("a text at byte \(position) is cut off") }
    defer { position += count }
    return String(decoding: bytes[position..<position + count], as: UTF8.self)
  }

  /// Reads an array; its length is checked against the bytes that are left before anything is reserved.
  mutating func readDoubles(atMost limit: Int) throws(ForecastError) -> [Double] {
    let count = try readInt(in: 0...limit)
    guard count <= (bytes.count - position) / 8 else {
      throw .unreadableState("an array of \(count) numbers at byte \(position) is cut off")
    }
    var values: [Double] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try readDouble()) }
    return values
  }

  /// Checks that nothing follows the state.
  func readEnd() throws(ForecastError) {
    guard position == bytes.count else { throw .unreadableState("\(bytes.count - position) bytes too many") }
  }
}
