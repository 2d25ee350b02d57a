import CProtobufC
import CRemoteWrite
import TimeSeries

/// Reads a 2.0 request, whose labels are references into a table of symbols.
///
/// The symbols stay where they are in the message. protobuf-c takes one series after the other apart; its pieces lie in an
/// arena that is emptied at the next series, so that a request of many small series needs no more room than one of few.
final class SymbolReader {
  private let arena: OpaquePointer
  private let limits: WriteRequestLimits
  private let seed: (UInt64, UInt64)
  private var symbols: [UnsafeRawBufferPointer] = []
  private var hashes: [UInt64] = []
  private var parts: [UnsafeRawBufferPointer] = []

  /// - Returns: nil if there is no memory for the arena.
  init?(limits: WriteRequestLimits, seed: (UInt64, UInt64)) {
    guard let arena = hc_arena_new() else { return nil }
    self.arena = arena
    self.limits = limits
    self.seed = seed
  }

  deinit { hc_arena_delete(arena) }

  /// The bytes of blocks that stay for the next series.
  private static let keptBytes = 4 << 20
  /// As many as the labels of one series may need, and some for each further one; series share most of theirs.
  private var symbolLimit: Int { 2 * limits.labels + 8 * limits.series }

  private static let damaged = WriteRequestError.malformed("the message is not an io.prometheus.write.v2.Request")

  func read(_ message: UnsafeRawBufferPointer, into request: inout DecodedWriteRequest) throws(WriteRequestError) {
    defer {
      symbols.removeAll(keepingCapacity: symbols.capacity < 1 << 16)
      hashes.removeAll(keepingCapacity: hashes.capacity < 1 << 16)
      parts.removeAll(keepingCapacity: parts.capacity < 1 << 16)
    }
    try split(message)
    if let first = symbols.first, !first.isEmpty { throw .malformed("the first symbol must be the empty string") }
    hashes.reserveCapacity(symbols.count)
    for symbol in symbols { hashes.append(StableHash.hash(symbol, seed: seed.0)) }
    for part in parts { try unpack(part, into: &request) }
  }

  /// Finds the symbols and the series of a message.
  private func split(_ message: UnsafeRawBufferPointer) throws(WriteRequestError) {
    guard let base = message.baseAddress, !message.isEmpty else { return }
    var reader = WireReader(message, emptyAt: base)
    var looksLikeFirstVersion = false
    while !reader.isAtEnd {
      guard let (field, type) = reader.readTag() else { throw Self.damaged }
      switch (field, type) {
      case (4, 2):
        guard let symbol = reader.readBytes() else { throw Self.damaged }
        guard symbols.count < symbolLimit else {
          throw .tooLarge("more than \(symbolLimit) symbols in one request")
        }
        symbols.append(symbol)
      case (5, 2):
        guard let part = reader.readBytes() else { throw Self.damaged }
        guard parts.count < limits.series else {
          throw .tooLarge("more than \(limits.series) series in one request")
        }
        parts.append(part)
      case (4, _), (5, _): throw Self.damaged
      default:
        if field == 1, type == 2 { looksLikeFirstVersion = true }
        if !reader.skip(type: type) { throw Self.damaged }
      }
    }
    if parts.isEmpty, looksLikeFirstVersion {
      throw .malformed("the message is a prometheus.WriteRequest, its content type says otherwise")
    }
  }

  private func unpack(_ part: UnsafeRawBufferPointer, into request: inout DecodedWriteRequest) throws(WriteRequestError)
  {
    // A sample of value 0 takes nine bytes in the message and 150 here; pieces without anything inside, which no sender
    // writes, would take more.
    let room = min(part.count * 24, limits.decodedBytes * 8) + (1 << 16)
    hc_arena_reset(arena, room, Self.keptBytes)
    let bytes = part.bindMemory(to: UInt8.self)
    guard let series = v2_time_series__unpack(hc_arena_allocator(arena), bytes.count, bytes.baseAddress) else {
      if hc_arena_is_exhausted(arena) { throw .tooLarge("a series has too many parts for its size") }
      throw Self.damaged
    }
    try add(series.pointee, to: &request)
  }

  private func add(_ series: V2TimeSeries, to request: inout DecodedWriteRequest) throws(WriteRequestError) {
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
        DecodedWriteRequest.RawLabel(name: symbols[name], value: symbols[value]))
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
          type: MetricType(wireNumber: UInt64(bitPattern: Int64(metadata.type))), help: text(help), unit: text(unit))
      }
    }
    one.key = DecodedWriteRequest.Key(high: high, low: low)
    one.labels = firstLabel..<request.labels.count
    one.samples = firstSample..<request.timestamps.count
    one.histograms = Int32(clamping: series.n_histograms)
    one.exemplars = Int32(clamping: series.n_exemplars)
    request.series.append(one)
  }

  private func text(_ index: Int) -> String {
    index < symbols.count ? String(decoding: symbols[index].prefix(16_384), as: UTF8.self) : ""
  }
}
