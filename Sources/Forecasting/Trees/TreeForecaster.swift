/// A forecast by trees over lags, rolling statistics and the calendar.
///
/// One ensemble answers for all horizons: the horizon is a feature, the target the change from the last value
/// (direct forecasting: S. Ben Taieb and R. J. Hyndman, "A gradient boosting approach to the Kaggle load forecasting
/// competition", 2014). Intervals are split-conformal: trees grown on the first four fifths of the origins make their
/// errors on the last fifth, by horizon; then all origins grow the trees that answer.
public struct TreeForecaster<Kind: TreeKind>: SlowForecastModel {
  public static var name: String { Kind.name }

  private var history = GappyHistory()
  private var calendar = ForecastCalendar()
  private var fitted: Fitted?
  private var failure: ForecastError?
  private var updatesSinceFit = 0

  private struct Fitted: Sendable {
    var trees: TreeEnsemble?
    var errors: ErrorTable
    var factor: Double
    var period: Int?
  }

  public init() {}

  public static var leastValues: Int { 60 }

  public var observationCount: Int { history.facts.observationCount }

  public func dayBefore(steps: Int) -> Double? { history.dayBefore(steps: steps) }

  public mutating func reset(to series: ForecastSeries) {
    history.reset(series)
    calendar = series.calendar
    fitted = nil
    failure = nil
    updatesSinceFit = 0
  }

  public mutating func observe(_ value: Double) {
    history.append(value)
    updatesSinceFit += 1
  }

  /// Each time that the history has grown by a tenth.
  public var isTrainingDue: Bool { fitted == nil || updatesSinceFit >= max(12, history.values.count / 10) }

  /// - Complexity: 200 trees on at most `Kind.maximumRows` rows, twice: a second or two.
  public mutating func train(while shouldGoOn: () -> Bool) { refit() }

  /// The share of each of `LagFeatures.names` in the gain of all splits; empty before there is enough history.
  func gains() throws(ForecastError) -> [Double] { try fitted?.trees?.importances() ?? [] }

  /// By how much the mean absolute error on values that the trees have not seen rises when the values of a feature are
  /// shuffled, for each of `LagFeatures.names`, in units of the signal; empty without trees or enough of such values.
  func rises(on unseen: [Double]) throws(ForecastError) -> [Double] {
    guard let fitted, let trees = fitted.trees, let known = history.filled() else { return [] }
    var longer = self
    for value in unseen { longer.history.append(value) }
    guard let filled = longer.history.filled() else { return [] }
    let values = filled.values.map { $0 * fitted.factor }
    let first = values.count - (unseen.count - filled.stepsSinceLast)
    guard first >= 0, first >= known.values.count / 2, values.count - first >= 20 else { return [] }
    let features = longer.features(values, fitted.period, stepsSinceLast: filled.stepsSinceLast)
    let ladder = horizonLadder(through: max(1, min(fitted.period ?? 288, (values.count - first) / 2)))
    let spacing = max(1, (values.count - first) / Self.shuffledRows)
    var table: [Float] = []
    var targets: [Float] = []
    for (turn, origin) in stride(from: first, to: values.count, by: spacing).enumerated() {
      let horizon = ladder[turn % ladder.count]
      guard origin + horizon < values.count else { continue }
      features.append(origin: origin, horizon: horizon, to: &table)
      targets.append(Float(values[origin + horizon] - values[origin]))
    }
    guard targets.count >= 10 else { return [] }
    return try trees.permutationImportances(features: table, targets: targets).map { $0 / fitted.factor }
  }

