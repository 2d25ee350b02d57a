import TimeSeries

/// An alert as it is to be told to the outside.
public struct AlertNotification: Sendable, Equatable {
  /// With `alertname`, without external labels.
  public var labels: Labels
  public var annotations: Labels
  /// When it began to fire, in UTC milliseconds.
  public var startsAt: Int64
  /// When it ended; of an alert that fires, until when a receiver may believe it to, if it hears nothing more.
  public var endsAt: Int64
  /// Where the rule's expression can be looked at.
  public var generatorURL: String

  public init(labels: Labels, annotations: Labels, startsAt: Int64, endsAt: Int64, generatorURL: String) {
    self.labels = labels
    self.annotations = annotations
    self.startsAt = startsAt
    self.endsAt = endsAt
    self.generatorURL = generatorURL
  }

  /// - Parameters:
  ///   - alert: one that `AlertStates` has handed out for sending.
  ///   - generatorURL: where its rule's expression can be looked at.
  init(_ alert: Alert, generatorURL: String) {
    self.init(
      labels: alert.labels, annotations: Labels(alert.annotations), startsAt: alert.firedAt ?? alert.activeAt,
      endsAt: alert.resolvedAt ?? alert.validUntil ?? alert.activeAt, generatorURL: generatorURL)
  }

  /// The address at which the server under `externalURL` shows the value of `expression` as a table.
  static func generatorURL(_ externalURL: String, _ expression: String) -> String {
    externalURL + "/graph?g0.expr=" + TemplateText.queryEscaped(expression) + "&g0.tab=1"
  }
}
