import Broker
import Collection
import Delivery
import Foundation
import SeriesStore
import StrictYAML
import TimeSeries

/// The whole of `harecast.yml`: Prometheus's schema for what Prometheus has, our keys beside it.
public struct HarecastConfiguration: Sendable {
  /// Defaults for jobs and rule groups.
  public var global: GlobalConfiguration
  public var scrapes: [ScrapeConfiguration]
  /// The rule files that exist now, sorted, each once.
  public var ruleFiles: [String]
  public var store: SeriesStoreConfiguration
  public var management: ManagementConfiguration?
  public var alerting = AlertingConfiguration()
  /// Where the recent past is fetched from at the start.
  public var backfill: [BackfillConfiguration] = []
  /// The block `operations`, which the part that looks for incidents reads.
  public var operations: YAMLNode?
  /// The block `forecasting`, which the part that forecasts demand and resources reads.
  public var forecasting: YAMLNode?
  /// What relative paths in the blocks that others read are relative to.
  public var folder = "."
  /// Where samples are sent.
  public var deliveries: [DeliveryConfiguration] = []
  /// The bounds of what remote-write brings.
  public var remoteWriteReceiver = RemoteWriteReceiverConfiguration()
  /// Where trained models lie.
  public var models = ModelSettings()
  /// The text as it was understood; nil for a configuration made in code.
  public var source: YAMLNode?
  /// What was accepted but has no effect, one readable line each.
  public var remarks: [String]

  /// Reads a configuration file.
  ///
  /// - Throws: ``ConfigurationError`` if the file cannot be read, `YAMLError` with the place of what is wrong in it.
  public static func load(_ path: String) throws -> HarecastConfiguration {
    let absolute = URL(filePath: path).standardizedFileURL
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: absolute.path, isDirectory: &isFolder) else {
      throw ConfigurationError(path: path, reason: "there is no such configuration file")
    }
    if isFolder.boolValue { throw ConfigurationError(path: path, reason: "is a folder, not a configuration file") }
    guard let bytes = FileManager.default.contents(atPath: absolute.path) else {
      let reason = access(absolute.path, R_OK) == 0 ? "" : ": " + String(cString: strerror(errno))
      throw ConfigurationError(path: path, reason: "cannot read the configuration file\(reason)")
    }
    guard let text = String(bytes: bytes, encoding: .utf8) else {
      throw ConfigurationError(path: path, reason: "is not UTF-8 text")
    }
    return try read(text, file: path, folder: absolute.deletingLastPathComponent().path)
  }

  /// Reads configuration text.
  ///
  /// - Parameters:
  ///   - file: the name of the file as it shall appear in errors.
  ///   - folder: what relative paths are relative to.
  public static func read(_ text: String, file: String, folder: String) throws -> HarecastConfiguration {
    let source = try YAMLDocument.parse(text, file: file)
    var reader = try MappingReader(source, "the configuration")
    let global = try GlobalConfiguration(reader.optionalNode("global"))
    let jobs = try ScrapeConfiguration.configurations(
      reader.optionalNode("scrape_configs"), global: global, directory: folder)
    var configuration = HarecastConfiguration(global: global, scrapes: jobs)
    configuration.source = source
    try configuration.readRuleFiles(reader.sequence("rule_files"), folder: folder)
    if let node = reader.optionalNode("storage") { configuration.store = try SeriesStoreConfiguration(node) }
    if let node = reader.optionalNode("management") {
      configuration.management = try ManagementConfiguration(yaml: node, folder: folder)
    }
    configuration.operations = reader.optionalNode("operations")
    configuration.forecasting = reader.optionalNode("forecasting")
    configuration.folder = folder
    for node in try reader.sequence("backfill") {
      configuration.backfill.append(try BackfillConfiguration(node, directory: folder))
    }
    if let node = reader.optionalNode("alerting") {
      configuration.alerting = try AlertingConfiguration(node, directory: folder)
    }
    configuration.deliveries =
      try DeliveryConfiguration.remoteWrites(reader.optionalNode("remote_write"), directory: folder)
      + DeliveryConfiguration.influxDBs(reader.optionalNode("influxdb"), directory: folder)
    configuration.remarks += configuration.deliveries.flatMap(\.remarks)
    if let node = reader.optionalNode("remote_write_receiver") {
      configuration.remoteWriteReceiver = try RemoteWriteReceiverConfiguration(node)
    }
    if let node = reader.optionalNode("models") { configuration.models = try ModelSettings(node, directory: folder) }
    for (key, meaning) in [
      ("remote_read", "nothing is read from remote storage"),
      ("tracing", "no traces are sent"), ("otlp", "no OTLP is received"),
    ] where reader.optionalNode(key) != nil {
      configuration.remarks.append("\(reader.place(of: key)): \"\(key)\" has no effect: \(meaning)")
    }
    try reader.refuse("scrape_config_files", "write the jobs into scrape_configs")
    try reader.finish()
    return configuration
  }

  /// A configuration made in code.
  public init(global: GlobalConfiguration, scrapes: [ScrapeConfiguration]) {
    self.global = global
    self.scrapes = scrapes
    ruleFiles = []
    store = SeriesStoreConfiguration()
    remarks = []
  }

  /// The keys that differ from `old` and are only read at the start.
  public func needsRestart(after old: HarecastConfiguration) -> [String] {
    var keys: [String] = []
    if store != old.store { keys.append("storage") }
    if backfill != old.backfill { keys.append("backfill") }
    if deliveries != old.deliveries { keys.append("remote_write, influxdb") }
    if remoteWriteReceiver != old.remoteWriteReceiver { keys.append("remote_write_receiver") }
    if management != old.management { keys.append("management") }
    if models.trainingShare != old.models.trainingShare { keys.append("models.training_share") }
    if global.evaluationInterval != old.global.evaluationInterval { keys.append("global.evaluation_interval") }
    if global.ruleQueryOffset != old.global.ruleQueryOffset { keys.append("global.rule_query_offset") }
    if global.externalLabels != old.global.externalLabels { keys.append("global.external_labels") }
    return keys
  }

  /// A file that is not there is no error, as in Prometheus: rules may be delivered later than the configuration.
  private mutating func readRuleFiles(_ patterns: [YAMLNode], folder: String) throws(YAMLError) {
    for node in patterns {
      let pattern = try node.text("an item of rule_files")
      let absolute = pattern.hasPrefix("/") ? pattern : folder + "/" + pattern
      let found = Self.filesMatching(absolute)
      if found.isEmpty {
        remarks.append("\(node.place): rule_files: \"\(pattern)\" does not point to an existing file")
      }
      ruleFiles += found.filter { !ruleFiles.contains($0) }
    }
  }
}