  /// So many origins are enough to see what shuffling does.
  private static var shuffledRows: Int { 300 }

  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: horizons, quantiles: quantiles)
    if let failure { throw failure }
    guard let fitted, let filled = history.filled() else { throw .noObservations }
    let values = filled.values.map { $0 * fitted.factor }
    let ahead = filled.stepsSinceLast
    let last = values[values.count - 1]
    var changes = [Double](repeating: 0, count: horizons.count)
    if let trees = fitted.trees {
      let features = features(values, fitted.period, stepsSinceLast: ahead)
      var table: [Float] = []
      for horizon in horizons { features.append(origin: values.count - 1, horizon: horizon + ahead, to: &table) }
      changes = try trees.predict(table).map { Double($0) }
    }
    return history.facts.distribution(horizons: horizons, quantiles: quantiles, factor: fitted.factor) {
      index, horizon in
      fitted.errors.row(at: horizon + ahead).map { last + changes[index] + $0 }
    }
  }

  // MARK: Fitting

  private func features(_ values: [Double], _ period: Int?, stepsSinceLast: Int) -> LagFeatures {
    let facts = history.facts
    let start = facts.end &- Int64(values.count - 1 + stepsSinceLast) &* facts.step
    return LagFeatures(values: values, period: period, step: facts.step, start: start, calendar: calendar)
  }

  private mutating func refit() {
    updatesSinceFit = 0
    failure = nil
    guard let filled = history.filled() else {
      fitted = nil
      return
    }
    let factor = scalingFactor(forMagnitude: filled.magnitude)
    let values = filled.values.map { $0 * factor }
    let period = SeasonalPeriods.main(of: values[...], step: history.facts.step)
    do throws(ForecastError) {
      var fitted = Fitted(
        errors: ErrorTable(horizons: [1], rows: [ErrorTable.cold(ColdStart.scale(values))]), factor: factor,
        period: period)
      if values.count >= Self.leastValues {
        try Self.grow(
          &fitted, values: values, features: features(values, period, stepsSinceLast: filled.stepsSinceLast),
          longest: period ?? 288)
      }
      self.fitted = fitted
    } catch {
      failure = error
      fitted = nil
    }
  }

  private static func grow(
    _ fitted: inout Fitted, values: [Double], features: LagFeatures, longest: Int
  ) throws(ForecastError) {
    let count = values.count
    let ladder = horizonLadder(through: min(longest, count / 3))
    // Each origin is asked for one horizon, in turn: some thousand rows cover all rungs at every season of the history.
    let perRow = max(1, (count * ladder.count + Kind.maximumRows - 1) / Kind.maximumRows)
    var rows: [(origin: Int, horizon: Int)] = []
    var turn = 0
    for origin in 12..<count {
      for horizon in ladder where origin + horizon < count {
        turn += 1
        if turn % perRow == 0 { rows.append((origin, horizon)) }
      }
    }
    guard rows.count >= 30 else { return }
    let columns = LagFeatures.names.count
    func table(_ rows: some Sequence<(origin: Int, horizon: Int)>) -> (features: [Float], targets: [Float]) {
      var table: [Float] = []
      var targets: [Float] = []
      for (origin, horizon) in rows {
        features.append(origin: origin, horizon: horizon, to: &table)
        targets.append(Float(values[origin + horizon] - values[origin]))
      }
      return (table, targets)
    }
    // What is learnt from ends where what is tested begins.
    let border = count * 4 / 5
    let known = rows.filter { $0.origin + $0.horizon < border }
    let tested = rows.filter { $0.origin >= border }
    if known.count >= 20, tested.count >= 10 {
      let train = table(known)
      let trees = try TreeEnsemble.train(Kind.kind, features: train.features, columns: columns, targets: train.targets)
      let test = table(tested)
      let answers = try trees.predict(test.features)
      fitted.errors = errorTable(
        ladder: ladder, tested: tested, errors: zip(test.targets, answers).map { Double($0 - $1) },
        span: count - border, cold: ColdStart.scale(values))
    }
    let all = table(rows)
    fitted.trees = try TreeEnsemble.train(Kind.kind, features: all.features, columns: columns, targets: all.targets)
  }

  /// The errors by horizon; each rung borrows from its neighbours, since every origin spoke for one horizon only.
  private static func errorTable(
    ladder: [Int], tested: [(origin: Int, horizon: Int)], errors: [Double], span: Int, cold: Double
  ) -> ErrorTable {
    let rows = ladder.map { rung in
      let near = tested.indices.filter { tested[$0].horizon * 2 >= rung && tested[$0].horizon <= rung * 2 }
      let own = near.map { errors[$0] }
      var squares = 0.0
      for error in own { squares += error * error }
      let spread = own.isEmpty ? 0 : (squares / Double(own.count)).squareRoot()
      return ErrorTable.quantiles(
        errors: own, weights: own.map { _ in 1 },
        effectiveCount: min(Double(own.count), Double(span) / Double(rung)),
        priorScale: max(2 * spread, cold * Double(rung).squareRoot()))
    }
    return ErrorTable(horizons: ladder, rows: rows)
  }

  // MARK: State

  public func saved() -> [UInt8] {
    var writer = StateWriter(modelName: Self.name)
    history.write(to: &writer)
    calendar.write(to: &writer)
    writer.write(updatesSinceFit)
    writer.write(fitted != nil)
    guard let fitted else { return writer.bytes }
    writer.write(fitted.factor)
    writer.write(fitted.period ?? 0)
    writer.write(fitted.errors.horizons.map { Double($0) })
    for row in fitted.errors.rows { writer.write(row) }
    let trees = (try? fitted.trees?.saved()) ?? []
    writer.write(trees.count)
    writer.write(bytes: trees)
    return writer.bytes
  }

  public init(restoring bytes: [UInt8]) throws(ForecastError) {
    var reader = StateReader(bytes)
    try reader.readHeader(of: Self.name)
    history = try GappyHistory(&reader)
    calendar = try ForecastCalendar(&reader)
    updatesSinceFit = try reader.readInt(in: 0...1_000_000)
    if try reader.readBool() {
      let factor = try reader.readDouble()
      let period = try reader.readInt(in: 0...100_000)
      let horizons = try reader.readDoubles(atMost: 1000).map { Int(exactly: $0) ?? 0 }
      var rows: [[Double]] = []
      for _ in horizons { rows.append(try reader.readDoubles(atMost: ErrorTable.width)) }
      let isLadder = zip(horizons, horizons.dropFirst()).allSatisfy { $0 < $1 } && (horizons.first ?? 0) > 0
      guard factor > 0, factor.isFinite, isLadder, rows.allSatisfy({ $0.count == ErrorTable.width }) else {
        throw .unreadableState("an error table out of order")
      }
      let trees = try reader.readBytes(atMost: 256 << 20)
      fitted = Fitted(
        trees: trees.isEmpty ? nil : try TreeEnsemble(restoring: trees, columns: LagFeatures.names.count),
        errors: ErrorTable(horizons: horizons, rows: rows), factor: factor, period: period > 1 ? period : nil)
    }
    try reader.readEnd()
  }
}

/// Which trees a ``TreeForecaster`` grows.
public protocol TreeKind: Sendable {
  /// The name that a rule file calls the model by.
  static var name: String { get }
  static var kind: TreeEnsemble.Kind { get }
  /// How many rows trees are grown on at most.
  static var maximumRows: Int { get }
}

/// 200 boosted trees of depth 6.
public enum GradientBoosting: TreeKind {
  public static let name = "gradient_boosting"
  public static let kind = TreeEnsemble.Kind.gradientBoosting
  public static let maximumRows = 4000
}

/// 200 trees of a random forest.
public enum RandomForest: TreeKind {
  public static let name = "random_forest"
  public static let kind = TreeEnsemble.Kind.randomForest
  public static let maximumRows = 2000
}

/// The `gradient_boosting` model.
public typealias GradientBoostingForecaster = TreeForecaster<GradientBoosting>

/// The `random_forest` model.
public typealias RandomForestForecaster = TreeForecaster<RandomForest>
