/// How to write names outside the classic character set `[a-zA-Z_:][a-zA-Z0-9_:]*`.
public enum NameEscaping: String, Sendable, Hashable {
  /// Names are written as they are, in quotes where they need it.
  case allowUTF8 = "allow-utf-8"
  /// Every character that is not allowed becomes an underscore.
  case underscores
}

/// The form in which a metrics page is served: format, version, and the escaping of names.
public struct ExpositionNegotiation: Sendable, Hashable {
  /// The format to write.
  public var format: ExpositionFormat
  /// The version of the format, for instance `0.0.4`.
  public var version: String
  /// How names outside the classic character set are written.
  public var escaping: NameEscaping

  /// Plain text 0.0.4, which every scraper reads.
  public static let plainText = ExpositionNegotiation(format: .text, version: "0.0.4", escaping: .underscores)

  public init(format: ExpositionFormat, version: String, escaping: NameEscaping) {
    self.format = format
    self.version = version
    self.escaping = escaping
  }

  /// Chooses what to serve from a request's `Accept` header.
  ///
  /// The acceptable element of the highest weight wins, of equal weights the first. Wildcards get plain text. A header
  /// that accepts nothing we write also gets plain text 0.0.4 rather than a 406: a scraper that cannot read it says so
  /// better than a missing page does.
  public init(accept header: String?) {
    self = .plainText
    for range in MediaRange.list(header ?? "") where range.quality > 0 {
      let version = range.parameters["version"]
      let escaping: NameEscaping = range.parameters["escaping"] == "allow-utf-8" ? .allowUTF8 : .underscores
      switch (range.type, range.subtype) {
      case ("application", "openmetrics-text"):
        switch version {
        case nil, "1.0.0": self.init(format: .openMetrics, version: "1.0.0", escaping: escaping)
        case "0.0.1": self.init(format: .openMetrics, version: "0.0.1", escaping: .underscores)
        default: continue
        }
        return
      case ("text", "plain"):
        switch version {
        case nil, "0.0.4": self = .plainText
        case "1.0.0": self.init(format: .text, version: "1.0.0", escaping: escaping)
        default: continue
        }
        return
      case ("*", "*"), ("text", "*"):
        return
      default:
        continue
      }
    }
  }

  /// The `Content-Type` of the answer. From version 1.0.0 on it repeats the escaping.
  public var contentType: String {
    let type = format == .openMetrics ? "application/openmetrics-text" : "text/plain"
    let head = "\(type); version=\(version); charset=utf-8"
    return version == "1.0.0" ? "\(head); escaping=\(escaping.rawValue)" : head
  }
}
