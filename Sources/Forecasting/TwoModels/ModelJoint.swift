/// How two models answer together: how much each of them says at a horizon, and how wide the interval of both is.
///
/// Both are taken back to earlier times and asked what they would have said. For every division of the say between them, that
/// joint answer has a quantile loss; divisions are averaged with weights that fall with the loss as the likelihood of a
/// Laplace distribution does, to the power of the number of independent forecasts: with one the say is nearly
/// halved, with many it goes where the loss is least. Intervals then become as wide as those of that joint answer
/// ought to have been (``IntervalCalibration``).
///
/// What is averaged are quantiles (S. B. Vincent, 1912; R. Ratcliff, "Group reaction time distributions and an analysis of
/// distribution statistics", 1979): that keeps the shape of two alike distributions, where averaging probabilities would make
/// two humps of them.
struct ModelJoint: Sendable, Equatable {
  /// The horizons of the ladder, ascending; none if nothing is known.
  private let ladder: [Int]
  /// The say of the short-term model at each, from 0 to 1.
  private let shares: [Double]
  private let calibration: IntervalCalibration

  /// The most earlier times at which both are asked.
  private static let reviews = 16
  /// The divisions that are tried: so many steps from 0 to 1.
  private static let divisions = 10

  init() { (ladder, shares, calibration) = ([], [], IntervalCalibration()) }

  /// - Complexity: that of taking both models back 16 times.
  init<Short: LooksBack, Long: RemembersHistory>(_ short: Short, _ long: Long, while shouldGoOn: () -> Bool) {
    let known = long.knownHistory
    let count = known.values.count
    let review = Review(
      count: count, span: min(short.reviewableSteps, long.reviewableSteps, count * 2 / 3), limit: Self.reviews)
    var trials: [Trial] = []
    for steps in review.stepsBack where shouldGoOn() {
      let past = known.dropping(last: steps)
      let horizons = review.horizons(stepsBack: steps)
      guard !horizons.isEmpty, let earlierShort = short.before(steps: steps, past: past),
        let earlierLong = long.before(steps: steps, past: past),
        let near = try? earlierShort.forecast(horizons: horizons, quantiles: ErrorTable.levels),
        let far = try? earlierLong.forecast(horizons: horizons, quantiles: ErrorTable.levels)
      else { continue }
      trials.append(
        Trial(
          near: near, far: far, truths: horizons.map { known.values[count - steps + $0 - 1] },
          weight: review.weight(stepsBack: steps)))
    }
    guard !trials.isEmpty, !review.ladder.isEmpty else {
      self.init()
      return
    }
    let shares = Self.shares(trials, review)
    let bare = ModelJoint(ladder: review.ladder, shares: shares, calibration: IntervalCalibration())
    var misses: [IntervalCalibration.Miss] = []
    for trial in trials {
      for (index, horizon) in trial.near.horizons.enumerated() where trial.truths[index].isFinite {
        let row = bare.row(trial.near, trial.far, at: index, shortShare: bare.shortShare(at: horizon) ?? 0.5)
        let level = ErrorTable.level(of: row, below: trial.truths[index])
        misses.append(
          IntervalCalibration.Miss(
            horizon: horizon, size: NormalDistribution.quantile(min(1 - 1e-12, max(1e-12, level))), weight: trial.weight
          ))
      }
    }
    self.init(
      ladder: review.ladder, shares: shares,
      calibration: IntervalCalibration(misses, ladder: review.ladder, span: review.span, origins: trials.count))
  }

  private init(ladder: [Int], shares: [Double], calibration: IntervalCalibration) {
    self.ladder = ladder
    self.shares = shares
    self.calibration = calibration
  }

  /// What both would have said at an earlier time, and what came.
  private struct Trial {
    var near: ForecastDistribution
    var far: ForecastDistribution
    var truths: [Double]
    var weight: Double
  }

  /// The say of the short-term model at a horizon; nil if nothing is known.
  func shortShare(at horizon: Int) -> Double? {
    guard !ladder.isEmpty else { return nil }
    let upper = ladder.firstIndex { $0 >= horizon } ?? ladder.count - 1
    if upper == 0 || horizon >= ladder[upper] { return shares[upper] }
    let part = Double(horizon - ladder[upper - 1]) / Double(ladder[upper] - ladder[upper - 1])
    return shares[upper - 1] + (shares[upper] - shares[upper - 1]) * part
  }

