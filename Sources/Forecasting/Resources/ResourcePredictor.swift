/// Predicts memory, processor or disk from the load: a ridge regression and boosted trees over lags, rolling statistics,
/// load and calendar, weighted by how they did on a part of the history that they had not seen.
///
/// One value at a time, it compares each forecast with its truth: the errors on the held-out tail and since then are the
/// intervals (J. Lei et al., "Distribution-free predictive inference for regression", 2018), and when they grow
/// (``PageHinkley``) or time is up, ``due`` says that it is time to train again. Training is left to the caller, who knows
/// what it costs.
public struct ResourcePredictor: Sendable {
  /// Why it is time to train.
  public enum Reason: String, Sendable, CaseIterable {
    case first
    case schedule
    /// The errors have grown for good.
    case drift
  }

  public let calendar: BusinessCalendar
  /// The farthest horizon that is learnt, in steps.
  public let farthest: Int
  /// After how many steps it is time to train again.
  public let schedule: Int
  /// The trainings so far.
  public private(set) var trainings: [Reason: Int] = [:]
  /// Why training is due; nil while it is not.
  public private(set) var due: Reason?

  private var facts = SignalFacts()
  private var history = ResourceHistory(resource: ForecastSeries(values: [], step: 300_000), loads: [])
  private var model: ResourceModel?
  /// What became of forecasts, by horizon, in the units of the resource.
  private var outcomes: [[DemandOutcome]] = []
  private var untouched: [Int] = []
  /// What became of forecasts that were in force, by horizon in steps: these errors outlive a training.
  private var lived: [Int: [DemandOutcome]] = [:]
  private var pending: [Pending] = []
  private var drift = PageHinkley()
  private var usualError = 0.0
  private var sinceTraining = 0
  private var position = 0

  private struct Pending: Sendable {
    var target: Int
    var rung: Int
    var forecast: Double
    var naive: Double
  }

  static let mostOutcomes = 400
  /// So many forecasts of a horizon that were in force are remembered over a training.
  private static let mostLived = 200
  /// Fewer values are not learnt from.
  public static let leastValues = 60
  /// How many of the newest rows are looked at for one forecast.
  private static let lookedAt = 400

  /// - Parameters:
  ///   - farthest: six hours of five-minute steps by default.
  ///   - schedule: in steps; a day by default.
  public init(calendar: BusinessCalendar, farthest: Int = 72, schedule: Int = 288) {
    self.calendar = calendar
    self.farthest = min(2016, max(1, farthest))
    self.schedule = max(1, schedule)
  }

  public var observationCount: Int { facts.observationCount }
  /// The time of the newest value, missing or not, in UTC milliseconds.
  public var end: Int64 { facts.end }
  public var isTrained: Bool { model != nil }
  /// For how many milliseconds nothing was measured up to ``end``.
  public var silence: Int64 {
    let values = history.resource.values
    return Int64(values.count - 1 - (values.lastIndex(where: \.isFinite) ?? -1)) * history.resource.step
  }

  /// Takes a history and forgets what was known before; training is due if it is long enough.
  public mutating func fit(_ history: ResourceHistory) {
    self = ResourcePredictor(calendar: calendar, farthest: farthest, schedule: schedule)
    facts = SignalFacts(history.resource)
    for value in history.resource.values { facts.note(value) }
    self.history = history
    position = history.resource.values.count
    self.history.keep(ResourceHistory.capacity)
    if observationCount >= Self.leastValues { due = .first }
  }

  /// Learns the next step; NaN if the resource was not measured.
  ///
  /// - Complexity: O(horizons of the ladder × (features + trees)).
  public mutating func update(_ value: Double, loads: [String: Double]) {
    facts.note(value)
    history.append(value.isFinite ? value : .nan, loads: loads)
    resolve(value)
    position += 1
    sinceTraining += 1
    if model == nil {
      if due == nil, observationCount >= Self.leastValues { due = .first }
      return
    }
    if due == nil, sinceTraining >= schedule { due = .schedule }
    announce()
  }

  /// Trains on what is known.
  ///
  /// - Complexity: about a second with trees on weeks of history.
  public mutating func train() {
    let reason = due ?? .schedule
    due = nil
    sinceTraining = 0
    guard let features = ResourceFeatures(history, scales: .init(history), calendar: calendar),
      let trained = ResourceModel(features, farthest: farthest)
    else { return }
    trainings[reason, default: 0] += 1
    let factor = features.scales.resource
    model = trained
    outcomes = zip(trained.ladder, trained.heldOut).map { horizon, rows in
      let heldOut = rows.map {
        DemandOutcome(forecast: $0.forecast / factor, naive: $0.naive / factor, truth: $0.truth / factor)
      }
      return (heldOut + (lived[horizon] ?? [])).suffix(Self.mostOutcomes)
    }
    untouched = zip(trained.ladder, trained.untouched).map { $1 + (lived[$0]?.count ?? 0) }
    pending.removeAll()
    drift = PageHinkley()
    let first = outcomes.first ?? []
    usualError = first.isEmpty ? 0 : first.reduce(0) { $0 + abs($1.truth - $1.forecast) } / Double(first.count)
  }

