import TimeSeries

/// Brings back the alerts of an earlier process, over the first two evaluations of a group.
///
/// The first evaluation may come before there is enough data to find everything again, so what it does not find is
/// not over yet. Alerts that it finds go on where they were; after the second evaluation the rest is taken to have
/// lost its reason. A pending alert does not age while nobody watches. What was not archived is known from the series
/// `ALERTS_FOR_STATE`, for rules whose `for` is not shorter than the grace period, as in Prometheus.
struct AlertRecovery: Sendable {
  /// How many evaluations are still to come before the alerts count as recovered.
  private(set) var evaluationsLeft = 2
  /// The archived alerts that have not been found again, rule by rule.
  private var waiting: [[Labels: Alert]]
  /// When the earlier process last looked, in UTC milliseconds, as far as the archive knows.
  private let archivedAt: Int64?
  private let outageTolerance: Int64
  private let gracePeriod: Int64
  /// The alerts that were brought back from the archive, rule by rule.
  private var restored: [Set<Labels>]

  /// - Parameters:
  ///   - archive: what the earlier process left; ignored if it is older than the tolerance.
  ///   - time: now, in UTC milliseconds.
  init(_ archive: AlertArchive?, rules: [Rule], at time: Int64, configuration: RuleManagerConfiguration) {
    outageTolerance = configuration.outageTolerance
    gracePeriod = configuration.gracePeriod
    restored = rules.map { _ in [] }
    waiting = rules.map { _ in [:] }
    guard var archive, archive.time <= time, time - archive.time <= configuration.outageTolerance else {
      archivedAt = nil
      return
    }
    archivedAt = archive.time
    for (index, rule) in rules.enumerated() where rule.isAlerting {
      for alert in archive.take(rule) { waiting[index][alert.labels] = alert }
    }
  }

  /// The series of the archived alerts of a rule, which end if the rule does not give them again.
  func archivedAlerts(ofRule index: Int) -> [Alert] { waiting[index].values.filter { $0.state != .inactive } }

  /// Before the alerts of a rule are brought up to date: gives back those that are known.
  ///
  /// - Parameter downAt: when the earlier process last wrote the alert's series, if known.
  mutating func prepare(
    _ states: inout AlertStates, rule index: Int, findings: [AlertFinding], at time: Int64, hold: Int64,
    downAt: (Labels) -> Int64?
  ) {
    var known: [Alert] = []
    for finding in findings {
      guard var alert = waiting[index].removeValue(forKey: finding.labels) else { continue }
      if alert.state == .pending {
        // Longer ones are judged by their series, after the second evaluation.
        if hold >= gracePeriod { continue }
        let last = max(archivedAt ?? time, downAt(alert.labels) ?? .min)
        alert.activeAt += max(0, time - last)
      }
      known.append(alert)
    }
    if evaluationsLeft == 1 {
      // What has no reason now has none any more; ended ones are still to be told.
      known += waiting[index].values.filter { $0.state != .pending }
      waiting[index] = [:]
    }
    // Whether the earlier process got rid of what it handed out is not known: all is told again at once.
    for index in known.indices { known[index].lastSentAt = nil }
    states.restore(known)
    for alert in known { restored[index].insert(alert.labels) }
  }

  /// After all rules of a group were evaluated.
  mutating func evaluationEnded() { evaluationsLeft -= 1 }

  /// After the second evaluation: when the pending alerts of a rule shall count as begun, by their series.
  ///
  /// - Parameters:
  ///   - alerts: the alerts that are active.
  ///   - time: now, in UTC milliseconds.
  ///   - history: the last sample of each series `ALERTS_FOR_STATE` of the rule within the tolerance, by the labels of
  ///     the alert: its time in UTC milliseconds, its value in Unix seconds.
  func beginnings(
    of alerts: [Alert], rule index: Int, at time: Int64, hold: Int64, history: [Labels: Sample]
  ) -> [Labels: Int64] {
    guard hold >= gracePeriod else { return [:] }
    var result: [Labels: Int64] = [:]
    for alert in alerts where !restored[index].contains(alert.labels) {
      guard let sample = history[alert.labels], sample.value.isFinite, sample.value.magnitude < 1e12 else { continue }
      let began = Int64(sample.value) * 1000
      let downAt = sample.timestamp.flooringQuotient(1000) * 1000
      let left = hold - (downAt - began)
      if left <= 0 {
        // It fired. It does so again with the next evaluation.
        result[alert.labels] = began
      } else if left < gracePeriod {
        result[alert.labels] = time + gracePeriod - hold
      } else {
        result[alert.labels] = began + (time - downAt)
      }
    }
    return result
  }
}
