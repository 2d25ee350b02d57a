import Collection
import RemoteWrite
import StrictYAML
import TimeSeries

extension DeliveryConfiguration {
  /// Reads the block `remote_write:`, a list of receivers in Prometheus's own schema, with one key more: `series`.
  ///
  ///     remote_write:
  ///       - url: http://mimir:9009/api/v1/push
  ///         series: recorded
  ///         protobuf_message: io.prometheus.write.v2.Request
  ///         headers: { X-Scope-OrgID: production }
  ///
  /// - Parameter directory: where relative paths start.
  /// - Throws: `YAMLError` with the place of the first fault.
  public static func remoteWrites(_ node: YAMLNode?, directory: String) throws(YAMLError) -> [DeliveryConfiguration] {
    guard let node else { return [] }
    let nodes = try node.items("remote_write")
    var result: [DeliveryConfiguration] = []
    for item in nodes { result.append(try DeliveryConfiguration(remoteWrite: item, directory: directory)) }
    try checkNames(result, nodes)
    return result
  }

  init(remoteWrite node: YAMLNode, directory: String) throws(YAMLError) {
    var reader = try MappingReader(node, "a remote_write")
    let url = try reader.string("url")
    self.init(name: url, url: url, format: .remoteWrite(.v1, metadata: MetadataSettings()))
    for (key, reason) in [
      ("azuread", "requests are not signed for a cloud's services"),
      ("google_iam", "requests are not signed for a cloud's services"),
    ] { try reader.refuse(key, reason) }
    timeout = try reader.optionalDuration("remote_timeout") ?? timeout
    var version = WriteProtocol.v1
    if let message = try reader.optionalString("protobuf_message") {
      guard let known = WriteProtocol(rawValue: message) else {
        throw reader.error(
          "protobuf_message",
          "unknown message \"\(message.prefix(60))\"; write \(WriteProtocol.v1.rawValue) or \(WriteProtocol.v2.rawValue)"
        )
      }
      version = known
    }
    for key in ["send_exemplars", "send_native_histograms", "round_robin_dns"] {
      if try reader.optionalBool(key) == true {
        remarks.append("\(reader.place(of: key)): \"\(key)\" has no effect")
      }
    }
    var metadata = MetadataSettings()
    if var settings = try reader.optionalMapping("metadata_config") {
      metadata.isSent = try settings.optionalBool("send") ?? metadata.isSent
      metadata.interval = try settings.optionalDuration("send_interval") ?? metadata.interval
      // Metadata travels with samples, so that their bound is its bound.
      _ = try settings.optionalInt("max_samples_per_send")
      try settings.finish()
    }
    format = .remoteWrite(version, metadata: metadata)
    try readShared(&reader, directory: directory)
    try reader.finish()
  }
}
