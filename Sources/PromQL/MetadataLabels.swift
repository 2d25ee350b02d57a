import TimeSeries

/// The labels that say what a series measures, and so go when an operation changes what that is:
/// `__name__`, `__type__` and `__unit__`.
enum MetadataLabels {
  /// Whether `name` is one of them.
  @inline(__always)
  static func contains(_ name: String) -> Bool {
    name == Labels.metricNameLabel || name == "__type__" || name == "__unit__"
  }
}

extension Labels {
  /// All labels but those that say what the series measures.
  var withoutMetadata: Labels {
    if !elements.contains(where: { MetadataLabels.contains($0.name) }) { return self }
    return Labels(sortedUnique: elements.filter { !MetadataLabels.contains($0.name) })
  }

  /// Whether type or unit are among the labels.
  var hasTypeOrUnit: Bool { elements.contains { $0.name == "__type__" || $0.name == "__unit__" } }
}
