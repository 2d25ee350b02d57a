/// Takes remote-write requests apart, one after the other, in memory that it keeps.
///
/// A decoder is not for several threads at once.
public final class WriteRequestDecoder {
  /// The bounds that a request must keep.
  public let limits: WriteRequestLimits
  private let seed: (UInt64, UInt64)
  private var buffer: [UInt8] = []
  private var symbols: SymbolReader?

  /// - Parameter seed: two random numbers for the keys of series; the same for all decoders that share a table of keys.
  public init(limits: WriteRequestLimits = WriteRequestLimits(), seed: (UInt64, UInt64)) {
    self.limits = limits
    self.seed = seed
  }

  /// Unpacks and reads a body, and calls `use` with what is in it, which is valid during the call only.
  ///
  /// The samples of each series are handed over in the order of time.
  ///
  /// - Complexity: O(bytes).
  /// - Throws: ``WriteRequestError``; nothing of the request is to be stored then.
  public func decode<Result>(
    _ body: UnsafeRawBufferPointer, as version: WriteProtocol, into request: inout DecodedWriteRequest,
    use: (DecodedWriteRequest) -> Result
  ) throws(WriteRequestError) -> Result {
    guard body.count <= limits.bodyBytes else {
      throw .tooLarge("the body has \(body.count) bytes, the limit is \(limits.bodyBytes)")
    }
    request.removeAll()
    defer { if buffer.count > Self.keptBytes { buffer = [] } }
    let count = try Snappy.unpack(body, into: &buffer, limit: limits.decodedBytes)
    // A closure cannot throw a typed error through the standard library's access to bytes.
    let outcome: Swift.Result<Result, WriteRequestError> = buffer.withUnsafeBytes { bytes in
      let message = UnsafeRawBufferPointer(rebasing: bytes[..<count])
      do throws(WriteRequestError) {
        switch version {
        case .v1: try StreamingReader(limits: limits, seed: seed).read(message, into: &request)
        case .v2: try symbolReader().read(message, into: &request)
        }
      } catch {
        return .failure(error)
      }
      request.sortSamples()
      return .success(use(request))
    }
    return try outcome.get()
  }

  /// The bytes that stay for the next request: a huge one must not hold its memory for ever.
  private static let keptBytes = 4 << 20

  private func symbolReader() throws(WriteRequestError) -> SymbolReader {
    if let symbols { return symbols }
    guard let reader = SymbolReader(limits: limits, seed: seed) else { throw .tooLarge("there is no memory left") }
    symbols = reader
    return reader
  }
}

extension DecodedWriteRequest {
  /// An empty request, to decode into.
  public static var empty: DecodedWriteRequest { DecodedWriteRequest() }
}
