import TimeSeries

/// What an ``ExpositionScanner`` found. Pointers in it are valid as long as the scanned bytes are.
public enum ExpositionEvent {
  /// A sample line.
  case sample(ScannedSample)
  /// A `# TYPE` line.
  case type(EscapedText, MetricType)
  /// A `# HELP` line.
  case help(EscapedText, EscapedText)
  /// A `# UNIT` line (OpenMetrics).
  case unit(EscapedText, EscapedText)
  /// A line that could not be read and was skipped.
  case malformed(MalformedLine)
}

/// A sample line: the series as raw bytes, its value and time.
public struct ScannedSample {
  /// The bytes of `name{labels}`, as written. Not yet checked: a series seen for the first time must go through
  /// ``ExpositionScanner/labels(of:type:)``, which may find it malformed.
  public let series: UnsafeRawBufferPointer
  /// `StableHash.hash(series)`.
  public let hash: UInt64
  /// The value; every NaN is the ordinary one, never a staleness marker.
  public let value: Double
  /// UTC milliseconds, if the line has a timestamp.
  public let timestamp: Int64?
}

/// An exemplar of an OpenMetrics sample: one observation behind the number.
public struct Exemplar: Sendable, Hashable {
  /// The labels, for instance `trace_id`; there is no metric name among them.
  public var labels: Labels
  public var value: Double
  /// UTC milliseconds, if given.
  public var timestamp: Int64?

  public init(labels: Labels, value: Double, timestamp: Int64?) {
    self.labels = labels
    self.value = value
    self.timestamp = timestamp
  }
}

/// Where an exemplar's labels are, and what else it says.
struct ScannedExemplar {
  /// The offsets of `{…}` in the document.
  var labels: Range<Int>
  var value: Double
  var timestamp: Int64?
}

/// Bytes of a metadata line, with escapes still in place.
public struct EscapedText {
  /// The bytes as written, valid as long as the scanned bytes are. They are checked to be UTF-8.
  public let bytes: UnsafeRawBufferPointer
  /// Whether `\"` is an escape, besides `\\` and `\n`.
  let quotes: Bool

  /// The text with escapes resolved.
  public var string: String {
    guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return "" }
    return SeriesText.unescaped(base, 0..<bytes.count, quotes: quotes) ?? ""
  }
}
