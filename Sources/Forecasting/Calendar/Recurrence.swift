/// How often something comes again: an RRULE of iCalendar (RFC 5545, section 3.3.10).
///
/// FREQ of DAILY, WEEKLY, MONTHLY and YEARLY, with INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS and
/// WKST. Rules with another part are refused, since leaving a part out would give other days.
struct Recurrence: Equatable {
  enum Frequency: String {
    case daily = "DAILY"
    case weekly = "WEEKLY"
    case monthly = "MONTHLY"
    case yearly = "YEARLY"
  }

  /// A day of the week (Monday is 0); with an ordinal, only the first, second, … or (negative) last one.
  struct Day: Equatable {
    var ordinal: Int
    var weekday: Int
  }

  var frequency: Frequency
  var interval = 1
  var count: Int?
  /// Local or UTC, as the file says.
  var until: String?
  var days: [Day] = []
  var monthDays: [Int] = []
  var months: Set<Int> = []
  var positions: [Int] = []
  var weekStart = 0

  /// Why a rule is refused.
  struct Refusal: Error, Equatable {
    var message: String
  }

  static let mostRepetitions = 100_000

  init(_ text: String) throws(Refusal) {
    var parts: [String: String] = [:]
    for part in text.uppercased().split(separator: ";") {
      let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2 else { throw Refusal(message: "RRULE: \"\(part.prefix(40))\" has no value") }
      parts[sides[0]] = sides[1]
    }
    guard let name = parts.removeValue(forKey: "FREQ") else { throw Refusal(message: "RRULE needs FREQ") }
    guard let frequency = Frequency(rawValue: name) else {
      throw Refusal(
        message: "RRULE: FREQ is DAILY, WEEKLY, MONTHLY or YEARLY here, not \"\(name.prefix(40))\"")
    }
    self.frequency = frequency
    for (key, value) in parts {
      switch key {
      case "INTERVAL": interval = try Self.number(key, value, 1...10_000)
      case "COUNT": count = try Self.number(key, value, 1...Self.mostRepetitions)
      case "UNTIL": until = value
      case "BYDAY": days = try Self.list(value) { (text) throws(Refusal) in try Self.day(text) }
      case "BYMONTHDAY":
        monthDays = try Self.list(value) { (text) throws(Refusal) in try Self.number(key, text, -31...31) }
      case "BYMONTH":
        months = Set(try Self.list(value) { (text) throws(Refusal) in try Self.number(key, text, 1...12) })
      case "BYSETPOS":
        positions = try Self.list(value) { (text) throws(Refusal) in try Self.number(key, text, -366...366) }
      case "WKST": weekStart = try Self.day(value).weekday
      default: throw Refusal(message: "RRULE: the part \"\(key.prefix(40))\" is not supported")
      }
    }
    if count != nil, until != nil { throw Refusal(message: "RRULE: COUNT and UNTIL exclude each other") }
    if monthDays.contains(0) || positions.contains(0) { throw Refusal(message: "RRULE: there is no day 0") }
    if frequency == .yearly, months.isEmpty, !monthDays.isEmpty || !days.isEmpty {
      // Without BYMONTH these would be spread over the year; nobody writes that for the days of a business.
      throw Refusal(message: "RRULE: YEARLY with BYDAY or BYMONTHDAY needs BYMONTH here")
    }
  }

  private static func number(_ key: String, _ text: String, _ range: ClosedRange<Int>) throws(Refusal) -> Int {
    guard let value = Int(text), range.contains(value) else {
      throw Refusal(
        message: "RRULE: \(key) is a number from \(range.lowerBound) to \(range.upperBound), not \"\(text.prefix(40))\""
      )
    }
    return value
  }

  private static func list<Item>(
    _ text: String, _ read: (String) throws(Refusal) -> Item
  ) throws(Refusal) -> [Item] {
    let words = text.split(separator: ",")
    guard !words.isEmpty, words.count <= 400 else { throw Refusal(message: "RRULE: a list is empty or too long") }
    var result: [Item] = []
    for word in words { result.append(try read(String(word))) }
    return result
  }

  private static let weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

  private static func day(_ text: String) throws(Refusal) -> Day {
    let ordinal = text.dropLast(2)
    guard let weekday = weekdays.firstIndex(of: String(text.suffix(2))),
      let number = ordinal.isEmpty ? 0 : Int(ordinal), (-53...53).contains(number)
    else { throw Refusal(message: "RRULE: \"\(text.prefix(40))\" is no day such as MO or -1FR") }
    return Day(ordinal: number, weekday: weekday)
  }

  // MARK: Days

