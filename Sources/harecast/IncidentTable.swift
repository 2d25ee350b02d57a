import Foundation
import Operations
import TimeSeries

/// The alerts one would have had, with their lead time, beside those one had.
struct IncidentTable {
  let accounts: [IncidentAccount]
  /// When the server's own alerts began to fire.
  let alerts: [(name: String, time: Int64)]

  /// How long before an incident an alert may have fired to belong to it, in milliseconds.
  private static let before: Int64 = 3_600_000

  func print(_ seriesCount: Int, _ step: Int64) {
    let told = accounts.filter { $0.warnedAt != nil }
    for account in told {
      let incident = account.incident
      let moment = RFC3339.format(account.warnedAt ?? incident.openedAt)
      CommandOutput.say("\(moment)  \(incident.level.rawValue) \(incident.type.rawValue): \(incident.summary)")
      var facts: [String] = []
      if let lead = account.leadTime {
        facts.append("said \(Self.duration(lead)) before it came true")
      } else if account.wasPredicted {
        facts.append("predicted, and did not come true in this time")
      }
      facts.append(incident.resolvedAt.map { "over at \(RFC3339.format($0))" } ?? "not over at the end")
      facts.append(own(account))
      CommandOutput.say("    " + facts.joined(separator: "; "))
    }
    let leads = told.compactMap(\.leadTime).sorted()
    let median = leads.isEmpty ? "" : ", median lead time \(Self.duration(leads[leads.count / 2]))"
    CommandOutput.say(
      "\(told.count) alerts from \(seriesCount) series looked at every \(Self.duration(Double(step) / 1000)): "
        + "\(leads.count) predicted what came true\(median); \(alerts.count) alerts of the server's own rules")
  }

  /// The first of the server's own alerts at that time, and how much later, or earlier, it fired.
  private func own(_ account: IncidentAccount) -> String {
    let said = account.warnedAt ?? account.incident.openedAt
    let end = account.incident.resolvedAt ?? .max
    let near = alerts.filter { $0.time >= said - Self.before && $0.time <= end }
    guard let first = near.min(by: { $0.time < $1.time }) else { return "no alert of your own rules then" }
    let later = Double(first.time - said) / 1000
    return "your own \(first.name) fired \(Self.duration(abs(later))) \(later < 0 ? "earlier" : "later")"
  }

  private static func duration(_ seconds: Double) -> String {
    PrometheusDuration.format(Int64(seconds.rounded()) * 1000)
  }
}
