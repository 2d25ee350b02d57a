import CProtobufC
import CRemoteWrite
import TimeSeries

/// Reads a 2.0 request, whose labels are references into a table of symbols.
///
/// protobuf-c takes the message apart; its pieces lie in an arena that is emptied at the next message.
final class SymbolReader {
  private let arena: OpaquePointer
  private let limits: WriteRequestLimits
  private let seed: (UInt64, UInt64)
  private var hashes: [UInt64] = []

  /// - Returns: nil if there is no memory for the arena.
  init?(limits: WriteRequestLimits, seed: (UInt64, UInt64)) {
    guard let arena = hc_arena_new() else { return nil }
    self.arena = arena
    self.limits = limits
    self.seed = seed
  }

  deinit { hc_arena_delete(arena) }

  /// The bytes of blocks that stay for the next message.
  private static let keptBytes = 4 << 20

  func read(_ message: UnsafeRawBufferPointer, into request: inout DecodedWriteRequest) throws(WriteRequestError) {
    // A message's pieces take about four times its room: a sample of 18 bytes becomes a structure of 56. A message of
    // nothing but empty pieces would take sixty times its room, and is not one that a sender writes.
    hc_arena_reset(arena, message.count * 8 + (1 << 16), Self.keptBytes)
    let bytes = message.bindMemory(to: UInt8.self)
    guard let root = v2_request__unpack(hc_arena_allocator(arena), bytes.count, bytes.baseAddress) else {
      if hc_arena_is_exhausted(arena) { throw .tooLarge("the message has too many parts for its size") }
      throw .malformed("the message is not an io.prometheus.write.v2.Request")
    }
    let symbols = UnsafeBufferPointer(start: root.pointee.symbols, count: root.pointee.n_symbols)
    if let first = symbols.first, first.len != 0 {
      throw .malformed("the first symbol must be the empty string")
    }
    hashes.removeAll(keepingCapacity: true)
    hashes.reserveCapacity(symbols.count)
    for symbol in symbols { hashes.append(StableHash.hash(Self.bytes(symbol), seed: seed.0)) }
    if root.pointee.n_timeseries == 0, root.pointee.base.n_unknown_fields > 0,
      root.pointee.base.unknown_fields.pointee.tag == 1
    {
      throw .malformed("the message is a prometheus.WriteRequest, its content type says otherwise")
    }
    guard root.pointee.n_timeseries <= limits.series else {
      throw .tooLarge("more than \(limits.series) series in one request")
    }
    for index in 0..<root.pointee.n_timeseries {
      guard let series = root.pointee.timeseries[index] else { continue }
      try read(series.pointee, symbols, into: &request)
    }
  }

  private func read(
    _ series: V2TimeSeries, _ symbols: UnsafeBufferPointer<ProtobufCBinaryData>,
    into request: inout DecodedWriteRequest
  ) throws(WriteRequestError) {
    var one = DecodedWriteRequest.Series()
    let firstLabel = request.labels.count
    let references = UnsafeBufferPointer(start: series.labels_refs, count: series.n_labels_refs)
    var (high, low) = seed
    if references.count % 2 != 0 { one.fault = "an odd number of label references" }
    var place = 0
    while place + 1 < references.count, one.fault == nil {
      let (name, value) = (Int(references[place]), Int(references[place + 1]))
      guard name < symbols.count, value < symbols.count else {
        one.fault = "a label reference beyond the table of \(symbols.count) symbols"
        break
      }
      request.labels.append(
        DecodedWriteRequest.RawLabel(name: Self.bytes(symbols[name]), value: Self.bytes(symbols[value])))
      high =
        StableHash.mix(high ^ hashes[name], 0xa076_1d64_78bd_642f)
        ^ StableHash.mix(hashes[value] ^ high, 0xe703_7ed1_a0b4_28db)
      low = StableHash.mix(low &+ hashes[value], hashes[name] | 1) ^ high
      place += 2
    }
    let firstSample = request.timestamps.count
    for index in 0..<series.n_samples {
      guard let sample = series.samples[index] else { continue }
      request.timestamps.append(sample.pointee.timestamp)
      request.values.append(sample.pointee.value)
    }
    guard request.timestamps.count <= limits.samples else {
      throw .tooLarge("more than \(limits.samples) samples in one request")
    }
    for index in 0..<series.n_exemplars {
      guard let exemplar = series.exemplars[index] else { continue }
      let references = UnsafeBufferPointer(start: exemplar.pointee.labels_refs, count: exemplar.pointee.n_labels_refs)
      if references.count % 2 != 0 || references.contains(where: { Int($0) >= symbols.count }) {
        one.remark = "an exemplar's label reference beyond the table of \(symbols.count) symbols"
      }
    }
    if let metadata = series.metadata?.pointee {
      let (help, unit) = (Int(metadata.help_ref), Int(metadata.unit_ref))
      if (help > 0 && help >= symbols.count) || (unit > 0 && unit >= symbols.count) {
        one.remark = "a metadata reference beyond the table of \(symbols.count) symbols"
      } else if metadata.type != 0 || help > 0 || unit > 0 {
        one.metadata = MetricMetadata(
          type: MetricType(wireNumber: UInt64(bitPattern: Int64(metadata.type))), help: Self.text(symbols, help),
          unit: Self.text(symbols, unit))
      }
    }
    one.key = DecodedWriteRequest.Key(high: high, low: low)
    one.labels = firstLabel..<request.labels.count
    one.samples = firstSample..<request.timestamps.count
    one.histograms = Int32(clamping: series.n_histograms)
    one.exemplars = Int32(clamping: series.n_exemplars)
    request.series.append(one)
  }

  private static func bytes(_ data: ProtobufCBinaryData) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: data.data, count: data.len)
  }

  private static func text(_ symbols: UnsafeBufferPointer<ProtobufCBinaryData>, _ index: Int) -> String {
    index < symbols.count ? String(decoding: bytes(symbols[index]).prefix(16_384), as: UTF8.self) : ""
  }
}
