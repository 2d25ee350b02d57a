/// A text format in which metrics are exposed.
public enum ExpositionFormat: String, Sendable, Hashable, CaseIterable {
  /// The Prometheus text format 0.0.4: lenient about blanks, timestamps in milliseconds.
  case text
  /// OpenMetrics 1.0: single spaces, timestamps in seconds, exemplars, `# EOF` at the end.
  case openMetrics

  /// The `Accept` header to send with a scrape.
  ///
  /// The list is the one Prometheus 3 sends. It ends in plain text and `*/*`, because RabbitMQ answers 406 to a
  /// list that names only formats it cannot write.
  public static let acceptHeader =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    + "application/openmetrics-text;version=0.0.1;q=0.5,"
    + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

  /// Chooses the format that a `Content-Type` header declares.
  ///
  /// Only the media type decides; parameters such as `version` and `charset` do not.
  ///
  /// - Parameters:
  ///   - contentType: The header's value, or nil if the header was absent.
  ///   - fallback: The format to assume if the header is absent or names something else.
  /// - Throws: ``ExpositionFormatError`` if the header gives no format and there is no fallback.
  public init(contentType: String?, fallback: ExpositionFormat? = nil) throws(ExpositionFormatError) {
    let declared = MediaRange(contentType ?? "")
    switch (declared?.type, declared?.subtype) {
    case ("text", "plain"): self = .text
    case ("application", "openmetrics-text"): self = .openMetrics
    default:
      if let fallback {
        self = fallback
      } else if let contentType, !contentType.isEmpty {
        throw .unsupportedContentType(String(contentType.unicodeScalars.prefix(100)))
      } else {
        throw .missingContentType
      }
    }
  }
}

/// Why no exposition format could be chosen for a response.
public enum ExpositionFormatError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The response had no `Content-Type`.
  case missingContentType
  /// The response declared something that is not a metrics text format; the value is cut to 100 characters.
  case unsupportedContentType(String)

  public var description: String {
    switch self {
    case .missingContentType:
      "the response has no Content-Type and no fallback format is configured"
    case .unsupportedContentType(let value):
      "the response has Content-Type \"\(value)\", which is not a metrics text format"
    }
  }
}
