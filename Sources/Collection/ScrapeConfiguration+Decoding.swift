import Exposition
import StrictYAML
import TimeSeries

extension GlobalConfiguration {
  /// Reads the `global` section; nil is the section left out.
  ///
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode?) throws(YAMLError) {
    self.init()
    guard let node else { return }
    var reader = try MappingReader(node, "global")
    if let interval = try reader.positiveDuration("scrape_interval") { scrapeInterval = interval }
    let timeout = try reader.positiveDuration("scrape_timeout")
    if let timeout, timeout > scrapeInterval {
      throw reader.error("scrape_timeout", "global scrape timeout greater than scrape interval")
    }
    scrapeTimeout = timeout ?? min(10_000, scrapeInterval)
    if let interval = try reader.positiveDuration("evaluation_interval") { evaluationInterval = interval }
    ruleQueryOffset = try reader.optionalDuration("rule_query_offset") ?? 0
    var labels: [Label] = []
    for (name, value) in try reader.stringMap("external_labels") {
      if name.isEmpty || name == Labels.metricNameLabel {
        throw reader.error("external_labels", "\"\(name)\" is not a valid label name")
      }
      labels.append(Label(name, value))
    }
    externalLabels = Labels(labels)
    acceptHeader = try ScrapeConfiguration.acceptHeader(&reader) ?? acceptHeader
    limits = try ScrapeLimits(&reader, defaults: ScrapeLimits())
    try ScrapeConfiguration.readUnsupported(&reader)
    try reader.refuse("query_log_file", "queries are not logged to a file")
    try reader.finish()
  }
}

extension ScrapeConfiguration {
  /// Reads the `scrape_configs` section; nil is the section left out.
  ///
  /// - Parameters:
  ///   - global: the defaults.
  ///   - directory: where relative paths start: the directory of the configuration file.
  /// - Throws: `YAMLError` with the place of the first fault.
  public static func configurations(
    _ node: YAMLNode?, global: GlobalConfiguration, directory: String
  ) throws(YAMLError) -> [ScrapeConfiguration] {
    var configurations: [ScrapeConfiguration] = []
    var places: [String: YAMLPlace] = [:]
    for item in try node?.items("scrape_configs") ?? [] {
      let configuration = try ScrapeConfiguration(item, global: global, directory: directory)
      if let first = places.updateValue(item.place, forKey: configuration.jobName) {
        throw YAMLError(
          item.place, "a second job is named \"\(configuration.jobName)\"; the first is in line \(first.line)")
      }
      configurations.append(configuration)
    }
    return configurations
  }

  /// Reads one entry of `scrape_configs`.
  ///
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode, global: GlobalConfiguration, directory: String) throws(YAMLError) {
    var reader = try MappingReader(node, "a scrape configuration")
    self.init(jobName: try reader.string("job_name"))
    if jobName.isEmpty { throw reader.error("job_name", "job_name is empty") }
    try readTimes(&reader, global)
    metricsPath = try reader.optionalString("metrics_path") ?? "/metrics"
    scheme = try reader.optionalString("scheme")?.lowercased() ?? "http"
    if scheme != "http" && scheme != "https" { throw reader.error("scheme", "scheme must be http or https") }
    if let node = reader.optionalNode("params") {
      for entry in try node.entries("params") {
        for value in try entry.value.items("the values of the parameter \"\(entry.key)\"") {
          parameters.append(QueryParameter(entry.key, try value.text("a value of \"\(entry.key)\"")))
        }
      }
    }
    honorLabels = try reader.optionalBool("honor_labels") ?? false
    honorTimestamps = try reader.optionalBool("honor_timestamps") ?? true
    trackTimestampsStaleness = try reader.optionalBool("track_timestamps_staleness") ?? false
    isStrict = try reader.optionalBool("strict") ?? false
    isCompressionEnabled = try reader.optionalBool("enable_compression") ?? true
    acceptHeader = try ScrapeConfiguration.acceptHeader(&reader) ?? global.acceptHeader
    if let name = try reader.optionalString("fallback_scrape_protocol") {
      fallbackFormat = try ScrapeConfiguration.format(name, reader, "fallback_scrape_protocol")
    }
    limits = try ScrapeLimits(&reader, defaults: global.limits)
    access = try HTTPAccess(&reader, directory: directory)
    relabelRules = try RelabelRule.rules(reader.sequence("relabel_configs"))
    metricRelabelRules = try RelabelRule.rules(reader.sequence("metric_relabel_configs"))
    let sources = try TargetSources(&reader, directory: directory)
    staticGroups = sources.staticGroups
    fileDiscoveries = sources.fileDiscoveries
    dnsDiscoveries = sources.dnsDiscoveries
    try ScrapeConfiguration.readUnsupported(&reader)
    try reader.finish()
  }

  private mutating func readTimes(_ reader: inout MappingReader, _ global: GlobalConfiguration) throws(YAMLError) {
    scrapeInterval = try reader.positiveDuration("scrape_interval") ?? global.scrapeInterval
    let timeout = try reader.positiveDuration("scrape_timeout")
    if let timeout, timeout > scrapeInterval {
      throw reader.error(
        "scrape_timeout", "scrape timeout greater than scrape interval for scrape config with job name \"\(jobName)\"")
    }
    scrapeTimeout = timeout ?? min(global.scrapeTimeout, scrapeInterval)
  }

  /// Keys of Prometheus that need no action here, or that cannot be honoured.
  fileprivate static func readUnsupported(_ reader: inout MappingReader) throws(YAMLError) {
    for key in ["keep_dropped_targets", "native_histogram_bucket_limit", "native_histogram_min_bucket_factor"] {
      reader.ignore(key)
    }
    for key in ["scrape_native_histograms", "convert_classic_histograms_to_nhcb"] {
      if try reader.optionalBool(key) == true {
        throw reader.error(key, "\"\(key)\" is not supported: there are no native histograms")
      }
    }
    _ = try reader.optionalBool("always_scrape_classic_histograms")
    _ = try reader.optionalBool("extra_scrape_metrics")
    if let scheme = try reader.optionalString("metric_name_validation_scheme"), scheme != "utf8" {
      throw reader.error("metric_name_validation_scheme", "\"\(scheme.prefix(30))\" is not supported: names are UTF-8")
    }
    if let scheme = try reader.optionalString("metric_name_escaping_scheme"), scheme != "allow-utf-8" {
      throw reader.error("metric_name_escaping_scheme", "\"\(scheme.prefix(30))\" is not supported: names are UTF-8")
    }
    try reader.refuse("scrape_failure_log_file", "failures are logged with everything else")
  }

  fileprivate static func acceptHeader(_ reader: inout MappingReader) throws(YAMLError) -> String? {
    guard reader.has("scrape_protocols") else {
      reader.ignore("scrape_protocols")
      return nil
    }
    let names = try reader.strings("scrape_protocols")
    var elements: [String] = []
    for name in names where name != "PrometheusProto" {
      _ = try format(name, reader, "scrape_protocols")
      let media =
        switch name {
        case "OpenMetricsText0.0.1": "application/openmetrics-text;version=0.0.1"
        case "OpenMetricsText1.0.0": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"
        case "PrometheusText1.0.0": "text/plain;version=1.0.0;escaping=allow-utf-8"
        default: "text/plain;version=0.0.4"
        }
      elements.append("\(media);q=0.\(max(2, 8 - elements.count))")
    }
    if elements.isEmpty {
      throw reader.error("scrape_protocols", "at least one of the text protocols is needed")
    }
    return (elements + ["*/*;q=0.1"]).joined(separator: ",")
  }

  private static func format(_ name: String, _ reader: MappingReader, _ key: String) throws(YAMLError)
    -> ExpositionFormat
  {
    switch name {
    case "PrometheusText0.0.4", "PrometheusText1.0.0": return .text
    case "OpenMetricsText0.0.1", "OpenMetricsText1.0.0": return .openMetrics
    case "PrometheusProto":
      throw reader.error(key, "\"PrometheusProto\" is not supported: choose a text protocol")
    default:
      let known = ["PrometheusText0.0.4", "PrometheusText1.0.0", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0"]
      let hint = NearestWord.of(name, in: known).map { "; did you mean \"\($0)\"?" } ?? ""
      throw reader.error(key, "unknown scrape protocol \"\(name.prefix(40))\"\(hint)")
    }
  }
}

