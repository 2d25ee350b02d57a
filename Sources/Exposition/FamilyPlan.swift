import TimeSeries

/// What a sample is within its family, told by the end of its name. The order is the order of lines.
enum SampleRole: Int {
  case value, bucket, sum, count, created
}

/// How one family is named in a document: the name on its `# TYPE` line and those of its samples.
struct FamilyPlan {
  /// A sample's name, as given and as written.
  struct SampleName {
    var name: String
    var written: String
    /// Whether `written` must stand in quotes.
    var isQuoted: Bool
    var role: SampleRole
  }

  let family: MetricFamily
  /// The name on the head lines, as written but without quotes.
  let headName: String
  /// The word on the `# TYPE` line; nil if the format has no type that fits, so that no head is written.
  let typeWord: String?
  let sampleNames: [SampleName]

  /// Plans `family`, or gives nil if its name cannot be written.
  init?(_ family: MetricFamily, _ negotiation: ExpositionNegotiation) {
    let format = negotiation.format
    let stem = FamilyPlan.stem(of: family)
    let isTotal = family.type == .counter && FamilyPlan.isTotal(family, stem: stem)
    let head: String
    switch (format, family.type) {
    case (.text, .counter): (head, typeWord) = (isTotal ? stem + "_total" : stem, "counter")
    case (.text, .info): (head, typeWord) = (stem + "_info", "gauge")
    case (.text, .stateset): (head, typeWord) = (stem, "gauge")
    case (.text, .unknown): (head, typeWord) = (stem, "untyped")
    case (.text, .gaugeHistogram): (head, typeWord) = (stem, nil)
    // A counter without `_total` is no OpenMetrics counter, and to rename it would break its users.
    case (.openMetrics, .counter) where !isTotal: (head, typeWord) = (stem, "unknown")
    case (_, let type): (head, typeWord) = (stem, type.rawValue)
    }
    guard let headName = negotiation.escaping.metricName(head) else { return nil }
    self.family = family
    self.headName = headName
    sampleNames = FamilyPlan.samples(of: family.type, stem: stem, isTotal: isTotal).compactMap { suffix, role in
      let name = stem + suffix
      guard let written = negotiation.escaping.metricName(name) else { return nil }
      return SampleName(name: name, written: written, isQuoted: !Labels.isClassicMetricName(written), role: role)
    }
  }

  /// Whether `other` can be written under the same head.
  func canBeMerged(with other: FamilyPlan) -> Bool {
    family.type == other.family.type && headName == other.headName
  }

  /// The family's name without the suffix that its type puts on samples.
  private static func stem(of family: MetricFamily) -> String {
    let suffix = family.type == .counter ? "_total" : family.type == .info ? "_info" : ""
    guard !suffix.isEmpty, family.name.hasSuffix(suffix), family.name != suffix else { return family.name }
    return String(family.name.dropLast(suffix.count))
  }

  /// Whether a counter's samples are spelled with `_total`; the first sample decides.
  private static func isTotal(_ family: MetricFamily, stem: String) -> Bool {
    let name = family.samples.first?.labels.metricName ?? ""
    return (name.isEmpty ? family.name : name) == stem + "_total"
  }

  private static func samples(of type: MetricType, stem: String, isTotal: Bool) -> [(String, SampleRole)] {
    switch type {
    case .counter: isTotal ? [("_total", .value), ("_created", .created)] : [("", .value)]
    case .gauge, .unknown, .stateset: [("", .value)]
    case .info: [("_info", .value)]
    case .histogram: [("_bucket", .bucket), ("_sum", .sum), ("_count", .count), ("_created", .created)]
    case .gaugeHistogram: [("_bucket", .bucket), ("_gsum", .sum), ("_gcount", .count)]
    case .summary: [("", .value), ("_sum", .sum), ("_count", .count), ("_created", .created)]
    }
  }
}
