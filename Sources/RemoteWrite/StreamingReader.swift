import TimeSeries

/// Reads a 1.0 request field by field, without building a tree of messages.
///
/// The key of a series is a hash of its labels' bytes as they stand in the message, tags and lengths included, so that a
/// known series costs one pass over them.
struct StreamingReader {
  let limits: WriteRequestLimits
  let seed: (UInt64, UInt64)

  private static let damaged = WriteRequestError.malformed("the message is not a prometheus.WriteRequest")

  func read(_ message: UnsafeRawBufferPointer, into request: inout DecodedWriteRequest) throws(WriteRequestError) {
    guard let base = message.baseAddress, !message.isEmpty else { return }
    var reader = WireReader(message, emptyAt: base)
    var looksLikeSecondVersion = false
    while !reader.isAtEnd {
      guard let (field, type) = reader.readTag() else { throw Self.damaged }
      switch (field, type) {
      case (1, 2):
        guard let series = reader.readBytes() else { throw Self.damaged }
        guard request.series.count < limits.series else {
          throw .tooLarge("more than \(limits.series) series in one request")
        }
        try readSeries(WireReader(series, emptyAt: base), into: &request)
      case (3, 2):
        guard let metadata = reader.readBytes() else { throw Self.damaged }
        try readMetadata(WireReader(metadata, emptyAt: base), into: &request)
      case (1, _), (3, _): throw Self.damaged
      default:
        if field == 5, type == 2 { looksLikeSecondVersion = true }
        if !reader.skip(type: type) { throw Self.damaged }
      }
    }
    // Nothing of it would be stored, and the sender would believe that all was.
    if looksLikeSecondVersion, request.series.isEmpty {
      throw .malformed("the message is an io.prometheus.write.v2.Request, its content type says otherwise")
    }
  }

  private func readSeries(
    _ reader: consuming WireReader, into request: inout DecodedWriteRequest
  ) throws(WriteRequestError) {
    var reader = reader
    var series = DecodedWriteRequest.Series()
    let firstLabel = request.labels.count
    let firstSample = request.timestamps.count
    var key = seed
    // Senders write labels one after the other: all of them are hashed at once.
    var run = UnsafeRawBufferPointer(start: reader.position, count: 0)
    while !reader.isAtEnd {
      let start = reader.position
      guard let (field, type) = reader.readTag() else { throw Self.damaged }
      guard type == 2, field >= 1, field <= 4 else {
        guard field > 4, reader.skip(type: type) else { throw Self.damaged }
        continue
      }
      guard let inner = reader.readBytes() else { throw Self.damaged }
      switch field {
      case 1:
        if let first = run.baseAddress, first + run.count == start {
          run = UnsafeRawBufferPointer(start: first, count: reader.position - first)
        } else {
          key = StableHash.hashPair(run, seed: key)
          run = UnsafeRawBufferPointer(start: start, count: reader.position - start)
        }
        try readLabel(inner, into: &request)
      case 2: try readSample(inner, into: &request)
      case 3: series.exemplars += 1
      default: series.histograms += 1
      }
    }
    guard request.timestamps.count <= limits.samples else {
      throw .tooLarge("more than \(limits.samples) samples in one request")
    }
    key = StableHash.hashPair(run, seed: key)
    series.key = DecodedWriteRequest.Key(high: key.0, low: key.1)
    series.labels = firstLabel..<request.labels.count
    series.samples = firstSample..<request.timestamps.count
    request.series.append(series)
  }

  @inline(__always)
  private func readLabel(
    _ bytes: UnsafeRawBufferPointer, into request: inout DecodedWriteRequest
  ) throws(WriteRequestError) {
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    var label = DecodedWriteRequest.RawLabel(name: empty, value: empty)
    if let base = bytes.baseAddress {
      var reader = WireReader(bytes, emptyAt: base)
      while !reader.isAtEnd {
        guard let (field, type) = reader.readTag() else { throw Self.damaged }
        switch (field, type) {
        case (1, 2):
          guard let name = reader.readBytes() else { throw Self.damaged }
          label.name = name
        case (2, 2):
          guard let value = reader.readBytes() else { throw Self.damaged }
          label.value = value
        case (1, _), (2, _): throw Self.damaged
        default: if !reader.skip(type: type) { throw Self.damaged }
        }
      }
    }
    request.labels.append(label)
  }

  @inline(__always)
  private func readSample(
    _ bytes: UnsafeRawBufferPointer, into request: inout DecodedWriteRequest
  ) throws(WriteRequestError) {
    var value: UInt64 = 0
    var timestamp: UInt64 = 0
    if let base = bytes.baseAddress {
      var reader = WireReader(bytes, emptyAt: base)
      while !reader.isAtEnd {
        guard let (field, type) = reader.readTag() else { throw Self.damaged }
        switch (field, type) {
        case (1, 1):
          guard let bits = reader.readFixed64() else { throw Self.damaged }
          value = bits
        case (2, 0):
          guard let number = reader.readVarint() else { throw Self.damaged }
          timestamp = number
        case (1, _), (2, _): throw Self.damaged
        default: if !reader.skip(type: type) { throw Self.damaged }
        }
      }
    }
    request.timestamps.append(Int64(bitPattern: timestamp))
    request.values.append(Double(bitPattern: value))
  }

  private func readMetadata(
    _ reader: consuming WireReader, into request: inout DecodedWriteRequest
  ) throws(WriteRequestError) {
    var reader = reader
    var type: UInt64 = 0
    var texts: [UInt64: String] = [:]
    while !reader.isAtEnd {
      guard let (field, wire) = reader.readTag() else { throw Self.damaged }
      switch (field, wire) {
      case (1, 0):
        guard let number = reader.readVarint() else { throw Self.damaged }
        type = number
      case (2, 2), (4, 2), (5, 2):
        guard let bytes = reader.readBytes() else { throw Self.damaged }
        texts[field] = String(decoding: bytes.prefix(limits.labelValueBytes), as: UTF8.self)
      case (1, _), (2, _), (4, _), (5, _): throw Self.damaged
      default: if !reader.skip(type: wire) { throw Self.damaged }
      }
    }
    guard let name = texts[2], !name.isEmpty, request.metadata.count < limits.series else { return }
    request.metadata.append(
      (name, MetricMetadata(type: MetricType(wireNumber: type), help: texts[4] ?? "", unit: texts[5] ?? "")))
  }
}

extension MetricType {
  /// The type that both versions of the protocol number alike; one that is not known is unknown.
  init(wireNumber: UInt64) {
    switch wireNumber {
    case 1: self = .counter
    case 2: self = .gauge
    case 3: self = .histogram
    case 4: self = .gaugeHistogram
    case 5: self = .summary
    case 6: self = .info
    case 7: self = .stateset
    default: self = .unknown
    }
  }

  /// Its number on the wire.
  var wireNumber: UInt64 {
    switch self {
    case .counter: 1
    case .gauge: 2
    case .histogram: 3
    case .gaugeHistogram: 4
    case .summary: 5
    case .info: 6
    case .stateset: 7
    case .unknown: 0
    }
  }
}
