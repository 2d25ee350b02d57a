import AnomalyDetection
import PromQL
import TimeSeries

/// What a rule with an `anomaly` block knows from one evaluation to the next.
struct AnomalyRule: Sendable {
  /// The most values of history that a scorer learns at the start.
  private static let maximumHistory: Int64 = 20_160

  /// One series under watch.
  struct Signal: Sendable {
    var watch: SignalWatch
    var lastSeen: Int64
    /// History that the scorer has not seen yet, oldest first.
    var waiting: [Sample] = []
    var judgement: SignalWatch.Judgement?
  }

  let name: String
  let block: AnomalyBlock
  let labels: [Label]
  var signals: [Labels: Signal] = [:]
  var busiest: BusiestSeries
  /// What is judged together, if the rule says by what.
  var groups: AnomalyGroups
  /// What operators make of the budget.
  var budgetFactor = 1.0
  /// The newest point of the rule's grid that was taken in, in UTC milliseconds.
  var gridEnd: Int64?

  init(rule: Rule, block: AnomalyBlock) {
    name = rule.name
    self.block = block
    labels = rule.labels
    busiest = BusiestSeries(limit: block.limit)
    groups = AnomalyGroups(name: rule.name, block: block, labels: rule.labels)
  }

  /// Has the next evaluation learn all histories anew.
  mutating func relearn() {
    signals = [:]
    groups = AnomalyGroups(name: name, block: block, labels: labels)
    gridEnd = nil
  }

  /// Scores what is new and gives what is to be recorded.
  ///
  /// - Parameters:
  ///   - time: the moment that the expression is evaluated at, in UTC milliseconds.
  ///   - interval: the milliseconds between two evaluations.
  ///   - learningSeconds: after how long histories that are not learnt yet wait for the next evaluation; nil for never.
  ///   - forecaster: forecasts the same signals, and was brought up to date before.
  mutating func evaluate(
    _ reader: SignalReader, at time: Int64, interval: Int64, learningSeconds: Double?, forecaster: ForecastRule? = nil
  ) async throws -> PredictionResult {
    let values = try reader.values(at: time)
    let chosen = busiest.choose(among: values)
    var result = PredictionResult()
    result.dropped = values.count - chosen.count
    let step = max(block.step ?? interval, interval)
    var budget = WorkBudget(seconds: learningSeconds)
    guard block.by.isEmpty else {
      try await groups.evaluate(
        values.filter { chosen.contains($0.key) }, reader, at: time, step: step,
        history: min(block.history / step, Self.maximumHistory), budgetFactor: budgetFactor, learning: &budget,
        into: &result)
      result.series = groups.count
      return result
    }
    try await takeIn(values, chosen, reader, at: time, step: step)

    for labels in chosen.sorted() {
      guard var signal = signals.removeValue(forKey: labels) else { continue }
      defer { signals[labels] = signal }
      let started = ContinuousClock.now
      if signal.waiting.count <= 2 || budget.allowsMore() {
        signal.watch.setFalseAlarmsPerDay(block.falseAlarmsPerDay * budgetFactor)
        for (index, sample) in signal.waiting.enumerated() {
          let isNewest = index == signal.waiting.count - 1
          signal.judgement = signal.watch.score(
            sample.value, at: sample.timestamp,
            residual: isNewest ? forecaster?.residual(of: labels, at: sample.timestamp) : nil)
        }
        signal.waiting = []
      }
      result.fitSeconds += started.duration(to: .now).inSeconds
      if let judgement = signal.judgement { record(judgement, labels, into: &result) }
      await Task.yield()
    }
    recordSilence(beside: values, at: gridEnd ?? time, into: &result)
    result.series = signals.count
    return result
  }

