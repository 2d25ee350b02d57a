/// The versions of the remote-write protocol.
public enum WriteProtocol: String, Sendable, CaseIterable {
  /// 1.0: `prometheus.WriteRequest`.
  case v1 = "prometheus.WriteRequest"
  /// 2.0: `io.prometheus.write.v2.Request`, with a table of symbols.
  case v2 = "io.prometheus.write.v2.Request"

  /// What a request of this version says its content is.
  public var contentType: String {
    self == .v1 ? "application/x-protobuf" : "application/x-protobuf;proto=" + rawValue
  }

  /// What a request of this version says in `X-Prometheus-Remote-Write-Version`.
  public var versionHeader: String { self == .v1 ? "0.1.0" : "2.0.0" }

  /// The version that a request's headers speak of. Without a content type it is 1.0, as the first senders had none.
  ///
  /// - Throws: ``WriteRequestError/unsupportedMedia(_:)``.
  public static func negotiated(
    contentType: String?, contentEncoding: String?
  ) throws(WriteRequestError) -> WriteProtocol {
    if let encoding = contentEncoding, encoding.lowercased() != "snappy" {
      throw .unsupportedMedia("the content encoding \"\(encoding.prefix(100))\" is not snappy")
    }
    guard let contentType else { return .v1 }
    let parts = contentType.split(separator: ";").map { part in
      part.drop { $0 == " " || $0 == "\t" }
    }
    let media = parts.first.map { $0.prefix { $0 != " " && $0 != "\t" }.lowercased() } ?? ""
    guard media == "application/x-protobuf" else {
      throw .unsupportedMedia("the content type \"\(contentType.prefix(100))\" is not application/x-protobuf")
    }
    for part in parts.dropFirst() where part.lowercased().hasPrefix("proto=") {
      let name = part.dropFirst("proto=".count).filter { $0 != "\"" && $0 != " " }
      guard let version = WriteProtocol(rawValue: String(name)) else {
        throw .unsupportedMedia("the message \"\(name.prefix(100))\" is not known")
      }
      return version
    }
    return .v1
  }
}

/// Why a remote-write request is refused as a whole.
public enum WriteRequestError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Another content type, message or encoding than those of remote-write: status 415.
  case unsupportedMedia(String)
  /// More bytes than allowed, as sent or as declared: status 413.
  case tooLarge(String)
  /// Not snappy, not protobuf, or against the rules of the message: status 400.
  case malformed(String)

  public var description: String {
    switch self {
    case .unsupportedMedia(let reason), .tooLarge(let reason), .malformed(let reason): reason
    }
  }

  /// The HTTP status that the specification gives it.
  public var status: Int {
    switch self {
    case .unsupportedMedia: 415
    case .tooLarge: 413
    case .malformed: 400
    }
  }
}

/// The bounds of one request.
public struct WriteRequestLimits: Sendable, Equatable {
  /// Bytes as they are sent.
  public var bodyBytes = 32 << 20
  /// Bytes after unpacking, as the body declares them.
  public var decodedBytes = 32 << 20
  /// Series of one request.
  public var series = 200_000
  /// Samples of one request.
  public var samples = 2_000_000
  /// Labels of one series, the metric name included.
  public var labels = 128
  /// Bytes of a label name.
  public var labelNameBytes = 1024
  /// Bytes of a label value.
  public var labelValueBytes = 16_384

  public init() {}
}
