import CSnappy

/// The block format of snappy, by libsnappy.
enum Snappy {
  /// Unpacks `body` into `buffer`, which is made larger if need be; returns the number of bytes.
  ///
  /// The size that the body declares is checked before anything is unpacked.
  static func unpack(
    _ body: UnsafeRawBufferPointer, into buffer: inout [UInt8], limit: Int
  ) throws(WriteRequestError) -> Int {
    var size = 0
    let bytes = body.bindMemory(to: CChar.self)
    guard let base = bytes.baseAddress, snappy_uncompressed_length(base, bytes.count, &size) == SNAPPY_OK else {
      throw .malformed("the body is not in snappy's block format")
    }
    guard size <= limit else {
      throw .tooLarge("the body unpacks to \(size) bytes, the limit is \(limit)")
    }
    // Snappy cannot make more than 64 bytes of three.
    guard size <= body.count * 32 + 64 else { throw .malformed("the body declares more bytes than it can hold") }
    if buffer.count < size { buffer = [UInt8](repeating: 0, count: max(size, 1 << 16)) }
    var written = size
    let status = buffer.withUnsafeMutableBytes { output in
      snappy_uncompress(base, bytes.count, output.bindMemory(to: CChar.self).baseAddress, &written)
    }
    guard status == SNAPPY_OK, written == size else { throw .malformed("the body's snappy data is damaged") }
    return size
  }

  /// Packs bytes.
  static func pack(_ bytes: [UInt8]) -> [UInt8] {
    var count = snappy_max_compressed_length(bytes.count)
    return [UInt8](unsafeUninitializedCapacity: count) { output, written in
      bytes.withUnsafeBytes { input in
        output.withMemoryRebound(to: CChar.self) { output in
          let status = snappy_compress(
            input.bindMemory(to: CChar.self).baseAddress, bytes.count, output.baseAddress, &count)
          written = status == SNAPPY_OK ? count : 0
        }
      }
    }
  }
}
