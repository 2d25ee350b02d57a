/// Reads the events of iCalendar files (RFC 5545), as Google Calendar, Outlook and most others export them.
///
/// VEVENT with SUMMARY, DTSTART, DTEND or DURATION, RRULE, RDATE, EXDATE and RECURRENCE-ID, times in UTC, in a named zone
/// or floating. Everything else is passed over.
public struct ICalendar: Sendable {
  /// The most bytes of a file.
  public static let mostBytes = 8 << 20
  /// The most events that a file may come to within the window asked for.
  public static let mostEvents = 50_000

  /// The most periods of recurrence rules that are looked at for one file.
  static let mostPeriods = 1_000_000

  /// Local time of a named zone; nil if there is no such zone.
  public typealias Zones = @Sendable (String) -> ForecastCalendar?

  private let file: String
  private let floating: ForecastCalendar
  private let zones: Zones

  /// - Parameters:
  ///   - file: the name of the file as it shall appear in errors.
  ///   - floating: local time for events that name no zone.
  ///   - zones: finds the clock of an IANA zone.
  public init(file: String, floating: ForecastCalendar, zones: @escaping Zones) {
    self.file = file
    self.floating = floating
    self.zones = zones
  }

  /// The events that touch the time from `start` to `end` (UTC milliseconds), ascending.
  ///
  /// - Throws: ``ICalendarError`` with the line of the first fault.
  public func events(_ text: String, from start: Int64, through end: Int64) throws(ICalendarError)
    -> [ForecastCalendar.Event]
  {
    guard text.utf8.count <= Self.mostBytes else {
      throw error(1, "the file has \(text.utf8.count) bytes, the limit is \(Self.mostBytes)")
    }
    var found: [ForecastCalendar.Event] = []
    var budget = Self.mostPeriods
    for entry in try entries(text) where !entry.isCancelled {
      let room = Self.mostEvents - found.count
      let more = try occurrences(of: entry, from: start, through: end, atMost: room, budget: &budget)
      guard budget > 0 else { throw error(entry.line, "the rules repeat too often to be followed") }
      found += more
      if found.count >= Self.mostEvents {
        throw error(entry.line, "more than \(Self.mostEvents) events within the time that is looked at")
      }
    }
    return found.sorted { ($0.start, $0.name) < ($1.start, $1.name) }
  }

  // MARK: Reading

  /// A moment as written, and the zone that it is meant in.
  private struct Moment {
    /// Milliseconds since 1970 on the wall clock of `clock`.
    var local: Int64
    var clock: ForecastCalendar
    var isDate: Bool

    var utc: Int64 { clock.time(ofLocal: local) }
  }

  private struct Entry {
    var line: Int
    var name = ""
    var identifier = ""
    var start: Moment?
    var end: Moment?
    var duration: Int64?
    var rule: Recurrence?
    var until: Int64?
    var extra: [Moment] = []
    var left: Set<Int64> = []
    /// For an entry that replaces one repetition of another: the start of that one.
    var replaces: Int64?
    var isCancelled = false
  }

  private func error(_ line: Int, _ message: String) -> ICalendarError {
    ICalendarError(file: file, line: line, message: message)
  }

  private func entries(_ text: String) throws(ICalendarError) -> [Entry] {
    var components: [String] = []
    var entries: [Entry] = []
    var open: Entry?
    var hasCalendar = false
    for (number, raw) in ICalendarLine.unfolded(text) {
      guard let line = ICalendarLine(raw, number: number) else {
        throw error(number, "\"\(raw.prefix(40))\" is no content line (NAME:value)")
      }
      switch line.name {
      case "BEGIN":
        guard components.count < 8 else { throw error(number, "components are nested too deeply") }
        let component = line.value.uppercased()
        guard hasCalendar || component == "VCALENDAR" else { throw error(number, "expected BEGIN:VCALENDAR") }
        hasCalendar = true
        components.append(component)
        if component == "VEVENT" { open = Entry(line: number) }
      case "END":
        let component = line.value.uppercased()
        guard components.popLast() == component else {
          throw error(number, "END:\(component.prefix(40)) without its BEGIN")
        }
        if component == "VEVENT", let entry = open {
          guard entry.start != nil else { throw error(entry.line, "the event has no DTSTART") }
          entries.append(entry)
          open = nil
        }
      default:
        guard hasCalendar else { throw error(number, "expected BEGIN:VCALENDAR") }
        if components.last == "VEVENT", var entry = open {
          try read(line, into: &entry)
          open = entry
        }
      }
    }
    if let unfinished = components.last { throw error(1, "END:\(unfinished.prefix(40)) is missing") }
    guard hasCalendar else { throw error(1, "the file holds no calendar") }
    // An entry that was moved takes the place of the repetition that it names.
    for moved in entries {
      guard let original = moved.replaces else { continue }
      for index in entries.indices where entries[index].identifier == moved.identifier && entries[index].replaces == nil
      {
        entries[index].left.insert(original)
      }
    }
    return entries
  }

