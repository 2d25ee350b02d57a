import Forecasting
import PromQL
import TimeSeries

/// What a rule with a `forecast` block knows from one evaluation to the next.
struct ForecastRule: Sendable {
  /// After how many milliseconds a series that the expression no longer gives is forgotten.
  static let forgetAfter: Int64 = 3_600_000
  /// The least time between two readings of history for single series, in milliseconds.
  private static let backfillSpacing: Int64 = 600_000

  let name: String
  let block: ForecastBlock
  /// Trains models that are slow to train; nil where evaluations do that themselves.
  var trainer: ModelTrainer?
  let labels: [Label]
  let horizons: [ForecastBlock.Horizon]
  /// The horizons whose forecasts are judged: those of the rule, or one on the way to the limit.
  let followed: [ForecastBlock.Horizon]
  var signals: [Labels: ForecastSignal] = [:]
  var busiest: BusiestSeries
  /// The newest point of the rule's grid that was taken in, in UTC milliseconds.
  var gridEnd: Int64?
  /// Whether the models are those of an earlier process, and nothing was taken in since.
  var isRestored = false
  private var lastBackfill: Int64 = 0
  var tallies: [SkillTally]
  /// The series whose curves the store holds now.
  var curves: Set<Labels> = []

  init(rule: Rule, block: ForecastBlock) {
    name = rule.name
    self.block = block
    labels = rule.labels
    switch block.target {
    case .horizons(let horizons):
      self.horizons = horizons
      followed = horizons
    case .limit(let target):
      horizons = []
      let length = max(block.step, min(3_600_000, target.horizon))
      followed = [ForecastBlock.Horizon(text: PrometheusDuration.format(length), milliseconds: length)]
    }
    busiest = BusiestSeries(limit: block.limit)
    tallies = Array(repeating: SkillTally(), count: followed.count)
  }

  /// Has the next evaluation learn all histories anew.
  mutating func relearn() { gridEnd = nil }

  /// The number of series that have a state.
  var seriesCount: Int { signals.count }

  /// How the forecasts have done, by the text of the horizon.
  var skill: [(horizon: String, tally: SkillTally)] { zip(followed, tallies).map { ($0.text, $1) } }

  /// Brings the forecasts up to date and gives what is to be recorded.
  ///
  /// - Parameters:
  ///   - time: the moment that the expression is evaluated at, in UTC milliseconds.
  ///   - interval: the milliseconds between two evaluations.
  ///   - learningSeconds: after how long histories that are not learnt yet wait for the next evaluation; nil for never.
  mutating func evaluate(
    _ reader: SignalReader, at time: Int64, interval: Int64, learningSeconds: Double?
  ) async throws -> PredictionResult {
    if let name = block.trainedName, block.trained == nil {
      throw RuleFault("the model \(TrainedModel.prefix)\(name) is not loaded here")
    }
    let values = try reader.values(at: time)
    let limits = try limits(reader, at: time)
    let chosen = busiest.choose(among: values)
    var result = PredictionResult()
    result.dropped = values.count - chosen.count
    try await takeIn(values, chosen, reader, at: time, interval: interval)
    var budget = WorkBudget(seconds: learningSeconds)
    let family = family(of: chosen)

    for labels in chosen.sorted() {
      guard let value = values[labels], value.isFinite, var signal = signals[labels] else { continue }
      // Taken out, so that its arrays are not copied.
      signals[labels] = nil
      defer { signals[labels] = signal }
      if signal.predictedAt == nil || needsForecast(signal) {
        let started = ContinuousClock.now
        try forecast(&signal, value: value, limit: limits?.limit(for: labels), at: time, interval: interval, &budget)
        if let family { borrow(&signal, labels, value: value, from: family, at: time) }
        result.fitSeconds += seconds(since: started)
      }
      record(signal, labels, at: time, into: &result)
      await Task.yield()
    }
    dropOldCurves(into: &result)
    result.series = signals.count
    return result
  }

  /// A settled model has news only at new points of the grid, the finer one at every evaluation.
  private func needsForecast(_ signal: ForecastSignal) -> Bool {
    guard signal.isSettled, let predictedAt = signal.predictedAt, let gridEnd else { return true }
    return predictedAt < gridEnd
  }

  private func newSignal(_ labels: Labels, at time: Int64) -> ForecastSignal {
    ForecastSignal(horizonCount: followed.count, at: time, trained: block.trained?.state(for: labels))
  }

