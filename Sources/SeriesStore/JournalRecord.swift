import TimeSeries

/// The store's journal: what was appended, in the order in which it was.
///
/// A body is a sequence of records, each with a leading kind. Numbers are varints (base 128, least group first), signed
/// ones in zigzag. A series record: id, number of labels, names and values with their lengths. A samples record: number
/// of samples, then for each the id's difference from the one before, the timestamp's difference from the one before,
/// and the value's bytes from the most significant one on without zeros at the end, their number (0 to 8) before them.
struct JournalWriter: Sendable {
  private(set) var bytes: [UInt8] = []

  static let seriesKind: UInt8 = 1
  static let samplesKind: UInt8 = 2

  mutating func writeSeries(_ id: UInt32, _ labels: Labels) {
    bytes.append(Self.seriesKind)
    write(UInt64(id))
    write(labels)
  }

  init(reserving capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// Starts a samples record, to be ended by ``endSamples(at:count:)``; returns its place.
  mutating func beginSamples() -> Int {
    bytes.append(Self.samplesKind)
    bytes.append(contentsOf: [0, 0, 0, 0])
    return bytes.count
  }

  /// Says how many samples were written since `place`; a record without any is taken back.
  mutating func endSamples(at place: Int, count: Int) {
    if count == 0 { return bytes.removeLast(bytes.count - place + 5) }
    let number = UInt32(truncatingIfNeeded: count)
    for offset in 0..<4 { bytes[place - 4 + offset] = UInt8(truncatingIfNeeded: number >> UInt32(offset * 8)) }
  }

  mutating func writeSample(
    _ id: UInt32, _ timestamp: Int64, _ value: Double, after last: inout (id: UInt32, timestamp: Int64)
  ) {
    write(zigzag: Int64(id) - Int64(last.id))
    write(zigzag: timestamp &- last.timestamp)
    last = (id, timestamp)
    let bits = value.bitPattern
    let count = 8 - bits.trailingZeroBitCount / 8
    bytes.append(UInt8(count))
    var shift: UInt64 = 56
    for _ in 0..<count {
      bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
      shift &-= 8
    }
  }

  mutating func write(_ labels: Labels) {
    write(UInt64(labels.count))
    for label in labels.elements {
      write(label.name)
      write(label.value)
    }
  }

  private mutating func write(_ text: String) {
    write(UInt64(text.utf8.count))
    writeBytes(of: text)
  }

  mutating func writeBytes(of text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }

  private mutating func write(zigzag value: Int64) { write(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  mutating func write(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }
}

/// Reads what `JournalWriter` wrote; ends at the first byte that makes no sense.
struct JournalReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// What the next record is; nil at the end or at damage.
  mutating func nextKind() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  /// Whether all bytes were read.
  var isAtEnd: Bool { position == bytes.count }

  mutating func readSeries() -> (id: UInt32, labels: Labels)? {
    guard let id = readVarint(), id <= UInt64(UInt32.max), let labels = readLabels() else { return nil }
    return (UInt32(id), labels)
  }

  mutating func readCount() -> Int? {
    guard bytes.count - position >= 4 else { return nil }
    let count = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    position += 4
    return Int(count)
  }

  /// One thing that the journal says.
  enum Record {
    case series(UInt32, Labels)
    case sample(UInt32, Int64, Double)
  }

  /// How many samples all records from here on have.
  var sampleCount: Int {
    var reader = self
    var total = 0
    reader.forEach { if case .sample = $0 { total += 1 } }
    return total
  }

  /// Calls back for everything in order; returns whether all of it could be read.
  @discardableResult
  mutating func forEach(_ body: (Record) -> Void) -> Bool {
    while let kind = nextKind() {
      switch kind {
      case JournalWriter.seriesKind:
        guard let (id, labels) = readSeries() else { return false }
        body(.series(id, labels))
      case JournalWriter.samplesKind:
        guard let count = readCount() else { return false }
        var last: (id: UInt32, timestamp: Int64) = (0, 0)
        for _ in 0..<count {
          guard let next = readSample(after: &last) else { return false }
          body(.sample(next.id, next.timestamp, next.value))
        }
      default: return false
      }
    }
    return true
  }

  mutating func readSample(after last: inout (id: UInt32, timestamp: Int64)) -> (
    id: UInt32, timestamp: Int64, value: Double
  )? {
    guard let step = readZigzag(), let interval = readZigzag() else { return nil }
    let (id, overflow) = Int64(last.id).addingReportingOverflow(step)
    guard !overflow, id >= 0, id <= Int64(UInt32.max), position < bytes.count else { return nil }
    let count = Int(bytes[position])
    position += 1
    guard count <= 8, position + count <= bytes.count else { return nil }
    var bits: UInt64 = 0
    var shift: UInt64 = 56
    for offset in position..<position + count {
      bits |= UInt64(bytes[offset]) << shift
      shift &-= 8
    }
    position += count
    last = (UInt32(id), last.timestamp &+ interval)
    return (last.id, last.timestamp, Double(bitPattern: bits))
  }

  mutating func readLabels() -> Labels? {
    guard let count = readVarint(), count <= UInt64(bytes.count) else { return nil }
    var labels: [Label] = []
    labels.reserveCapacity(Int(count))
    for _ in 0..<count {
      guard let name = readText(), let value = readText() else { return nil }
      labels.append(Label(name, value))
    }
    return Labels(sortedUnique: labels)
  }

  private mutating func readText() -> String? { readVarint().flatMap { readText(byteCount: $0) } }

  mutating func readText(byteCount count: UInt64) -> String? {
    guard count <= UInt64(bytes.count - position) else { return nil }
    defer { position += Int(count) }
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)]), as: UTF8.self)
  }

  private mutating func readZigzag() -> Int64? {
    guard let value = readVarint() else { return nil }
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  mutating func readVarint() -> UInt64? {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count, shift < 64 {
      let byte = bytes[position]
      position += 1
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
      shift += 7
    }
    return nil
  }
}
