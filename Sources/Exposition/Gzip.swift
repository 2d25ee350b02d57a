import CZlib

/// Compresses bytes in the gzip format (RFC 1952).
public enum Gzip {
  /// zlib's window parameter: the largest window, and 16 to ask for gzip headers.
  static let windowBits: Int32 = 15 + 16

  /// `bytes` as one gzip member, or nil if zlib cannot get its working memory (about 256 kB).
  ///
  /// - Parameter level: zlib's level, 1 (fast) to 9 (small); metrics pages shrink about tenfold at level 1 already.
  public static func compress(_ bytes: UnsafeRawBufferPointer, level: Int = 1) -> [UInt8]? {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    let level = Int32(min(max(level, 1), 9))
    guard deflateInit2_(&stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    var input = bytes.bindMemory(to: UInt8.self)[...]
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count / 8 + 64)
    var status = Z_OK
    while status != Z_STREAM_END {
      // zlib counts in 32 bits.
      let piece = UnsafeBufferPointer(rebasing: input.prefix(1 << 30))
      let isLast = piece.count == input.count
      stream.next_in = UnsafeMutablePointer(mutating: piece.baseAddress)
      stream.avail_in = UInt32(piece.count)
      let written = Gzip.appendPiece(to: &output) { next, room in
        stream.next_out = next
        stream.avail_out = UInt32(room)
        status = deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
        return room - Int(stream.avail_out)
      }
      input = input.dropFirst(piece.count - Int(stream.avail_in))
      guard status == Z_OK || status == Z_STREAM_END || (status == Z_BUF_ERROR && written > 0) else { return nil }
    }
    return output
  }

  /// `bytes` as one gzip member; see ``compress(_:level:)-(UnsafeRawBufferPointer,_)``.
  public static func compress(_ bytes: [UInt8], level: Int = 1) -> [UInt8]? {
    bytes.withUnsafeBytes { compress($0, level: level) }
  }

  /// Lets `write` put bytes into up to 64 kB of scratch space and appends them to `output`; gives their number.
  static func appendPiece(
    to output: inout [UInt8], atMost limit: Int = 65_536, _ write: (UnsafeMutablePointer<UInt8>, Int) -> Int
  ) -> Int {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, min(limit, 65_536))) { scratch in
      guard let start = scratch.baseAddress else { return 0 }
      let written = write(start, scratch.count)
      output.append(contentsOf: UnsafeBufferPointer(start: start, count: written))
      return written
    }
  }
}
