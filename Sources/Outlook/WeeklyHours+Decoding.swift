import Forecasting
import StrictYAML

extension WeeklyHours {
  /// Reads hours as Alertmanager writes its time intervals: a list of `weekdays` (all, if not given) and `times` (the whole
  /// day, if not given).
  init(_ node: YAMLNode, _ what: String) throws(YAMLError) {
    self.init()
    for item in try node.items(what) {
      var reader = try MappingReader(item, "an interval of \(what)")
      var days: Set<Int> = []
      for day in try reader.sequence("weekdays") { days.formUnion(try Self.weekdays(day)) }
      if !reader.has("weekdays") { days = Set(0..<7) }
      var times: [Range<Int>] = []
      for time in try reader.sequence("times") { times.append(try Self.span(time)) }
      if !reader.has("times") { times = [0..<1440] }
      try reader.finish()
      for day in days { for time in times { add(day: day, minutes: time) } }
    }
  }

  private static let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

  /// `monday` or `monday:friday`.
  private static func weekdays(_ node: YAMLNode) throws(YAMLError) -> ClosedRange<Int> {
    let text = try node.text("a weekday").lowercased()
    let ends = text.split(separator: ":", omittingEmptySubsequences: false).map { names.firstIndex(of: String($0)) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
      let word = text.split(separator: ":").map(String.init).first { !names.contains($0) } ?? text
      throw YAMLError(
        node.place,
        "\"\(text.prefix(40))\" is no weekday such as monday or monday:friday" + OutlookConfiguration.hint(word, names))
    }
    guard first <= last else { throw YAMLError(node.place, "\"\(text)\": the last day comes before the first") }
    return first...last
  }

  private static func span(_ node: YAMLNode) throws(YAMLError) -> Range<Int> {
    var reader = try MappingReader(node, "a time")
    let start = try minute("start_time", &reader)
    let end = try minute("end_time", &reader)
    try reader.finish()
    guard start < end else { throw reader.error("end_time", "end_time must be after start_time") }
    return start..<end
  }

  private static func minute(_ key: String, _ reader: inout MappingReader) throws(YAMLError) -> Int {
    let text = try reader.string(key)
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
      let minute = Int(parts[1]), (0...24).contains(hour), (0..<60).contains(minute), hour * 60 + minute <= 1440
    else { throw reader.error(key, "\(key): \"\(text.prefix(20))\" is no time of day such as '09:00'") }
    return hour * 60 + minute
  }
}
