/// What is known about forecasting one horizon: the experts' record, the regression among them, and the errors that
/// the mixture made.
struct HorizonNode: Sendable {
  let horizon: Int
  private(set) var scores = ExpertScores()
  private(set) var equations = NormalEquations<Float>(width: ExpertPanel.featureCount)
  private(set) var coefficients: [Double] = []
  private(set) var rowsSinceSolved = 0
  private(set) var errors: ErrorMemory
  private(set) var trials = TrialQueue()
  /// The target of the newest trial learnt from, by its position in the history; -1 before the first.
  private(set) var newestTarget = -1

  init(horizon: Int) {
    self.horizon = horizon
    // The errors of far horizons overlap: half as many say as much.
    errors = ErrorMemory(capacity: horizon <= 24 ? 384 : 192)
  }

  /// After how many steps two errors at this horizon tell something new; overlapping horizons share their surprises.
  var independentSteps: Double { 1 + 0.35 * Double(horizon - 1) }

  /// How many steps apart trials are made; those of far horizons have little to add to each other.
  var stride: Int { max(1, horizon / 12) }

  /// Makes a forecast on trial from the view's value at `origin`: what it is worth is learnt when its target comes,
  /// so that nothing that is learnt about it has seen more than the forecast had.
  ///
  /// - Parameters:
  ///   - density: the number of steps that the trial stands for.
  mutating func tryOut(_ view: HistoryView, panel: ExpertPanel, origin: Int, density: Int) {
    guard view.isMeasured[origin] else { return }
    panel.fill(view, origin: origin, horizon: horizon, trendSteps: Double(horizon))
    predictRegression(panel)
    let now = view.values[origin]
    trials.append(
      Trial(
        origin: origin, density: density, mixed: scores.mix(panel, independentSteps: independentSteps) - now,
        regression: panel.experts[ExpertPanel.regression] - now))
  }

  /// Learns from every trial whose target has come by now, the view's value at `now`.
  mutating func settle(_ view: HistoryView, panel: ExpertPanel, now: Int) {
    while let trial = trials.first, trial.origin + horizon <= now {
      trials.removeFirst()
      let origin = trial.origin
      guard view.isMeasured[origin + horizon] else { continue }
      learn(trial, view: view, panel: panel, origin: origin)
    }
  }

  private mutating func learn(_ trial: Trial, view: HistoryView, panel: ExpertPanel, origin: Int) {
    let target = origin + horizon
    let actual = view.values[target]
    let density = Double(trial.density)
    panel.fill(view, origin: origin, horizon: horizon, trendSteps: Double(horizon))
    panel.experts[ExpertPanel.regression] = view.values[origin] + Double(trial.regression)
    let age = newestTarget < 0 ? 0 : target - newestTarget
    newestTarget = target
    errors.append(
      ErrorMemory.Entry(
        error: actual - view.values[origin] - Double(trial.mixed), density: trial.density, target: newestTarget))
    let unit = view.rhythm.unit
    scores.fade(steps: age, horizon: horizon, unit: unit)
    scores.add(panel, actual: actual, density: density)
    equations.fade(decay(Double(age) / Double(max(200, 4 * unit))))
    learnRegression(panel, change: actual - view.values[origin], density: density)
  }

  private mutating func learnRegression(_ panel: ExpertPanel, change: Double, density: Double) {
    // Rows that miss far weigh less (Huber's weights, with the regression's own usual error as the unit).
    var weight = density
    let own = panel.experts[ExpertPanel.regression]
    if !own.isNaN {
      let miss = abs(panel.experts[0] + change - own)
      let usual = scores.usualError(of: ExpertPanel.regression)
      if usual > 0, miss > usual { weight *= usual / miss }
    }
    equations.add(panel.features, target: change, weight: weight)
    rowsSinceSolved += 1
    if rowsSinceSolved >= (coefficients.isEmpty ? 8 : 32) {
      rowsSinceSolved = 0
      // The penalty of a prior worth two independent rows.
      let penalty = 0.002 + 2 * independentSteps / (scores.evidence + 1)
      coefficients = equations.solve(penalty: penalty) ?? []
    }
  }

  private func predictRegression(_ panel: ExpertPanel) {
    guard !coefficients.isEmpty else { return }
    coefficients.withUnsafeBufferPointer { coefficients in
      var sum = panel.experts[0]
      for index in 0..<ExpertPanel.featureCount { sum += coefficients[index] * panel.features[index] }
      panel.experts[ExpertPanel.regression] = sum
    }
  }

  /// The forecast of the mixture from the newest value, for a horizon near or beyond this node's.
  ///
  /// Beyond the node's own horizon nothing was ever tried, and trends are trusted ever less: one seen over n steps
  /// ends within the next d with probability d / (n + d) (the rule of succession), so it is expected to go on for
  /// n·ln(1 + d/n) of them.
  func predict(_ view: HistoryView, panel: ExpertPanel, horizon: Int, recent: [Double] = []) -> Double {
    var trendSteps = Double(horizon)
    if horizon > self.horizon {
      let seen = Double(view.count)
      let beyond = Double(horizon - self.horizon)
      trendSteps = Double(self.horizon) + seen * naturalLogarithm(1 + beyond / seen)
    }
    panel.fill(view, origin: view.count - 1, horizon: horizon, trendSteps: trendSteps)
    predictRegression(panel)
    return scores.mix(panel, independentSteps: independentSteps, recent: recent)
  }
}