  // MARK: History

  private mutating func takeIn(
    _ values: [Labels: Double], _ chosen: Set<Labels>, _ reader: SignalReader, at time: Int64, interval: Int64
  ) async throws {
    let newest = time.flooringQuotient(block.step) * block.step
    let historySteps = nearSteps
    for labels in chosen where signals[labels] == nil { signals[labels] = newSignal(labels, at: time) }
    signals = signals.filter { labels, signal in
      chosen.contains(labels) || (values[labels] == nil && time - signal.lastSeen <= Self.forgetAfter)
    }
    if isRestored, let gridEnd, newest - gridEnd <= block.history { try await readRecords(reader, through: gridEnd) }
    if let gridEnd, newest > gridEnd, newest - gridEnd <= block.history {
      try await append(from: gridEnd + block.step, through: newest, reader, historySteps)
      let late = signals.filter { $0.value.wantsHistory }.map(\.key)
      if !late.isEmpty, time - lastBackfill >= Self.backfillSpacing {
        try await backfill(late, through: newest, reader, historySteps, at: time)
      }
      self.gridEnd = newest
      if isRestored, interval < block.step { try await backfillFine(reader, at: time, interval: interval) }
      isRestored = false
    } else if gridEnd.map({ newest - $0 > block.history }) ?? true {
      // At the start, and after a pause longer than the history, nothing known is of use.
      for labels in signals.keys { signals[labels] = newSignal(labels, at: time) }
      try await backfill(Array(chosen), through: newest, reader, historySteps, at: time)
      if interval < block.step { try await backfillFine(reader, at: time, interval: interval) }
      gridEnd = newest
    }
    for labels in chosen {
      guard let value = values[labels] else { continue }
      signals[labels]?.lastSeen = time
      signals[labels]?.note(value)
      if interval < block.step { signals[labels]?.appendFine(value, at: time, interval: interval) }
    }
  }

  /// Hands the values of new grid points to the models, and judges earlier forecasts by them.
  private mutating func append(
    from first: Int64, through last: Int64, _ reader: SignalReader, _ historySteps: Int
  ) async throws {
    let count = Int((last - first) / block.step) + 1
    var columns: [Labels: [Double]] = [:]
    try await reader.values(from: first, through: last, step: block.step) { labels, index, value in
      columns[labels, default: [Double](repeating: .nan, count: count)][index] = value
    }
    for labels in Array(signals.keys) {
      guard var signal = signals.removeValue(forKey: labels) else { continue }
      let column = columns[labels]
      for index in 0..<count {
        let time = first + Int64(index) * block.step
        let value = column?[index] ?? .nan
        signal.append(value, at: time, historySteps: historySteps, farStep: farGrid?.step, trainer: trainer)
        signal.ledger.settle(value, at: time, into: &tallies)
      }
      signals[labels] = signal
    }
  }

  /// Reads the history of `wanted`, for their models to be fitted to.
  private mutating func backfill(
    _ wanted: [Labels], through last: Int64, _ reader: SignalReader, _ historySteps: Int, at time: Int64
  ) async throws {
    lastBackfill = time
    let set = Set(wanted)
    let near = try await columns(
      of: set, from: last - Int64(historySteps - 1) * block.step, through: last, step: block.step, reader)
    var far: [Labels: [Double]] = [:]
    if let (step, count) = farGrid {
      let end = last.flooringQuotient(step) * step
      far = try await columns(of: set, from: end - Int64(count - 1) * step, through: end, step: step, reader)
    }
    for labels in wanted { signals[labels]?.learn(near[labels], far: far[labels] ?? [], through: last) }
  }

  /// Reads what the models of an earlier process stand on.
  private mutating func readRecords(_ reader: SignalReader, through end: Int64) async throws {
    let records = signals.compactMapValues(\.record)
    guard let start = records.values.lazy.map(\.near.start).min() else { return }
    let near = try await columns(of: Set(records.keys), from: start, through: end, step: block.step, reader)
    var far: [Labels: [Double]] = [:]
    let windows = records.values.compactMap(\.far)
    if let first = windows.lazy.map(\.start).min(), let last = windows.lazy.map(\.end).max(), let (step, _) = farGrid {
      far = try await columns(of: Set(records.keys), from: first, through: last, step: step, reader)
    }
    for (labels, record) in records {
      func values(_ column: [Double]?, from start: Int64, through last: Int64, end: Int64, step: Int64) -> [Double] {
        let column = column ?? []
        return stride(from: start, through: last, by: Int(step)).map { time in
          let back = Int((end - time) / step)
          return back < column.count ? column[column.count - 1 - back] : .nan
        }
      }
      let farLast = windows.lazy.map(\.end).max() ?? end
      signals[labels]?.giveHistory(
        near: values(near[labels], from: record.near.start, through: end, end: end, step: block.step),
        far: record.far.map {
          values(far[labels], from: $0.start, through: $0.end, end: farLast, step: $0.step)
        } ?? [],
        through: end)
    }
  }

