import Forecasting
import PromQL
import StrictYAML
import TimeSeries

/// The block `forecasting:` of the configuration: local time, holidays, office hours and events, and what demand and
/// resources are forecast of.
///
///     forecasting:
///       time_zone: Europe/Berlin
///       country: DE
///       business_hours:
///         - { weekdays: ['monday:friday'], times: [{ start_time: '09:00', end_time: '18:00' }] }
///       calendars: [releases.ics]
///       events:
///         - { name: sale, start: 2026-11-27T00:00:00Z, end: 2026-11-30T00:00:00Z, repeat: 1y }
///       demand: { history: 35d }
///       resources: { horizon: 6h }
public struct OutlookConfiguration: Sendable, Equatable {
  /// The zone whose clocks people live by, with its name.
  public var zone = "UTC"
  public var clock = ForecastCalendar()
  public var holidays: PublicHolidays?
  public var businessHours = WeeklyHours.usualBusiness
  public var peakHours = WeeklyHours.usualPeaks
  /// iCalendar files.
  public var calendarFiles: [String] = []
  public var events: [RepeatedEvent] = []
  public var demand = DemandConfiguration()
  public var resources = ResourceConfiguration()

  public init() {}

  /// Reads the block; nil is all defaults.
  ///
  /// - Parameter folder: what relative paths are relative to.
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode?, folder: String) throws(YAMLError) {
    guard let node else { return }
    var reader = try MappingReader(node, "forecasting")
    if let name = try reader.optionalString("time_zone") {
      guard let clock = Zones.clock(name) else {
        throw reader.error("time_zone", "there is no time zone \"\(name.prefix(60))\"" + Self.hint(name, Zones.names))
      }
      zone = name
      self.clock = clock
    }
    if let code = try reader.optionalString("country") {
      guard let holidays = PublicHolidays(country: code) else {
        throw reader.error(
          "country",
          "the holidays of \"\(code.prefix(20))\" are not known; known are \(PublicHolidays.countries.joined(separator: ", "))"
        )
      }
      self.holidays = holidays
    }
    if let node = reader.optionalNode("business_hours") { businessHours = try WeeklyHours(node, "business_hours") }
    if let node = reader.optionalNode("peak_hours") { peakHours = try WeeklyHours(node, "peak_hours") }
    calendarFiles = try reader.strings("calendars").map { $0.hasPrefix("/") ? $0 : folder + "/" + $0 }
    for item in try reader.sequence("events") { events.append(try RepeatedEvent(item)) }
    if let node = reader.optionalNode("demand") { demand = try DemandConfiguration(node) }
    if let node = reader.optionalNode("resources") { resources = try ResourceConfiguration(node) }
    try reader.finish()
  }

  static func hint(_ word: String, _ candidates: [String]) -> String {
    // Of a zone most people know the town only.
    let nearest = candidates.first { $0.hasSuffix("/\(word)") } ?? NearestWord.of(word, in: candidates)
    return nearest.map { "; did you mean \"\($0)\"?" } ?? ""
  }
}

/// An event of the configuration, which may come again.
public struct RepeatedEvent: Sendable, Equatable {
  public var name: String
  /// UTC milliseconds.
  public var start: Int64
  public var end: Int64
  /// After how many milliseconds it comes again; nil for once.
  public var period: Int64?

  init(_ node: YAMLNode) throws(YAMLError) {
    var reader = try MappingReader(node, "an event")
    name = try reader.string("name")
    if name.isEmpty || name.utf8.count > 200 {
      throw reader.error("name", "an event needs a name of at most 200 bytes")
    }
    start = try Self.moment("start", &reader)
    end = try Self.moment("end", &reader)
    if end <= start { throw reader.error("end", "end must be after start") }
    period = try reader.optionalDuration("repeat")
    if let period, period < max(3_600_000, end - start) {
      throw reader.error("repeat", "repeat must be at least 1h and not shorter than the event")
    }
    try reader.finish()
  }

  private static func moment(_ key: String, _ reader: inout MappingReader) throws(YAMLError) -> Int64 {
    let text = try reader.string(key)
    guard let time = RFC3339.parse(text) else {
      throw reader.error(key, "\(key): \"\(text.prefix(60))\" is not a time such as 2026-11-27T00:00:00Z")
    }
    return time
  }

  /// The occurrences that touch the time from `first` to `last`.
  func occurrences(from first: Int64, through last: Int64) -> [ForecastCalendar.Event] {
    guard let period else { return [.init(name: name, start: start, end: end)] }
    var index = max(0, (first - end) / period)
    var result: [ForecastCalendar.Event] = []
    while start + index * period <= last, result.count < 20_000 {
      result.append(.init(name: name, start: start + index * period, end: end + index * period))
      index += 1
    }
    return result
  }
}

