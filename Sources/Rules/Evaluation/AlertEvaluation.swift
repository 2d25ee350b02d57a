import PromQL
import TimeSeries

/// Turns the value of an alerting rule's expression into findings for its state machine, and its alerts into series.
struct AlertEvaluation: Sendable {
  let rule: Rule
  let block: AlertBlock
  let context: RuleContext

  /// The findings of the elements of `vector`, with labels and annotations expanded.
  ///
  /// - Parameter time: the moment of the evaluation, in UTC milliseconds.
  func findings(_ vector: [VectorElement], at time: Int64) -> [AlertFinding] {
    let (engine, store) = (context.engine, context.store)
    let environment = TemplateEnvironment(time: time, externalURL: context.configuration.externalURL) { text in
      let result = try engine.instant(try engine.parse(text), at: time, source: store)
      switch result.value {
      case .scalar(let sample): return [TemplateSample(labels: Labels.empty, value: sample.value)]
      case .vector(let elements): return elements.map { TemplateSample(labels: $0.labels, value: $0.value) }
      case .string, .matrix: throw RuleFault("query result is not a vector or scalar")
      }
    }
    var external: [String: String] = [:]
    for label in context.configuration.externalLabels.elements { external[label.name] = label.value }
    return vector.map { element in
      var labels: [String: String] = [:]
      for label in element.labels.elements { labels[label.name] = label.value }
      let data = TemplateData(
        labels: labels, value: element.value, externalLabels: external,
        externalURL: context.configuration.externalURL)
      let own = zip(rule.labels, block.labelTemplates).map { Label($0.name, $1.text(data, environment)) }
      let annotations = zip(block.annotations, block.annotationTemplates).map {
        Label($0.name, $1.text(data, environment))
      }
      return AlertFinding(
        labels: Labels(element.labels.withoutMetricName.elements + own + [Label("alertname", rule.name)]),
        annotations: annotations, value: element.value)
    }
  }

  /// The series `ALERTS` and `ALERTS_FOR_STATE` of alerts that are pending or firing.
  static func outputs(of alerts: [Alert]) -> [RuleOutput] {
    alerts.flatMap { alert in
      [
        RuleOutput(
          labels: alert.labels.setting(Labels.metricNameLabel, to: "ALERTS")
            .setting("alertstate", to: alert.state.rawValue), value: 1),
        RuleOutput(
          labels: alert.labels.setting(Labels.metricNameLabel, to: "ALERTS_FOR_STATE"),
          value: Double(alert.activeAt / 1000)),
      ]
    }
  }
}
