/// The forecaster that needs no choice: a mixture of cheap experts, judged by their own record on this very signal.
///
/// For a ladder of horizons it keeps a panel of experts (last value, means, the same time yesterday and last week, a
/// shorter rhythm if there is one, trends, and a regression among all these) on trial: each forecasts from every
/// origin, and its error counts when the target comes. What is mixed, and how sharply, follows from these records;
/// the intervals are the quantiles of the mixture's own errors at that horizon. Short histories answer with wide
/// intervals from the first value on.
public struct AutoForecaster: ForecastModel {
  public static let name = "auto"

  /// Three days of minutes, fifteen days of five minutes.
  private static let capacity = 4320

  /// The farthest horizon that is tried out; beyond it, the last one tried is continued.
  private static let farthestTrial = 1440

  /// The horizons whose record tells far ones of a change of regime.
  private static let recentHorizons = [2, 8]

  private(set) var facts = SignalFacts()
  private(set) var history = ObservedHistory(capacity: capacity)
  private(set) var rhythm = Rhythm()
  private(set) var nodes: [HorizonNode] = []
  /// The number of values at which the rhythm is looked for again.
  private var nextRhythmCheck = 0

  public init() {}

  public var observationCount: Int { facts.observationCount }

  /// - Complexity: O(n), about 3 ms for 4,032 values; values older than the newest 4,320 are not used.
  public mutating func fit(_ series: ForecastSeries) {
    facts = SignalFacts(series)
    for value in series.values { facts.note(value) }
    learn(history: series.values[...])
  }

