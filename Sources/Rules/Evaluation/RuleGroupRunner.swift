import AnomalyDetection
import PromQL
import SeriesStore
import Synchronization
import TimeSeries

/// Evaluates one group of rules, slot after slot.
actor RuleGroupRunner {
  /// What a rule remembers between evaluations.
  enum Memory: Sendable {
    case none
    case alerts(AlertStates)
    case forecast(ForecastRule)
    case anomaly(AnomalyRule)
  }

  nonisolated let file: String
  nonisolated let group: RuleGroup
  /// Milliseconds between two evaluations.
  nonisolated let interval: Int64
  nonisolated let published: Mutex<RuleGroupStatus>
  let context: RuleContext
  let metrics: RuleMetrics
  private let queryOffset: Int64
  var memories: [Memory]
  private var outputs: [RuleOutputs]
  /// Brings back the alerts of an earlier process during the first evaluations.
  var recovery: AlertRecovery?
  /// Whether state that an earlier process kept is still to be looked for.
  var looksForKeptState: Bool
  /// What operators said about the alerts of each anomaly rule.
  var feedback: [String: AnomalyFeedback] = [:]
  /// The alerts as they were last archived.
  var archived: AlertArchive?
  /// When the models of each rule are to be kept next, in UTC milliseconds.
  var nextModelSave: [Int64]
  /// The runner of an earlier version of this group, until its memories are taken over.
  private var predecessor: RuleGroupRunner?
  /// Whether models are to learn their histories anew at the next evaluation.
  private var wantsRelearning = false
  /// How many samples the rules gave in the evaluation under way.
  private var samples = 0
  /// When the group was stopped, in UTC milliseconds, and what it had given.
  private var ended: (time: Int64, outputs: [RuleOutputs])?
  /// The store's eviction generation when the recorded metrics were last described.
  var describedGeneration: UInt64?

  /// - Parameters:
  ///   - predecessor: the runner of an earlier version of the group, whose memories are taken over.
  ///   - isRestart: whether the group may have been evaluated by an earlier process.
  init(
    _ group: RuleGroup, file: String, context: RuleContext, predecessor: RuleGroupRunner? = nil, isRestart: Bool = false
  ) {
    looksForKeptState = isRestart && context.keeper != nil
    self.group = group
    self.file = file
    self.context = context
    self.predecessor = predecessor
    interval = group.interval ?? context.configuration.evaluationInterval
    queryOffset = group.queryOffset ?? context.configuration.queryOffset
    metrics = RuleMetrics(registry: context.registry, group: "\(file);\(group.name)")
    published = Mutex(
      RuleGroupStatus(
        name: group.name, file: file, interval: interval, limit: group.limit,
        rules: group.rules.map { RuleStatus(rule: $0) }))
    memories = group.rules.map(Self.emptyMemory)
    outputs = group.rules.map { _ in RuleOutputs() }
    nextModelSave = group.rules.map { _ in .min }
  }

  /// How the group fares.
  nonisolated var status: RuleGroupStatus { published.withLock { $0 } }

  // MARK: Schedule

  /// Evaluates the group at every slot until the task is cancelled.
  func run() async {
    var slot = Self.nextSlot(after: context.time.now(), interval: interval, offset: offset)
    while !Task.isCancelled {
      do {
        try await context.time.sleep(until: slot)
      } catch {
        return
      }
      await evaluate(at: slot)
      let next = max(slot + interval, Self.nextSlot(after: context.time.now() - 1, interval: interval, offset: offset))
      note(missed: Int((next - slot) / interval) - 1)
      slot = next
    }
  }

  /// The group's own place in its interval, so that groups do not all start at once.
  private var offset: Int64 { Self.offset(file: file, group: group.name, interval: interval) }

  static func offset(file: String, group: String, interval: Int64) -> Int64 {
    Int64(StableHash.hash(group, seed: StableHash.hash(file)) % UInt64(max(1, interval)))
  }

  /// The first moment after `time` that is a multiple of `interval` plus `offset`.
  static func nextSlot(after time: Int64, interval: Int64, offset: Int64) -> Int64 {
    ((time - offset).flooringQuotient(interval) + 1) * interval + offset
  }

  private func note(missed: Int) {
    let seconds = published.withLock { status in
      status.missedIterations += missed
      return status.evaluationSeconds
    }
    metrics.noteIteration(seconds: seconds, missed: missed)
  }

  // MARK: Evaluation

  /// Evaluates all rules, one after the other, at `slot` (UTC milliseconds).
  func evaluate(at slot: Int64) async {
    let started = ContinuousClock.now
    await takeOver()
    restoreKeptState(at: slot)
    restoreFeedback()
    if wantsRelearning { relearnNow() }
    describeSeries()
    samples = 0
    for index in group.rules.indices {
      let ruleStarted = ContinuousClock.now
      var failure: String?
      do {
        try await evaluate(rule: index, at: slot)
      } catch {
        // A query that was cut off by a reload or by the end says nothing about the rule.
        if Task.isCancelled { return }
        failure = "\(error)"
      }
      metrics.countEvaluation(failed: failure != nil)
      let seconds = ruleStarted.duration(to: .now).inSeconds
      var alerts: [Alert] = []
      if case .alerts(let states) = memories[index] { alerts = states.active }
      let earlier = published.withLock { status in
        let earlier = status.rules[index].lastError
        status.rules[index].health = failure == nil ? .good : .bad
        status.rules[index].lastError = failure
        status.rules[index].lastEvaluation = slot
        status.rules[index].evaluationSeconds = seconds
        status.rules[index].alerts = alerts
        return earlier
      }
      if failure != earlier {
        context.report(
          RuleEvent(file: file, group: group.name, rule: group.rules[index].name, error: failure))
      }
      await Task.yield()
    }
    let seconds = started.duration(to: .now).inSeconds
    let ruleSeconds = published.withLock { status in
      status.lastEvaluation = slot
      status.evaluationSeconds = seconds
      return status.rules.reduce(0) { $0 + $1.evaluationSeconds }
    }
    metrics.noteEvaluation(
      at: slot, interval: interval, rules: group.rules.count, ruleSeconds: ruleSeconds, samples: samples)
    finishRecovery(at: slot)
    archiveAlerts(at: slot)
    keepModels(at: slot)
  }

  private func evaluate(rule index: Int, at slot: Int64) async throws {
    let rule = group.rules[index]
    let time = slot - queryOffset
    // Taken out while it works, so that it is not copied; nothing else enters the runner's evaluation meanwhile.
    switch (rule.kind, take(index)) {
    case (.alerting(let block), .alerts(var states)):
      defer { memories[index] = .alerts(states) }
      let evaluation = AlertEvaluation(rule: rule, block: block, context: context)
      let findings = evaluation.findings(try vector(of: rule, at: time), at: slot)
      recover(&states, rule: index, findings: findings, at: slot, hold: block.hold)
      try states.update(
        findings, at: slot, hold: block.hold, keepFiringFor: block.keepFiringFor, limit: group.limit)
      notify(of: &states, rule, at: slot)
      // While alerts of an earlier process may come back, their series say what that process knew.
      if recovery == nil { try write(AlertEvaluation.outputs(of: states.active), rule: index, at: time) }
    case (.forecast, .forecast(var forecast)):
      defer { memories[index] = .forecast(forecast) }
      forecast.trainer = context.trainer
      let result = try await forecast.evaluate(
        reader(rule, at: time), at: time, interval: interval, learningSeconds: learningSeconds)
      try record(result, rule: index, kind: "forecast", at: time)
      metrics.note(forecast.skill, worse: result.worseThanNaive, rule: rule.name)
      let reports = forecast.reports
      published.withLock { $0.rules[index].forecasts = reports }
    case (.anomaly, .anomaly(var anomaly)):
      defer { memories[index] = .anomaly(anomaly) }
      anomaly.budgetFactor = feedback[rule.name]?.factor ?? 1
      let result = try await anomaly.evaluate(
        reader(rule, at: time), at: time, interval: interval, learningSeconds: learningSeconds,
        forecaster: anomaly.block.asksForecaster ? forecaster(of: rule, before: index) : nil)
      try record(result, rule: index, kind: "anomaly", at: time)
      published.withLock { $0.rules[index].anomalies = result.anomalies }
    default:
      let recorded = try vector(of: rule, at: time).map {
        RuleOutput(labels: rule.name.labelled($0.labels, rule.labels), value: $0.value, histogram: $0.histogram)
      }
      try write(recorded, rule: index, at: time)
    }
  }

  /// What is known by the first forecast rule of the same expression above the rule at `index`.
  private func forecaster(of rule: Rule, before index: Int) -> ForecastRule? {
    for earlier in group.rules.indices.prefix(index) where group.rules[earlier].isForecast(of: rule.expression) {
      if case .forecast(let forecast) = memories[earlier] { return forecast }
    }
    return nil
  }

  /// Has the models learn their histories anew, because the past in the store has changed.
  func relearn() { wantsRelearning = true }

  private func relearnNow() {
    wantsRelearning = false
    for index in memories.indices {
      switch memories[index] {
      case .forecast(var forecast):
        forecast.relearn()
        memories[index] = .forecast(forecast)
      case .anomaly(var anomaly):
        anomaly.relearn()
        memories[index] = .anomaly(anomaly)
      case .alerts, .none: break
      }
    }
  }

  private func notify(of states: inout AlertStates, _ rule: Rule, at slot: Int64) {
    guard let notify = context.notify else { return }
    let due = states.takeDue(at: slot, resendDelay: context.configuration.resendDelay, interval: interval)
    if due.isEmpty { return }
    let url = AlertNotification.generatorURL(context.configuration.externalURL, rule.expression.description)
    notify(due.map { AlertNotification($0, generatorURL: url) })
  }

  private func take(_ index: Int) -> Memory {
    var memory = Memory.none
    swap(&memory, &memories[index])
    return memory
  }

  private func vector(of rule: Rule, at time: Int64) throws -> [VectorElement] {
    switch try context.engine.instant(rule.expression, at: time, source: context.store).value {
    case .scalar(let sample): return [VectorElement(labels: .empty, value: sample.value, timestamp: time)]
    case .vector(let elements): return elements
    case .string, .matrix: throw RuleFault("rule result is not a vector or scalar")
    }
  }

  private func reader(_ rule: Rule, at time: Int64) -> SignalReader {
    SignalReader(
      engine: context.engine, expression: rule.expression, source: context.store,
      earliest: time - context.store.configuration.retentionTime)
  }

  /// A quarter of the interval; what is not learnt by then waits for the next evaluation. Nil for no bound.
  private var learningSeconds: Double? { context.learnsEverything ? nil : Double(interval) / 4000 }

  private func record(_ result: PredictionResult, rule index: Int, kind: String, at time: Int64) throws {
    let name = group.rules[index].name
    metrics.note(result, rule: name, kind: kind)
    metrics.countDropped(result.dropped, rule: name, reason: "limit")
    try write(result.outputs, rule: index, at: time)
    for curve in result.curves { context.store.setCurve(curve.labels, samples: curve.samples) }
  }

  private func write(_ outputs: [RuleOutput], rule index: Int, at time: Int64) throws {
    let rule = group.rules[index]
    if !rule.isAlerting {
      if group.limit > 0, outputs.count > group.limit {
        throw RuleFault("exceeded limit of \(group.limit) with \(outputs.count) series")
      }
      var seen: Set<Labels> = []
      seen.reserveCapacity(outputs.count)
      for output in outputs where !seen.insert(output.labels).inserted { throw RuleFault.duplicateLabels }
    }
    samples += outputs.count
    let refused = self.outputs[index].write(outputs, at: time, to: context)
    metrics.countDropped(refused.series, rule: rule.name, reason: "store_full")
    metrics.countDropped(refused.samples, rule: rule.name, reason: "timestamp")
  }

  // MARK: Reload

  /// Takes over what an earlier version of the group knew: everything of rules that are the same, and the alerts of
  /// those that changed. Series that only the earlier version gave end with the next evaluation.
  private func takeOver() async {
    guard let old = predecessor else { return }
    predecessor = nil
    let legacy = await old.handOver()
    feedback.merge(await old.feedback) { $1 }
    var rest = legacy
    for (index, rule) in group.rules.enumerated() {
      let same = rest.firstIndex { $0.rule.definition == rule.definition }
      let similar = rest.firstIndex { $0.rule.name == rule.name && $0.rule.isAlerting == rule.isAlerting }
      guard let found = same ?? similar else { continue }
      let entry = rest.remove(at: found)
      if same == nil { forgetModels(of: entry.rule) }
      outputs[index].adopt(entry.outputs.recorded)
      switch (rule.kind, entry.memory) {
      case (.alerting, .alerts):
        memories[index] = entry.memory
      case (.forecast, .forecast) where same != nil, (.anomaly, .anomaly) where same != nil:
        memories[index] = entry.memory
      case (_, .forecast(let forecast)):
        dropCurves(of: forecast)
      default: break
      }
    }
    let now = context.time.now()
    for entry in rest {
      var outputs = entry.outputs
      outputs.end(at: now, in: context)
      forgetModels(of: entry.rule)
      metrics.unregister(rule: entry.rule.name)
      if case .forecast(let forecast) = entry.memory { dropCurves(of: forecast) }
    }
  }

  private struct Legacy: Sendable {
    var rule: Rule
    var memory: Memory
    var outputs: RuleOutputs
  }

  private func handOver() async -> [Legacy] {
    await takeOver()
    defer {
      memories = group.rules.map(Self.emptyMemory)
      outputs = group.rules.map { _ in RuleOutputs() }
    }
    return group.rules.indices.map { Legacy(rule: group.rules[$0], memory: memories[$0], outputs: outputs[$0]) }
  }

  /// Stops for good, because the group is no longer wanted. Its series go on for a while, for another group may give
  /// them now; ``endSeries()`` ends those that none has taken over.
  func stop() async {
    guard ended == nil else { return }
    let now = context.time.now()
    let legacy = await handOver()
    ended = (now, legacy.map(\.outputs))
    for entry in legacy {
      forgetModels(of: entry.rule)
      metrics.unregister(rule: entry.rule.name)
      if case .forecast(let forecast) = entry.memory { dropCurves(of: forecast) }
    }
    forgetAlerts()
    metrics.unregister()
  }

  /// Ends the series of a stopped group as of the moment of its stop.
  func endSeries() {
    guard let (time, outputs) = ended else { return }
    for var outputs in outputs { outputs.end(at: time, in: context) }
    ended = (time, [])
  }

  private func dropCurves(of forecast: ForecastRule) {
    for labels in forecast.ownedCurves { context.store.setCurve(labels, samples: []) }
  }

  /// Lets series that an earlier process gave count as given last time.
  func adoptOutputs(_ labels: Set<Labels>, rule index: Int) { outputs[index].adopt(labels) }

  private static func emptyMemory(of rule: Rule) -> Memory {
    switch rule.kind {
    case .recording: .none
    case .alerting: .alerts(AlertStates())
    case .forecast(let block): .forecast(ForecastRule(rule: rule, block: block))
    case .anomaly(let block): .anomaly(AnomalyRule(rule: rule, block: block))
    }
  }
}
