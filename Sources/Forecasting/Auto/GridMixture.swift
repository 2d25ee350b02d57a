/// A mixture of cheap experts on one even grid, judged by their own record on this very signal.
///
/// For a ladder of horizons it keeps a panel of experts (last value, means, the same time yesterday and last week, a
/// shorter rhythm if there is one, trends, and a regression among all these) on trial: each forecasts from every
/// origin, and its error counts when the target comes. What is mixed, and how sharply, follows from these records;
/// the intervals are the quantiles of the mixture's own errors at that horizon. Short histories answer with wide
/// intervals from the first value on.
///
/// All that is learnt follows from the values kept: those of a window that was learnt at once, and those that came
/// one by one since. When the window has grown by a sixteenth to an eighth, it is cut and learnt anew.
struct GridMixture: Sendable {
  /// The horizons whose record tells far ones of a change of regime.
  private static let recentHorizons = [2, 8]

  /// The milliseconds of a step.
  let step: Int64
  /// The farthest horizon that is tried out; beyond it, the last one tried is continued.
  let farthestTrial: Int
  private(set) var history: ObservedHistory
  private(set) var rhythm = Rhythm()
  private(set) var nodes: [HorizonNode] = []
  /// How many of the values kept, missing ones included, were learnt at once.
  private(set) var learntAtOnce = 0
  /// The number of values at which the rhythm is looked for again.
  private var nextRhythmCheck = 0
  /// The error quantiles of the horizons tried, if nothing was learnt since they were worked out.
  private var keptRows: [[Double]]?
  /// The number of values at which the window is cut.
  private var cut = Int.max

  /// The nearest horizon that is asked for; of nearer ones only those are tried that tell of a change of regime.
  let nearestTrial: Int

  /// - Parameters:
  ///   - capacity: how many values are kept when the window is cut.
  ///   - units: the origin and factor of the values kept, where they are known already.
  ///   - nearestTrial: the nearest horizon that will be asked for, in steps.
  ///   - farthestTrial: the farthest horizon that is tried out, in steps.
  init(
    step: Int64, capacity: Int, units: (origin: Double, factor: Double)? = nil, nearestTrial: Int = 1,
    farthestTrial: Int
  ) {
    self.nearestTrial = nearestTrial
    self.step = step
    self.farthestTrial = farthestTrial
    history = ObservedHistory(capacity: capacity, units: units)
  }

  /// Learns a history at once, forgetting all others; values older than the newest `capacity` are not used.
  ///
  /// - Complexity: O(n), about 3 ms for 4,032 values.
  mutating func learn(_ raw: ArraySlice<Double>) {
    history.reset(raw)
    keptRows = nil
    learntAtOnce = history.count + history.trailingGap
    // Signals that began together shall not all be learnt anew in the same minute.
    let luck = (history.last ?? 0).bitPattern &* 0x9E37_79B9_7F4A_7C15 >> 40
    let spare = history.capacity / 16
    cut = history.capacity + spare + Int(luck % UInt64(spare + 1))
    rhythm = currentRhythm()
    nextRhythmCheck = 0
    scheduleRhythmCheck()
    let farthest = min(farthestTrial, max(24, rhythm.unit))
    let horizons = horizonLadder(through: farthest).filter { $0 >= nearestTrial || Self.recentHorizons.contains($0) }
    nodes = horizons.map { HorizonNode(horizon: $0) }
    guard !history.isEmpty else { return }
    let history = history
    HistoryView.with(history, rhythm: rhythm, withDailyChanges: false, withMedians: true) { view in
      ExpertPanel.with(HorizonNode.mostTrials) { panels in
        for index in nodes.indices { nodes[index].replay(view, panels: panels) }
      }
    }
  }

  /// Learns the next value; NaN if it is missing.
  ///
  /// - Complexity: O(n) with a tiny constant; when the rhythm has changed or the window is cut, as much as `learn`.
  mutating func update(_ value: Double) {
    let isUsual = !nodes.isEmpty && (history.fits(value) || !value.isFinite)
    guard isUsual else { return learn((history.raw + [value])[...]) }
    let previousCount = history.count
    history.append(value)
    keptRows = nil
    guard history.count != previousCount else { return }
    if history.count >= cut || (history.count >= nextRhythmCheck && rhythm != currentRhythm()) {
      return learn(history.raw[...])
    }
    scheduleRhythmCheck()
    let history = history
    HistoryView.with(history, rhythm: rhythm, withDailyChanges: false) { view in
      ExpertPanel.with { panel in
        let now = view.count - 1
        for index in nodes.indices {
          nodes[index].settle(view, panel: panel, now: now)
          let stride = nodes[index].stride
          guard now % stride == 0 else { continue }
          nodes[index].fill(panel, view, origin: now, median: Float(view.newestMedian - view.values[now]))
          nodes[index].tryOut(panel, origin: now, density: stride)
        }
      }
    }
  }

  /// Works out the error quantiles of all horizons once, for as long as nothing new is learnt: worth its while where
  /// forecasts are wanted more often than values come.
  mutating func keepErrorQuantiles() {
    guard !history.isEmpty else { return }
    let farthest = nodes.map(\.horizon)
    keptRows = nil
    keptRows = HistoryView.with(history, rhythm: rhythm) { view in
      ExpertPanel.with { panel in errorTable(view, panel: panel, horizons: farthest).rows }
    }
  }

  /// The values that everything learnt follows from, oldest first; NaN where missing.
  var window: [Double] { history.raw }