/// What demand forecasts are made of.
public struct DemandConfiguration: Sendable, Equatable {
  public var isEnabled = true
  /// The distance of two values, in milliseconds.
  public var step: Int64 = 3_600_000
  /// How far back models learn when they begin, in milliseconds.
  public var history: Int64 = 42 * 86_400_000
  /// How far ahead is looked, in milliseconds.
  public var horizon: Int64 = 7 * 86_400_000
  /// The most series of a signal; the busiest are kept.
  public var limit = 50
  public var signals = [
    NamedQuery(
      name: "publish_rate", text: "sum by (rabbitmq_cluster) (rate(rabbitmq_global_messages_received_total[1h]))")
  ]

  public init() {}

  init(_ node: YAMLNode) throws(YAMLError) {
    var reader = try MappingReader(node, "demand")
    isEnabled = try reader.optionalBool("enabled") ?? isEnabled
    step = try reader.optionalDuration("step") ?? step
    if !(300_000...21_600_000).contains(step) || 86_400_000 % step != 0 {
      throw reader.error("step", "step must be from 5m to 6h and a whole part of a day")
    }
    history = try reader.optionalDuration("history") ?? history
    if !(172_800_000...34_560_000_000).contains(history) {
      throw reader.error("history", "history must be from 2d to 400d")
    }
    horizon = try reader.optionalDuration("horizon") ?? horizon
    if !(3_600_000...604_800_000).contains(horizon) { throw reader.error("horizon", "horizon must be from 1h to 7d") }
    limit = try reader.optionalInt("limit") ?? limit
    if !(1...1000).contains(limit) { throw reader.error("limit", "limit must be from 1 to 1000") }
    if reader.has("signals") {
      signals = []
      for item in try reader.sequence("signals") {
        var signal = try MappingReader(item, "a signal")
        signals.append(try NamedQuery(&signal))
        try signal.finish()
      }
    }
    try reader.finish()
  }
}

/// What resource predictions are made of.
public struct ResourceConfiguration: Sendable, Equatable {
  public var isEnabled = true
  public var step: Int64 = 300_000
  public var history: Int64 = 14 * 86_400_000
  public var horizon: Int64 = 6 * 3_600_000
  /// After how many milliseconds models are trained again, if drift does not ask for it before.
  public var retrain: Int64 = 86_400_000
  /// The most series of a resource.
  public var limit = 50
  public var resources = DefaultSignals.resources
  /// What resources may depend on; a load belongs to a resource if it has no label that the resource lacks.
  public var loads = DefaultSignals.loads

  public init() {}

  init(_ node: YAMLNode) throws(YAMLError) {
    var reader = try MappingReader(node, "resources")
    isEnabled = try reader.optionalBool("enabled") ?? isEnabled
    step = try reader.optionalDuration("step") ?? step
    if !(60_000...3_600_000).contains(step) { throw reader.error("step", "step must be from 1m to 1h") }
    history = try reader.optionalDuration("history") ?? history
    if history < 60 * step || history > 8064 * step {
      throw reader.error("history", "history must be from 60 to 8064 steps")
    }
    horizon = try reader.optionalDuration("horizon") ?? horizon
    if horizon < step || horizon > 288 * step { throw reader.error("horizon", "horizon must be from 1 to 288 steps") }
    retrain = try reader.optionalDuration("retrain") ?? retrain
    if !(3_600_000...2_592_000_000).contains(retrain) {
      throw reader.error("retrain", "retrain must be from 1h to 30d")
    }
    limit = try reader.optionalInt("limit") ?? limit
    if !(1...1000).contains(limit) { throw reader.error("limit", "limit must be from 1 to 1000") }
    if reader.has("signals") {
      resources = []
      for item in try reader.sequence("signals") {
        var signal = try MappingReader(item, "a resource")
        resources.append(try NamedQuery(&signal))
        try signal.finish()
      }
    }
    if reader.has("loads") {
      loads = []
      for item in try reader.sequence("loads") {
        var signal = try MappingReader(item, "a load")
        loads.append(try NamedQuery(&signal))
        try signal.finish()
      }
      if loads.count > 30 { throw reader.error("loads", "at most 30 loads are looked at") }
    }
    try reader.finish()
  }
}

/// An expression with a name.
public struct NamedQuery: Sendable, Equatable {
  public var name: String
  public var text: String

  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }

  init(_ reader: inout MappingReader) throws(YAMLError) {
    name = try reader.string("name")
    guard Labels.isClassicLabelName(name), name.utf8.count <= 60 else {
      throw reader.error("name", "name: \"\(name.prefix(60))\" must be letters, digits and underscores")
    }
    text = try reader.string("expr")
    do throws(ParseError) {
      _ = try QueryEngine().parse(text)
    } catch {
      throw reader.error("expr", "expr: \(error)")
    }
  }
}
