/// What is known about forecasting one horizon: the experts' record, the regression among them, and the errors that
/// the mixture made.
struct HorizonNode: Sendable {
  let horizon: Int
  private(set) var scores = ExpertScores()
  private(set) var equations = PanelEquations()
  /// Those of the regression; empty before it was first solved.
  private(set) var coefficients: [Lanes] = []
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
  ///   - panel: filled for the origin; given what the regression says.
  ///   - density: the number of steps that the trial stands for.
  mutating func tryOut(_ panel: ExpertPanel, origin: Int, density: Int) {
    predictRegression(panel)
    trials.append(
      Trial(
        origin: origin, density: density, mixed: scores.mix(panel, independentSteps: independentSteps),
        regression: panel.experts[ExpertPanel.regression], median: panel.experts[ExpertPanel.dayMedian]))
  }

  /// Learns from every trial whose target has come by now, the view's value at `now`.
  mutating func settle(_ view: HistoryView, panel: ExpertPanel, now: Int) {
    while let trial = takeTrial(by: now) {
      guard view.isMeasured[trial.origin + horizon] else { continue }
      fill(panel, view, origin: trial.origin, median: trial.median)
      panel.experts[ExpertPanel.regression] = trial.regression
      let target = trial.origin + horizon
      learn(trial, view, panel: panel, fading: fading(view, age: newestTarget < 0 ? 0 : target - newestTarget))
    }
  }

  /// Puts the node through the whole history: coarsely over the old part, finely over the last day.
  mutating func replay(_ view: HistoryView, panels: [ExpertPanel]) {
    let end = view.count - horizon
    guard end > 0 else { return }
    let first = end > 24 ? min(view.rhythm.unit, end / 4) : min(2, end - 1)
    let fineStart = max(first, end - view.rhythm.unit)
    let coarse = max(stride, (end - first) / 500)
    let fine = max(stride, min(coarse, (end - fineStart) / 250))
    var origin = first
    // A trial's panel is as it was when its target comes.
    var made = 0
    var settled = 0
    // Trials are mostly evenly apart.
    var usual = fading(view, age: coarse)
    func settle(_ now: Int) {
      while let trial = takeTrial(by: now) {
        let panel = panels[settled % panels.count]
        settled += 1
        let target = trial.origin + horizon
        guard view.isMeasured[target] else { continue }
        let age = newestTarget < 0 ? 0 : target - newestTarget
        if age != usual.age { usual = fading(view, age: age) }
        learn(trial, view, panel: panel, fading: usual)
      }
    }
    while origin < view.count {
      settle(origin)
      let step = origin < fineStart ? coarse : fine
      if view.isMeasured[origin] {
        let panel = panels[made % panels.count]
        made += 1
        let median = view.medians.map { Float($0[origin] - view.values[origin]) } ?? .nan
        fill(panel, view, origin: origin, median: median)
        tryOut(panel, origin: origin, density: step)
      }
      origin += step
    }
    settle(view.count - 1)
  }

  /// How many trials may wait for their targets at most.
  static let mostTrials = 32

  private mutating func takeTrial(by now: Int) -> Trial? {
    guard let trial = trials.first, trial.origin + horizon <= now else { return nil }
    trials.removeFirst()
    return trial
  }

  func fill(_ panel: ExpertPanel, _ view: HistoryView, origin: Int, median: Float) {
    panel.fill(view, origin: origin, horizon: horizon, trendSteps: Double(horizon), median: median)
  }

  /// What is left of what was learnt, `age` steps later.
  private struct Fading {
    let age: Int
    let scores: ExpertScores.Fading
    let equations: Double
  }

  private func fading(_ view: HistoryView, age: Int) -> Fading {
    let unit = view.rhythm.unit
    return Fading(
      age: age, scores: ExpertScores.Fading(steps: age, horizon: horizon, unit: unit),
      equations: decay(Double(age) / Double(max(200, 4 * unit))))
  }

  private mutating func learn(_ trial: Trial, _ view: HistoryView, panel: ExpertPanel, fading: Fading) {
    let target = trial.origin + horizon
    let change = Float(view.values[target] - view.values[trial.origin])
    newestTarget = target
    errors.append(ErrorMemory.Entry(error: Double(change - trial.mixed), density: trial.density, target: target))
    scores.add(panel, change: change, density: Float(trial.density), fading: fading.scores)
    equations.fade(fading.equations)
    learnRegression(panel, change: change, density: Double(trial.density))
  }

  private mutating func learnRegression(_ panel: ExpertPanel, change: Float, density: Double) {
    // Rows that miss far weigh less (Huber's weights, with the regression's own usual error as the unit).
    var weight = density
    let own = panel.experts[ExpertPanel.regression]
    if !own.isNaN {
      let miss = abs(change - own)
      let usual = scores.usualError(of: ExpertPanel.regression)
      if usual > 0, miss > usual { weight *= Double(usual / miss) }
    }
    equations.add(panel, target: change, weight: weight)
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
    var sums = Lanes.zero
    for lane in 0..<ExpertPanel.featureLanes { sums += coefficients[lane] * panel.features(lane) }
    panel.experts[ExpertPanel.regression] = sums.sum()
  }

  /// The forecast of the mixture from the newest value, for a horizon near or beyond this node's.
  ///
  /// Beyond the node's own horizon nothing was ever tried, and trends are trusted ever less: one seen over n steps
  /// ends within the next d with probability d / (n + d) (the rule of succession), so it is expected to go on for
  /// n·ln(1 + d/n) of them.
  func predict(_ view: HistoryView, panel: ExpertPanel, horizon: Int, recent: [Float] = []) -> Double {
    var trendSteps = Double(horizon)
    if horizon > self.horizon {
      let seen = Double(view.count)
      let beyond = Double(horizon - self.horizon)
      trendSteps = Double(self.horizon) + seen * naturalLogarithm(1 + beyond / seen)
    }
    let newest = view.values[view.count - 1]
    panel.fill(
      view, origin: view.count - 1, horizon: horizon, trendSteps: trendSteps,
      median: Float(view.newestMedian - newest))
    predictRegression(panel)
    return newest + Double(scores.mix(panel, independentSteps: independentSteps, recent: recent))
  }
}
