import RemoteWrite
import StrictYAML
import TimeSeries

/// The bounds of what remote-write brings, as the block `remote_write_receiver:` gives them.
public struct RemoteWriteReceiverConfiguration: Sendable, Equatable {
  /// The bounds of one request.
  public var limits = WriteRequestLimits()
  /// How many requests may be under way at once.
  public var maximumConcurrency = 16
  /// How long a request's body may take to arrive, in milliseconds.
  public var bodyTimeout: Int64 = 30_000

  public init() {}

  /// Reads the block.
  ///
  ///     remote_write_receiver:
  ///       body_size_limit: 32MB
  ///       decoded_size_limit: 32MB
  ///       series_limit: 200000
  ///       sample_limit: 2000000
  ///       label_limit: 128
  ///       label_name_length_limit: 1024
  ///       label_value_length_limit: 16384
  ///       max_concurrent_requests: 16
  ///       body_timeout: 30s
  ///
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode) throws(YAMLError) {
    self.init()
    var reader = try MappingReader(node, "remote_write_receiver")
    limits.bodyBytes = try reader.optionalByteSize("body_size_limit") ?? limits.bodyBytes
    limits.decodedBytes = try reader.optionalByteSize("decoded_size_limit") ?? limits.decodedBytes
    limits.series = try reader.optionalInt("series_limit") ?? limits.series
    limits.samples = try reader.optionalInt("sample_limit") ?? limits.samples
    limits.labels = try reader.optionalInt("label_limit") ?? limits.labels
    limits.labelNameBytes = try reader.optionalInt("label_name_length_limit") ?? limits.labelNameBytes
    limits.labelValueBytes = try reader.optionalInt("label_value_length_limit") ?? limits.labelValueBytes
    maximumConcurrency = try reader.optionalInt("max_concurrent_requests") ?? maximumConcurrency
    bodyTimeout = try reader.optionalDuration("body_timeout") ?? bodyTimeout
    try reader.finish()
    for (key, value, range) in [
      ("body_size_limit", limits.bodyBytes, 1024...1 << 30),
      ("decoded_size_limit", limits.decodedBytes, 1024...1 << 30),
      ("series_limit", limits.series, 1...10_000_000), ("sample_limit", limits.samples, 1...100_000_000),
      ("label_limit", limits.labels, 1...10_000), ("label_name_length_limit", limits.labelNameBytes, 8...1 << 20),
      ("label_value_length_limit", limits.labelValueBytes, 8...1 << 24),
      ("max_concurrent_requests", maximumConcurrency, 1...1000), ("body_timeout", Int(bodyTimeout), 100...3_600_000),
    ] where !range.contains(value) {
      let unit = key == "body_timeout" ? " milliseconds" : ""
      throw reader.error(key, "\(key) must be from \(range.lowerBound) to \(range.upperBound)\(unit)")
    }
  }
}
