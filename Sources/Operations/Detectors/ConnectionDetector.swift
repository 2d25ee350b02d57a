extension ClusterMemory {
  /// Connections that are opened far faster than usual, whether they stay or close again, and logins that fail.
  ///
  /// Four a second and seven tenths of all connections within the window, and four times what is usual, for more than a
  /// moment: the deploy of a service is less, the return of the clients of one dead node too. While a cluster starts,
  /// nothing is usual yet.
  func connectionStorms() -> [Finding] {
    let window = stormWindow
    let ticks = Int((window / timing.tick).rounded(.up))
    let usual = connections.baseline(skipping: 4 * ticks) ?? connections.median(last: 8) ?? 0
    let current = connections.last?.mean ?? 0
    var evidence: [IncidentEvidence] = []
    var severity = 0.0
    if let rate = openRate.last?.mean, openRate.levels[0].count >= 3 * ticks,
      rate >= 8 || openRate.levels[0].suffix(2).allSatisfy({ $0.mean >= 4 }), rate * window >= 0.7 * usual,
      rate >= 4 * (openRate.baseline(skipping: 2 * ticks) ?? 0)
    {
      let closed = nodes.values.compactMap { $0.counters[.connectionsClosed]?.increase(over: window) }.reduce(0, +)
      evidence.append(
        IncidentEvidence(
          "rabbitmq_connections_opened_total", "\(Words.number(rate)) connections a second are opened", share: 0.6))
      if closed > 0.5 * rate * window {
        evidence.append(
          IncidentEvidence("rabbitmq_connections_closed_total", "most are closed again at once: churn", share: 0.3))
      }
      severity = rate * window >= 1.5 * usual ? 7 : 5.5
    }
    if connections.levels[0].count >= 8 * ticks, current >= 8 * usual, current - usual >= 250, usual > 0 {
      evidence.append(
        IncidentEvidence(
          "rabbitmq_connections", "\(Words.number(current)) connections where \(Words.number(usual)) are usual",
          share: 0.5))
      severity = max(severity, current >= 15 * usual ? 7.5 : 5)
    }
    if let rate = failedRate.last?.mean, rate >= 3, rate >= 4 * (failedRate.baseline(skipping: 2 * ticks) ?? 0) {
      evidence.append(
        IncidentEvidence(
          "rabbitmq_auth_attempts_failed_total", "\(Words.number(rate)) logins a second fail", share: 0.5)
      )
      severity = max(severity, 5.5)
    }
    guard !evidence.isEmpty else { return [] }
    if current > 2 * usual, isTrafficFlat(ticks) {
      evidence.append(
        IncidentEvidence("connection_spam", "more connections without more messages", share: 0.2))
    }
    let affected = sortedNodes.filter { ($0.counters[.connectionsOpened]?.rate(over: window) ?? 0) > 1 }.map(\.name)
    return [
      Finding(
        type: .connectionStorm, object: "", affected: affected, severity: severity,
        since: nowMilliseconds - Int64(window * 1000),
        summary: "a storm of connections: \(evidence.map(\.detail).joined(separator: "; "))", evidence: evidence,
        isCertain: true)
    ]
  }

  private func isTrafficFlat(_ ticks: Int) -> Bool {
    let window = Double(ticks) * timing.tick
    let now = nodes.values.compactMap { $0.counters[.received]?.rate(over: window) }.reduce(0, +)
    let before = nodes.values.compactMap { $0.counters[.received]?.rate(over: 6 * window) }.reduce(0, +)
    return now <= 1.2 * before
  }
}
