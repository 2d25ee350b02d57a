import Forecasting
import PromQL
import TimeSeries

/// What a rule with a `forecast` block knows from one evaluation to the next.
struct ForecastRule: Sendable {
  /// After how many milliseconds a series that the expression no longer gives is forgotten.
  static let forgetAfter: Int64 = 3_600_000
  /// The least time between two readings of history for single series, in milliseconds.
  static let backfillSpacing: Int64 = 600_000

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
  /// When histories were last read for single series, in UTC milliseconds.
  var lastBackfill: Int64 = 0
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

  func newSignal(_ labels: Labels, at time: Int64) -> ForecastSignal {
    ForecastSignal(horizonCount: followed.count, at: time, trained: block.trained?.state(for: labels))
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

  func steps(_ milliseconds: Int64, of step: Int64) -> Int {
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

  // MARK: Reports

  /// The forecasts that are in force, and how earlier ones have done, in the order of their labels.
  var reports: [ForecastReport] {
    signals.lazy.filter { $0.value.predictedAt != nil }.map { labels, signal in
      ForecastReport(signal, labels: Labels(labels.elements + self.labels), rule: self)
    }.sorted { $0.labels < $1.labels }
  }

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
