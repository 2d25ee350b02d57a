extension ClusterMemory {
  /// A broker that works, but slowly: commits of quorum queues and scrapes take many times what they take otherwise.
  ///
  /// A moment of it is a busy neighbour. Medians over all nodes and twenty ticks have to rise, of commits and of
  /// scrapes, or those of commits far and for long.
  func degradations() -> [Finding] {
    let ticks = 20
    let commits = medians(ticks) { $0.signals[.commitLatency] }
    let scrapes = medians(ticks) { $0.scrape }
    guard let (commit, usualCommit) = commits else { return [] }
    let long = medians(36) { $0.signals[.commitLatency] }?.now ?? 0
    let isSlow = commit > max(0.075, 8 * usualCommit)
    let scrape = scrapes?.now ?? 0
    let isSluggish = scrape > max(0.15, 4 * (scrapes?.usual ?? 0))
    let isVerySlow = long > max(0.09, 15 * usualCommit)
    guard (isSlow && isSluggish) || isVerySlow else { return [] }
    var evidence = [
      IncidentEvidence(
        "rabbitmq_raft_commit_latency_seconds",
        "commits take \(Words.number((commit * 1000).rounded())) ms where "
          + "\(Words.number((usualCommit * 10_000).rounded() / 10)) ms are usual", share: 0.6)
    ]
    if isSluggish {
      evidence.append(
        IncidentEvidence(
          "scrape_duration_seconds", "scrapes take \(Words.number((scrape * 1000).rounded())) ms", share: 0.3))
    }
    let queued = SignalTrack.median(sortedNodes.compactMap { $0.signals[.runQueue]?.median(last: ticks) }) ?? 0
    if queued >= 2 {
      evidence.append(
        IncidentEvidence(
          "rabbitmq_erlang_scheduler_run_queue", "\(Words.number(queued)) processes wait for a scheduler", share: 0.2))
    }
    let affected = sortedNodes.filter { ($0.signals[.commitLatency]?.median(last: ticks) ?? 0) > 4 * usualCommit }
    return [
      Finding(
        type: .performanceDegradation, object: "", affected: affected.map(\.name),
        severity: commit > 0.3 || (scrape > 0.5 && commit > 0.1) ? 7 : 5,
        since: nowMilliseconds - Int64(Double(ticks) * timing.tick * 1000),
        summary: "the cluster is slow: \(evidence.map(\.detail).joined(separator: "; "))", evidence: evidence)
    ]
  }

  /// The median over the nodes of what is now and of what is usual.
  private func medians(
    _ ticks: Int, of signal: (NodeTrack) -> SignalTrack?
  ) -> (now: Double, usual: Double)? {
    let tracks = nodes.values.compactMap(signal)
    let now = tracks.compactMap { $0.levels[0].count >= ticks ? $0.median(last: ticks) : nil }
    let usual = tracks.compactMap { $0.baseline(skipping: min(44, 2 * ticks)) }
    guard let now = SignalTrack.median(now), let usual = SignalTrack.median(usual) else { return nil }
    return (now, usual)
  }
}
