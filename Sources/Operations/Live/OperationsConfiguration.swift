import StrictYAML
import TimeSeries

/// The block `operations:` of the configuration: how incidents are looked for, and when work is planned.
///
///     operations:
///       interval: 15s
///       queue_depth: 10000
///       own_metrics: true
///       maintenance:
///         - { start: 2026-12-01T02:00:00Z, end: 2026-12-01T04:00:00Z, comment: upgrade }
///         - { start: 2026-12-01T01:00:00Z, end: 2026-12-01T01:30:00Z, repeat: 1d, objects: [rabbit@a] }
public struct OperationsConfiguration: Sendable, Equatable {
  /// From one look to the next, in milliseconds; nil for the evaluation interval.
  public var interval: Int64?
  /// How long a day is, in milliseconds; only a replayed cluster has another than 24 hours.
  public var day: Int64 = 86_400_000
  /// Ready messages that are too many for a queue without a limit of its own.
  public var depthLimit = 10_000.0
  /// The most queues that are watched; those with the most messages are kept.
  public var maximumQueues = 500
  /// For how long resolved incidents are kept, in milliseconds.
  public var journalRetention: Int64 = 90 * 86_400_000
  public var maintenance: [MaintenanceWindow] = []
  /// Whether Harecast's own metrics are kept beside those of the brokers.
  public var keepsOwnMetrics = false

  public init() {}

  /// Reads the block; nil is all defaults.
  ///
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode?) throws(YAMLError) {
    guard let node else { return }
    var reader = try MappingReader(node, "operations")
    interval = try reader.optionalDuration("interval")
    if let interval, !(1000...300_000).contains(interval) {
      throw reader.error("interval", "interval must be from 1s to 5m")
    }
    day = try reader.optionalDuration("day") ?? day
    if day < 60_000 { throw reader.error("day", "day must be at least 1m") }
    depthLimit = try reader.optionalDouble("queue_depth") ?? depthLimit
    if !(1...1e12).contains(depthLimit) { throw reader.error("queue_depth", "queue_depth must be at least 1") }
    maximumQueues = try reader.optionalInt("max_queues") ?? maximumQueues
    if !(1...100_000).contains(maximumQueues) {
      throw reader.error("max_queues", "max_queues must be from 1 to 100000")
    }
    journalRetention = try reader.optionalDuration("journal_retention_time") ?? journalRetention
    keepsOwnMetrics = try reader.optionalBool("own_metrics") ?? false
    for (index, item) in try reader.sequence("maintenance").enumerated() {
      maintenance.append(try MaintenanceWindow(item, id: "configuration-\(index + 1)"))
    }
    try reader.finish()
  }
}

extension MaintenanceWindow {
  fileprivate init(_ node: YAMLNode, id: String) throws(YAMLError) {
    var reader = try MappingReader(node, "a maintenance window")
    let start = try Self.moment("start", &reader)
    let end = try Self.moment("end", &reader)
    if end <= start { throw reader.error("end", "end must be after start") }
    let period = try reader.optionalDuration("repeat")
    if let period, period < end - start { throw reader.error("repeat", "repeat must not be shorter than the window") }
    var objects: [String] = []
    for item in try reader.sequence("objects") { objects.append(try item.text("objects")) }
    let comment = try reader.optionalString("comment") ?? ""
    try reader.finish()
    self.init(
      id: id, start: start, end: end, period: period, objects: objects, comment: comment, createdBy: "configuration")
  }

  private static func moment(_ key: String, _ reader: inout MappingReader) throws(YAMLError) -> Int64 {
    let text = try reader.string(key)
    guard let time = RFC3339.parse(text) else {
      throw reader.error(key, "\(key): \"\(text.prefix(60))\" is not a time such as 2026-12-01T02:00:00Z")
    }
    return time
  }
}
