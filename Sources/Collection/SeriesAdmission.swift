import Exposition
import TimeSeries

/// Turns the labels that a target gave into those that are stored: target labels, relabelling, limits.
struct SeriesAdmission: Sendable {
  let targetLabels: Labels
  let honorLabels: Bool
  let rules: [RelabelRule]
  let limits: ScrapeLimits

  init(target: ScrapeTarget, job: ScrapeConfiguration) {
    targetLabels = target.labels
    honorLabels = job.honorLabels
    rules = job.metricRelabelRules
    limits = job.limits
  }

  /// The labels to store a series under, or nil if relabelling drops it.
  ///
  /// - Throws: ``ScrapeError`` if they exceed a limit, which fails the whole scrape.
  func labels(of exposed: Labels) throws(ScrapeError) -> Labels? {
    guard let labels = RelabelRule.apply(rules, to: withTargetLabels(exposed)), !labels.metricName.isEmpty else {
      return nil
    }
    try check(labels)
    return labels
  }

  /// Adds the target's labels. Of a label that both have, the target's wins and the exposed one moves to
  /// `exported_<name>`, or the other way about if labels are honoured.
  private func withTargetLabels(_ exposed: Labels) -> Labels {
    var draft = LabelDraft(exposed)
    if honorLabels {
      for label in targetLabels.elements where draft[label.name].isEmpty { draft[label.name] = label.value }
      return Labels(draft.labels)
    }
    var displaced: [Label] = []
    for label in targetLabels.elements {
      let old = draft[label.name]
      if !old.isEmpty { displaced.append(Label(label.name, old)) }
      draft[label.name] = label.value
    }
    for label in displaced {
      var name = "exported_" + label.name
      while !draft[name].isEmpty { name = "exported_" + name }
      draft[name] = label.value
    }
    return Labels(draft.labels)
  }

  private func check(_ labels: Labels) throws(ScrapeError) {
    guard limits.labels > 0 || limits.labelNameLength > 0 || limits.labelValueLength > 0 else { return }
    let metric = labels.metricName.prefix(50)
    if limits.labels > 0, labels.count > limits.labels {
      throw ScrapeError(
        code: "label_limit",
        "label_limit exceeded (metric: \(metric), number of labels: \(labels.count), limit: \(limits.labels))")
    }
    for label in labels.elements {
      if limits.labelNameLength > 0, label.name.utf8.count > limits.labelNameLength {
        throw ScrapeError(
          code: "label_limit",
          "label_name_length_limit exceeded (metric: \(metric), label name: \(label.name.prefix(50)), "
            + "length: \(label.name.utf8.count), limit: \(limits.labelNameLength))")
      }
      if limits.labelValueLength > 0, label.value.utf8.count > limits.labelValueLength {
        throw ScrapeError(
          code: "label_limit",
          "label_value_length_limit exceeded (metric: \(metric), label name: \(label.name.prefix(50)), "
            + "length: \(label.value.utf8.count), limit: \(limits.labelValueLength))")
      }
    }
  }
}
