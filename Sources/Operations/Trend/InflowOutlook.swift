/// When a backlog that grows fills a node, from what is expected to come in.
///
/// The other outlook on a limit is the resource's own trend. This one knows two things more: what a message that waits
/// costs, and how traffic goes on at this time of day, so that a backlog at the foot of the daily peak is soon worse
/// than its line, and one at its end is no danger.
struct InflowOutlook: Sendable {
  private var inflow = SignalTrack()
  private var backlog = SignalTrack()
  private var course: DayCourse
  private let day: Double
  /// Over how many ticks a rate is measured.
  private static let ticks = 12

  init(day: Double) {
    self.day = day
    course = DayCourse(day: day)
  }

  /// Takes what comes in a second and what waits, at `time` in seconds.
  mutating func append(inflow rate: Double, backlog messages: Double, at time: Double) {
    inflow.append(rate, at: time)
    backlog.append(messages, at: time)
    course.append(rate, at: time)
  }

  /// What one more waiting message costs of `resource`, if the past shows it: units a message.
  func cost(of resource: SignalTrack, rising: Bool) -> Double? {
    for (messages, amounts) in zip(backlog.levels, resource.levels).reversed() {
      let byTime = Dictionary(amounts.map { ($0.time, $0.mean) }) { first, _ in first }
      let pairs = messages.compactMap { point in byTime[point.time].map { (point.mean, $0) } }
      guard pairs.count >= 12, let least = pairs.map(\.0).min(), let most = pairs.map(\.0).max(), most - least >= 50,
        let fit = LinearFit(times: pairs.map(\.0), values: pairs.map(\.1)), fit.determination > 0.5
      else { continue }
      let cost = rising ? fit.slope : -fit.slope
      return cost > 0 ? cost : nil
    }
    return nil
  }

  /// When `headroom` units of a resource are used up, looking a day ahead; nil while the backlog does not surely grow,
  /// or where it is worked off before.
  func time(headroom: Double, cost: Double) -> TimeToLimit? {
    let points = backlog.levels[0].suffix(Self.ticks)
    guard points.count == Self.ticks, let last = points.last, let rate = inflow.median(last: Self.ticks), rate > 0,
      let fit = LinearFit(times: points.map(\.time), values: points.map(\.mean)), fit.slope > 3 * fit.slopeError
    else { return nil }
    let outflow = max(0, rate - fit.slope)
    let error = (fit.slopeError / rate * fit.slopeError / rate + 0.15 * 0.15).squareRoot()
    func moment(_ factor: Double) -> Double {
      fill(headroom / cost, from: last.time, inflow: rate * factor, outflow: outflow) ?? .infinity
    }
    let median = moment(1)
    guard median.isFinite else { return nil }
    let grown =
      last.time
      - (backlog.levels.flatMap { $0 }.filter { $0.minimum <= 0.1 * last.mean }.map(\.time).max() ?? last.time)
    let age = max(grown, last.time - (points.first?.time ?? last.time))
    return TimeToLimit(
      median: median, lower: moment(1 + 1.96 * error), upper: min(moment(1 - 1.96 * error), 10 * day),
      probability: (age / (age + median)).raised(to: TrendToLimit.Habit.backlog.mortality))
  }

  /// Seconds until `room` messages more wait; nil if that does not happen within a day.
  private func fill(_ room: Double, from now: Double, inflow: Double, outflow: Double) -> Double? {
    let steps = 288
    let step = day / Double(steps)
    var waiting = 0.0
    for index in 0..<steps {
      let middle = (Double(index) + 0.5) * step
      let net = inflow * course.factor(from: now, to: now + middle) - outflow
      if net > 0, waiting + net * step >= room { return Double(index) * step + (room - waiting) / net }
      waiting += net * step
      // It is empty, and what comes in goes out: the growth of now is over.
      if waiting <= -(backlog.last?.mean ?? 0) { return nil }
    }
    return nil
  }
}

/// How traffic goes over a day: the mean of each half hour of it, the days before weighing less and less.
struct DayCourse: Sendable {
  private static let slots = 48
  private let slotLength: Double
  private var means: [Double?] = Array(repeating: nil, count: slots)
  private var current: (slot: Int, sum: Double, count: Double)?

  init(day: Double) { slotLength = max(1e-3, day / Double(Self.slots)) }

  mutating func append(_ value: Double, at time: Double) {
    let slot = Int((time / slotLength).rounded(.down))
    if let known = current, known.slot == slot {
      current = (slot, known.sum + value, known.count + 1)
      return
    }
    if let ended = current {
      let index = ended.slot % Self.slots
      let mean = ended.sum / ended.count
      means[index] = means[index].map { 0.5 * $0 + 0.5 * mean } ?? mean
    }
    current = (slot, value, 1)
  }

  /// How much more, or less, is usual at one time than at another; 1 where the day is not known.
  func factor(from now: Double, to later: Double) -> Double {
    func usual(_ time: Double) -> Double? { means[Int((time / slotLength).rounded(.down)) % Self.slots] }
    guard let base = usual(now), let then = usual(later), base > 0 else { return 1 }
    return min(10, then / base)
  }
}
