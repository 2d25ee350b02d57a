import AnomalyDetection
import PromQL
import TimeSeries

/// What a rule with an `anomaly` block and `by` knows: for each thing, a node or a cluster, a scorer of all its signals
/// together.
///
/// A thing's signals are the series that agree in the labels of `by`. When one appears that it did not have, all of them are
/// learnt anew from the store; one that vanishes counts as missing.
struct AnomalyGroups: Sendable {
  /// One thing under watch.
  struct Group: Sendable {
    var scorer: GroupScorer
    /// The signals by their labels, sorted.
    var members: [Labels]
    /// The newest row taken in, in UTC milliseconds.
    var end: Int64
    var lastSeen: Int64
    var waiting: [(timestamp: Int64, values: [Double])] = []
    var verdict: GroupVerdict?
  }

  private let name: String
  let block: AnomalyBlock
  private let labels: [Label]
  var groups: [Labels: Group] = [:]

  init(name: String, block: AnomalyBlock, labels: [Label]) {
    self.name = name
    self.block = block
    self.labels = labels
  }

  /// How many things are under watch.
  var count: Int { groups.count }

  /// Scores what is new at `time` (UTC milliseconds) and adds what is to be recorded to `result`.
  ///
  /// - Parameters:
  ///   - values: the newest value of each signal.
  ///   - step: milliseconds between two rows.
  ///   - history: the most rows that are learnt at the start.
  mutating func evaluate(
    _ values: [Labels: Double], _ reader: SignalReader, at time: Int64, step: Int64, history: Int64,
    budgetFactor: Double, learning budget: inout WorkBudget, into result: inout PredictionResult
  ) async throws {
    try await takeIn(values, reader, at: time, step: step, history: history)
    for key in groups.keys.sorted() {
      guard var group = groups.removeValue(forKey: key) else { continue }
      defer { groups[key] = group }
      let started = ContinuousClock.now
      if group.waiting.count <= 2 || budget.allowsMore() {
        group.scorer.setFalseAlarmsPerDay(block.falseAlarmsPerDay * budgetFactor)
        for row in group.waiting { group.verdict = group.scorer.score(row.values, at: row.timestamp) }
        group.waiting = []
      }
      result.fitSeconds += started.duration(to: .now).inSeconds
      if let verdict = group.verdict, group.lastSeen == time { record(verdict, key, group.members, into: &result) }
      await Task.yield()
    }
  }

  /// The labels of the thing that a signal belongs to.
  private func key(of signal: Labels) -> Labels {
    Labels(signal.elements.filter { block.by.contains($0.name) })
  }

  private mutating func takeIn(
    _ values: [Labels: Double], _ reader: SignalReader, at time: Int64, step: Int64, history: Int64
  ) async throws {
    var present: [Labels: Set<Labels>] = [:]
    for signal in values.keys { present[key(of: signal), default: []].insert(signal) }
    groups = groups.filter { time - $0.value.lastSeen <= ForecastRule.forgetAfter }
    var first = time
    for (key, signals) in present {
      let isKnown = groups[key].map { signals.isSubset(of: $0.members) && time - $0.end < history * step } ?? false
      if !isKnown {
        let members = signals.sorted()
        groups[key] = Group(
          scorer: GroupScorer(signals: members.map(\.description), options: block.options(step: step)),
          members: members, end: time - max(history, 1) * step, lastSeen: time)
      }
      groups[key]?.lastSeen = time
      if let end = groups[key]?.end, time - end >= step { first = min(first, time - (time - end) / step * step + step) }
    }
    var rows: [Int64: [Labels: Double]] = [time: values]
    if first < time {
      let start = time - (time - first) / step * step
      try await reader.values(from: start, through: time, step: step) { labels, index, value in
        rows[start + Int64(index) * step, default: [:]][labels] = value
      }
    }
    let times = rows.keys.sorted()
    for key in present.keys {
      guard var group = groups.removeValue(forKey: key) else { continue }
      defer { groups[key] = group }
      for timestamp in times where timestamp - group.end >= step {
        let row = group.members.map { rows[timestamp]?[$0] ?? .nan }
        group.end = timestamp
        if row.contains(where: \.isFinite) { group.waiting.append((timestamp, row)) }
      }
    }
  }

  private func record(
    _ verdict: GroupVerdict, _ key: Labels, _ members: [Labels], into result: inout PredictionResult
  ) {
    result.outputs.append(RuleOutput(labels: name.labelled(key, labels), value: verdict.score))
    var parts: [AnomalySeverity.Evidence] = []
    var contributions: [CurrentAnomaly.Contribution] = []
    for part in verdict.contributions {
      parts.append(
        AnomalySeverity.Evidence(
          detector: part.signal, family: part.reason?.family ?? .statistical, isCalibrated: false, score: part.score))
      guard let signal = members.first(where: { $0.description == part.signal }) else { continue }
      contributions.append(CurrentAnomaly.Contribution(labels: signal, part: part))
      guard verdict.score >= 0.5 else { continue }
      result.outputs.append(RuleOutput(labels: "\(name)_share".labelled(signal, labels), value: part.share))
    }
    let top = verdict.contributions.first
    let severity = AnomalySeverity([
      AnomalySeverity.Evidence(
        detector: SignalWatch.auto, family: top?.reason?.family ?? .statistical, isCalibrated: true,
        score: verdict.score)
    ])
    result.outputs.append(RuleOutput(labels: "\(name)_severity".labelled(key, labels), value: severity.score))
    if let since = verdict.since {
      let series = "\(name)_since_timestamp_seconds".labelled(key, labels)
      result.outputs.append(RuleOutput(labels: series, value: Double(since) / 1000))
    }
    guard verdict.score >= 1 || verdict.since != nil else { return }
    let summary = AnomalyVerdict(
      score: verdict.score, isWarmedUp: verdict.isWarmedUp, expectedLow: top?.expectedLow ?? .nan,
      expectedHigh: top?.expectedHigh ?? .nan, direction: top?.direction, reason: top?.reason,
      alert: verdict.alert, since: verdict.since)
    result.anomalies.append(
      CurrentAnomaly(
        rule: name, labels: key,
        judgement: SignalWatch.Judgement(
          verdict: summary, severity: severity, parts: parts, value: top?.value ?? .nan),
        contributions: contributions))
  }
}
