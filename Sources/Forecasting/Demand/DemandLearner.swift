/// What a demand forecast is made of, learnt value by value in scaled units.
struct DemandLearner: Sendable {
  private let calendar: BusinessCalendar
  private let step: Int64
  private var profile: DemandProfile
  private var features: DemandFeatures
  private var rungs: [DemandRung]
  private var sinceSolved = 0
  /// The mean size of the residuals, faded.
  private var spread = 0.0
  private var level = 0.0
  private var count = 0

  init(calendar: BusinessCalendar, step: Int64, farthest: Int) {
    self.calendar = calendar
    self.step = step
    let day = Int(min(1440, max(1, 86_400_000 / step)))
    profile = DemandProfile(slots: day)
    features = DemandFeatures(day: day)
    rungs = horizonLadder(through: farthest).map { DemandRung(horizon: $0) }
  }

  mutating func learn(_ value: Double?, at time: Int64) {
    let moment = calendar.moment(at: time)
    let usual = profile.expected(moment)
    features.append(value, expected: usual)
    let position = features.position
    for index in rungs.indices { rungs[index].resolve(position: position, value: value) }
    if let value {
      count += 1
      spread += (abs(value - usual) - spread) / Double(min(count, 200))
      level += (abs(value) - level) / Double(min(count, 200))
      profile.learn(value, at: moment)
    }
    sinceSolved += 1
    if sinceSolved >= max(1, features.day / 4) {
      sinceSolved = 0
      for index in rungs.indices { rungs[index].solve(leastRows: Double(3 * DemandFeatures.width)) }
    }
    guard value != nil else { return }
    for index in rungs.indices where position % rungs[index].stride == 0 {
      let horizon = rungs[index].horizon
      let target = time &+ Int64(horizon) &* step
      let (row, usual, naive) = known(horizon, target, calendar.moment(at: target))
      rungs[index].announce(origin: position, row: row, profile: usual, naive: naive)
    }
  }

  private func known(
    _ horizon: Int, _ time: Int64, _ moment: BusinessCalendar.Moment
  ) -> (row: [Double], usual: Double, naive: Double?) {
    let usual = profile.expected(moment)
    let (day, week) = (features.day, 7 * features.day)
    let shifts = (day: shift(horizon, time, period: day), week: shift(horizon, time, period: week))
    let naive =
      features.seasonal(horizon, period: week, shift: shifts.week)
      ?? features.seasonal(horizon, period: day, shift: shifts.day)
    return (features.row(horizon: horizon, usual: usual, moment: moment, shifts: shifts), usual, naive)
  }

  /// How many steps later the same local time was some periods before `time`.
  private func shift(_ horizon: Int, _ time: Int64, period: Int) -> Int {
    let before = time &- Int64(((horizon - 1) / period + 1) * period) &* step
    return Int((calendar.clock.offset(at: time) - calendar.clock.offset(at: before)) / step)
  }

  func rung(nearest horizon: Int) -> DemandRung? {
    rungs.min { abs($0.horizon - horizon) < abs($1.horizon - horizon) }
  }

  /// The distributions of the values some steps ahead (ascending), each at `ErrorTable.levels`.
  ///
  /// - Complexity: O(rungs × outcomes + horizons).
  func distributions(horizons: [Int], from origin: Int64) -> [[Double]] {
    let cold = max(spread, (level + spread) / Double(1 + count)) * 1.25
    let errors = rungs.map { $0.errors(cold: cold * Double($0.horizon).squareRoot()) }
    return horizons.map { horizon in
      let target = origin &+ Int64(horizon) &* step
      let moment = calendar.moment(at: target)
      let (row, usual, naive) = known(horizon, target, moment)
      let upper = rungs.firstIndex { $0.horizon >= horizon } ?? rungs.count - 1
      func answer(_ index: Int) -> [Double] {
        errors[index].around(rungs[index].forecast(row: row, profile: usual, naive: naive))
      }
      var result = answer(upper)
      if upper > 0, rungs[upper].horizon > horizon {
        let near = rungs[upper - 1].horizon
        let share = Double(horizon - near) / Double(rungs[upper].horizon - near)
        result = zip(answer(upper - 1), result).map { $0 + ($1 - $0) * share }
      }
      if moment.holiday != nil {
        // Until enough holidays were seen, traffic may be anything between that of an ordinary and of a free day.
        let change = (usual - profile.ordinary(moment)) / (1 + Double(profile.holidayValues) / Double(2 * features.day))
        ErrorTable.widen(&result, byDoubtOf: change)
      }
      return result
    }
  }
}
