extension ClusterMemory {
  /// Takes how quickly the nodes work: each of them, and the median of all.
  mutating func measureSlowness(_ observation: ClusterObservation) {
    var commits: [Double] = []
    var scrapes: [Double] = []
    var excesses: [(node: String, excess: Slowness.Excess)] = []
    for node in observation.nodes where node.answered ?? false {
      guard let commit = node[.commitLatency], let scrape = node.scrapeSeconds else { continue }
      commits.append(commit)
      scrapes.append(scrape)
      if let excess = nodes[node.name]?.slowness.append(commit: commit, scrape: scrape, quick: scrape, at: now) {
        excesses.append((node.name, excess))
      }
    }
    for (name, excess) in excesses {
      nodes[name]?.slowness.judge(excess, besides: excesses.filter { $0.node != name }.map(\.excess))
    }
    guard let commit = SignalTrack.median(commits), let scrape = SignalTrack.median(scrapes),
      let quick = scrapes.min(),
      let excess = slowness.append(commit: commit, scrape: scrape, quick: quick, at: now)
    else { return }
    slowness.judge(excess, processor: processorShare)
  }

  /// The processor time of all nodes over what their messages should cost by the past.
  private var processorShare: Double? { processor.ratio(skipping: 2 * Self.processorTicks) }
  /// Over how many ticks processor time and messages are counted.
  private static let processorTicks = 6

  mutating func measureProcessor() {
    let window = Double(Self.processorTicks) * timing.tick
    let present = nodes.values.filter { $0.silence(now) <= 1.5 * timing.tick }
    guard present.count == nodes.count else { return }
    let runtimes = present.compactMap { $0.counters[.runtime]?.rate(over: window) }
    let messages = present.compactMap { node -> Double? in
      guard let received = node.counters[.received]?.rate(over: window) else { return nil }
      return received + (node.counters[.delivered]?.rate(over: window) ?? 0)
    }
    guard !runtimes.isEmpty, runtimes.count == present.count, messages.count == present.count else { return }
    processor.append(cause: messages.reduce(0, +), effect: runtimes.reduce(0, +), at: now)
  }

  /// A broker that works, but slowly: commits of quorum queues and scrapes take many times what they take otherwise,
  /// on all nodes or on one.
  func degradations() -> [Finding] {
    if let finding = commonSlowness() { return [finding] }
    if slowness.isShown { return [degradation(slowness, of: nil)] }
    return sortedNodes.filter { $0.slowness.isShown && $0.silence(now) <= 1.5 * timing.tick }
      .prefix(1).map { degradation($0.slowness, of: $0) }
  }

  /// Nodes that became slower and slower and then stopped answering together, while none refuses or is missed by another:
  /// too slow to be seen, not dead.
  func commonSlowness() -> Finding? {
    let silent = sortedNodes.filter { $0.lastAnswer != nil && $0.silence(now) >= 4.9 * timing.tick }
    guard silent.count >= 2, silent.count * 3 >= nodes.count * 2, !silent.contains(where: \.refused),
      !nodes.values.contains(where: { $0.answers(now) && ($0.newest[.unreachablePeers] ?? 0) > 0 })
    else { return nil }
    func last(_ node: NodeTrack) -> Double { node.scrape.median(last: 3) ?? 0 }
    func usual(_ node: NodeTrack) -> Double { max(0.02, node.scrape.baseline(skipping: 8) ?? .infinity) }
    let slowed = silent.filter { last($0) >= 2.5 * usual($0) || $0.gotSlower }
    guard slowed.count * 2 > silent.count, let worst = slowed.max(by: { last($0) < last($1) }) else { return nil }
    let words =
      "the last scrapes took \(Words.number((last(worst) * 1000).rounded())) ms where "
      + "\(Words.number((usual(worst) * 1000).rounded())) ms are usual, then none was answered"
    return Finding(
      type: .performanceDegradation, object: "", affected: silent.map(\.name), severity: 7.5,
      since: Int64(((silent.compactMap(\.lastAnswer).min() ?? now) * 1000).rounded()),
      summary: "the cluster is too slow to answer: \(words)",
      evidence: [IncidentEvidence("scrape_duration_seconds", words, share: 0.7)])
  }

  private func degradation(_ slowness: Slowness, of node: NodeTrack?) -> Finding {
    let ticks = 8
    let (commit, usualCommit) = (slowness.commit.median(last: ticks) ?? 0, slowness.usualCommit ?? 0)
    let (scrape, usualScrape) = (slowness.scrape.median(last: ticks) ?? 0, slowness.usualScrape ?? 0)
    func milliseconds(_ seconds: Double) -> String { "\(Words.number((seconds * 10_000).rounded() / 10)) ms" }
    var evidence = [
      IncidentEvidence(
        "rabbitmq_raft_commit_latency_seconds",
        "commits take \(milliseconds(commit)) where \(milliseconds(usualCommit)) are usual", share: 0.6)
    ]
    if slowness.isQuickestSlow, let usual = slowness.usualQuickest {
      evidence.append(
        IncidentEvidence(
          "scrape_duration_seconds",
          "even the quickest scrape takes \(milliseconds(slowness.latestQuickest ?? 0)) where "
            + "\(milliseconds(usual)) are usual", share: 0.5))
    } else if scrape > 2 * usualScrape {
      evidence.append(
        IncidentEvidence(
          "scrape_duration_seconds",
          "scrapes take \(milliseconds(scrape)) where \(milliseconds(usualScrape)) are usual", share: 0.3))
    }
    if node == nil, let share = processorShare, share < 0.8 {
      evidence.append(
        IncidentEvidence(
          "erlang_vm_statistics_runtime_milliseconds",
          "the nodes get \(Words.number((share * 100).rounded()))% of the processor time that their messages should cost",
          share: 0.3))
    }
    let measured = node.map { [$0] } ?? sortedNodes
    let queued = SignalTrack.median(measured.compactMap { $0.signals[.runQueue]?.median(last: ticks) }) ?? 0
    if queued >= 2 {
      evidence.append(
        IncidentEvidence(
          "rabbitmq_erlang_scheduler_run_queue", "\(Words.number(queued)) processes wait for a scheduler", share: 0.2))
    }
    let affected = measured.filter {
      node != nil || ($0.signals[.commitLatency]?.median(last: ticks) ?? 0) > 3 * usualCommit
    }
    return Finding(
      type: .performanceDegradation, object: node?.name ?? "", affected: affected.map(\.name),
      severity: slowness.isSustained && (commit > 0.3 || (scrape > 0.5 && commit > 0.1)) ? 7 : 5,
      since: nowMilliseconds - Int64(Double(ticks) * timing.tick * 1000),
      summary: "\(node.map { "node \($0.name)" } ?? "the cluster") is slow: "
        + evidence.map(\.detail).joined(separator: "; "),
      evidence: evidence)
  }
}
