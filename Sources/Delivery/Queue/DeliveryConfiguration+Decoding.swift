import Collection
import StrictYAML
import TimeSeries

extension DeliveryConfiguration {
  /// Reads the keys that all destinations have: `name`, `series`, `write_relabel_configs`, `queue_config`, `headers` and
  /// how to speak HTTP.
  mutating func readShared(_ reader: inout MappingReader, directory: String) throws(YAMLError) {
    try checkURL(reader)
    name = try reader.optionalString("name") ?? name
    if name.isEmpty { throw reader.error("name", "the name must not be empty") }
    if let text = try reader.optionalString("series") {
      guard let selection = Selection(rawValue: text) else {
        throw reader.error("series", "series: write recorded (what rules make) or all, not \"\(text.prefix(40))\"")
      }
      self.selection = selection
    }
    relabelRules = try RelabelRule.rules(reader.sequence("write_relabel_configs"))
    if let queue = try reader.optionalMapping("queue_config") { self.queue = try QueueSettings(queue) }
    let keys = try reader.stringMap("headers")
    let reserved: Set<String> = [
      "host", "content-encoding", "content-length", "content-type", "user-agent", "authorization", "connection",
      "x-prometheus-remote-write-version", "transfer-encoding",
    ]
    for (name, _) in keys where reserved.contains(name.lowercased()) {
      throw reader.error("headers", "headers: \"\(name)\" cannot be set here")
    }
    access = try HTTPAccess(&reader, directory: directory)
    for (name, value) in keys { access.headers.append((name, Secret(value))) }
    if !(100...3_600_000).contains(timeout) {
      throw YAMLError(reader.place, "the timeout must be from 100ms to 1h")
    }
  }

  private func checkURL(_ reader: MappingReader) throws(YAMLError) {
    guard let scheme = ["http://", "https://"].first(where: url.hasPrefix) else {
      throw reader.error("url", "url: \"\(url.prefix(80))\" does not begin with http:// or https://")
    }
    let host = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
    if host.contains("@") { throw reader.error("url", "url: put the user into basic_auth, not into the address") }
    if !URLText.isHostAndPort(String(host)) || url.contains("#") || url.contains(where: \.isWhitespace) {
      throw reader.error("url", "url: \"\(url.prefix(80))\" is not an address")
    }
  }

  /// Refuses two destinations of one name.
  static func checkNames(_ all: [DeliveryConfiguration], _ nodes: [YAMLNode]) throws(YAMLError) {
    var names: Set<String> = []
    for (one, node) in zip(all, nodes) where !names.insert(one.name).inserted {
      throw YAMLError(node.place, "two destinations are called \"\(one.name.prefix(80))\": give each a name of its own")
    }
  }
}

extension QueueSettings {
  init(_ reader: MappingReader) throws(YAMLError) {
    self.init()
    var reader = reader
    capacity = try reader.optionalInt("capacity") ?? capacity
    minimumShards = try reader.optionalInt("min_shards") ?? minimumShards
    maximumShards = try reader.optionalInt("max_shards") ?? max(maximumShards, minimumShards)
    samplesPerRequest = try reader.optionalInt("max_samples_per_send") ?? samplesPerRequest
    sendDeadline = try reader.optionalDuration("batch_send_deadline") ?? sendDeadline
    minimumBackoff = try reader.optionalDuration("min_backoff") ?? minimumBackoff
    maximumBackoff = try reader.optionalDuration("max_backoff") ?? maximumBackoff
    retriesTooManyRequests = try reader.optionalBool("retry_on_http_429") ?? retriesTooManyRequests
    if let limit = try reader.optionalDuration("sample_age_limit"), limit > 0 { ageLimit = limit }
    try reader.finish()
    for (key, value, range) in [
      ("capacity", capacity, 1...10_000_000), ("min_shards", minimumShards, 1...1000),
      ("max_shards", maximumShards, 1...1000), ("max_samples_per_send", samplesPerRequest, 1...1_000_000),
    ] where !range.contains(value) {
      throw reader.error(key, "\(key) must be from \(range.lowerBound) to \(range.upperBound)")
    }
    if maximumShards < minimumShards { throw reader.error("max_shards", "max_shards is less than min_shards") }
    if minimumBackoff < 1 { throw reader.error("min_backoff", "min_backoff must be at least 1ms") }
    if maximumBackoff < minimumBackoff { throw reader.error("max_backoff", "max_backoff is less than min_backoff") }
  }
}
