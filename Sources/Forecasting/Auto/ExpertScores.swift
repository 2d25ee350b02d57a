/// How far each expert was off lately, and the mixture that follows from it.
///
/// Absolute errors are averaged over three exponentially fading memories: a few horizons (a change of regime), a day
/// or two, and a week. An expert's weight is a power of the best average over its own (in the line of N. Littlestone
/// and M. Warmuth, "The weighted majority algorithm", 1994); the power grows with the logarithm of the evidence, so
/// that experts of similar record share while little is known and the better one rules when much is.
struct ExpertScores: Sendable, Equatable {
  private static let lanes = ExpertPanel.expertLanes

  /// Faded sums of absolute errors: short memory, middle, long; then the same for the sums of weights. Each holds a
  /// number for every expert.
  private var sums = [Lanes](repeating: .zero, count: 6 * lanes)

  /// How much each memory matters.
  private static let shares: (short: Float, middle: Float, long: Float) = (0.6, 0.8, 0.15)

  /// The short memory's half-life is this many horizons and 12 steps more; the others' are in days.
  private static let halfLives = (short: 4.0, middle: 1.5, long: 7.0)

  /// The power of the mixture per doubling of the evidence.
  private static let sharpness = 3.0

  /// How much the record at a short horizon matters for far ones in the average; its cube divides the weight.
  private static let recentShare: Float = 0.3

  /// An expert with less than this power of two of the best one's weight has no say.
  private static let leastWeight: Float = -8

  init() {}

  /// What is left of each memory after some steps.
  struct Fading {
    fileprivate let short: Float
    fileprivate let middle: Float
    fileprivate let long: Float

    init(steps: Int, horizon: Int, unit: Int) {
      let steps = Double(steps)
      short = Float(decay(steps / (halfLives.short * Double(horizon) + 12)))
      middle = Float(decay(steps / (halfLives.middle * Double(unit))))
      long = Float(decay(steps / (halfLives.long * Double(unit))))
    }
  }

  /// Lets the past fade, and takes note of what the experts said and what came.
  ///
  /// - Parameters:
  ///   - change: what came, as a change of the value at the origin.
  ///   - density: the number of steps that this stands for.
  mutating func add(_ panel: ExpertPanel, change: Float, density: Float, fading: Fading) {
    sums.withUnsafeMutableBufferPointer { sums in
      let n = Self.lanes
      for lane in 0..<n {
        let said = panel.experts(lane)
        let isPresent = said .== said
        let loss = Lanes.zero.replacing(with: (said - change).magnitudes * density, where: isPresent)
        let weight = Lanes.zero.replacing(with: density, where: isPresent)
        sums[lane] = sums[lane] * fading.short + loss
        sums[n + lane] = sums[n + lane] * fading.middle + loss
        sums[2 * n + lane] = sums[2 * n + lane] * fading.long + loss
        sums[3 * n + lane] = sums[3 * n + lane] * fading.short + weight
        sums[4 * n + lane] = sums[4 * n + lane] * fading.middle + weight
        sums[5 * n + lane] = sums[5 * n + lane] * fading.long + weight
      }
    }
  }

  /// One of the sums of an expert.
  private func sum(_ memory: Int, _ expert: Int) -> Float { sums[memory * Self.lanes + expert >> 2][expert & 3] }

  /// The number of steps that the record rests on, over the long memory.
  var evidence: Double { Double(sum(5, 0)) }

  /// An expert's mean absolute error over the middle memory; 0 without any record.
  func usualError(of expert: Int) -> Float {
    let weight = sum(4, expert)
    return weight > 0 ? sum(1, expert) / weight : 0
  }

  /// Each expert's recent mean absolute error relative to that of the last value as a forecast, from 0.01 to
  /// 10; 1 for experts without a record, and for those that are another at another horizon.
  func recentRelativeErrors() -> [Float] {
    let unit = sum(3, 0) > 0 ? sum(0, 0) / sum(3, 0) : 0
    return (0..<4 * Self.lanes).map { expert in
      guard unit > 0, sum(3, expert) > 0, !ExpertPanel.horizonBound.contains(expert) else { return 1 }
      return min(10, max(0.01, sum(0, expert) / sum(3, expert) / unit))
    }
  }

  /// The experts' forecasts weighted by their record, as a change of the value at the origin; the first expert's
  /// without any record.
  ///
  /// - Parameters:
  ///   - independentSteps: after how many steps two errors tell something new.
  ///   - recent: relative errors at a short horizon, from `recentRelativeErrors()`. A far horizon learns of a change of
  ///     regime only when it has passed; where its own record does not tell experts apart, this does.
  func mix(_ panel: ExpertPanel, independentSteps: Double, recent: [Float] = []) -> Float {
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: Self.lanes) { scores in
      sums.withUnsafeBufferPointer { sums in
        let n = Self.lanes
        let tiny: Float = 1e-12
        for lane in 0..<n {
          let short = sums[lane] / (sums[3 * n + lane] + tiny)
          let middle = sums[n + lane] / (sums[4 * n + lane] + tiny)
          let long = sums[2 * n + lane] / (sums[5 * n + lane] + tiny)
          scores.initializeElement(
            at: lane, to: short * Self.shares.short + middle * Self.shares.middle + long * Self.shares.long)
        }
        if !recent.isEmpty {
          let unit = Self.recentShare * max(scores[0][0], 1e-6)
          for lane in 0..<n { scores[lane] += unit * Self.lanes(recent, lane).lesser(Lanes(repeating: 3)) }
        }
        var best = Lanes(repeating: .infinity)
        var worst = Lanes.zero
        for lane in 0..<n {
          let said = panel.experts(lane)
          let isHeard = (said .== said) .& (sums[5 * n + lane] .> 0)
          let score = Lanes(repeating: .infinity).replacing(with: scores[lane], where: isHeard)
          best = best.lesser(score)
          worst = worst.greater(Lanes.zero.replacing(with: score, where: isHeard))
          scores[lane] = score
        }
        let least = best.min()
        guard least.isFinite else { return panel.experts[0] }
        // Differences below a fraction of the worst are no reason to prefer one.
        let floor = 1e-9 + 0.002 * worst.max()
        let power = Float(Self.sharpness * binaryLogarithm(1 + evidence / independentSteps))
        var sum = Lanes.zero
        var total = Lanes.zero
        for lane in 0..<n {
          let octaves = ((least + floor) / (scores[lane] + floor)).binaryLogarithms * power
          let hasSay = (octaves .>= Self.leastWeight) .& (scores[lane] .< .infinity)
          guard any(hasSay) else { continue }
          var weight = octaves.binaryExponentials
          if !recent.isEmpty {
            let error = Self.lanes(recent, lane)
            weight /= error * error * error
          }
          weight = Lanes.zero.replacing(with: weight, where: hasSay)
          sum += weight * Lanes.zero.replacing(with: panel.experts(lane), where: hasSay)
          total += weight
        }
        let all = total.sum()
        return all > 0 ? sum.sum() / all : panel.experts[0]
      }
    }
  }

  private static func lanes(_ numbers: [Float], _ lane: Int) -> Lanes {
    Lanes(numbers[4 * lane], numbers[4 * lane + 1], numbers[4 * lane + 2], numbers[4 * lane + 3])
  }
}