  /// The joint quantiles at `ErrorTable.levels` for the horizon at a position of two forecasts at these levels.
  func row(
    _ near: ForecastDistribution, _ far: ForecastDistribution, at index: Int, shortShare share: Double
  ) -> [Double] {
    let columns = (index * ErrorTable.width)..<((index + 1) * ErrorTable.width)
    var row = zip(near.values[columns], far.values[columns]).map { $0 * share + $1 * (1 - share) }
    let middle = row[ErrorTable.middle]
    let factors = calibration.factors(at: near.horizons[index])
    // Outwards, so that the order stays.
    for distance in 1...ErrorTable.middle {
      let (low, high) = (ErrorTable.middle - distance, ErrorTable.middle + distance)
      row[low] = min(row[low + 1], middle + (row[low] - middle) * factors[low])
      row[high] = max(row[high - 1], middle + (row[high] - middle) * factors[high])
    }
    return row
  }

  // MARK: Learning

  /// The columns of the levels at which loss is counted: 0.025, 0.1, 0.5, 0.9 and 0.975.
  private static let judged = [3, 5, 9, 13, 15]

  private static func shares(_ trials: [Trial], _ review: Review) -> [Double] {
    var losses = [[Double]](repeating: [Double](repeating: 0, count: divisions + 1), count: review.ladder.count)
    var origins = [Double](repeating: 0, count: review.ladder.count)
    for trial in trials {
      for (rung, curve) in Self.losses(trial, review) {
        // Relative to what all divisions lose there: a burst that nobody foresaw does not outweigh all quiet times.
        let mean = curve.reduce(0, +) / Double(curve.count)
        guard mean > 0 else { continue }
        for division in curve.indices { losses[rung][division] += trial.weight * curve[division] / mean }
        origins[rung] += 1
      }
    }
    // A few forecasts say little: those of the next rungs count too.
    return review.ladder.indices.map { rung in
      var merit = [Double](repeating: 0, count: divisions + 1)
      for (neighbour, part) in [(rung - 1, 0.25), (rung, 0.5), (rung + 1, 0.25)]
      where review.ladder.indices.contains(neighbour) {
        let horizon = Double(review.ladder[neighbour])
        let independent = min(origins[neighbour], Double(review.span) / horizon)
        let least = losses[neighbour].min() ?? 0
        guard least > 0 else { continue }
        for division in 0...divisions {
          merit[division] -= part * independent * naturalLogarithm(losses[neighbour][division] / least)
        }
      }
      let best = merit.max() ?? 0
      var sum = 0.0
      var total = 0.0
      for division in 0...divisions {
        let weight = decay((best - merit[division]) / naturalLogarithm(2))
        sum += weight * Double(division) / Double(divisions)
        total += weight
      }
      return sum / total
    }
  }

  /// The quantile losses of every division, by rung.
  private static func losses(_ trial: Trial, _ review: Review) -> [Int: [Double]] {
    var result: [Int: [Double]] = [:]
    for (index, horizon) in trial.near.horizons.enumerated() where trial.truths[index].isFinite {
      guard let rung = review.ladder.firstIndex(where: { $0 >= horizon }) else { continue }
      var curve = result[rung] ?? [Double](repeating: 0, count: divisions + 1)
      for division in curve.indices { curve[division] += loss(trial, index, Double(division) / Double(divisions)) }
      result[rung] = curve
    }
    return result
  }

  /// The quantile loss of a joint answer.
  private static func loss(_ trial: Trial, _ index: Int, _ share: Double) -> Double {
    var sum = 0.0
    for column in judged {
      let position = index * ErrorTable.width + column
      let value = share * trial.near.values[position] + (1 - share) * trial.far.values[position]
      let miss = trial.truths[index] - value
      sum += max(ErrorTable.levels[column] * miss, (ErrorTable.levels[column] - 1) * miss)
    }
    return sum
  }

  // MARK: State

  func write(to writer: inout StateWriter) {
    writer.write(ladder.map { Double($0) })
    writer.write(shares)
    calibration.write(to: &writer)
  }

  init(_ reader: inout StateReader) throws(ForecastError) {
    ladder = try reader.readDoubles(atMost: 1000).map { Int(exactly: $0) ?? 0 }
    shares = try reader.readDoubles(atMost: 1000)
    calibration = try IntervalCalibration(&reader)
    guard shares.count == ladder.count, zip([0] + ladder, ladder).allSatisfy({ $0 < $1 }),
      shares.allSatisfy({ (0...1).contains($0) })
    else { throw .unreadableState("shares out of shape") }
  }
}
