/// A line of an exposition that could not be read: where, and why.
public struct MalformedLine: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong. The raw value is a short phrase without any input in it, fit to be a metric label.
  public enum Reason: String, Sendable, Hashable, CaseIterable {
    case metricNameMissing = "metric name missing"
    case metricNameIllegal = "illegal character in metric name"
    case metricNameRepeated = "second metric name"
    case labelNameMissing = "label name missing"
    case labelNameIllegal = "illegal character in label name"
    case labelNameRepeated = "label name given twice"
    case equalsSignMissing = "equals sign missing after label name"
    case labelValueNotQuoted = "label value not in quotes"
    case quoteNotClosed = "closing quote missing"
    case braceNotClosed = "comma or closing brace missing after label value"
    case notUTF8 = "invalid UTF-8"
    case textAfterSeries = "unexpected text after the series"
    case valueMissing = "value missing"
    case valueNotANumber = "value is not a number"
    case timestampNotANumber = "timestamp is not a number or out of range"
    case textAfterSample = "unexpected text after the sample"
    case exemplarIncomplete = "exemplar incomplete"
    case blankNotAllowed = "blank where none is allowed"
    case emptyLine = "empty line"
    case metadataIncomplete = "metadata line incomplete"
    case typeUnknown = "unknown metric type"
    case unitNotSuffix = "unit is not a suffix of the metric name"
    case commentNotAllowed = "comment that is neither HELP, TYPE, UNIT nor EOF"
    case endMarkerMissing = "document does not end with # EOF"
    case dataAfterEndMarker = "data after # EOF"
  }

  /// The line's number, from 1.
  public var line: Int
  /// The byte in the line at which reading stopped, from 1.
  public var column: Int
  public var reason: Reason

  public init(line: Int, column: Int, reason: Reason) {
    self.line = line
    self.column = column
    self.reason = reason
  }

  /// `line:column: reason`.
  public var description: String { "\(line):\(column): \(reason.rawValue)" }
}
