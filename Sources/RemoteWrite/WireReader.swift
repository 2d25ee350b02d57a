/// Reads protobuf's wire format; every length is checked before it is followed.
struct WireReader {
  private var next: UnsafeRawPointer
  private let end: UnsafeRawPointer

  init(_ bytes: UnsafeRawBufferPointer, emptyAt place: UnsafeRawPointer) {
    next = bytes.baseAddress ?? place
    end = next + bytes.count
  }

  var isAtEnd: Bool { next >= end }
  /// Where the next field begins.
  var position: UnsafeRawPointer { next }

  /// The next field's number and wire type; nil if there is none that makes sense.
  @inline(__always)
  mutating func readTag() -> (field: UInt64, type: UInt8)? {
    guard let tag = readVarint(), tag >= 8, tag >> 3 < 1 << 29 else { return nil }
    return (tag >> 3, UInt8(tag & 7))
  }

  @inline(__always)
  mutating func readVarint() -> UInt64? {
    guard next < end else { return nil }
    let first = next.load(as: UInt8.self)
    if first < 0x80 {
      next += 1
      return UInt64(first)
    }
    var result = UInt64(first & 0x7f)
    var shift: UInt64 = 7
    var place = next + 1
    while place < end, shift < 64 {
      let byte = place.load(as: UInt8.self)
      place += 1
      if shift == 63, byte > 1 { return nil }
      result |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 {
        next = place
        return result
      }
      shift += 7
    }
    return nil
  }

  @inline(__always)
  mutating func readBytes() -> UnsafeRawBufferPointer? {
    guard let count = readVarint(), count <= UInt64(end - next) else { return nil }
    defer { next += Int(count) }
    return UnsafeRawBufferPointer(start: next, count: Int(count))
  }

  @inline(__always)
  mutating func readFixed64() -> UInt64? {
    guard end - next >= 8 else { return nil }
    defer { next += 8 }
    return UInt64(littleEndian: next.loadUnaligned(as: UInt64.self))
  }

  /// Passes over a field that nobody asked for.
  mutating func skip(type: UInt8) -> Bool {
    switch type {
    case 0: return readVarint() != nil
    case 1: return readFixed64() != nil
    case 2: return readBytes() != nil
    case 5:
      guard end - next >= 4 else { return false }
      next += 4
      return true
    default: return false
    }
  }
}
