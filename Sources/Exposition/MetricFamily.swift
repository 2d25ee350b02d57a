import TimeSeries

/// One number of a metric family at one time.
public struct MetricPoint: Sendable, Hashable {
  /// The series, its name among the labels as `__name__`. Without a name the point belongs to the family's own name.
  public var labels: Labels
  public var value: Double
  /// UTC milliseconds; nil means "now", the usual case.
  public var timestamp: Int64?

  public init(labels: Labels, value: Double, timestamp: Int64? = nil) {
    self.labels = labels
    self.value = value
    self.timestamp = timestamp
  }

  /// Equality of labels, of the value's bits (so that NaNs compare) and of the timestamp.
  public static func == (left: MetricPoint, right: MetricPoint) -> Bool {
    left.labels == right.labels && left.value.bitPattern == right.value.bitPattern && left.timestamp == right.timestamp
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(labels)
    hasher.combine(value.bitPattern)
  }
}

/// A metric with its description and all its points.
public struct MetricFamily: Sendable, Hashable {
  /// The name on the `# TYPE` line. A counter may carry `_total` or not; the writer does what each format wants.
  public var name: String
  public var type: MetricType
  /// A sentence, or empty.
  public var help: String
  /// A base unit such as `seconds`, or empty.
  public var unit: String
  /// The points; those of a histogram are its `_bucket`, `_sum` and `_count` series.
  public var samples: [MetricPoint]

  public init(name: String, type: MetricType, help: String = "", unit: String = "", samples: [MetricPoint] = []) {
    self.name = name
    self.type = type
    self.help = help
    self.unit = unit
    self.samples = samples
  }
}