  /// The values of some series at `first`, `first + step`, … `last`, from their first value on; NaN where missing.
  private func columns(
    of wanted: Set<Labels>, from first: Int64, through last: Int64, step: Int64, _ reader: SignalReader
  ) async throws -> [Labels: [Double]] {
    // Most signals are younger than the whole history: columns grow as values come.
    var columns: [Labels: (start: Int, values: [Double])] = [:]
    try await reader.values(from: first, through: last, step: step) { labels, index, value in
      guard wanted.contains(labels) else { return }
      // Taken out, so that it is not copied.
      var column = columns.removeValue(forKey: labels) ?? (index, [])
      let missing = index - column.start - column.values.count
      if missing > 0 { column.values.append(contentsOf: repeatElement(.nan, count: missing)) }
      column.values.append(value)
      columns[labels] = column
    }
    let count = Int((last - first) / step) + 1
    return columns.mapValues { start, values in
      values + [Double](repeating: .nan, count: max(0, count - start - values.count))
    }
  }

  private var isAuto: Bool { block.models == [AutoForecaster.name] }

  /// How many values at the rule's step the model can use.
  private var nearSteps: Int {
    let all = max(1, Int(block.history / block.step))
    // What has happened since its training, a trained model shall know.
    return isAuto && block.trained == nil ? min(all, AutoForecaster.historyCounts(step: block.step).near) : all
  }

  /// The step of the model's far grid, and how many values there it can use; nil if it has none.
  private var farGrid: (step: Int64, count: Int)? {
    guard isAuto, let ratio = AutoForecaster.farRatio(step: block.step) else { return nil }
    let step = block.step * Int64(ratio)
    return (step, max(1, min(Int(block.history / step), AutoForecaster.historyCounts(step: block.step).far)))
  }

  private mutating func backfillFine(_ reader: SignalReader, at time: Int64, interval: Int64) async throws {
    let steps = min(480, Int64(ForecastSignal.enoughValues) * block.step / interval)
    let last = time - interval
    let first = last - (steps - 1) * interval
    guard steps > 0 else { return }
    var points: [Labels: [(Int, Double)]] = [:]
    let known = Set(signals.keys)
    try await reader.values(from: first, through: last, step: interval) { labels, index, value in
      if known.contains(labels) { points[labels, default: []].append((index, value)) }
    }
    for (labels, points) in points {
      for (index, value) in points {
        signals[labels]?.appendFine(value, at: first + Int64(index) * interval, interval: interval)
      }
    }
  }

  // MARK: Forecasting

  private mutating func forecast(
    _ signal: inout ForecastSignal, value: Double, limit: Double?, at time: Int64, interval: Int64,
    _ budget: inout WorkBudget
  ) throws {
    let ready = try signal.ready(
      block.models, step: block.step, interval: interval, calendar: block.calendar, trainer: trainer, budget: &budget)
    guard let (model, step, origin) = ready else { return }
    signal.borrowedShare = 0
    signal.parts = []
    switch block.target {
    case .horizons:
      signal.rows = try rows(model, step: step, origin: origin, value: value, at: time)
      if let joining = model as? any JoinsModels {
        signal.parts = try joining.parts(
          horizons: horizons.map { steps($0.milliseconds, of: step) }, quantiles: block.quantiles
        ).map { ($0.model, $0.forecast.values) }
      }
      if signal.isSettled, let rows = signal.rows {
        follow(&signal, rows.values, quantiles: block.quantiles, value: value, origin: origin)
      }
    case .limit(let target):
      signal.threshold = nil
      if let limit, limit.isFinite {
        signal.threshold = try ThresholdPrediction.of(
          model, value: value, limit: limit, step: step, horizonSteps: steps(target.horizon, of: step))
      }
      if signal.isSettled, follows(origin) {
        let levels = ThresholdPrediction.levels
        let forecast = try model.forecast(
          horizons: followed.map { steps($0.milliseconds, of: step) }, quantiles: levels)
        follow(&signal, forecast.values, quantiles: levels, value: value, origin: origin)
      }
    }
    signal.predictedAt = time
  }

