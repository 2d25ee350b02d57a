import AnomalyDetection
import Rules
import TimeSeries

/// The words of an anomaly's alert: a title, and what to look at first.
enum AnomalyAdvice {
  static func title(_ anomaly: CurrentAnomaly) -> String {
    let verdict = anomaly.judgement.verdict
    if !anomaly.contributions.isEmpty {
      let named = anomaly.contributions.prefix(mostNamed).map { words($0, of: anomaly) }
      return "\(subject(anomaly.rule)) is unusual: \(named.joined(separator: ", "))"
    }
    let what =
      switch (verdict.reason, verdict.direction) {
      case (.flatline?, _): "has stopped moving"
      case (.silence?, _): "has gone silent"
      case (.restlessness?, _): "is restless"
      case (.firstChange?, _): "has changed for the first time"
      case (.drift?, .above?): "has been higher than usual for long"
      case (.drift?, .below?): "has been lower than usual for long"
      case (.record?, .above?): "is higher than ever in the last month"
      case (.record?, .below?): "is lower than ever in the last month"
      case (_, .above?): "is unusually high"
      case (_, .below?): "is unusually low"
      default: "is unusual"
      }
    return "\(subject(anomaly.rule)) \(what)"
  }

  /// How many signals of a group a title names.
  private static let mostNamed = 3

  /// A signal by what tells it from the others of its group, and which way it went.
  private static func words(_ one: CurrentAnomaly.Contribution, of anomaly: CurrentAnomaly) -> String {
    let own = one.labels.elements.filter { anomaly.labels[$0.name] == nil && $0.name != "__name__" }.map(\.value)
    let name = own.isEmpty ? one.labels.description : own.joined(separator: " ")
    return switch one.part.direction {
    case .above?: "\(name) high"
    case .below?: "\(name) low"
    case nil: name
    }
  }

  private static func subject(_ rule: String) -> String {
    let suffix = "_anomaly_score"
    return rule.hasSuffix(suffix) ? String(rule.dropLast(suffix.count)) : rule
  }

  /// What to do, the first things first: by the signal's name and the way it went, then what always helps.
  static func actions(_ anomaly: CurrentAnomaly) -> [String] {
    let name = anomaly.rule
    let verdict = anomaly.judgement.verdict
    let isHigh = verdict.direction == .above
    var actions: [String] = []
    if verdict.reason == .flatline {
      actions.append("Check that the exporter still reports fresh values: a frozen value often is a dead source.")
    }
    if verdict.reason == .silence {
      actions.append("Check that the source still runs and is scraped, and whether the thing was deleted.")
    }
    let advice: [(words: [String], high: String, low: String)] = [
      (
        ["consumer"], "Look for clients that subscribe again and again without cancelling.",
        "Check that the consumers run and can connect; a queue without consumers only grows."
      ),
      (
        ["memory"],
        "Find what holds the memory (rabbitmq-diagnostics memory_breakdown): queues, connections, binaries.",
        "Check whether the node has restarted."
      ),
      (
        ["disk"], "Check what has freed or claimed space on the data volume.",
        "Find what fills the disk: persistent messages, streams without retention, logs."
      ),
      (
        ["connection", "channel", "socket"],
        "Look for clients that open connections or channels without closing them, or a reconnect storm.",
        "Check the clients, the network and the load balancer: something has disconnected."
      ),
      (
        ["publish"], "Find the publisher whose rate rose, and whether consumers keep up.",
        "Check the publishers, and whether an alarm or flow control blocks them."
      ),
      (
        ["deliver", "ack"], "Look for redeliveries: messages that are rejected and come back.",
        "Check that the consumers acknowledge; look at their errors and at the prefetch."
      ),
      (
        ["messages", "ready", "unacked", "depth"],
        "Compare publish and delivery rates; scale the consumers or slow the publishers down.",
        "Check whether the queue was purged, or messages expire."
      ),
      (
        ["cpu", "process", "latency"], "Look for busy queues and expensive policies; compare with the other nodes.",
        "Check whether traffic has moved to another node."
      ),
    ]
    if let found = advice.first(where: { $0.words.contains { name.contains($0) } }) {
      actions.append(isHigh || verdict.direction == nil ? found.high : found.low)
    }
    actions.append("Compare with the expected band, and with what was deployed or changed when it began.")
    actions.append("If this is normal, mark it: harecast anomalies mark --rule \(name) --verdict false.")
    return actions
  }
}
