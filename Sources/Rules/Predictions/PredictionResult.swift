import TimeSeries

/// What one evaluation of a prediction gives.
struct PredictionResult: Sendable {
  var outputs: [RuleOutput] = []
  /// Future curves to put into the store; an empty one removes what is there.
  var curves: [(labels: Labels, samples: [Sample])] = []
  /// The curves that stay valid, new or not.
  var keptCurves: Set<Labels> = []
  /// The signals that are unusual now.
  var anomalies: [CurrentAnomaly] = []
  /// The number of series that have a state.
  var series = 0
  /// The number of series that the rule's limit shut out.
  var dropped = 0
  /// The number of series whose forecasts are worse than "as a day before", by the position of the horizon.
  var worseThanNaive: [Int: Int] = [:]
  /// Seconds spent in models.
  var fitSeconds = 0.0
}

/// How long one evaluation may spend on learning histories.
struct WorkBudget: Sendable {
  /// Nil for no bound.
  private let end: ContinuousClock.Instant?
  private var hasBegun = false

  init(seconds: Double?) { end = seconds.map { ContinuousClock.now.advanced(by: .seconds($0)) } }

  /// Whether one more history may be learnt. The first always may, so that even a slow machine gets on.
  mutating func allowsMore() -> Bool {
    defer { hasBegun = true }
    return !hasBegun || end.map { ContinuousClock.now < $0 } ?? true
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

extension String {
  /// The label set of a recorded series of this name: the signal's labels, over them the rule's, over them `extra`.
  func labelled(_ signal: Labels, _ rule: [Label], _ extra: [Label] = []) -> Labels {
    Labels(signal.elements + rule + extra + [Label(Labels.metricNameLabel, self)])
  }
}
