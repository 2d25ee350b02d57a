/// A model that can tell what it would have said at an earlier time.
///
/// Two models are joined by what each of them would have said.
public protocol LooksBack: ForecastModel {
  /// How many steps back the model can be taken.
  var reviewableSteps: Int { get }

  /// The model as it would be had nothing come after the given past; nil if it cannot be told.
  ///
  /// - Parameters:
  ///   - steps: how many of the newest steps are to be forgotten, at most ``reviewableSteps``.
  ///   - past: the history without them, as far as another model remembers it.
  func before(steps: Int, past: ForecastSeries) -> Self?
}

/// A model that keeps the history that others are judged by.
public protocol RemembersHistory: LooksBack {
  /// What is kept of the signal's history, NaN where missing, with its calendar and bounds.
  var knownHistory: ForecastSeries { get }
}

extension AutoForecaster: LooksBack {
  /// It learns so quickly that it can be taught any part of a history again.
  public var reviewableSteps: Int { .max }

  /// - Complexity: that of ``fit(_:)``.
  public func before(steps: Int, past: ForecastSeries) -> AutoForecaster? {
    guard past.values.contains(where: \.isFinite) else { return nil }
    var earlier = AutoForecaster()
    earlier.fit(past)
    return earlier
  }
}

/// The places in a history that forecasts are tried at.
struct Review {
  /// How many steps back each origin lies, the farthest first.
  let stepsBack: [Int]
  /// Over how many steps they are spread.
  let span: Int
  /// The horizons that are judged together, ascending: at each, those after the one before it.
  let ladder: [Int]

  /// - Parameters:
  ///   - count: the number of values of the history.
  ///   - span: how many steps back the first origin may lie.
  ///   - limit: the most origins.
  init(count: Int, span: Int, limit: Int) {
    self.span = span
    ladder = span > 1 ? horizonLadder(through: max(1, min(span, count / 3))) : []
    // The places between are shifted by the golden ratio, so that they do not all fall on the same time of day.
    let golden = 0.618_033_988_749_894_9
    let wanted = min(limit, span)
    var places = (0..<max(0, wanted)).map { index in
      let shift = (Double(index) * golden).truncatingRemainder(dividingBy: 1)
      return span - Int((Double(index) + shift) / Double(wanted) * Double(span))
    }
    // The last origin that can be judged at all.
    places.removeAll { $0 < 1 }
    stepsBack = places
  }

  /// The horizons of forecasts made so many steps ago whose truths are known: a few for each rung of the ladder.
  func horizons(stepsBack: Int) -> [Int] {
    var result: [Int] = []
    var previous = 0
    for rung in ladder {
      let spacing = max(1, (rung - previous) / 4)
      result += stride(from: rung, to: previous, by: -spacing).reversed().filter { $0 <= stepsBack }
      previous = rung
    }
    return result
  }

  /// How much a forecast made so many steps ago counts: half as much at the far end of the span as at the near one.
  func weight(stepsBack: Int) -> Double { decay(Double(stepsBack) / Double(max(1, span))) }
}
