import TimeSeries

extension RuleGroupRunner {
  /// With what all keys begin under which rules keep state.
  static let statePrefix = "rules/"
  /// With what the keys of models begin.
  static let modelPrefix = "\(statePrefix)models/"
  /// How many bytes a second the models of a rule may be kept with, on average.
  private static let bytesPerSecond: Int64 = 20_000

  /// The keys under which the group may keep state.
  nonisolated var stateKeys: [String] {
    [AlertArchive.key(file: file, group: group.name)] + group.rules.filter(\.hasModels).map(modelKey)
      + group.rules.filter(\.isAnomaly).map { feedbackKey($0.name) }
  }

  private nonisolated func modelKey(_ rule: Rule) -> String {
    // The definition is part of the key: other models would be of no use to a rule that has changed.
    let hash = String(StableHash.hash(rule.definition), radix: 16)
    return "\(Self.modelPrefix)\(file);\(group.name);\(rule.name);\(hash)"
  }

  /// Before the first evaluation after a restart: lets the models of the earlier process go on.
  func restoreModels(at slot: Int64) {
    for (index, rule) in group.rules.enumerated() where rule.hasModels {
      guard let bytes = readState(modelKey(rule), { $0 }) else { continue }
      do {
        switch memories[index] {
        case .forecast(var forecast):
          try forecast.restore(bytes, at: slot)
          memories[index] = .forecast(forecast)
        case .anomaly(var anomaly):
          try anomaly.restore(bytes, interval: interval, at: slot)
          memories[index] = .anomaly(anomaly)
        default: break
        }
      } catch {
        metrics.countStateFailure("restore")
        context.report(
          RuleEvent(
            file: file, group: group.name, rule: rule.name, error: "the models start anew: \(error)"))
      }
    }
  }

  /// After an evaluation: keeps the models of the rule that has waited longest, if it is time to.
  ///
  /// One rule at a time, and large ones less often, so that it costs little; what a model has missed when it comes
  /// back, it learns from the store.
  func keepModels(at slot: Int64) {
    guard context.keeper != nil else { return }
    for (index, rule) in group.rules.enumerated() where rule.hasModels && nextModelSave[index] == .min {
      nextModelSave[index] = slot + context.configuration.modelSpacing
    }
    let due = group.rules.indices.filter { group.rules[$0].hasModels && nextModelSave[$0] <= slot }
    guard let index = due.min(by: { nextModelSave[$0] < nextModelSave[$1] }) else { return }
    let bytes = keepModels(ofRule: index)
    let pause = Int64(bytes) * 1000 / Self.bytesPerSecond
    nextModelSave[index] = slot + max(context.configuration.modelSpacing, pause)
  }

  /// Keeps everything that the next process can use.
  func save() {
    guard context.keeper != nil, !looksForKeptState else { return }
    if let last = status.lastEvaluation { archiveAlerts(at: last, always: true) }
    for index in group.rules.indices where group.rules[index].hasModels { keepModels(ofRule: index) }
  }

  @discardableResult
  private func keepModels(ofRule index: Int) -> Int {
    let bytes: [UInt8]?
    switch memories[index] {
    case .forecast(let forecast): bytes = forecast.saved()
    case .anomaly(let anomaly): bytes = anomaly.saved(interval: interval)
    default: bytes = nil
    }
    guard let bytes else { return 0 }
    keepState(bytes, modelKey(group.rules[index]))
    return bytes.count
  }

  /// Removes what was kept of a rule that is gone.
  func forgetModels(of rule: Rule) {
    if rule.hasModels { forgetState(modelKey(rule)) }
  }
}

extension Rule {
  /// Whether the rule has models that learn.
  var hasModels: Bool {
    switch kind {
    case .forecast, .anomaly: true
    case .recording, .alerting: false
    }
  }
}
