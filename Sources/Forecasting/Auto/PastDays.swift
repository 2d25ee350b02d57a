/// The signal's own past days as paths that it may take next, moved to where it is forecast to be.
///
/// What decides whether a threshold is reached is how a signal gets there: in one burst a day, in a hundred spikes, or
/// at a plateau of hours. Distributions of single steps do not know, and a process that ties them together by one
/// number knows little. A past day knows. The idea is that of M. Clark et al., "The Schaake Shuffle" (2004), which takes
/// the order in time of forecast weather from that of past weather; here the past days themselves are moved.
struct PastDays {
  /// One path.
  struct Path {
    /// The values at the times asked for, in the units of the near grid.
    var values: [Double]
    var weight: Double
  }

  /// The days looked back to.
  private static let mostDays = 21
  /// What is left of a day's weight from one day to the one before it.
  private static let fading = 0.85
  /// How many times more a day counts that is whole weeks ago.
  private static let weekday = 3.0

  var paths: [Path] = []
  /// The paths' weight together.
  var weight: Double { paths.reduce(0) { $0 + $1.weight } }

  /// - Parameters:
  ///   - times: the steps from now that paths are wanted for, ascending and not empty.
  ///   - centres: what is forecast for them.
  init(_ model: AutoForecaster, at times: [Int], centres: [Double]) {
    guard let recall = Recall(model), let last = times.last else { return }
    let day = recall.day
    let days = min(Self.mostDays, recall.count / day)
    guard days > 0 else { return }
    paths = (1...days).map { back in
      var path = times.map { time in
        // A path of more than a day goes on with the days that followed, and from the newest one back to the oldest.
        let (whole, rest) = (time - 1).quotientAndRemainder(dividingBy: day)
        let start = (back - 1 + days - whole % days) % days + 1
        return recall.value(back: start * day - 1 - rest)
      }
      let start = recall.value(back: back * day)
      Self.move(&path, start: start, to: centres, from: recall.value(back: 0), at: times, day: min(day, last))
      let weight = power(Self.fading, Double(back - 1)) * (back % 7 == 0 ? Self.weekday : 1)
      return Path(values: path, weight: weight)
    }
  }

  /// Moves a path so that it begins where the signal is and goes where it is forecast to: by the mean distance of the
  /// two over a window about each step that grows from none at the start to a whole day, so that what is shorter
  /// remains as it was.
  private static func move(
    _ path: inout [Double], start: Double, to centres: [Double], from now: Double, at times: [Int], day: Int
  ) {
    var sums = [0.0, now - start]
    sums.reserveCapacity(path.count + 2)
    for index in path.indices { sums.append(sums[index + 1] + centres[index] - path[index]) }
    for index in path.indices {
      let reach = min(2 * times[index], day / 2)
      // Times are evenly apart, or nearly so within any window.
      let apart = max(1, times[index] - (index > 0 ? times[index - 1] : 0))
      let width = max(1, reach / apart)
      let low = max(0, index + 1 - width)
      let high = min(path.count, index + 1 + width)
      path[index] += (sums[high + 1] - sums[low]) / Double(high + 1 - low)
    }
  }

  /// Looks up what a signal was, on both grids as if they were one.
  private struct Recall {
    private let near: [Double]
    private let gap: Int
    private let far: [Double]
    private let farGap: Int
    private let ratio: Int
    /// The steps since the newest point of the far grid.
    private let lag: Int
    /// The length of a day in steps.
    let day: Int
    /// How many steps back values are known.
    let count: Int

    init?(_ model: AutoForecaster) {
      guard let day = SeasonalPeriods.daily(step: model.facts.step) else { return nil }
      near = model.near.history.filled
      gap = model.near.history.trailingGap
      self.day = day
      guard let far = model.far, let ratio = AutoForecaster.farRatio(step: model.facts.step), near.count > day + ratio
      else {
        self.far = []
        (farGap, ratio, lag) = (0, 1, 0)
        count = near.count + gap
        return
      }
      let factor = model.near.history.factor / far.history.factor
      self.far = far.history.filled.map { $0 * factor }
      farGap = far.history.trailingGap
      self.ratio = ratio
      let width = far.step
      lag = Int((((model.facts.end % width) + width) % width) / model.facts.step)
      count = max(near.count + gap, (self.far.count + farGap - 1) * ratio + lag)
    }

    /// The value so many steps ago; what is not known yet counts as the newest one.
    func value(back: Int) -> Double {
      if back < near.count + gap || far.isEmpty { return nearValue(back) }
      // What happens between the points of the far grid is taken from the newest day.
      let alike = back % day
      let (whole, rest) = max(0, back - lag).quotientAndRemainder(dividingBy: ratio)
      let share = Double(rest) / Double(ratio)
      let coarse = farValue(whole) + (farValue(whole + 1) - farValue(whole)) * share
      let low = nearValue(alike - rest)
      let high = nearValue(alike - rest + ratio)
      return coarse + nearValue(alike) - (low + (high - low) * share)
    }

    private func nearValue(_ back: Int) -> Double { near[min(near.count - 1, max(0, near.count - 1 + gap - back))] }

    private func farValue(_ back: Int) -> Double { far[min(far.count - 1, max(0, far.count - 1 + farGap - back))] }
  }
}