  private func steps(_ milliseconds: Int64, of step: Int64) -> Int {
    min(ForecastLimits.maximumHorizon, max(1, Int((milliseconds + step - 1) / step)))
  }

  private func rows(
    _ model: any ForecastModel, step: Int64, origin: Int64, value: Double, at time: Int64
  ) throws(ForecastError) -> ForecastRows {
    let wanted = horizons.map { steps($0.milliseconds, of: step) }
    let curve = CurvePoints.steps(through: wanted.last ?? 1)
    let all = Set(wanted + curve).sorted()
    let forecast = try model.forecast(horizons: all, quantiles: block.quantiles)
    // The curve starts where the signal is.
    var result = ForecastRows(values: [], curveTimes: [time], curveValues: block.quantiles.map { _ in value })
    var position: [Int: Int] = [:]
    for (row, steps) in all.enumerated() { position[steps] = row }
    func row(_ steps: Int) -> [Double] {
      guard let index = position[steps] else { return [] }
      return block.quantiles.indices.map { forecast.value(horizonAt: index, quantileAt: $0) }
    }
    for steps in wanted { result.values += row(steps) }
    for steps in curve {
      let target = origin + Int64(steps) * step
      guard target > time else { continue }
      result.curveTimes.append(target)
      result.curveValues += row(steps)
    }
    return result
  }

  /// Whether a forecast of any horizon made at `origin` is followed up.
  private func follows(_ origin: Int64) -> Bool {
    followed.contains {
      SkillLedger.follows(index: origin / block.step, steps: steps($0.milliseconds, of: block.step))
    }
  }

  /// Remembers a forecast until its truth comes.
  ///
  /// - Parameter values: row by row, all quantiles of each horizon that is followed.
  private func follow(
    _ signal: inout ForecastSignal, _ values: [Double], quantiles: [Double], value: Double, origin: Int64
  ) {
    let width = quantiles.count
    let middle = quantiles.indices.min { left, right in
      (quantiles[left] - 0.5).magnitude < (quantiles[right] - 0.5).magnitude
    }
    guard let middle else { return }
    for (index, horizon) in followed.enumerated() {
      let steps = steps(horizon.milliseconds, of: block.step)
      guard SkillLedger.follows(index: origin / block.step, steps: steps) else { continue }
      let row = index * width
      signal.ledger.add(
        PendingForecast(
          target: origin + Int64(steps) * block.step, low: values[row], median: values[row + middle],
          high: values[row + width - 1], naive: value, seasonal: signal.dayBefore(steps: steps)), horizon: index)
    }
  }

  // MARK: Family

  /// The settled signals that young ones may borrow from; nil if nobody is young.
  private func family(of chosen: Set<Labels>) -> SiblingOutlook? {
    guard !horizons.isEmpty, chosen.count > SiblingOutlook.least,
      chosen.contains(where: { signals[$0].map { $0.valueCount < SiblingOutlook.grownUp } ?? false })
    else { return nil }
    let settled = chosen.sorted().compactMap { labels -> SiblingOutlook.Sibling? in
      guard let signal = signals[labels], signal.isSettled, signal.valueCount >= SiblingOutlook.grownUp,
        let rows = signal.rows
      else { return nil }
      return SiblingOutlook.Sibling(labels: labels, level: signal.level, value: signal.newest, rows: rows.values)
    }
    return settled.count < SiblingOutlook.least ? nil : SiblingOutlook(settled)
  }

  private func borrow(
    _ signal: inout ForecastSignal, _ labels: Labels, value: Double, from family: SiblingOutlook, at time: Int64
  ) {
    let share = SiblingOutlook.share(signal.valueCount)
    guard share > 0.01, let rows = family.rows(for: labels, level: signal.level, value: value) else { return }
    signal.rows?.blend(rows, share: share, targets: horizons.map { time + $0.milliseconds }, origin: time)
    signal.borrowedShare = share
  }

  // MARK: Skill

  /// Whether the rule demands more skill than the forecasts of a series have shown at a horizon.
  func withholds(_ signal: ForecastSignal, horizon: Int) -> Bool {
    guard let least = block.minimumSkill, let skill = signal.ledger.tallies[horizon].skill else { return false }
    return skill < least
  }

