/// Why a request brought no response.
public enum HTTPFetchError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The request itself cannot be sent.
  case invalidRequest(String)
  /// The host's name has no address.
  case resolve(String)
  /// Nobody accepted the connection.
  case refused(String)
  /// The time was up, after this many milliseconds.
  case timeout(milliseconds: Int64)
  /// The TLS handshake failed.
  case tls(String)
  /// The body is larger than allowed.
  case bodyTooLarge(limit: Int)
  /// The header fields are larger than allowed.
  case headersTooLarge(limit: Int)
  /// The body ended before its announced length.
  case truncated
  /// The body is not compressed as its header says.
  case badEncoding
  /// The connection broke.
  case connectionLost(String)
  /// More redirects than allowed.
  case tooManyRedirects(limit: Int)
  /// The server does not speak HTTP.
  case badResponse(String)
  /// The task that waited was cancelled.
  case cancelled
  /// The client was shut down.
  case shutDown
  /// Anything else that libcurl reports.
  case other(String)

  /// A short constant word, fit to be the value of a metric's label.
  public var code: String {
    switch self {
    case .invalidRequest: "invalid_request"
    case .resolve: "resolve"
    case .refused: "refused"
    case .timeout: "timeout"
    case .tls: "tls"
    case .bodyTooLarge: "body_too_large"
    case .headersTooLarge: "headers_too_large"
    case .truncated: "truncated"
    case .badEncoding: "bad_encoding"
    case .connectionLost: "connection_lost"
    case .tooManyRedirects: "too_many_redirects"
    case .badResponse: "bad_response"
    case .cancelled: "cancelled"
    case .shutDown: "shut_down"
    case .other: "other"
    }
  }

  /// One readable line.
  public var description: String {
    switch self {
    case .invalidRequest(let reason): "the request cannot be sent: \(reason)"
    case .resolve(let reason): "the host name cannot be resolved: \(reason)"
    case .refused(let reason): "cannot connect: \(reason)"
    case .timeout(let milliseconds): "no complete answer within \(HTTPFetchError.seconds(milliseconds)) s"
    case .tls(let reason): "the TLS connection failed: \(reason)"
    case .bodyTooLarge(let limit): "the body is larger than the limit of \(limit) bytes"
    case .headersTooLarge(let limit): "the header is larger than the limit of \(limit) bytes"
    case .truncated: "the body ended before its announced length"
    case .badEncoding: "the body is not valid in the encoding that its header names"
    case .connectionLost(let reason): "the connection broke: \(reason)"
    case .tooManyRedirects(let limit): "more than \(limit) redirects"
    case .badResponse(let reason): "the server's answer is not HTTP: \(reason)"
    case .cancelled: "cancelled"
    case .shutDown: "the HTTP client was shut down"
    case .other(let reason): reason
    }
  }

  private static func seconds(_ milliseconds: Int64) -> String {
    milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(Double(milliseconds) / 1000)"
  }
}
