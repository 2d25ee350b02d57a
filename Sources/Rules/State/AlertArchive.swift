import TimeSeries

/// The alerts of a group's rules at one moment, for the next process.
struct AlertArchive: Sendable, Equatable {
  /// The alerts of one rule, which is known again by its name and its definition.
  struct Entry: Sendable, Equatable {
    var name: String
    var definition: String
    var alerts: [Alert]
  }

  private static let kind = "alerts"
  private static let version: UInt8 = 1

  /// The time of the evaluation after which the alerts were so, in UTC milliseconds.
  var time: Int64
  var entries: [Entry]

  init(time: Int64, entries: [Entry]) {
    self.time = time
    self.entries = entries
  }

  /// The name under which the archive of a group is kept.
  static func key(file: String, group: String) -> String { "rules/alerts/\(file);\(group)" }

  /// - Throws: ``StateFault`` if `bytes` are not an archive that this program can read.
  init(_ bytes: [UInt8]) throws(StateFault) {
    var reader = try StateReader(bytes, Self.kind, version: Self.version)
    time = try reader.int64()
    entries = []
    for _ in 0..<(try reader.count(of: 24)) {
      var entry = Entry(name: try reader.string(), definition: try reader.string(), alerts: [])
      for _ in 0..<(try reader.count(of: 60)) { entry.alerts.append(try Self.alert(&reader)) }
      entries.append(entry)
    }
    try reader.end()
  }

  /// The archive as bytes.
  func saved() -> [UInt8] {
    var writer = StateWriter(Self.kind, version: Self.version)
    writer.write(time)
    writer.write(entries.count)
    for entry in entries {
      writer.write(entry.name)
      writer.write(entry.definition)
      writer.write(entry.alerts.count)
      for alert in entry.alerts { Self.write(alert, to: &writer) }
    }
    return writer.finished()
  }

  /// Takes out the alerts of `rule`: of the same definition if there are such, else of the same name.
  mutating func take(_ rule: Rule) -> [Alert] {
    let same = entries.firstIndex { $0.name == rule.name && $0.definition == rule.definition }
    guard let index = same ?? entries.firstIndex(where: { $0.name == rule.name }) else { return [] }
    return entries.remove(at: index).alerts
  }

  private static func alert(_ reader: inout StateReader) throws(StateFault) -> Alert {
    let labels = Labels(try reader.labels())
    let annotations = try reader.labels()
    guard let state = AlertState(rawValue: try reader.string()) else { throw StateFault("an alert of unknown state") }
    return Alert(
      labels: labels, annotations: annotations, state: state, value: try reader.double(),
      activeAt: try reader.int64(), firedAt: try reader.optionalInt64(), resolvedAt: try reader.optionalInt64(),
      keepFiringSince: try reader.optionalInt64(), lastSentAt: try reader.optionalInt64(),
      validUntil: try reader.optionalInt64())
  }

  private static func write(_ alert: Alert, to writer: inout StateWriter) {
    writer.write(alert.labels.elements)
    writer.write(alert.annotations)
    writer.write(alert.state.rawValue)
    writer.write(alert.value)
    writer.write(alert.activeAt)
    for time in [alert.firedAt, alert.resolvedAt, alert.keepFiringSince, alert.lastSentAt, alert.validUntil] {
      writer.write(time)
    }
  }
}