  // MARK: Learning

  private func currentRhythm() -> Rhythm {
    let day = SeasonalPeriods.daily(step: step)
    let longest = day.map { min(400, $0 / 2 - 1) } ?? 400
    return Rhythm(day: day, short: SeasonalPeriods.strongest(of: history.filled[...], longest: longest))
  }

  private mutating func scheduleRhythmCheck() {
    let seen = history.count
    if seen >= nextRhythmCheck { nextRhythmCheck = seen + max(16, min(seen / 4, rhythm.unit)) }
  }

  // MARK: Paths

  /// What is expected at one horizon.
  struct Outlook {
    /// The distribution as a row of quantiles in scaled units.
    var row: [Double]
    /// How much of it is the trend that the signal is in now.
    var trendShare: Double
    /// The farthest horizon that was tried out.
    var lastTried: Int

    /// Moves the outlook towards another one.
    ///
    /// - Parameter share: the say of the other, from 0 to 1.
    mutating func blend(_ other: Outlook, share: Double) {
      for index in row.indices { row[index] += share * (other.row[index] - row[index]) }
      trendShare += share * (other.trendShare - trendShare)
      lastTried = max(lastTried, other.lastTried)
    }
  }

  /// The outlook at each of the horizons.
  ///
  /// - Parameter horizons: ascending and not empty.
  func outlooks(_ horizons: [Int]) -> [Outlook] {
    let ahead = history.trailingGap
    return HistoryView.with(history, rhythm: rhythm) { view in
      ExpertPanel.with { panel in
        let table = errorTable(view, panel: panel, horizons: horizons.map { $0 + ahead })
        let tried = table.horizons.count - 1
        let lastTried = table.horizons[tried]
        let known = nodes[tried].predict(view, panel: panel, horizon: lastTried)
        let recent = recentRelativeErrors()
        let trend = RunningTrend.find(view)
        let newest = view.values[view.count - 1]
        return horizons.map { horizon in
          let horizon = horizon + ahead
          let (centre, own) = centre(view, panel: panel, horizon: horizon, tried: tried, recent: recent)
          var row = table.row(at: horizon)
          // What was never tested is doubted: a course beyond the last horizon tried, and one that only the record at
          // short horizons speaks for.
          let untested = horizon > lastTried ? centre - known : 0
          ErrorTable.widen(&row, byDoubtOf: max(abs(untested), abs(centre - own)))
          for index in row.indices { row[index] += centre }
          let share = trend?.share(at: horizon, lastTried: lastTried) ?? 0
          if let trend, share > 0 {
            for (index, carried) in trend.row(from: newest, at: horizon).enumerated() {
              row[index] += share * (carried - row[index])
            }
          }
          return Outlook(row: row, trendShare: share, lastTried: lastTried)
        }
      }
    }
  }

  /// The experts' recent relative errors at two short horizons, as a geometric mean: the shorter has seen more of a
  /// new regime, the longer tells trends from noise.
  private func recentRelativeErrors() -> [Float] {
    let records = nodes.filter { Self.recentHorizons.contains($0.horizon) }.map { $0.scores.recentRelativeErrors() }
    guard let first = records.first, let second = records.last else { return [] }
    return zip(first, second).map { ($0 * $1).squareRoot() }
  }

  /// The mixture's forecast at any horizon, between two nodes by asking both; with regard to the recent record at
  /// short horizons, and by the horizon's own record alone.
  private func centre(
    _ view: HistoryView, panel: ExpertPanel, horizon: Int, tried: Int, recent: [Float]
  ) -> (centre: Double, own: Double) {
    func ask(_ node: HorizonNode) -> (centre: Double, own: Double) {
      let own = node.predict(view, panel: panel, horizon: horizon)
      guard node.horizon > 8 else { return (own, own) }
      return (node.predict(view, panel: panel, horizon: horizon, recent: recent), own)
    }
    let upper = min(tried, nodes.firstIndex { $0.horizon >= horizon } ?? tried)
    let high = ask(nodes[upper])
    guard upper > 0, nodes[upper].horizon > horizon else { return high }
    let low = ask(nodes[upper - 1])
    let below = nodes[upper - 1].horizon
    let share = Double(horizon - below) / Double(nodes[upper].horizon - below)
    return (low.centre + (high.centre - low.centre) * share, low.own + (high.own - low.own) * share)
  }

  /// The error quantiles of the nodes that were tried, worked out only where one of the horizons needs them.
  private func errorTable(_ view: HistoryView, panel: ExpertPanel, horizons: [Int]) -> ErrorTable {
    let untried = nodes.firstIndex { $0.errors.entries.count < 4 } ?? nodes.count
    let count = max(1, untried)
    if let keptRows, keptRows.count == count {
      return ErrorTable(horizons: nodes.prefix(count).map(\.horizon), rows: keptRows)
    }
    var isNeeded = [Bool](repeating: false, count: count)
    var upper = 0
    for horizon in horizons {
      while upper < count - 1, nodes[upper].horizon < horizon { upper += 1 }
      isNeeded[upper] = true
      if upper > 0 { isNeeded[upper - 1] = true }
    }
    let cold = ColdStart.scale(UnsafeBufferPointer(start: view.values, count: view.count))
    let rows = nodes.prefix(count).enumerated().map { index, node in
      isNeeded[index] ? node.errorQuantiles(view, panel: panel, cold: cold) : []
    }
    return ErrorTable(horizons: nodes.prefix(count).map(\.horizon), rows: rows)
  }
}
