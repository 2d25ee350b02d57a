/// How the forecasts of one horizon have done: those of one series, or of all series of a rule.
struct SkillTally: Sendable {
  /// The number of truths after which old ones begin to fade.
  private static let memory = 10_000.0
  /// So many truths are needed to judge.
  static let evidence = 30.0

  private(set) var count = 0.0
  private var covered = 0.0
  private var error = 0.0
  private var naiveError = 0.0
  private var seasonalError = 0.0
  private var bias = 0.0

  init() {}

  init(_ reader: inout StateReader) throws(StateFault) {
    count = try reader.double()
    covered = try reader.double()
    error = try reader.double()
    naiveError = try reader.double()
    seasonalError = try reader.double()
    bias = try reader.double()
    guard count >= 0, count <= Self.memory, covered >= 0, covered <= count, error >= 0, naiveError >= 0,
      seasonalError >= 0, bias.magnitude <= error * (1 + 1e-9)
    else { throw StateFault("an implausible tally in the state") }
  }

  func write(to writer: inout StateWriter) {
    for number in [count, covered, error, naiveError, seasonalError, bias] { writer.write(number) }
  }

  /// Takes in one truth.
  ///
  /// - Parameter memory: after how many truths old ones begin to fade; fewer for a single series, which changes.
  mutating func add(_ truth: Double, of forecast: PendingForecast, memory: Double = memory) {
    guard truth.isFinite else { return }
    if count >= memory {
      count /= 2
      covered /= 2
      error /= 2
      naiveError /= 2
      seasonalError /= 2
      bias /= 2
    }
    count += 1
    // Both sides rounded alike, so that a truth on the edge counts as inside.
    let change = Float(truth - forecast.naive)
    if change >= forecast.low, change <= forecast.high { covered += 1 }
    let miss = truth - forecast.naive - Double(forecast.median)
    error = Self.sum(error, miss.magnitude)
    bias = max(-error, min(error, bias - miss))
    naiveError = Self.sum(naiveError, (truth - forecast.naive).magnitude)
    seasonalError = Self.sum(seasonalError, (truth - forecast.naive - Double(forecast.seasonal)).magnitude)
  }

  private static func sum(_ left: Double, _ right: Double) -> Double {
    min(Double.greatestFiniteMagnitude, left + (right.isNaN ? 0 : right))
  }

  /// The share of truths inside the outermost interval, or nil before the first.
  var coverage: Double? { count > 0 ? covered / count : nil }

  /// The mean absolute error of the medians over that of "nothing changes"; nil while that never erred.
  var absoluteErrorRatio: Double? { naiveError > 0 ? error / naiveError : nil }

  /// The mean absolute error of the medians over that of "as a day before", the MASE of R. J. Hyndman and
  /// A. B. Koehler, "Another look at measures of forecast accuracy" (2006), on the very same points; nil while the
  /// latter never erred.
  var scaledError: Double? { seasonalError > 0 ? error / seasonalError : nil }

  /// The mean of median minus truth, over the mean absolute error of "as a day before": above 0, forecasts are too high.
  var scaledBias: Double? { seasonalError > 0 ? bias / seasonalError : nil }

  /// 1 for forecasts that never err, 0 for those as good as "as a day before", below 0 for worse ones; nil while too
  /// few truths came.
  var skill: Double? {
    guard count >= Self.evidence else { return nil }
    return scaledError.map { 1 - $0 } ?? (error > 0 ? -1 : 1)
  }
}

/// A forecast that waits for its truth; the values are distances from `naive`.
struct PendingForecast: Sendable {
  /// The time that the forecast speaks of, in UTC milliseconds.
  var target: Int64
  /// What stood at the origin: the forecast of "nothing changes".
  var naive: Double
  var low: Float
  var median: Float
  var high: Float
  /// What stood a whole number of days before the target: the forecast of "as a day before".
  var seasonal: Float