  private func read(_ line: ICalendarLine, into entry: inout Entry) throws(ICalendarError) {
    switch line.name {
    case "SUMMARY": entry.name = String(line.text.prefix(200))
    case "UID": entry.identifier = line.value
    case "STATUS": entry.isCancelled = line.value.uppercased() == "CANCELLED"
    case "DTSTART": entry.start = try moment(line, line.value)
    case "DTEND": entry.end = try moment(line, line.value)
    case "DURATION":
      guard let duration = Self.duration(line.value) else {
        throw error(line.number, "\"\(line.value.prefix(40))\" is no duration such as PT1H30M")
      }
      entry.duration = duration
    case "RRULE":
      do throws(Recurrence.Refusal) {
        entry.rule = try Recurrence(line.value)
      } catch {
        throw self.error(line.number, error.message)
      }
      if let until = entry.rule?.until {
        var whole = line
        whole.parameters = [:]
        let moment = try moment(whole, until)
        // A date includes its day.
        entry.until = moment.isDate ? moment.utc + 86_399_999 : moment.utc
      }
    case "RDATE", "EXDATE":
      guard line.parameters["VALUE"]?.uppercased() != "PERIOD" else {
        throw error(line.number, "\(line.name) with periods is not supported")
      }
      for text in line.value.split(separator: ",") {
        let moment = try moment(line, String(text))
        if line.name == "RDATE" { entry.extra.append(moment) } else { entry.left.insert(moment.utc) }
        guard entry.extra.count + entry.left.count <= 20_000 else { throw error(line.number, "too many dates") }
      }
    case "RECURRENCE-ID": entry.replaces = try moment(line, line.value).utc
    default: break
    }
  }

  /// `19970714`, `19970714T133000` or `19970714T173000Z`.
  private func moment(_ line: ICalendarLine, _ text: String) throws(ICalendarError) -> Moment {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[range] {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int(byte) - 48
      }
      return value
    }
    let isUTC = text.hasSuffix("Z")
    let isDate = bytes.count == 8
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
      case let date = CivilDate(year: year, month: month, day: day), date.isValid,
      isDate || bytes.count == (isUTC ? 16 : 15) && bytes[8] == UInt8(ascii: "T")
    else { throw error(line.number, "\(line.name): \"\(text.prefix(40))\" is no time such as 20261224T180000Z") }
    var local = Int64(date.dayNumber) * 86_400_000
    if !isDate {
      guard let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15), hour < 24,
        minute < 60, second <= 60
      else { throw error(line.number, "\(line.name): \"\(text.prefix(40))\" is no time such as 20261224T180000Z") }
      local += Int64((hour * 60 + minute) * 60 + min(second, 59)) * 1000
    }
    var clock = floating
    if isUTC {
      clock = ForecastCalendar(offset: 0)
    } else if let name = line.parameters["TZID"] {
      guard let zone = zones(name) else {
        throw error(
          line.number, "there is no time zone \"\(name.prefix(60))\"; IANA names such as Europe/Berlin are known")
      }
      clock = zone
    }
    return Moment(local: local, clock: clock, isDate: isDate)
  }

  /// Milliseconds of for instance `P1DT2H`; nil if it is none or goes backwards.
  static func duration(_ text: String) -> Int64? {
    var rest = Substring(text.uppercased())
    if rest.first == "+" { rest.removeFirst() }
    guard rest.popFirst() == "P", !rest.isEmpty else { return nil }
    var total: Int64 = 0
    var isTime = false
    while let first = rest.first {
      if first == "T" {
        guard !isTime else { return nil }
        isTime = true
        rest.removeFirst()
        guard !rest.isEmpty else { return nil }
        continue
      }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      guard digits.count <= 7, let count = Int64(digits), let letter = rest.popFirst() else { return nil }
      let unit: Int64
      switch (letter, isTime) {
      case ("W", false): unit = 604_800_000
      case ("D", false): unit = 86_400_000
      case ("H", true): unit = 3_600_000
      case ("M", true): unit = 60_000
      case ("S", true): unit = 1000
      default: return nil
      }
      total += count * unit
    }
    return total
  }

  // MARK: Repetition

  private func occurrences(
    of entry: Entry, from start: Int64, through end: Int64, atMost room: Int, budget: inout Int
  ) throws(ICalendarError) -> [ForecastCalendar.Event] {
    guard let first = entry.start else { return [] }
    // The length on the wall clock: a day stays a day when the clocks change.
    let length: Int64
    if let last = entry.end {
      length = last.clock == first.clock ? last.local - first.local : last.utc - first.utc
    } else {
      length = entry.duration ?? (first.isDate ? 86_400_000 : 0)
    }
    guard length >= 0 else { throw error(entry.line, "the event ends before it starts") }
    let name = entry.name.isEmpty ? "event" : entry.name
    var result: [ForecastCalendar.Event] = []
    func add(_ local: Int64, _ clock: ForecastCalendar) {
      let from = clock.time(ofLocal: local)
      let to = max(from + 60_000, clock.time(ofLocal: local + length))
      if to > start, from <= end, !entry.left.contains(from), result.count <= room {
        result.append(ForecastCalendar.Event(name: name, start: from, end: to))
      }
    }
    for moment in entry.extra { add(moment.local, moment.clock) }
    guard let rule = entry.rule else {
      add(first.local, first.clock)
      return result
    }
    let dayLength: Int64 = 86_400_000
    let firstDay = BusinessCalendar.day(ofLocal: first.local)
    let ofDay = first.local - Int64(firstDay) * dayLength
    let lastDay = BusinessCalendar.day(ofLocal: min(end, entry.until ?? end) + dayLength)
    var count = 0
    let needed = BusinessCalendar.day(ofLocal: start - length) - 1
    rule.forEachDay(from: firstDay, through: lastDay, needed: needed, budget: &budget) { day in
      let local = Int64(day) * dayLength + ofDay
      let time = first.clock.time(ofLocal: local)
      guard time <= end, time <= entry.until ?? .max, count < rule.count ?? .max else { return false }
      count += 1
      add(local, first.clock)
      return result.count <= room
    }
    return result
  }
}