  private mutating func takeIn(
    _ values: [Labels: Double], _ chosen: Set<Labels>, _ reader: SignalReader, at time: Int64, step: Int64
  ) async throws {
    let options = block.options(step: step)
    for labels in chosen where signals[labels] == nil {
      signals[labels] = Signal(watch: SignalWatch(detectors: block.detectors, options: options), lastSeen: time)
    }
    signals = signals.filter { labels, signal in
      chosen.contains(labels) || (values[labels] == nil && time - signal.lastSeen <= ForecastRule.forgetAfter)
    }
    for labels in chosen { signals[labels]?.lastSeen = time }
    // The grid passes through the evaluations, so that the newest value is always on it.
    let history = min(block.history / step, Self.maximumHistory)
    if let last = gridEnd, time - last < history * step {
      guard time - last >= step else { return }
      let steps = (time - last) / step
      if steps == 1 {
        for labels in chosen {
          if let value = values[labels] { signals[labels]?.waiting.append(Sample(last + step, value)) }
        }
      } else {
        try await read(from: last + step, through: last + steps * step, step: step, reader)
      }
      gridEnd = last + steps * step
    } else {
      try await read(from: time - max(0, history - 1) * step, through: time, step: step, reader)
      gridEnd = time
    }
  }

  private mutating func read(
    from first: Int64, through last: Int64, step: Int64, _ reader: SignalReader
  ) async throws {
    var columns: [Labels: [Sample]] = [:]
    let known = Set(signals.keys)
    try await reader.values(from: first, through: last, step: step) { labels, index, value in
      if known.contains(labels) {
        columns[labels, default: []].append(Sample(first + Int64(index) * step, value))
      }
    }
    for (labels, samples) in columns { signals[labels]?.waiting += samples }
  }

  /// Records what is said of series that have no value now and are not forgotten yet.
  private mutating func recordSilence(
    beside values: [Labels: Double], at time: Int64, into result: inout PredictionResult
  ) {
    guard block.detectors.contains(AnomalyDetector.Kind.staleness.rawValue) else { return }
    for labels in signals.keys.sorted() where values[labels] == nil {
      guard let judgement = signals[labels]?.watch.silence(at: time) else { continue }
      signals[labels]?.judgement = judgement
      record(judgement, labels, into: &result)
    }
  }

  private func record(
    _ judgement: SignalWatch.Judgement, _ signalLabels: Labels, into result: inout PredictionResult
  ) {
    let verdict = judgement.verdict
    result.outputs.append(RuleOutput(labels: name.labelled(signalLabels, labels), value: verdict.score))
    for (bound, value) in [("lower", verdict.expectedLow), ("upper", verdict.expectedHigh)] where value.isFinite {
      result.outputs.append(
        RuleOutput(
          labels: "\(name)_expected".labelled(signalLabels, labels, [Label("bound", bound)]), value: value))
    }
    result.outputs.append(
      RuleOutput(labels: "\(name)_severity".labelled(signalLabels, labels), value: judgement.severity.score))
    if let since = verdict.since {
      let series = "\(name)_since_timestamp_seconds".labelled(signalLabels, labels)
      result.outputs.append(RuleOutput(labels: series, value: Double(since) / 1000))
    }
    // With one detector its part would say what the score says.
    for part in judgement.parts where judgement.parts.count > 1 {
      result.outputs.append(
        RuleOutput(
          labels: "\(name)_part".labelled(signalLabels, labels, [Label("detector", part.detector)]),
          value: part.score))
    }
    if verdict.score >= 1 || verdict.since != nil || judgement.severity.level != .none {
      result.anomalies.append(CurrentAnomaly(rule: name, labels: signalLabels, judgement: judgement))
    }
  }
}

extension AnomalyBlock {
  /// What a scorer is told about its signal.
  ///
  /// - Parameter step: the milliseconds between two values.
  func options(step: Int64) -> AnomalyOptions {
    AnomalyOptions(step: step, falseAlarmsPerDay: falseAlarmsPerDay, direction: direction, deadBand: deadBand)
  }
}
