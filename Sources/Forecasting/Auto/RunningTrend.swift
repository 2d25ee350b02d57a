/// The steady trend that a signal is in now, if there is one, and how far it may carry.
///
/// Records of past errors say nothing about a trend that only just began, nor about horizons beyond all that was
/// tried. What a trend says for itself is its speed, how steady it is, and for how long it has been seen.
struct RunningTrend: Sendable, Equatable {
  /// The change per step.
  var slope: Double
  /// The steps that the trend has been seen for.
  var seen: Int
  /// The standard deviation of the change over one step about the trend, as of a random walk.
  var noise: Double
  /// From 0 to 1: how clearly the trend stands out from its noise.
  var clarity: Double
  /// From 0 to 1: how far the trend goes beyond everything that the history before it had in this direction.
  var novelty: Double

  /// The trend's remaining life has the law of Pareto: seen for n steps, it goes on for d more with probability
  /// (n / (n + d)) to this power. The power 1 is the rule of succession for a trend that may end at any time; growth
  /// and leaks have a cause that lasts, and end less readily.
  private static let mortality = 0.25

  /// Below this ratio of slope to standard error a trend is no more than a random walk makes, and from the second one
  /// on it is beyond doubt.
  private static let significance = (none: 3.0, full: 6.0)

  private static let leastSeen = 5

  /// The standard deviation, relative to the speed, of how the speed changes while the trend doubles its age.
  private static let wavering = 0.2

  /// A part of the trend's own speed that always counts as noise, so that no few equal steps are beyond doubt.
  private static let leastNoise = 0.05

  /// Looks for the trend: the stretch up to now whose slope stands out most from its noise.
  ///
  /// - Complexity: O(n): windows ever a tenth longer, together about eleven passes over the history.
  static func find(_ view: HistoryView) -> RunningTrend? {
    var best: (trend: RunningTrend, ratio: Double)?
    var seen = leastSeen
    var counted = 0
    var measured = 0
    while seen < view.count {
      while counted < seen {
        counted += 1
        if view.isMeasured[view.count - counted] { measured += 1 }
      }
      // A line drawn through a gap is no trend.
      if measured * 2 >= seen, let (slope, noise) = drift(view, seen: seen) {
        let spread = (noise * noise + leastNoise * leastNoise * slope * slope).squareRoot()
        // The noise of few steps is itself uncertain.
        let ratio = abs(slope) * Double(seen).squareRoot() / spread / (1 + 3 / Double(seen))
        if ratio > best?.ratio ?? significance.none {
          best = (RunningTrend(slope: slope, seen: seen, noise: noise, clarity: 0, novelty: 0), ratio)
        }
      }
      seen += max(1, seen / 10)
    }
    guard let (found, ratio) = best else { return nil }
    var trend = found
    let doubtless = (ratio - significance.none) / (significance.full - significance.none)
    trend.clarity = min(1, doubtless) * trend.liveliness(view)
    if trend.clarity > 0 { trend.clarity *= trend.endurance(view) }
    guard trend.clarity > 0 else { return nil }
    trend.novelty = trend.novelty(view)
    return trend
  }

  /// The mean change per step over the last `seen` steps, and its standard deviation as that of a random walk.
  ///
  /// Measured on changes over an eighth of the stretch, in which noise of single values and stairs even out.
  private static func drift(_ view: HistoryView, seen: Int) -> (slope: Double, noise: Double)? {
    let width = max(1, seen / 8)
    let start = view.count - 1 - seen
    let values = view.values
    var sum = 0.0
    var squares = 0.0
    let origin = values[start + width] - values[start]
    for index in start..<(view.count - width) {
      let change = values[index + width] - values[index] - origin
      sum += change
      squares += change * change
    }
    let count = Double(view.count - width - start)
    let mean = sum / count
    let slope = (mean + origin) / Double(width)
    guard slope != 0 else { return nil }
    let degrees = max(1, Double(seen) / Double(width) - 1) / (Double(seen) / Double(width))
    let variance = max(0, squares / count - mean * mean) / Double(width) / degrees
    return (slope, variance.squareRoot())
  }

