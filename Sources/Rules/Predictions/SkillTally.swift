/// A forecast that waits for its truth.
struct PendingForecast: Sendable {
  /// The time that the forecast speaks of, in UTC milliseconds.
  var target: Int64
  var low: Double
  var median: Double
  var high: Double
  /// What stood at the origin: the forecast of "nothing changes".
  var naive: Double
}

/// How the forecasts of one horizon have done, over all series of a rule.
struct SkillTally: Sendable {
  /// The number of truths after which old ones begin to fade.
  private static let memory = 10_000.0

  private(set) var count = 0.0
  private var covered = 0.0
  private var error = 0.0
  private var naiveError = 0.0

  init() {}

  init(_ reader: inout StateReader) throws(StateFault) {
    count = try reader.double()
    covered = try reader.double()
    error = try reader.double()
    naiveError = try reader.double()
    guard count >= 0, count <= Self.memory, covered >= 0, covered <= count, error >= 0, naiveError >= 0 else {
      throw StateFault("an implausible tally in the state")
    }
  }

  func write(to writer: inout StateWriter) {
    for number in [count, covered, error, naiveError] { writer.write(number) }
  }

  /// Takes in one truth.
  mutating func add(_ truth: Double, of forecast: PendingForecast) {
    if count >= Self.memory {
      count /= 2
      covered /= 2
      error /= 2
      naiveError /= 2
    }
    let tolerance = 1e-9 * truth.magnitude
    count += 1
    if truth >= forecast.low - tolerance, truth <= forecast.high + tolerance { covered += 1 }
    error += (truth - forecast.median).magnitude
    naiveError += (truth - forecast.naive).magnitude
  }

  /// The share of truths inside the outermost interval, or nil before the first.
  var coverage: Double? { count > 0 ? covered / count : nil }

  /// The mean absolute error of the medians over that of "nothing changes"; nil while that never erred.
  var absoluteErrorRatio: Double? { naiveError > 0 ? error / naiveError : nil }
}

/// The pending forecasts of one series, by horizon.
struct SkillLedger: Sendable {
  /// How many forecasts of one horizon may be pending at a time.
  private static let pendingPerHorizon = 60

  private var pending: [[PendingForecast]]

  init(horizonCount: Int) { pending = Array(repeating: [], count: horizonCount) }

  init(horizonCount: Int, _ reader: inout StateReader) throws(StateFault) {
    self.init(horizonCount: horizonCount)
    for horizon in 0..<horizonCount {
      for _ in 0..<(try reader.count(of: 40)) {
        let forecast = PendingForecast(
          target: try reader.int64(), low: try reader.double(), median: try reader.double(),
          high: try reader.double(), naive: try reader.double())
        pending[horizon].append(forecast)
      }
    }
  }

  func write(to writer: inout StateWriter) {
    for forecasts in pending {
      writer.write(forecasts.count)
      for forecast in forecasts {
        writer.write(forecast.target)
        for number in [forecast.low, forecast.median, forecast.high, forecast.naive] { writer.write(number) }
      }
    }
  }

  /// Whether a forecast made at the grid point `index`, `steps` ahead, is among those that are followed up.
  static func follows(index: Int64, steps: Int) -> Bool { index % Int64(max(1, steps / pendingPerHorizon)) == 0 }

  mutating func add(_ forecast: PendingForecast, horizon: Int) { pending[horizon].append(forecast) }

  /// Judges the forecasts of `time` by `truth`; those whose time passed without truth are dropped.
  mutating func settle(_ truth: Double, at time: Int64, into tallies: inout [SkillTally]) {
    for horizon in pending.indices {
      guard let first = pending[horizon].first, first.target <= time else { continue }
      for forecast in pending[horizon].prefix(while: { $0.target <= time })
      where forecast.target == time && truth.isFinite {
        tallies[horizon].add(truth, of: forecast)
      }
      pending[horizon].removeAll { $0.target <= time }
    }
  }
}
