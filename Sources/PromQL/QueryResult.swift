import TimeSeries

/// One element of an instant vector.
public struct VectorElement: Sendable, Equatable {
  /// The element's labels, the metric name among them if it was kept.
  public var labels: Labels
  /// The element's value; not a number if it is a histogram.
  public var value: Double
  /// The element's value if it is a native histogram.
  public var histogram: FloatHistogram?
  /// UTC milliseconds: the time of the evaluation.
  public var timestamp: Int64

  /// Makes an element.
  public init(labels: Labels, value: Double, timestamp: Int64, histogram: FloatHistogram? = nil) {
    self.labels = labels
    self.value = value
    self.timestamp = timestamp
    self.histogram = histogram
  }

  /// Equality of labels, timestamp and of the value's bits.
  public static func == (left: VectorElement, right: VectorElement) -> Bool {
    left.labels == right.labels && left.timestamp == right.timestamp
      && left.value.bitPattern == right.value.bitPattern && left.histogram == right.histogram
  }
}

/// The value of a query.
public enum QueryValue: Sendable {
  case scalar(Sample)
  case string(String, timestamp: Int64)
  /// The elements in the order of the expression: sorted by functions and rankings that sort, else
  /// in the order of the source.
  case vector([VectorElement])
  /// The series sorted by labels.
  case matrix([SeriesSamples])

  /// The type's name in the query API.
  public var type: ValueType {
    switch self {
    case .scalar: .scalar
    case .string: .string
    case .vector: .vector
    case .matrix: .matrix
    }
  }
}

/// The value of a query and what was remarkable on the way.
public struct QueryResult: Sendable {
  /// What the query evaluates to.
  public var value: QueryValue
  /// What is probably wrong, in Prometheus's words, with the place in the query.
  public var warnings: [String]
  /// What is worth a second look, in Prometheus's words, with the place in the query.
  public var infos: [String]

  /// Makes a result.
  public init(value: QueryValue, warnings: [String] = [], infos: [String] = []) {
    self.value = value
    self.warnings = warnings
    self.infos = infos
  }
}
