import Glibc

/// Finds the text of lines by their numbers, which must come in ascending order.
struct LineFinder {
  private let bytes: UnsafeRawBufferPointer
  private var line = 1
  private var start = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The bytes of a line, without its end.
  ///
  /// - Complexity: O(bytes since the last call's line).
  mutating func text(ofLine number: Int) -> UnsafeRawBufferPointer {
    while line < number, start < bytes.count {
      start = end + 1
      line += 1
    }
    return start < bytes.count
      ? UnsafeRawBufferPointer(rebasing: bytes[start..<end]) : UnsafeRawBufferPointer(rebasing: bytes[..<0])
  }

  /// The offset of the newline of the present line.
  private var end: Int {
    guard let base = bytes.baseAddress, let newline = memchr(base + start, 10, bytes.count - start) else {
      return bytes.count
    }
    return UnsafeRawPointer(newline) - base
  }
}
