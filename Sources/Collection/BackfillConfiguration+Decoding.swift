import StrictYAML
import TimeSeries

extension BackfillConfiguration {
  /// Reads the block `backfill:`, a list of sources.
  ///
  ///     backfill:
  ///       - url: http://prometheus:9090/prometheus
  ///         range: 14d
  ///         step: 1m
  ///         match: ['{job="rabbitmq"}']
  ///         headers: { X-Scope-OrgID: production }
  ///
  /// `basic_auth`, `authorization`, `tls_config`, `proxy_url` and the like are read as in a scrape configuration.
  ///
  /// - Parameter directory: where relative paths start.
  /// - Throws: `YAMLError` with the place of the first fault.
  public static func configurations(_ node: YAMLNode?, directory: String) throws(YAMLError) -> [BackfillConfiguration] {
    guard let node else { return [] }
    var result: [BackfillConfiguration] = []
    for item in try node.items("backfill") {
      let source = try BackfillConfiguration(item, directory: directory)
      if result.contains(where: { $0.url == source.url && $0.match == source.match }) {
        throw YAMLError(item.place, "the source \(source.url) is listed twice")
      }
      result.append(source)
    }
    return result
  }

  /// Reads one source.
  ///
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode, directory: String) throws(YAMLError) {
    var reader = try MappingReader(node, "a source of backfill")
    self.init(url: try reader.string("url"))
    while url.hasSuffix("/") { url.removeLast() }
    try checkURL(reader)
    range = try reader.optionalDuration("range") ?? range
    step = try reader.optionalDuration("step") ?? step
    timeout = try reader.optionalDuration("timeout") ?? timeout
    concurrency = try reader.optionalInt("concurrency") ?? concurrency
    requestsPerSecond = try reader.optionalDouble("requests_per_second") ?? requestsPerSecond
    match = try reader.strings("match")
    try checkBounds(reader)
    for entry in try reader.optionalNode("params")?.entries("params") ?? [] {
      for value in try entry.value.items("the parameter \"\(entry.key)\"") {
        if ["query", "start", "end", "step", "timeout", "match[]"].contains(entry.key) {
          throw YAMLError(entry.keyPlace, "the parameter \"\(entry.key)\" is set by each request itself")
        }
        parameters.append(QueryParameter(entry.key, try value.text("a value of \"\(entry.key)\"")))
      }
    }
    access = try HTTPAccess(&reader, directory: directory)
    for (name, value) in try reader.stringMap("headers") { access.headers.append((name, Secret(value))) }
    relabelRules = try RelabelRule.rules(reader.sequence("metric_relabel_configs"))
    try reader.finish()
  }

  private func checkURL(_ reader: MappingReader) throws(YAMLError) {
    guard let scheme = ["http://", "https://"].first(where: url.hasPrefix) else {
      throw reader.error("url", "url: \"\(url.prefix(80))\" does not begin with http:// or https://")
    }
    let host = url.dropFirst(scheme.count).prefix { $0 != "/" }
    if host.contains("@") {
      throw reader.error("url", "url: put the user into basic_auth, not into the address")
    }
    if !URLText.isHostAndPort(String(host)) || url.contains("?") || url.contains("#") || url.hasSuffix("/api/v1") {
      throw reader.error("url", "url: give the address before /api/v1, for instance http://prometheus:9090")
    }
  }

  private func checkBounds(_ reader: MappingReader) throws(YAMLError) {
    if !(1000...86_400_000).contains(step) { throw reader.error("step", "step must be from 1s to 1d") }
    if !(step...1000 * 86_400_000).contains(range) {
      throw reader.error("range", "range must be at least the step and at most 1000d")
    }
    if !(1000...3_600_000).contains(timeout) { throw reader.error("timeout", "timeout must be from 1s to 1h") }
    if !(1...64).contains(concurrency) { throw reader.error("concurrency", "concurrency must be from 1 to 64") }
    if !(requestsPerSecond >= 0.01 && requestsPerSecond <= 1000) {
      throw reader.error("requests_per_second", "requests_per_second must be from 0.01 to 1000")
    }
    for selector in match where BackfillSelector(selector) == nil {
      throw reader.error("match", "match: \"\(selector.prefix(80))\" is not a selector of series")
    }
  }
}
