import FuzzerLoop
import RemoteWrite

/// Feeds remote-write bodies to the decoders.
@main
enum RemoteWriteFuzz {
  static func main() {
    fuzz { start, count in
      fuzzOne(UnsafeRawBufferPointer(start: start, count: count))
      return 0
    }
  }
}

// The state of the decoders is kept from one input to the next, as the receiver keeps it.
nonisolated(unsafe) private let decoder = WriteRequestDecoder(seed: (1, 2))
nonisolated(unsafe) private var request = DecodedWriteRequest.empty

/// Feeds one input to a decoder. The first byte chooses the version, and whether the rest is a body or the message
/// inside it: the fuzzer rarely gets through the compression by itself.
private func fuzzOne(_ bytes: UnsafeRawBufferPointer) {
  guard let choice = bytes.first else { return }
  let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
  let version = choice & 1 == 0 ? WriteProtocol.v1 : .v2
  if choice & 2 == 0 {
    decode(rest, version)
  } else {
    asLiterals(rest).withUnsafeBytes { decode($0, version) }
  }
}

private func decode(_ body: UnsafeRawBufferPointer, _ version: WriteProtocol) {
  do {
    try decoder.decode(body, as: version, into: &request) { request in
      for series in request.series {
        _ = try? request.checkedLabels(of: series, limits: decoder.limits)
        for place in series.samples where request.timestamps[place] == .min && request.values[place] == .infinity {
          // Reading them is what counts.
        }
      }
    }
  } catch {
    _ = error.status
  }
}

/// The bytes in snappy's block format, without any compression.
private func asLiterals(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
  var result: [UInt8] = []
  var size = bytes.count
  while size > 0x7f {
    result.append(UInt8(size & 0x7f) | 0x80)
    size >>= 7
  }
  result.append(UInt8(size))
  var rest = bytes[...]
  while !rest.isEmpty {
    let part = rest.prefix(60)
    result.append(UInt8(part.count - 1) << 2)
    result.append(contentsOf: part)
    rest = rest.dropFirst(60)
  }
  return result
}
