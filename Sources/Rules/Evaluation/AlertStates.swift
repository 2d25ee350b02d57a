import TimeSeries

/// The life of an alert.
public enum AlertState: String, Sendable, Hashable {
  /// It has ended; it is kept for a while so that its end can be told.
  case inactive
  /// Its reason has not yet lasted long enough.
  case pending
  case firing
}

/// One alert of a rule: one label set, from its first reason to some time after its end.
public struct Alert: Sendable, Equatable {
  /// The labels with `alertname`.
  public var labels: Labels
  public var annotations: [Label]
  public var state: AlertState
  public var value: Double
  /// When the reason was first seen, in UTC milliseconds.
  public var activeAt: Int64
  public var firedAt: Int64?
  public var resolvedAt: Int64?
  /// Since when the alert fires only because of `keep_firing_for`.
  public var keepFiringSince: Int64?
  /// When it was last handed out to be sent.
  public var lastSentAt: Int64?
  /// Until when a receiver may believe it to be firing, if it hears nothing more.
  public var validUntil: Int64?
}

/// What a rule's expression says about one alert now.
struct AlertFinding: Sendable {
  var labels: Labels
  var annotations: [Label]
  var value: Double
}

/// Why the alerts of a rule could not be brought up to date.
enum AlertingFault: Error, Equatable, CustomStringConvertible {
  case sameLabels
  case limitExceeded(limit: Int, alerts: Int)

  var description: String {
    switch self {
    case .sameLabels: "vector contains metrics with the same labelset after applying alert labels"
    case .limitExceeded(let limit, let alerts): "exceeded limit of \(limit) with \(alerts) alerts"
    }
  }
}

/// The alerts of one rule and how they change; a pure state machine.
struct AlertStates: Sendable, Equatable {
  /// How long an alert that has ended is kept, in milliseconds.
  static let resolvedRetention: Int64 = 15 * 60_000

  private(set) var alerts: [Labels: Alert] = [:]

  /// The alerts that are pending or firing, in the order of their labels.
  var active: [Alert] { alerts.values.filter { $0.state != .inactive }.sorted { $0.labels < $1.labels } }

  /// Takes in what the rule's expression says at `time` (UTC milliseconds).
  ///
  /// - Parameters:
  ///   - hold: how many milliseconds an alert is pending.
  ///   - keepFiringFor: how many milliseconds a firing alert outlives its reason.
  ///   - limit: the most alerts pending and firing, or 0.
  /// - Throws: ``AlertingFault``; over the limit, all alerts of the rule are forgotten.
  mutating func update(
    _ findings: [AlertFinding], at time: Int64, hold: Int64, keepFiringFor: Int64, limit: Int
  ) throws(AlertingFault) {
    var found: Set<Labels> = []
    for finding in findings where !found.insert(finding.labels).inserted { throw .sameLabels }
    for finding in findings {
      if var known = alerts[finding.labels], known.state != .inactive {
        known.value = finding.value
        known.annotations = finding.annotations
        known.keepFiringSince = nil
        alerts[finding.labels] = known
      } else {
        alerts[finding.labels] = Alert(
          labels: finding.labels, annotations: finding.annotations, state: .pending, value: finding.value,
          activeAt: time)
      }
    }
    for (labels, alert) in alerts where !found.contains(labels) {
      alerts[labels] = Self.withoutReason(alert, at: time, keepFiringFor: keepFiringFor)
    }
    var active = 0
    for (labels, alert) in alerts where alert.state != .inactive {
      active += 1
      if alert.state == .pending, time - alert.activeAt >= hold {
        alerts[labels]?.state = .firing
        alerts[labels]?.firedAt = time
      } else if alert.state == .firing, time - alert.activeAt < hold {
        // The rule has come back from a reload with a longer `for`.
        alerts[labels] = Alert(
          labels: labels, annotations: alert.annotations, state: .pending, value: alert.value,
          activeAt: alert.activeAt)
      }
    }
    if limit > 0, active > limit {
      alerts = [:]
      throw .limitExceeded(limit: limit, alerts: active)
    }
  }

  /// What becomes of an alert whose reason is not there; nil if it is forgotten.
  private static func withoutReason(_ alert: Alert, at time: Int64, keepFiringFor: Int64) -> Alert? {
    var alert = alert
    switch alert.state {
    case .pending: return nil
    case .inactive:
      guard let resolvedAt = alert.resolvedAt, time - resolvedAt <= resolvedRetention else { return nil }
      return alert
    case .firing:
      if keepFiringFor > 0 {
        let since = alert.keepFiringSince ?? time
        alert.keepFiringSince = since
        if time - since < keepFiringFor { return alert }
      }
      alert.state = .inactive
      alert.resolvedAt = time
      return alert
    }
  }

  // MARK: Sending

  /// The alerts to be sent at `time` (UTC milliseconds), in the order of their labels: those that have ended since
  /// they were last sent, and firing or ended ones that were last sent more than `resendDelay` milliseconds ago.
  ///
  /// They count as sent. A receiver may miss two of them before it holds a firing alert for ended.
  ///
  /// - Parameter interval: milliseconds between two evaluations of the rule.
  mutating func takeDue(at time: Int64, resendDelay: Int64, interval: Int64) -> [Alert] {
    var due: [Alert] = []
    for (labels, alert) in alerts where alert.state != .pending {
      let ended = alert.resolvedAt.map { $0 > alert.lastSentAt ?? .min } ?? false
      guard ended || alert.lastSentAt.map({ $0 + resendDelay < time }) ?? true else { continue }
      alerts[labels]?.lastSentAt = time
      alerts[labels]?.validUntil = time + 4 * max(interval, resendDelay)
      if let sent = alerts[labels] { due.append(sent) }
    }
    return due.sorted { $0.labels < $1.labels }
  }

  // MARK: Restoring

  /// Takes back alerts of an earlier process, except where there is an alert with the same labels that has not ended.
  mutating func restore(_ saved: some Sequence<Alert>) {
    for alert in saved where (alerts[alert.labels]?.state ?? .inactive) == .inactive { alerts[alert.labels] = alert }
  }

  /// Moves the beginning of a pending alert to another time.
  mutating func setActiveAt(_ time: Int64, of labels: Labels) {
    if alerts[labels]?.state == .pending { alerts[labels]?.activeAt = time }
  }
}
