/// One request to an HTTP server, with its bounds.
public struct HTTPRequest: Sendable {
  /// How the body may be compressed on its way.
  public enum Compression: Sendable, Hashable {
    /// Not at all.
    case none
    /// Gzip is asked for and unpacked; ``HTTPRequest/bodySizeLimit`` counts unpacked bytes. A gzip stream that the
    /// server ends early, in a message of the right length, is not noticed.
    case unpacked
    /// Gzip is asked for and left as it is: the caller looks at `Content-Encoding` and unpacks off the network thread.
    case raw
  }

  /// The absolute URL; only `http` and `https` are spoken.
  public var url: String
  /// The method; `POST` with a body, else `GET`, unless set otherwise.
  public var method: String
  /// Header fields besides those that the client makes itself.
  public var headers: [HTTPHeader]
  /// The body to send, if any.
  public var body: [UInt8]?
  /// Name and password for basic authentication.
  public var basicAuthentication: BasicAuthentication?
  /// The value of the `Authorization` header, for instance `Bearer abc`; not sent on to another host by a redirect.
  public var authorization: String?
  public var compression: Compression = .unpacked
  /// The most bytes of body that are taken; one more is ``HTTPFetchError/bodyTooLarge(limit:)``.
  public var bodySizeLimit = 64 << 20
  /// The most bytes of header fields that are taken, those of redirects included.
  public var headerSizeLimit = 256 << 10
  /// Real milliseconds until the request ends, whatever it is doing.
  public var timeout: Int64 = 10_000
  /// Real milliseconds for resolving, connecting and the TLS handshake; nil leaves it to ``timeout``.
  public var connectTimeout: Int64?
  /// How many redirects are followed; 0 gives the redirect itself as the response.
  public var maximumRedirects = 10
  public var tls = TLSOptions()
  /// The URL of a proxy; nil means none, whatever the environment says.
  public var proxyURL: String?
  /// Hosts that are reached without the proxy, in libcurl's notation (comma separated).
  public var noProxy: String?
  /// A guess of the body's size, to get memory once.
  public var expectedBodySize = 0

  public init(url: String, method: String? = nil, headers: [HTTPHeader] = [], body: [UInt8]? = nil) {
    self.url = url
    self.method = method ?? (body == nil ? "GET" : "POST")
    self.headers = headers
    self.body = body
  }
}

/// A header field.
public struct HTTPHeader: Sendable, Hashable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A user name and a password. Neither prints.
public struct BasicAuthentication: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
  public var username: String
  public var password: String

  public init(username: String, password: String) {
    self.username = username
    self.password = password
  }

  public var description: String { "<secret>" }
  public var debugDescription: String { "<secret>" }
}

/// How TLS connections are made.
public struct TLSOptions: Sendable, Hashable {
  /// A version of the protocol.
  public enum Version: Int, Sendable, Hashable, CaseIterable {
    case tls10 = 4
    case tls11 = 5
    case tls12 = 6
    case tls13 = 7
  }

  /// PEM given as the path of a file or as the text itself.
  public enum PEM: Sendable, Hashable {
    case file(String)
    case text(String)
  }

  /// The authorities to trust instead of the system's.
  public var authority: PEM?
  /// The client's certificate.
  public var certificate: PEM?
  /// The client's private key.
  public var key: PEM?
  /// The name to ask for and to verify instead of the host's.
  public var serverName: String?
  /// Whether any certificate of the server is accepted.
  public var isVerificationOff = false
  /// The least version.
  public var minimumVersion = Version.tls12
  /// The greatest version; nil for the newest there is.
  public var maximumVersion: Version?

  public init() {}
}
