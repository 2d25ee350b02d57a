/// One sample: UTC milliseconds since 1970 and a value.
public struct Sample: Sendable, Equatable {
  /// UTC milliseconds since 1970-01-01.
  public var timestamp: Int64
  public var value: Double

  @inlinable
  public init(_ timestamp: Int64, _ value: Double) {
    self.timestamp = timestamp
    self.value = value
  }

  /// Equality of timestamp and of the value's bits, so that NaNs and staleness markers compare.
  public static func == (left: Sample, right: Sample) -> Bool {
    left.timestamp == right.timestamp && left.value.bitPattern == right.value.bitPattern
  }
}

/// The samples of one series in a time range, oldest first, timestamps strictly increasing.
/// Staleness markers are included as values.
public struct SeriesSamples: Sendable {
  public var labels: Labels
  /// UTC milliseconds, strictly increasing.
  public var timestamps: [Int64]
  /// As long as `timestamps`; histograms are there as a ``HistogramReference`` into `histograms`.
  public var values: [Double]
  /// The samples that are native histograms.
  public var histograms: [FloatHistogram]

  public init(labels: Labels, timestamps: [Int64], values: [Double], histograms: [FloatHistogram] = []) {
    self.labels = labels
    self.timestamps = timestamps
    self.values = values
    self.histograms = histograms
  }
}

/// What a metric is, as its exposition said.
public enum MetricType: String, Sendable, CaseIterable {
  case counter, gauge, histogram, summary, unknown, info, stateset
  case gaugeHistogram = "gaugehistogram"
}

/// Type, help and unit of a metric family.
public struct MetricMetadata: Sendable, Hashable {
  public var type: MetricType
  public var help: String
  public var unit: String

  public init(type: MetricType, help: String = "", unit: String = "") {
    self.type = type
    self.help = help
    self.unit = unit
  }
}