extension TargetGroup {
  /// Reads one entry of `static_configs` or of a discovery file.
  ///
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode) throws(YAMLError) {
    var reader = try MappingReader(node, "a group of targets")
    let targets = try reader.strings("targets")
    for target in targets where target.contains("/") {
      throw reader.error("targets", "\"\(target.prefix(100))\" is not a valid host and port: it holds a slash")
    }
    var labels: [Label] = []
    for (name, value) in try reader.stringMap("labels") {
      if name.isEmpty || name == Labels.metricNameLabel {
        throw reader.error("labels", "\"\(name)\" is not a valid label name")
      }
      labels.append(Label(name, value))
    }
    try reader.finish()
    self.init(targets: targets, labels: labels)
  }
}

extension DNSDiscoveryConfiguration {
  /// Reads one entry of `dns_sd_configs`.
  ///
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode) throws(YAMLError) {
    var reader = try MappingReader(node, "a DNS discovery")
    let names = try reader.strings("names")
    if names.isEmpty { throw YAMLError(node.place, "a DNS discovery needs the key \"names\"") }
    let typeName = try reader.optionalString("type") ?? "SRV"
    let port = try reader.optionalInt("port")
    let refresh = try reader.positiveDuration("refresh_interval") ?? 30_000
    guard let type = RecordType(rawValue: typeName.uppercased()) else {
      throw reader.error("type", "\"\(typeName.prefix(20))\" is not supported: write A, AAAA or SRV")
    }
    if type != .srv && port == nil {
      throw YAMLError(node.place, "a DNS discovery of type \(type.rawValue) needs the key \"port\"")
    }
    if let port, !(0...65_535).contains(port) { throw reader.error("port", "a port is a number from 0 to 65535") }
    try reader.finish()
    self.init(names: names, type: type, port: port ?? 0, refreshInterval: refresh)
  }
}

extension ScrapeLimits {
  fileprivate init(_ reader: inout MappingReader, defaults: ScrapeLimits) throws(YAMLError) {
    self = defaults
    samples = try reader.limit("sample_limit") ?? samples
    labels = try reader.limit("label_limit") ?? labels
    labelNameLength = try reader.limit("label_name_length_limit") ?? labelNameLength
    labelValueLength = try reader.limit("label_value_length_limit") ?? labelValueLength
    targets = try reader.limit("target_limit") ?? targets
    bodySize = try reader.optionalByteSize("body_size_limit") ?? bodySize
  }
}

extension MappingReader {
  fileprivate mutating func limit(_ key: String) throws(YAMLError) -> Int? {
    guard let value = try optionalInt(key) else { return nil }
    if value < 0 { throw error(key, "\(key) must not be negative") }
    return value
  }

  /// A duration of at least a millisecond.
  mutating func positiveDuration(_ key: String) throws(YAMLError) -> Int64? {
    guard let value = try optionalDuration(key) else { return nil }
    if value <= 0 { throw error(key, "\(key) must be longer than zero") }
    return value
  }
}
