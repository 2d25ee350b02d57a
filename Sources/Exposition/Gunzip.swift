import CZlib

/// Why gzip data could not be unpacked.
public enum GunzipError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The data unpacks to more than `limit` bytes.
  case tooLarge(limit: Int)
  /// The data is not gzip, or damaged.
  case corrupt
  /// The data ends in the middle.
  case truncated
  /// zlib could not get its working memory.
  case outOfMemory

  public var description: String {
    switch self {
    case .tooLarge(let limit): "gzip data unpacks to more than the allowed \(limit) bytes"
    case .corrupt: "gzip data is damaged"
    case .truncated: "gzip data is cut off"
    case .outOfMemory: "not enough memory to unpack gzip data"
    }
  }
}

/// Unpacks gzip data piece by piece, up to a bound.
///
///     var gunzip = try Gunzip(limit: 64 << 20)
///     for piece in pieces { try gunzip.append(piece, to: &body) }
///     try gunzip.finish()
///
/// Several members in a row count as one stream (RFC 1952, section 2.2).
public struct Gunzip: ~Copyable {
  private let stream: UnsafeMutablePointer<z_stream>
  private let limit: Int
  private var isBetweenMembers = true
  private var hasSeenMember = false
  /// How many bytes came out so far.
  public private(set) var unpackedCount = 0

  /// Starts a stream that may unpack to at most `limit` bytes.
  ///
  /// - Throws: ``GunzipError/outOfMemory``.
  public init(limit: Int) throws(GunzipError) {
    self.limit = limit
    // zlib keeps a pointer back to the stream, so it must not move.
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(stream, Gzip.windowBits, ZLIB_VERSION, size) == Z_OK else {
      throw .outOfMemory
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Unpacks the next piece of input and appends what comes out to `output`.
  ///
  /// - Throws: ``GunzipError``; the stream is then of no further use. Not more than the limit was appended.
  public mutating func append(_ input: UnsafeRawBufferPointer, to output: inout [UInt8]) throws(GunzipError) {
    var rest = input.bindMemory(to: UInt8.self)[...]
    while !rest.isEmpty {
      let piece = UnsafeBufferPointer(rebasing: rest.prefix(1 << 30))
      stream.pointee.next_in = UnsafeMutablePointer(mutating: piece.baseAddress)
      stream.pointee.avail_in = UInt32(piece.count)
      try unpack(to: &output)
      rest = rest.dropFirst(piece.count - Int(stream.pointee.avail_in))
    }
  }

  /// Unpacks the next piece of input; see ``append(_:to:)-(UnsafeRawBufferPointer,_)``.
  public mutating func append(_ input: [UInt8], to output: inout [UInt8]) throws(GunzipError) {
    // `withUnsafeBytes` would lose the type of the error.
    let result = input.withUnsafeBytes { bytes in
      Result<Void, GunzipError> { () throws(GunzipError) in try append(bytes, to: &output) }
    }
    try result.get()
  }

  /// Says that the input is complete.
  ///
  /// - Throws: ``GunzipError/truncated`` if it ended in the middle of a member.
  public func finish() throws(GunzipError) {
    if !isBetweenMembers || !hasSeenMember { throw .truncated }
  }

  /// Runs zlib until it needs more input.
  private mutating func unpack(to output: inout [UInt8]) throws(GunzipError) {
    while true {
      if isBetweenMembers {
        if stream.pointee.avail_in == 0 { return }
        if hasSeenMember { inflateReset(stream) }
        isBetweenMembers = false
      }
      // One byte more than allowed is asked for, to tell "just full" from "too large".
      let room = limit - unpackedCount
      var status = Z_OK
      var offered = 0
      let before = output.count
      let written = Gzip.appendPiece(to: &output, atMost: room < 65_536 ? room + 1 : 65_536) { next, space in
        offered = space
        stream.pointee.next_out = next
        stream.pointee.avail_out = UInt32(space)
        status = inflate(stream, Z_NO_FLUSH)
        return space - Int(stream.pointee.avail_out)
      }
      if written > room {
        output.removeSubrange((before + max(0, room))...)
        throw .tooLarge(limit: limit)
      }
      unpackedCount += written
      switch status {
      case Z_STREAM_END:
        isBetweenMembers = true
        hasSeenMember = true
      case Z_OK, Z_BUF_ERROR:
        // A full scratch space may hide more output; otherwise all input is used up.
        if written < offered { return }
      case Z_MEM_ERROR:
        throw .outOfMemory
      default:
        throw .corrupt
      }
    }
  }

  /// Unpacks all of `bytes` at once.
  ///
  /// - Throws: ``GunzipError``.
  public static func unpack(_ bytes: [UInt8], limit: Int) throws(GunzipError) -> [UInt8] {
    var gunzip = try Gunzip(limit: limit)
    var output: [UInt8] = []
    try gunzip.append(bytes, to: &output)
    try gunzip.finish()
    return output
  }
}