  /// From 1 to 0: whether the trend still goes on at its speed, or at less than half of it.
  ///
  /// The newest quarter tells; of shorter stretches, those in which it was never as slow before.
  private func liveliness(_ view: HistoryView) -> Double {
    let now = view.count - 1
    func speed(_ end: Int, _ width: Int) -> Double {
      (view.values[end] - view.values[end - width]) / Double(width) / slope
    }
    let quarter = max(3, seen / 4)
    var least = speed(now, quarter)
    var width = 3
    while width < quarter {
      let newest = speed(now, width)
      if newest < least, !((now - seen + width)...(now - width)).contains(where: { speed($0, width) <= newest }) {
        least = newest
      }
      width += max(1, width / 2)
    }
    return min(1, max(0, 3 * least - 0.5))
  }

  /// From 1 to 0: how far changes like the trend's went on in the past, for as long as the trend has been seen.
  ///
  /// The teeth of a saw are trends beyond doubt, each of which ends. Without any change like it the trend has the
  /// benefit of the doubt, which the first one outweighs.
  private func endurance(_ view: HistoryView) -> Double {
    let onset = view.count - 1 - seen
    let width = min(seen, onset)
    guard width >= Self.leastSeen else { return 1 }
    let least = 0.5 * slope * Double(width)
    var went = 0.5
    var count = 0.5
    var index = width
    while index <= onset {
      let change = (view.values[index] - view.values[index - width]) / least
      if change >= 1 {
        let next = (view.values[index + width] - view.values[index]) / least
        went += min(1, max(0, next / change))
        count += 1
        index += width
      } else {
        index += 1
      }
    }
    return went / count
  }

  /// The trend's change against the greatest one in its direction, over as many steps, before it.
  private func novelty(_ view: HistoryView) -> Double {
    let onset = view.count - 1 - seen
    let width = min(seen, onset)
    guard width >= Self.leastSeen else { return 0 }
    let direction = slope < 0 ? -1.0 : 1
    var greatest = 0.0
    for index in width...onset {
      greatest = max(greatest, direction * (view.values[index] - view.values[index - width]))
    }
    let own = abs(slope) * Double(width)
    return min(1, max(0, (own - 1.5 * greatest) / (1.5 * max(greatest, Double.leastNormalMagnitude))))
  }

  /// How much the trend decides at a horizon, from 0 to 1: within the horizons that were tried as far as it is new,
  /// beyond them ever more.
  func share(at horizon: Int, lastTried: Int) -> Double {
    let tried = min(1, Double(lastTried) / Double(horizon))
    return clarity * (1 - (1 - novelty) * tried * tried)
  }

  /// The distribution at a horizon, at `ErrorTable.levels`, from the newest value.
  ///
  /// The trend goes on for as long as it lives and then stays; the spread about it is that of a random walk whose drift
  /// was measured over the steps seen, and changes as it gets older.
  func row(from last: Double, at horizon: Int) -> [Double] {
    let ahead = Double(horizon)
    let age = Double(seen)
    let direction = slope < 0 ? -1.0 : 1
    let usual = carried(0.5, ahead)
    var row = ErrorTable.levels.map { level in
      let along = direction < 0 ? 1 - level : level
      let steps = carried(along, ahead)
      let walked = noise * (1 + 3 / age) * (ahead + steps * steps / age).squareRoot()
      let wavered = Self.wavering * slope * steps * min(1, steps / age)
      let spread = (walked * walked + wavered * wavered).squareRoot() * NormalDistribution.quantile(along)
      let ended = slope * (steps - usual)
      let both = (ended * ended + spread * spread).squareRoot()
      return last + slope * usual + direction * (along < 0.5 ? -both : both)
    }
    row.sort()
    return row
  }

  /// The steps of the next `ahead` that the trend goes on for, at a level of its remaining life.
  private func carried(_ level: Double, _ ahead: Double) -> Double {
    min(ahead, Double(seen) * (power(1 - level, -1 / Self.mortality) - 1))
  }
}
