/// How much wider, or narrower, a model's intervals ought to have been at earlier origins, by horizon and level.
///
/// What counts is how far off a forecast was in units of what it had expected itself: normalised split conformal prediction
/// (J. Lei et al., "Distribution-free predictive inference for regression", 2018, section 5.2), both sides alike, with one
/// forecast's worth of trust in the model.
struct IntervalCalibration: Sendable, Equatable {
  /// The horizons of the ladder, ascending; none where nothing was learnt, and every factor is one.
  private let ladder: [Int]
  /// One row of `ErrorTable.width` factors for each horizon.
  private let factors: [[Double]]

  init() { (ladder, factors) = ([], []) }

  /// What a forecast was off by, as a number that is normally distributed where the intervals are right.
  struct Miss {
    var horizon: Int
    var size: Double
    /// How much it counts.
    var weight: Double
  }

  /// - Parameters:
  ///   - misses: at horizons up to the last one of the ladder; each counts at the least rung that is not before it.
  ///   - span: over how many steps the origins are spread.
  ///   - origins: how many there are.
  init(_ misses: [Miss], ladder: [Int], span: Int, origins: Int) {
    var errors = [[Double]](repeating: [], count: ladder.count)
    var weights = errors
    for miss in misses where miss.size.isFinite && miss.weight > 0 {
      guard let rung = ladder.firstIndex(where: { $0 >= miss.horizon }) else { continue }
      errors[rung] += [miss.size, -miss.size]
      weights[rung] += [miss.weight, miss.weight]
    }
    self.ladder = ladder
    factors = ladder.indices.map { rung in
      // Origins nearer to each other than the horizon tell the same.
      let independent = min(Double(origins), Double(span) / Double(ladder[rung]) + 1)
      let row = ErrorTable.quantiles(
        errors: errors[rung], weights: weights[rung], effectiveCount: errors[rung].isEmpty ? 0 : 2 * independent,
        priorScale: 1)
      return ErrorTable.levels.indices.map { column in
        // Near the middle there is no width to compare.
        let outer = abs(column - ErrorTable.middle) < 2 ? ErrorTable.middle + 2 : column
        return max(0.05, row[outer] / NormalDistribution.quantile(ErrorTable.levels[outer]))
      }
    }
  }

  /// What the distances of quantiles from the median are to be multiplied with, at each of `ErrorTable.levels`.
  func factors(at horizon: Int) -> [Double] {
    guard let last = ladder.last else { return [Double](repeating: 1, count: ErrorTable.width) }
    let upper = ladder.firstIndex { $0 >= horizon } ?? ladder.count - 1
    if upper == 0 || horizon >= last || ladder[upper] == horizon { return factors[upper] }
    let share = Double(horizon - ladder[upper - 1]) / Double(ladder[upper] - ladder[upper - 1])
    return zip(factors[upper - 1], factors[upper]).map { $0 + ($1 - $0) * share }
  }

  // MARK: State

  func write(to writer: inout StateWriter) {
    writer.write(ladder.map { Double($0) })
    for row in factors { writer.write(row) }
  }

  init(_ reader: inout StateReader) throws(ForecastError) {
    ladder = try reader.readDoubles(atMost: 1000).map { Int(exactly: $0) ?? 0 }
    guard zip([0] + ladder, ladder).allSatisfy({ $0 < $1 }) else { throw .unreadableState("horizons out of order") }
    var rows: [[Double]] = []
    for _ in ladder {
      let row = try reader.readDoubles(atMost: ErrorTable.width)
      guard row.count == ErrorTable.width, row.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw .unreadableState("a calibration out of shape")
      }
      rows.append(row)
    }
    factors = rows
  }
}
