/// What traffic is usual at a time of day, on a kind of day.
///
/// Faded means for each slot of the day: of all days, of working and of free days, of each weekday, and of holidays. Each is
/// drawn towards the more general one above it by one pseudo-observation, so that a profile is there from the first day
/// and becomes particular as evidence comes (partial pooling: A. Gelman and J. Hill, "Data Analysis Using Regression and
/// Multilevel/Hierarchical Models", 2006, chapter 12). Days before and after holidays, holidays by name and events of the
/// diary scale the profile by a factor learnt in the same way.
struct DemandProfile: Sendable {
  /// The slots of a day.
  let slots: Int
  private var all: [FadedMean]
  /// Free days, then working days.
  private var kinds: [FadedMean]
  /// Monday first.
  private var weekdays: [FadedMean]
  private var holidays: [FadedMean]
  private var level = FadedMean()
  private var factors: [String: Factor] = [:]
  /// How many values on holidays were learnt.
  private(set) var holidayValues = 0

  private static let mostFactors = 2000
  /// How fast each mean forgets, by observation of one slot: a week or two for all days, about five weeks for a weekday.
  private static let fade = (level: 0.99, all: 0.85, kind: 0.9, weekday: 0.8, holiday: 0.95)

  /// A mean that forgets.
  private struct FadedMean: Sendable {
    var sum = 0.0
    var weight = 0.0

    mutating func learn(_ value: Double, fade: Double) {
      sum = sum * fade + value
      weight = weight * fade + 1
    }

    func value(priorTo parent: Double) -> Double { (sum + parent) / (weight + 1) }
  }

  /// How much larger than usual the traffic is under some circumstance.
  private struct Factor: Sendable {
    var actual = 0.0
    var usual = 0.0

    mutating func learn(_ value: Double, usual expected: Double) {
      actual = actual * 0.98 + value
      usual = usual * 0.98 + expected
    }

    /// Drawn towards 1 by a few values of the usual size.
    func value(usual expected: Double) -> Double {
      let prior = 4 * abs(expected)
      guard usual + prior > 0 else { return 1 }
      return min(20, max(0, (actual + prior) / (usual + prior)))
    }
  }

  init(slots: Int) {
    self.slots = slots
    all = Array(repeating: FadedMean(), count: slots)
    kinds = Array(repeating: FadedMean(), count: 2 * slots)
    weekdays = Array(repeating: FadedMean(), count: 7 * slots)
    holidays = Array(repeating: FadedMean(), count: slots)
  }

  func slot(_ moment: BusinessCalendar.Moment) -> Int {
    min(slots - 1, max(0, moment.millisecond * slots / 86_400_000))
  }

  /// What is usual at a moment.
  func expected(_ moment: BusinessCalendar.Moment) -> Double {
    var value = usual(moment)
    for name in circumstances(of: moment) {
      if let factor = factors[name] { value *= factor.value(usual: value) }
    }
    return value
  }

  /// What would be usual if the day were no holiday, and nothing else special.
  func ordinary(_ moment: BusinessCalendar.Moment) -> Double {
    var plain = moment
    plain.holiday = nil
    return usual(plain)
  }

  private func usual(_ moment: BusinessCalendar.Moment) -> Double {
    let slot = slot(moment)
    let overall = all[slot].value(priorTo: level.weight > 0 ? level.sum / level.weight : 0)
    let kind = kinds[(moment.isWorkingDay ? slots : 0) + slot].value(priorTo: overall)
    guard moment.holiday == nil else { return holidays[slot].value(priorTo: kind) }
    return weekdays[moment.weekday * slots + slot].value(priorTo: kind)
  }

  mutating func learn(_ value: Double, at moment: BusinessCalendar.Moment) {
    let slot = slot(moment)
    var usual = usual(moment)
    let circumstances = circumstances(of: moment)
    for name in circumstances where factors[name] != nil || factors.count < Self.mostFactors {
      factors[name, default: Factor()].learn(value, usual: usual)
      usual *= factors[name]?.value(usual: usual) ?? 1
    }
    level.learn(value, fade: Self.fade.level)
    all[slot].learn(value, fade: Self.fade.all)
    // A day under special circumstances does not teach what its kind is usually like.
    guard circumstances.isEmpty || moment.holiday != nil else { return }
    kinds[(moment.isWorkingDay ? slots : 0) + slot].learn(value, fade: Self.fade.kind)
    if moment.holiday == nil {
      weekdays[moment.weekday * slots + slot].learn(value, fade: Self.fade.weekday)
    } else {
      holidays[slot].learn(value, fade: Self.fade.holiday)
      holidayValues += 1
    }
  }

  /// What is special about a moment, most general first.
  private func circumstances(of moment: BusinessCalendar.Moment) -> [String] {
    var result: [String] = []
    // A quarter of a day each: the morning before a holiday is ordinary, its evening is not.
    let quarter = moment.millisecond / 21_600_000
    if let holiday = moment.holiday { result.append("holiday \(holiday)") }
    if moment.isEve { result.append("eve \(quarter)") }
    if moment.isAfterHoliday { result.append("after \(quarter)") }
    for event in moment.events { result.append("event \(event)") }
    return result
  }
}