  /// The name of the series of measured skill beside forecasts of the name `name`.
  static func skillName(of name: String) -> String {
    (name.hasSuffix("_seconds") ? String(name.dropLast("_seconds".count)) : name) + "_skill"
  }

  /// The forecasts that are in force, and how earlier ones have done, in the order of their labels.
  var reports: [ForecastReport] {
    signals.lazy.filter { $0.value.predictedAt != nil }.map { labels, signal in
      ForecastReport(signal, labels: Labels(labels.elements + self.labels), rule: self)
    }.sorted { $0.labels < $1.labels }
  }

  // MARK: Recording

  private mutating func record(
    _ signal: ForecastSignal, _ signalLabels: Labels, at time: Int64, into result: inout PredictionResult
  ) {
    for (index, horizon) in followed.enumerated() {
      guard let skill = signal.ledger.tallies[index].skill else { continue }
      let series = Self.skillName(of: name).labelled(signalLabels, labels, [Label("horizon", horizon.text)])
      result.outputs.append(RuleOutput(labels: series, value: skill))
      if skill < 0 { result.worseThanNaive[index, default: 0] += 1 }
    }
    switch block.target {
    case .horizons:
      guard let rows = signal.rows else { return }
      let width = block.quantiles.count
      for (index, horizon) in horizons.enumerated() where !withholds(signal, horizon: index) {
        for (column, quantile) in block.quantiles.enumerated() {
          let extra = [Label("horizon", horizon.text), Label("q", GoFormat.float(quantile))]
          result.outputs.append(
            RuleOutput(
              labels: name.labelled(signalLabels, labels, extra), value: rows.values[index * width + column]))
        }
      }
      for (column, quantile) in block.quantiles.enumerated() {
        let curve = "\(name)_curve".labelled(signalLabels, labels, [Label("q", GoFormat.float(quantile))])
        result.keptCurves.insert(curve)
        guard signal.predictedAt == time else { continue }
        let computed = rows.curveTimes.indices.map {
          Sample(rows.curveTimes[$0], rows.curveValues[$0 * width + column])
        }
        result.curves.append((curve, CurvePoints.filled(computed)))
      }
    case .limit(let target):
      guard let made = signal.threshold, let predictedAt = signal.predictedAt, !withholds(signal, horizon: 0)
      else { return }
      let prediction = made.after(Double(time - predictedAt) / 1000)
      if prediction.probability >= target.probability, let median = prediction.seconds[1] {
        result.outputs.append(RuleOutput(labels: name.labelled(signalLabels, labels), value: median))
      }
      for (level, seconds) in zip(ThresholdPrediction.levels, prediction.seconds) {
        guard let seconds else { continue }
        let q = Label("q", GoFormat.float(level))
        result.outputs.append(RuleOutput(labels: name.labelled(signalLabels, labels, [q]), value: seconds))
      }
      result.outputs.append(
        RuleOutput(labels: Self.probabilityName(of: name).labelled(signalLabels, labels), value: prediction.probability)
      )
    }
  }

  /// The name of the series of probabilities beside a time to a limit of the name `name`.
  static func probabilityName(of name: String) -> String {
    (name.hasSuffix("_seconds") ? String(name.dropLast("_seconds".count)) : name) + "_probability"
  }

  /// Empties the curves of series that are no longer forecast.
  private mutating func dropOldCurves(into result: inout PredictionResult) {
    for labels in curves.subtracting(result.keptCurves) { result.curves.append((labels, [])) }
    curves = result.keptCurves
  }

  /// All curves the store may hold, to be emptied when the rule ends.
  var ownedCurves: Set<Labels> { curves }

  private func limits(_ reader: SignalReader, at time: Int64) throws -> SignalLimits? {
    guard case .limit(let target) = block.target else { return nil }
    let value = try reader.engine.instant(target.expression, at: time, source: reader.source).value
    return SignalLimits(try SignalReader.vector(value))
  }

  private func seconds(since start: ContinuousClock.Instant) -> Double { start.duration(to: .now).inSeconds }
}

/// The limits of signals, by labels.
private struct SignalLimits {
  private let values: [Labels: Double]

  init(_ values: [Labels: Double]) { self.values = values }

  /// The limit with the signal's labels, or the one without labels that holds for all.
  func limit(for labels: Labels) -> Double? { values[labels] ?? values[Labels.empty] }
}
