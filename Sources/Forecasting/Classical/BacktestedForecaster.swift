/// A point method with intervals from its own past errors.
///
/// On every forecast the method is run again from up to 40 earlier origins; the errors that it made there, newer ones
/// counting more, are the distribution around its curve.
public struct BacktestedForecaster<Method: PointMethod>: ForecastModel {
  public static var name: String { Method.name }

  private var history = GappyHistory()

  public init() {}

  public init(restoring bytes: [UInt8]) throws(ForecastError) {
    var reader = StateReader(bytes)
    try reader.readHeader(of: Self.name)
    history = try GappyHistory(&reader)
    try reader.readEnd()
  }

  public func saved() -> [UInt8] {
    var writer = StateWriter(modelName: Self.name)
    history.write(to: &writer)
    return writer.bytes
  }

  public mutating func fit(_ series: ForecastSeries) { history.reset(series) }

  public mutating func update(_ value: Double) { history.append(value) }

  public var observationCount: Int { history.facts.observationCount }

  public func dayBefore(steps: Int) -> Double? { history.dayBefore(steps: steps) }

  /// - Complexity: O(40 × the cost of the method).
  public func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
    try ForecastLimits.check(horizons: horizons, quantiles: quantiles)
    guard let filled = history.filled(), let farthest = horizons.last else { throw .noObservations }
    let factor = scalingFactor(forMagnitude: filled.magnitude)
    let values = filled.values.map { $0 * factor }
    let ahead = filled.stepsSinceLast
    let period = SeasonalPeriods.main(of: values[...], step: history.facts.step)
    let useful = max(Method.usefulHistory.values, Method.usefulHistory.periods * (period ?? 0))
    let curve = Method.predict(values.suffix(useful), period: period, horizons: horizons.map { $0 + ahead })
    let table = errorTable(values: values, period: period, useful: useful, farthest: farthest + ahead)
    return history.facts.distribution(horizons: horizons, quantiles: quantiles, factor: factor) { index, horizon in
      let centre = curve[index].isFinite ? curve[index] : values[values.count - 1]
      return table.row(at: horizon + ahead).map { centre + $0 }
    }
  }

  /// The errors that the method made at earlier origins, by horizon.
  private func errorTable(values: [Double], period: Int?, useful: Int, farthest: Int) -> ErrorTable {
    let count = values.count
    let coldScale = ColdStart.scale(values)
    let supported = min(farthest, max(1, count / 3))
    let ladder = horizonLadder(through: supported)
    // With few values every origin counts, from the second on; with many the first third only serves to learn.
    let first = count < 30 ? min(2, count) : count / 3
    var origins: [Int] = []
    if first < count {
      let spacing = max(1, (count - first) / 40)
      origins = Array(stride(from: count - 1, through: first, by: -spacing)).reversed()
    }
    var errors = [[Double]](repeating: [], count: ladder.count)
    var weights = [[Double]](repeating: [], count: ladder.count)
    for origin in origins {
      let reachable = ladder.filter { origin + $0 <= count }
      guard !reachable.isEmpty else { continue }
      let start = max(0, origin - useful)
      let curve = Method.predict(values[start..<origin], period: period, horizons: reachable)
      let weight = decay(Double(count - origin) / Double(max(1, count - first)))
      for (rung, horizon) in reachable.enumerated() where curve[rung].isFinite {
        errors[rung].append(values[origin + horizon - 1] - curve[rung])
        weights[rung].append(weight)
      }
    }
    var rows: [[Double]] = []
    for rung in ladder.indices {
      let overlap = max(1, Double(errors[rung].count * ladder[rung]) / Double(max(1, count - first)))
      var squares = 0.0
      for error in errors[rung] { squares += error * error }
      let spread = errors[rung].isEmpty ? 0 : (squares / Double(errors[rung].count)).squareRoot()
      let cold = coldScale * Double(ladder[rung]).squareRoot()
      rows.append(
        ErrorTable.quantiles(
          errors: errors[rung], weights: weights[rung],
          effectiveCount: Double(errors[rung].count) / overlap, priorScale: max(2 * spread, cold)))
    }
    return ErrorTable(horizons: ladder, rows: rows)
  }
}