  /// - Parameter seasonal: nil if that is not known: then "nothing changes" stands for it.
  init(target: Int64, low: Double, median: Double, high: Double, naive: Double, seasonal: Double?) {
    self.target = target
    self.naive = naive
    self.low = Float(low - naive)
    self.median = Float(median - naive)
    self.high = Float(high - naive)
    self.seasonal = Float((seasonal ?? naive) - naive)
  }

  init(_ reader: inout StateReader) throws(StateFault) {
    target = try reader.int64()
    naive = try reader.double()
    let (first, second) = (UInt64(bitPattern: try reader.int64()), UInt64(bitPattern: try reader.int64()))
    low = Float(bitPattern: UInt32(truncatingIfNeeded: first))
    median = Float(bitPattern: UInt32(truncatingIfNeeded: first >> 32))
    high = Float(bitPattern: UInt32(truncatingIfNeeded: second))
    seasonal = Float(bitPattern: UInt32(truncatingIfNeeded: second >> 32))
  }

  func write(to writer: inout StateWriter) {
    writer.write(target)
    writer.write(naive)
    writer.write(Int64(bitPattern: UInt64(low.bitPattern) | UInt64(median.bitPattern) << 32))
    writer.write(Int64(bitPattern: UInt64(high.bitPattern) | UInt64(seasonal.bitPattern) << 32))
  }
}

/// The pending forecasts of one series, by horizon.
struct SkillLedger: Sendable {
  /// How many forecasts of one horizon may be pending at a time.
  private static let pendingPerHorizon = 20
  /// After how many truths old ones begin to fade from the record of a single series.
  private static let memory = 400.0

  private var pending: [[PendingForecast]]
  /// How the forecasts of this series have done, by horizon.
  private(set) var tallies: [SkillTally]
  /// The newest forecast of each horizon whose truth has come, and that truth. After a restart the next truths fill it.
  private(set) var judged: [(forecast: PendingForecast, truth: Double)?]

  init(horizonCount: Int) {
    judged = Array(repeating: nil, count: horizonCount)
    pending = Array(repeating: [], count: horizonCount)
    tallies = Array(repeating: SkillTally(), count: horizonCount)
  }

  init(horizonCount: Int, _ reader: inout StateReader) throws(StateFault) {
    self.init(horizonCount: horizonCount)
    for horizon in 0..<horizonCount {
      tallies[horizon] = try SkillTally(&reader)
      for _ in 0..<(try reader.count(of: 32)) { pending[horizon].append(try PendingForecast(&reader)) }
    }
  }

  func write(to writer: inout StateWriter) {
    for (forecasts, tally) in zip(pending, tallies) {
      tally.write(to: &writer)
      writer.write(forecasts.count)
      for forecast in forecasts { forecast.write(to: &writer) }
    }
  }

  /// Whether a forecast made at the grid point `index`, `steps` ahead, is among those that are followed up.
  static func follows(index: Int64, steps: Int) -> Bool { index % spacing(steps: steps) == 0 }

  /// How many grid points apart the forecasts that are followed up are made.
  static func spacing(steps: Int) -> Int64 { Int64(max(1, steps / pendingPerHorizon)) }

  mutating func add(_ forecast: PendingForecast, horizon: Int) { pending[horizon].append(forecast) }

  /// Judges the forecasts of `time` by `truth`; those whose time passed without truth are dropped.
  mutating func settle(_ truth: Double, at time: Int64, into all: inout [SkillTally]) {
    for horizon in pending.indices {
      guard let first = pending[horizon].first, first.target <= time else { continue }
      for forecast in pending[horizon].prefix(while: { $0.target <= time })
      where forecast.target == time && truth.isFinite {
        tallies[horizon].add(truth, of: forecast, memory: Self.memory)
        judged[horizon] = (forecast, truth)
        all[horizon].add(truth, of: forecast)
      }
      pending[horizon].removeAll { $0.target <= time }
    }
  }
}
