import TimeSeries

extension RuleGroupRunner {
  /// Before the first evaluation after a restart: reads what the earlier process kept about the alerts.
  func restoreKeptState(at slot: Int64) {
    guard looksForKeptState else { return }
    looksForKeptState = false
    restoreModels(at: slot)
    guard group.rules.contains(where: \.isAlerting) else { return }
    let archive = readState(AlertArchive.key(file: file, group: group.name)) { bytes throws(StateFault) in
      try AlertArchive(bytes)
    }
    recovery = AlertRecovery(archive, rules: group.rules, at: slot, configuration: context.configuration)
    for index in group.rules.indices {
      let series = AlertEvaluation.outputs(of: recovery?.archivedAlerts(ofRule: index) ?? []).map(\.labels)
      adoptOutputs(Set(series), rule: index)
    }
  }

  /// Gives back alerts of the earlier process that a rule finds again.
  func recover(_ states: inout AlertStates, rule index: Int, findings: [AlertFinding], at slot: Int64, hold: Int64) {
    guard recovery != nil else { return }
    let history = stateHistory(of: group.rules[index], at: slot)
    recovery?.prepare(&states, rule: index, findings: findings, at: slot, hold: hold) { history[$0]?.timestamp }
  }

  /// After an evaluation: with the second one after a restart, alerts count as recovered.
  func finishRecovery(at slot: Int64) {
    guard var recovery else { return }
    recovery.evaluationEnded()
    self.recovery = recovery
    guard recovery.evaluationsLeft == 0 else { return }
    self.recovery = nil
    for (index, rule) in group.rules.enumerated() {
      guard case .alerting(let block) = rule.kind, case .alerts(var states) = memories[index] else { continue }
      let beginnings = recovery.beginnings(
        of: states.active, rule: index, at: slot, hold: block.hold, history: stateHistory(of: rule, at: slot))
      for (labels, time) in beginnings { states.setActiveAt(time, of: labels) }
      memories[index] = .alerts(states)
      published.withLock { $0.rules[index].alerts = states.active }
    }
  }

  /// The last samples of the rule's series `ALERTS_FOR_STATE` within the tolerance, by the labels of the alert. Where
  /// the series has ended, so had the alert.
  private func stateHistory(of rule: Rule, at slot: Int64) -> [Labels: Sample] {
    let matchers = [
      LabelMatcher(Labels.metricNameLabel, equals: "ALERTS_FOR_STATE"),
      LabelMatcher("alertname", equals: rule.name),
    ]
    var result: [Labels: Sample] = [:]
    // A store whose file cannot be read reports so itself; the alerts then begin anew.
    let found = try? context.store.select(
      matchers, from: slot - context.configuration.outageTolerance, through: slot)
    for series in found ?? [] {
      guard let time = series.timestamps.last, let value = series.values.last, !value.isStaleMarker else { continue }
      result[series.labels.withoutMetricName] = Sample(time, value)
    }
    return result
  }

  /// Keeps the alerts for the next process, if one has begun, fired or ended since they were last kept.
  ///
  /// - Parameter always: whether to keep them even if nothing happened, because this is the end.
  func archiveAlerts(at slot: Int64, always: Bool = false) {
    // Before the alerts of the earlier process are back, what it kept is better.
    guard context.keeper != nil, recovery == nil, !looksForKeptState else { return }
    var entries: [AlertArchive.Entry] = []
    for (index, rule) in group.rules.enumerated() {
      guard case .alerts(let states) = memories[index], !states.alerts.isEmpty else { continue }
      entries.append(
        AlertArchive.Entry(
          name: rule.name, definition: rule.definition,
          alerts: states.alerts.values.sorted { $0.labels < $1.labels }))
    }
    let archive = AlertArchive(time: slot, entries: entries)
    if !always, archive.isLike(archived ?? AlertArchive(time: 0, entries: [])) { return }
    archived = archive
    keepState(archive.saved(), AlertArchive.key(file: file, group: group.name))
  }

  /// Removes what was kept of the alerts of a group that is gone.
  func forgetAlerts() { forgetState(AlertArchive.key(file: file, group: group.name)) }

  // MARK: Bytes

  /// Removes what was kept under `key`; a failure is counted.
  func forgetState(_ key: String) {
    do {
      try context.keeper?.removeState(forKey: key)
    } catch {
      metrics.countStateFailure("save")
    }
  }

  /// Reads what was kept under `key`; nil if nothing was, or if it cannot be read, which is counted.
  func readState<Value>(_ key: String, _ decode: ([UInt8]) throws -> Value) -> Value? {
    do {
      return try context.keeper?.state(forKey: key).map(decode)
    } catch {
      metrics.countStateFailure("restore")
      context.report(
        RuleEvent(file: file, group: group.name, rule: "", error: "what was kept under \(key) is lost: \(error)"))
      return nil
    }
  }

  /// Keeps `bytes` under `key`; a failure is counted.
  func keepState(_ bytes: [UInt8], _ key: String) {
    do {
      try context.keeper?.saveState(bytes, forKey: key)
    } catch {
      metrics.countStateFailure("save")
    }
  }
}

extension AlertArchive {
  /// Whether the same alerts are in the same states as in `other`, whatever their values.
  func isLike(_ other: AlertArchive) -> Bool {
    func marks(_ archive: AlertArchive) -> [[[Int64]]] {
      archive.entries.map { entry in
        entry.alerts.map {
          [$0.activeAt, $0.firedAt ?? -1, $0.resolvedAt ?? -1, $0.keepFiringSince ?? -1, $0.labels.hashMark]
        }
      }
    }
    return entries.map(\.definition) == other.entries.map(\.definition) && marks(self) == marks(other)
  }
}

extension Labels {
  fileprivate var hashMark: Int64 { Int64(bitPattern: fingerprint) }
}