  /// The days (counted from 1970-01-01) on which something that first happens on `first` comes again, ascending, up to
  /// `last`; `body` is called with each and ends the sequence by answering false.
  ///
  /// - Parameters:
  ///   - needed: days before this one do not matter; they are skipped where nothing is counted.
  ///   - budget: how many periods may still be looked at.
  /// - Complexity: O(periods from `needed` to `last`), with COUNT from `first`.
  func forEachDay(
    from first: Int, through last: Int, needed: Int, budget: inout Int, _ body: (Int) -> Bool
  ) {
    // The longest periods there are, so that none is skipped that reaches into what is needed.
    let length = [.daily: 1, .weekly: 7, .monthly: 31, .yearly: 366][frequency] ?? 1
    var index = count == nil ? max(0, (needed - first) / (length * interval) - 1) : 0
    while budget > 0 {
      budget -= 1
      let (start, days) = period(index, from: first)
      guard start <= last else { return }
      for day in days where day >= first {
        guard day <= last, body(day) else { return }
      }
      index += 1
    }
  }

  /// The candidate days of one period, and the day on which the period begins.
  private func period(_ index: Int, from first: Int) -> (start: Int, days: [Int]) {
    let origin = CivilDate(dayNumber: first)
    let step = index * interval
    switch frequency {
    case .daily:
      let day = first + step
      return (day, chosen([day].filter(isAllowed)))
    case .weekly:
      let offset = (CivilDate.weekday(ofDay: first) - weekStart + 7) % 7
      let monday = first - offset + step * 7
      let wanted = days.isEmpty ? [CivilDate.weekday(ofDay: first)] : days.map(\.weekday)
      let found = (monday..<monday + 7).filter { day in
        wanted.contains(CivilDate.weekday(ofDay: day)) && isInMonths(day)
      }
      return (monday, chosen(found))
    case .monthly:
      let month = origin.year * 12 + origin.month - 1 + step
      let (year, number) = (month / 12, month % 12 + 1)
      let start = CivilDate(year: year, month: number, day: 1).dayNumber
      guard months.isEmpty || months.contains(number) else { return (start, []) }
      return (start, chosen(days(ofMonth: number, year: year, usual: origin.day)))
    case .yearly:
      let year = origin.year + step
      let start = CivilDate(year: year, month: 1, day: 1).dayNumber
      var found: [Int] = []
      for month in months.isEmpty ? [origin.month] : months.sorted() {
        found += days(ofMonth: month, year: year, usual: origin.day)
      }
      return (start, chosen(found))
    }
  }

  private func isInMonths(_ day: Int) -> Bool {
    months.isEmpty || months.contains(CivilDate(dayNumber: day).month)
  }

  /// Whether a day of a daily rule passes its limits.
  private func isAllowed(_ day: Int) -> Bool {
    guard isInMonths(day) else { return false }
    if !days.isEmpty, !days.contains(where: { $0.weekday == CivilDate.weekday(ofDay: day) }) { return false }
    guard !monthDays.isEmpty else { return true }
    let date = CivilDate(dayNumber: day)
    let length = CivilDate.daysIn(month: date.month, of: date.year)
    return monthDays.contains { $0 == date.day || $0 == date.day - length - 1 }
  }

  /// The days of a month that the rule names; without names, the day on which it all began, if the month has it.
  private func days(ofMonth month: Int, year: Int, usual: Int) -> [Int] {
    let length = CivilDate.daysIn(month: month, of: year)
    let first = CivilDate(year: year, month: month, day: 1).dayNumber
    if days.isEmpty, monthDays.isEmpty { return usual <= length ? [first + usual - 1] : [] }
    var found: Set<Int> = []
    for number in monthDays {
      let day = number > 0 ? number : length + 1 + number
      if (1...length).contains(day) { found.insert(first + day - 1) }
    }
    guard !days.isEmpty else { return found.sorted() }
    var named: Set<Int> = []
    for day in days {
      let all = (first..<first + length).filter { CivilDate.weekday(ofDay: $0) == day.weekday }
      let position = day.ordinal > 0 ? day.ordinal - 1 : all.count + day.ordinal
      if day.ordinal == 0 {
        named.formUnion(all)
      } else if all.indices.contains(position) {
        named.insert(all[position])
      }
    }
    return (monthDays.isEmpty ? named : named.intersection(found)).sorted()
  }

  /// What BYSETPOS leaves of the candidates of a period.
  private func chosen(_ candidates: [Int]) -> [Int] {
    guard !positions.isEmpty else { return candidates }
    let kept = positions.compactMap { position -> Int? in
      let index = position > 0 ? position - 1 : candidates.count + position
      return candidates.indices.contains(index) ? candidates[index] : nil
    }
    return Set(kept).sorted()
  }
}
