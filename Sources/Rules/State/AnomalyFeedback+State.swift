import AnomalyDetection
import TimeSeries

/// Why feedback could not be taken.
public enum FeedbackError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No rule of this name has an `anomaly` block.
  case noSuchRule(String)
  /// The feedback was taken, but would not survive a restart.
  case notKept(String)

  public var description: String {
    switch self {
    case .noSuchRule(let name): "no rule with an anomaly block records \(Labels.quoted(name))"
    case .notKept(let reason): "the feedback could not be kept: \(reason)"
    }
  }
}

extension RuleGroupRunner {
  private static let feedbackKind = "anomaly feedback"
  private static let feedbackVersion: UInt8 = 1

  /// The definition is no part of the key: an edited expression is still the same family of signals.
  nonisolated func feedbackKey(_ rule: String) -> String { "\(Self.statePrefix)feedback/\(file);\(group.name);\(rule)" }

  /// Takes an operator's mark for the anomaly rule of this name, or, if `isTrue` is nil, takes all marks back; nil if the
  /// group has no such rule.
  ///
  /// - Throws: ``FeedbackError`` if it could not be kept for the next process.
  func mark(rule name: String, isTrue: Bool?) throws -> AnomalyFeedback? {
    guard let index = group.rules.firstIndex(where: { $0.isAnomaly && $0.name == name }) else { return nil }
    restoreFeedback()
    var marked = feedback[name] ?? AnomalyFeedback()
    if let isTrue { marked.mark(isTrue: isTrue) } else { marked.reset() }
    feedback[name] = marked
    publish(marked, rule: index)
    if let isTrue { metrics.countFeedback(rule: name, isTrue: isTrue) }
    if case .anomaly(let block) = group.rules[index].kind {
      let rate = block.falseAlarmsPerDay * marked.factor
      let what = isTrue.map { "an alert was marked \($0)" } ?? "the marks were taken back"
      context.report(
        RuleEvent(
          file: file, group: group.name, rule: name, error: nil,
          note: "\(what): the budget is now \(rate) false alarms a day"))
    }
    guard let keeper = context.keeper else { return marked }
    var writer = StateWriter(Self.feedbackKind, version: Self.feedbackVersion)
    writer.write(marked.factor)
    writer.write(marked.falseCount)
    writer.write(marked.trueCount)
    do {
      try keeper.saveState(writer.finished(), forKey: feedbackKey(name))
    } catch {
      metrics.countStateFailure("save")
      throw FeedbackError.notKept("\(error)")
    }
    return marked
  }

  /// Brings back what operators said to an earlier process, once.
  func restoreFeedback() {
    for (index, rule) in group.rules.enumerated() where rule.isAnomaly && feedback[rule.name] == nil {
      var known = AnomalyFeedback()
      do {
        if let bytes = try context.keeper?.state(forKey: feedbackKey(rule.name)) {
          var reader = try StateReader(bytes, Self.feedbackKind, version: Self.feedbackVersion)
          known = AnomalyFeedback(
            factor: try reader.double(), falseCount: Int(try reader.int64()), trueCount: Int(try reader.int64()))
          try reader.end()
        }
      } catch {
        metrics.countStateFailure("restore")
        context.report(
          RuleEvent(
            file: file, group: group.name, rule: rule.name, error: "the feedback of operators is lost: \(error)"))
      }
      feedback[rule.name] = known
      publish(known, rule: index)
    }
  }

  private func publish(_ known: AnomalyFeedback, rule index: Int) {
    published.withLock { $0.rules[index].feedback = known }
    if case .anomaly(let block) = group.rules[index].kind {
      metrics.noteBudget(block.falseAlarmsPerDay * known.factor, rule: group.rules[index].name)
    }
  }
}

extension Rule {
  /// Whether the rule scores anomalies.
  var isAnomaly: Bool {
    if case .anomaly = kind { return true }
    return false
  }
}

extension RuleMetrics {
  /// Notes how many false alarms a day a rule may raise, after what operators said.
  func noteBudget(_ rate: Double, rule: String) {
    registry.gauge(
      "harecast_anomaly_false_alarms_per_day",
      help: "False alarms a day that each signal of a rule may raise, after feedback.",
      labels: ["rule_group": group, "rule": rule]
    ).set(rate)
  }

  /// Counts a mark.
  func countFeedback(rule: String, isTrue: Bool) {
    registry.counter(
      "harecast_anomaly_feedback_total", help: "Alerts that operators marked, by verdict.",
      labels: ["rule_group": group, "rule": rule, "verdict": isTrue ? "true" : "false"]
    ).increment()
  }
}

extension RuleManager {
  /// The signals that are unusual now, the worst first.
  public func currentAnomalies() -> [CurrentAnomaly] {
    groups().flatMap { $0.rules.flatMap(\.anomalies) }.sorted {
      let (one, two) = ($0.judgement, $1.judgement)
      if one.severity.score != two.severity.score { return one.severity.score > two.severity.score }
      if one.verdict.score != two.verdict.score { return one.verdict.score > two.verdict.score }
      return ($0.rule, $0.labels) < ($1.rule, $1.labels)
    }
  }

  /// Takes an operator's mark for an alert of the anomaly rule of this name; its budget of false alarms follows. If `isTrue`
  /// is nil, the budget is again what the rule says.
  ///
  /// - Throws: ``FeedbackError``.
  public func markAnomaly(rule name: String, isTrue: Bool?) async throws -> AnomalyFeedback {
    var result: AnomalyFeedback?
    for runner in currentRunners() {
      if let marked = try await runner.mark(rule: name, isTrue: isTrue) { result = marked }
    }
    guard let result else { throw FeedbackError.noSuchRule(name) }
    return result
  }
}
