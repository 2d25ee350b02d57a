import Collection
import Foundation
import TimeSeries

/// An alert on its way to Alertmanagers.
public struct OutgoingAlert: Sendable, Equatable {
  /// What identifies it, `alertname` among them.
  public var labels: Labels
  public var annotations: Labels
  /// When it began to fire, in UTC milliseconds.
  public var startsAt: Int64
  /// When it ended; of an alert that fires, until when it is held for firing if nothing more is heard.
  public var endsAt: Int64
  /// Where the rule's expression can be looked at; empty for nowhere.
  public var generatorURL: String

  public init(labels: Labels, annotations: Labels, startsAt: Int64, endsAt: Int64, generatorURL: String) {
    self.labels = labels
    self.annotations = annotations
    self.startsAt = startsAt
    self.endsAt = max(startsAt, endsAt)
    self.generatorURL = generatorURL
  }
}

extension OutgoingAlert {
  /// `alerts` as the body of a request to `/api/v2/alerts`.
  ///
  /// Source of the format: Alertmanager, api/v2/openapi.yaml, `postableAlerts`.
  static func body(_ alerts: [OutgoingAlert]) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let texts = alerts.map { alert in
      PostableAlert(
        labels: dictionary(alert.labels), annotations: dictionary(alert.annotations),
        startsAt: RFC3339.format(alert.startsAt), endsAt: RFC3339.format(alert.endsAt),
        generatorURL: alert.generatorURL.isEmpty ? nil : alert.generatorURL)
    }
    // Nothing but strings is encoded, so nothing can fail.
    return (try? encoder.encode(texts)).map(Array.init) ?? []
  }

  private static func dictionary(_ labels: Labels) -> [String: String] {
    Dictionary(labels.elements.map { ($0.name, $0.value) }) { $1 }
  }

  private struct PostableAlert: Encodable {
    var labels: [String: String]
    var annotations: [String: String]
    var startsAt: String
    var endsAt: String
    var generatorURL: String?
  }
}

extension Sequence<OutgoingAlert> {
  /// The alerts as they leave: with external labels where they have none of the same name, then relabelled.
  ///
  /// Relabelling may give two alerts the same labels; then the one that lasts longer stands for both.
  func prepared(externalLabels: Labels, rules: [RelabelRule]) -> [OutgoingAlert] {
    var positions: [Labels: Int] = [:]
    var result: [OutgoingAlert] = []
    for var alert in self {
      let full = Labels(externalLabels.elements + alert.labels.elements)
      guard let labels = RelabelRule.apply(rules, to: full), !labels.elements.isEmpty else { continue }
      alert.labels = labels
      if let position = positions[labels] {
        if result[position].endsAt < alert.endsAt { result[position] = alert }
      } else {
        positions[labels] = result.count
        result.append(alert)
      }
    }
    return result
  }
}
