import TimeSeries

/// Makes the bodies of remote-write requests.
public struct WriteRequestEncoder: Sendable {
  /// The version to write.
  public let version: WriteProtocol

  public init(protocol version: WriteProtocol) { self.version = version }

  /// What to send as `Content-Type`.
  public var contentType: String { version.contentType }

  /// What to send as `X-Prometheus-Remote-Write-Version`.
  public var versionHeader: String { version.versionHeader }

  /// Series and what is known of their metrics (by metric name), packed with snappy.
  ///
  /// - Complexity: O(bytes).
  public func encode(_ series: [SeriesSamples], metadata: [String: MetricMetadata] = [:]) -> [UInt8] {
    Snappy.pack(message(series, metadata: metadata))
  }

  /// The message before it is packed.
  func message(_ series: [SeriesSamples], metadata: [String: MetricMetadata]) -> [UInt8] {
    version == .v1 ? first(series, metadata) : second(series, metadata)
  }

  private func first(_ series: [SeriesSamples], _ metadata: [String: MetricMetadata]) -> [UInt8] {
    var message = WireWriter()
    for one in series {
      var inner = WireWriter()
      for label in one.labels.elements {
        var pair = WireWriter()
        pair.write(1, label.name)
        pair.write(2, label.value)
        inner.write(1, pair)
      }
      for (timestamp, value) in zip(one.timestamps, one.values) {
        var sample = WireWriter()
        sample.write(1, value)
        sample.write(2, UInt64(bitPattern: timestamp))
        inner.write(2, sample)
      }
      message.write(1, inner)
    }
    for (name, entry) in metadata.sorted(by: { $0.key < $1.key }) {
      var inner = WireWriter()
      inner.write(1, entry.type.wireNumber)
      inner.write(2, name)
      inner.write(4, entry.help)
      inner.write(5, entry.unit)
      message.write(3, inner)
    }
    return message.bytes
  }

  private func second(_ series: [SeriesSamples], _ metadata: [String: MetricMetadata]) -> [UInt8] {
    var symbols: [String] = [""]
    var places: [String: UInt64] = ["": 0]
    func place(_ text: String) -> UInt64 {
      if let known = places[text] { return known }
      places[text] = UInt64(symbols.count)
      symbols.append(text)
      return UInt64(symbols.count - 1)
    }
    var body = WireWriter()
    for one in series {
      var inner = WireWriter()
      var references = WireWriter()
      for label in one.labels.elements {
        references.write(varint: place(label.name))
        references.write(varint: place(label.value))
      }
      inner.write(1, references)
      for (timestamp, value) in zip(one.timestamps, one.values) {
        var sample = WireWriter()
        sample.write(1, value)
        sample.write(2, UInt64(bitPattern: timestamp))
        inner.write(2, sample)
      }
      if let entry = metadata[one.labels.metricName] {
        var described = WireWriter()
        described.write(1, entry.type.wireNumber)
        described.write(3, place(entry.help))
        described.write(4, place(entry.unit))
        inner.write(5, described)
      }
      body.write(5, inner)
    }
    var message = WireWriter()
    for symbol in symbols { message.write(always: 4, symbol) }
    return message.bytes + body.bytes
  }
}

/// Writes protobuf's wire format; fields at their default are left out, as proto3 does.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  init(bytes: [UInt8] = []) { self.bytes = bytes }

  mutating func write(varint value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  mutating func write(_ field: UInt64, _ value: UInt64) {
    guard value != 0 else { return }
    write(varint: field << 3)
    write(varint: value)
  }

  mutating func write(_ field: UInt64, _ value: Double) {
    guard value.bitPattern != 0 else { return }
    write(varint: field << 3 | 1)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(_ field: UInt64, _ text: String) {
    if !text.isEmpty { write(always: field, text) }
  }

  mutating func write(always field: UInt64, _ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      write(varint: field << 3 | 2)
      write(varint: UInt64(utf8.count))
      bytes.append(contentsOf: utf8)
    }
  }

  mutating func write(_ field: UInt64, _ message: WireWriter) {
    write(varint: field << 3 | 2)
    write(varint: UInt64(message.bytes.count))
    bytes.append(contentsOf: message.bytes)
  }
}