  /// - Complexity: O(n) in the values kept with a tiny constant, about 7 µs; now and then, when the signal's rhythm
  ///   has changed, as much as `fit`.
  public mutating func update(_ value: Double) {
    facts.note(value)
    let isUsual = !nodes.isEmpty && (history.fits(value) || !value.isFinite)
    guard isUsual else { return learn(history: (history.raw + [value])[...]) }
    let previousCount = history.values.count
    history.append(value)
    guard history.values.count != previousCount else { return }
    if history.dropped + history.values.count >= nextRhythmCheck, rhythm != currentRhythm() {
      return learn(history: history.raw[...])
    }
    scheduleRhythmCheck()
    let history = history
    HistoryView.with(history, rhythm: rhythm) { view in
      ExpertPanel.with { panel in
        let now = view.count - 1
        for index in nodes.indices {
          nodes[index].settle(view, panel: panel, now: now, dropped: history.dropped)
          let stride = nodes[index].stride
          guard (history.dropped + now) % stride == 0 else { continue }
          nodes[index].tryOut(view, panel: panel, origin: now, dropped: history.dropped, density: stride)
        }
      }
    }
  }

  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: horizons, quantiles: quantiles)
    guard !history.values.isEmpty else { throw .noObservations }
    return withPaths(horizons) { path in
      facts.distribution(horizons: horizons, quantiles: quantiles, factor: history.factor) { _, horizon in
        path(horizon).row
      }
    }
  }

  // MARK: Learning

  private mutating func learn(history raw: ArraySlice<Double>) {
    history.reset(raw)
    rhythm = currentRhythm()
    nextRhythmCheck = 0
    scheduleRhythmCheck()
    let farthest = min(Self.farthestTrial, max(24, rhythm.unit))
    nodes = horizonLadder(through: farthest).map { HorizonNode(horizon: $0) }
    guard !history.values.isEmpty else { return }
    let history = history
    HistoryView.with(history, rhythm: rhythm) { view in
      ExpertPanel.with { panel in
        for index in nodes.indices { Self.replay(&nodes[index], view: view, panel: panel, dropped: history.dropped) }
      }
    }
  }

  /// Puts a node through the whole history: coarsely over the old part, finely over the last day.
  private static func replay(_ node: inout HorizonNode, view: HistoryView, panel: ExpertPanel, dropped: Int) {
    let end = view.count - node.horizon
    guard end > 0 else { return }
    let first = end > 24 ? min(view.rhythm.unit, end / 4) : min(2, end - 1)
    let fineStart = max(first, end - view.rhythm.unit)
    let coarse = max(node.stride, (end - first) / 500)
    let fine = max(node.stride, min(coarse, (end - fineStart) / 250))
    var origin = first
    while origin < view.count {
      node.settle(view, panel: panel, now: origin, dropped: dropped)
      let step = origin < fineStart ? coarse : fine
      node.tryOut(view, panel: panel, origin: origin, dropped: dropped, density: step)
      origin += step
    }
    node.settle(view, panel: panel, now: view.count - 1, dropped: dropped)
  }

  private func currentRhythm() -> Rhythm {
    let day = SeasonalPeriods.daily(step: facts.step)
    let longest = day.map { min(400, $0 / 2 - 1) } ?? 400
    return Rhythm(day: day, short: SeasonalPeriods.strongest(of: history.values[...], longest: longest))
  }

  private mutating func scheduleRhythmCheck() {
    let seen = history.dropped + history.values.count
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
  }

  /// Calls `body` with a function that gives the outlook at any of the horizons.
  ///
  /// - Parameter horizons: the horizons that may be asked for, ascending and not empty.
  func withPaths<Result>(_ horizons: [Int], _ body: ((_ horizon: Int) -> Outlook) -> Result) -> Result {
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
        return body { horizon in
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
  private func recentRelativeErrors() -> [Double] {
    let records = nodes.lazy.filter { Self.recentHorizons.contains($0.horizon) }.map {
      $0.scores.recentRelativeErrors()
    }
    guard let first = records.first, let second = records.last else { return [] }
    return zip(first, second).map { ($0 * $1).squareRoot() }
  }

  /// The mixture's forecast at any horizon, between two nodes by asking both; with regard to the recent record at
  /// short horizons, and by the horizon's own record alone.
  private func centre(
    _ view: HistoryView, panel: ExpertPanel, horizon: Int, tried: Int, recent: [Double]
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
    var isNeeded = [Bool](repeating: false, count: count)
    var upper = 0
    for horizon in horizons {
      while upper < count - 1, nodes[upper].horizon < horizon { upper += 1 }
      isNeeded[upper] = true
      if upper > 0 { isNeeded[upper - 1] = true }
    }
    let cold = ColdStart.scale(history.values)
    let rows = nodes.prefix(count).enumerated().map { index, node in
      isNeeded[index] ? node.errorQuantiles(view, panel: panel, dropped: history.dropped, cold: cold) : []
    }
    return ErrorTable(horizons: nodes.prefix(count).map(\.horizon), rows: rows)
  }

  // MARK: State

  /// The position of the newest value, counted from the first value ever.
  private var newestPosition: Int { max(0, history.dropped + history.values.count - 1) }

  public func saved() -> [UInt8] {
    var writer = StateWriter(modelName: Self.name)
    facts.write(to: &writer)
    history.write(to: &writer)
    writer.write(rhythm.day ?? 0)
    writer.write(rhythm.short ?? 0)
    writer.write(nextRhythmCheck)
    writer.write(nodes.count)
    for node in nodes { node.write(to: &writer, newest: newestPosition) }
    return writer.bytes
  }

  public init(restoring bytes: [UInt8]) throws(ForecastError) {
    var reader = StateReader(bytes)
    try reader.readHeader(of: Self.name)
    facts = try SignalFacts(&reader)
    history = try ObservedHistory(&reader, capacity: Self.capacity)
    let day = try reader.readInt(in: 0...100_000)
    let short = try reader.readInt(in: 0...100_000)
    rhythm = Rhythm(day: day > 1 ? day : nil, short: short > 1 ? short : nil)
    nextRhythmCheck = try reader.readInt(in: 0...(Int.max / 2))
    for _ in 0..<(try reader.readInt(in: 0...64)) { nodes.append(try HorizonNode(&reader, newest: newestPosition)) }
    for (earlier, later) in zip(nodes, nodes.dropFirst()) where later.horizon <= earlier.horizon {
      throw .unreadableState("horizon \(later.horizon) after \(earlier.horizon)")
    }
    guard !nodes.isEmpty || history.values.isEmpty else { throw .unreadableState("a history without any horizon") }
    try reader.readEnd()
  }
}