  private mutating func resolve(_ value: Double) {
    let arrived = pending.filter { $0.target == position }
    pending.removeAll { $0.target <= position }
    guard value.isFinite else { return }
    for one in arrived {
      let outcome = DemandOutcome(forecast: one.forecast, naive: one.naive, truth: value)
      outcomes[one.rung].append(outcome)
      if let horizon = model?.ladder[one.rung] {
        lived[horizon, default: []].append(outcome)
        if lived[horizon, default: []].count > Self.mostLived { lived[horizon]?.removeFirst() }
      }
      untouched[one.rung] += 1
      if outcomes[one.rung].count > Self.mostOutcomes { outcomes[one.rung].removeFirst() }
      // A single outlier is no drift.
      if one.rung == 0, usualError > 0, drift.update(min(5, abs(value - one.forecast) / usualError)) { due = .drift }
    }
  }

  private mutating func announce() {
    guard let model, let features = recent(), features.isMeasured.last == true else { return }
    let origin = features.values.count - 1
    for (rung, horizon) in model.ladder.enumerated() {
      let forecast = model.forecast(features, origin: origin, horizon: horizon, rung: rung) / features.scales.resource
      pending.append(
        Pending(
          target: position - 1 + horizon, rung: rung, forecast: forecast,
          naive: features.values[origin] / features.scales.resource))
    }
  }

  /// The features of the newest rows, in the units that the model was trained in.
  private func recent() -> ResourceFeatures? {
    var newest = history
    let day = Int(max(1, min(2016, 86_400_000 / max(1, history.resource.step))))
    newest.keep(max(Self.lookedAt, 2 * day))
    return ResourceFeatures(newest, scales: model?.scales ?? .init(newest), calendar: calendar)
  }

  /// Forecasts the given horizons (in steps, ascending) at the given quantiles (ascending).
  ///
  /// - Throws: ``ForecastError`` if there is no observation or the request is not sensible.
  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: horizons, quantiles: quantiles)
    guard observationCount > 0, let features = recent() else { throw .noObservations }
    let origin = features.origin
    let ahead = features.values.count - 1 - origin
    let errors = errorTable(features)
    return facts.distribution(horizons: horizons, quantiles: quantiles, factor: features.scales.resource) {
      _, horizon in
      let centre = centre(features, origin: origin, horizon: horizon + ahead)
      return errors.row(at: horizon + ahead).map { centre + $0 }
    }
  }

  private func centre(_ features: ResourceFeatures, origin: Int, horizon: Int) -> Double {
    guard let model, let last = model.ladder.last else { return features.values[origin] }
    // Beyond the ladder nothing is known but what the last rung says.
    let upper = model.ladder.firstIndex { $0 >= horizon } ?? model.ladder.count - 1
    let reached = min(horizon, last)
    let value = model.forecast(features, origin: origin, horizon: reached, rung: upper)
    guard upper > 0, model.ladder[upper] > reached else { return value }
    let near = model.ladder[upper - 1]
    let share = Double(reached - near) / Double(model.ladder[upper] - near)
    let lower = model.forecast(features, origin: origin, horizon: reached, rung: upper - 1)
    return lower + (value - lower) * share
  }

  private func errorTable(_ features: ResourceFeatures) -> ErrorTable {
    let cold = ColdStart.scale(features.values)
    guard let model, !outcomes.isEmpty else { return ErrorTable(horizons: [1], rows: [ErrorTable.cold(cold)]) }
    let rows = model.ladder.indices.map { rung in
      let errors = outcomes[rung].map { ($0.truth - $0.forecast) * features.scales.resource }
      let weights = errors.indices.map { decay(Double(errors.count - 1 - $0) / 200) }
      var squares = 0.0
      for error in errors { squares += error * error }
      let spread = errors.isEmpty ? 0 : (squares / Double(errors.count)).squareRoot()
      // Errors that helped to choose the weights flatter, and those of overlapping forecasts repeat one another.
      let flattering = Double(max(0, errors.count - untouched[rung])) / 2
      let independent = (Double(errors.count) - flattering) / Double(model.ladder[rung])
      // The few errors of a short history do not reach as far as Student's distribution: the prior makes up for that.
      let reach = 2 + min(1, independent / 4)
      return ErrorTable.quantiles(
        errors: errors, weights: weights, effectiveCount: independent,
        priorScale: max(reach * spread, cold * Double(model.ladder[rung]).squareRoot()))
    }
    return ErrorTable(horizons: model.ladder, rows: rows)
  }

  /// Mean absolute error and R² at the rung nearest to a horizon, on values that were not learnt from: the newest part of
  /// the held-out tail, and what came since. Nil before training.
  public func record(horizon: Int) -> ForecastRecord? {
    guard let model,
      let rung = model.ladder.indices.min(by: { abs(model.ladder[$0] - horizon) < abs(model.ladder[$1] - horizon) })
    else { return nil }
    let judged = outcomes[rung].suffix(max(1, min(untouched[rung], outcomes[rung].count)))
    return ForecastRecord(
      horizon: model.ladder[rung], outcomes: judged.map { ($0.forecast, $0.naive, $0.truth) })
  }

  /// How much each feature matters, by name, most important first; shares of 1.
  public func importances() -> [(name: String, share: Double)] { model?.importances() ?? [] }
}