extension HarecastConfiguration {
  /// The files that a path with wildcards names, sorted.
  static func filesMatching(_ pattern: String) -> [String] {
    var matches = glob_t()
    defer { globfree(&matches) }
    guard glob(pattern, 0, nil, &matches) == 0, let paths = matches.gl_pathv else { return [] }
    return (0..<Int(matches.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
  }
}

/// A configuration file that cannot be used at all.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path): \(reason)" }
}

extension SeriesStoreConfiguration {
  /// Reads the `storage` block.
  init(_ node: YAMLNode) throws(YAMLError) {
    self.init()
    var reader = try MappingReader(node, "storage")
    retentionTime = try reader.optionalDuration("retention_time") ?? retentionTime
    retentionBytes = try reader.optionalByteSize("retention_size") ?? retentionBytes
    maximumSeries = try reader.optionalInt("max_series") ?? maximumSeries
    rollupRetentionTime = try reader.optionalDuration("rollup_retention_time") ?? rollupRetentionTime
    memoryTime = try reader.optionalDuration("memory_time") ?? memoryTime
    memoryBytes = try reader.optionalByteSize("memory_size") ?? memoryBytes
    isFullySynchronous = try reader.optionalBool("wait_for_disk") ?? isFullySynchronous
    feedBytes = try reader.optionalByteSize("delivery_queue_size") ?? feedBytes
    futureTolerance = try reader.optionalDuration("future_tolerance") ?? futureTolerance
    try reader.finish()
    if !(0...86_400_000).contains(futureTolerance) {
      throw reader.error("future_tolerance", "future_tolerance must be at most 1d")
    }
    if retentionTime > 100 * 31_536_000_000 {
      throw reader.error("retention_time", "the retention must be at most 100y")
    }
    if retentionTime < 3_600_000 { throw reader.error("retention_time", "the retention must be at least 1h") }
    if retentionBytes < 8 << 20 { throw reader.error("retention_size", "the retention must be at least 8MB") }
    if memoryTime < 1_800_000 { throw reader.error("memory_time", "memory must hold at least 30m") }
    if memoryBytes < 8 << 20 { throw reader.error("memory_size", "memory must be at least 8MB") }
    if feedBytes < 1 << 20 { throw reader.error("delivery_queue_size", "the queue must be at least 1MB") }
    if maximumSeries < 1 { throw reader.error("max_series", "max_series must be at least 1") }
  }
}
