import StrictYAML

/// The file that `--web.config.file` names, in Prometheus's format: TLS, header fields, users.
public struct WebConfiguration: Sendable, Equatable {
  /// How connections are encrypted; nil if they are not.
  public var tls: WebTLS?
  /// Header fields that every answer carries.
  public var headers: [(name: String, value: String)] = []
  /// The bcrypt hash of each user's password.
  public var users: [String: String] = [:]

  public static func == (left: WebConfiguration, right: WebConfiguration) -> Bool {
    left.tls == right.tls && left.users == right.users && left.headers.map(\.name) == right.headers.map(\.name)
      && left.headers.map(\.value) == right.headers.map(\.value)
  }

  /// The header fields that may be set, with the values that they may have; none listed means any.
  private static let knownHeaders: [String: [String]] = [
    "Strict-Transport-Security": [], "X-Content-Type-Options": ["nosniff"],
    "X-Frame-Options": ["deny", "sameorigin"], "X-XSS-Protection": [], "Content-Security-Policy": [],
  ]

  /// Reads configuration text.
  ///
  /// - Parameters:
  ///   - file: the name of the file as it shall appear in errors.
  ///   - folder: what relative paths are relative to.
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ text: String, file: String, folder: String) throws(YAMLError) {
    var reader = try MappingReader(YAMLDocument.parse(text, file: file), "the web configuration")
    if let settings = try reader.optionalMapping("tls_server_config") { tls = try WebTLS(settings, folder: folder) }
    if let settings = try reader.optionalMapping("http_server_config") { try readHeaders(settings) }
    if let node = reader.optionalNode("basic_auth_users") {
      for entry in try node.entries("basic_auth_users") {
        let hash = try entry.value.text("the password hash of \"\(entry.key.prefix(80))\"")
        if let fault = PasswordHash.fault(of: hash) {
          throw YAMLError(entry.value.place, "the password of user \"\(entry.key.prefix(80))\": \(fault)")
        }
        users[entry.key] = hash
      }
    }
    try reader.refuse("rate_limit", "requests are not limited in their rate")
    try reader.finish()
  }

  private mutating func readHeaders(_ settings: MappingReader) throws(YAMLError) {
    var reader = settings
    // Only HTTP/1.1 is spoken, whatever is allowed.
    _ = try reader.optionalBool("http2")
    for entry in try reader.optionalNode("headers")?.entries("headers") ?? [] {
      let value = try entry.value.text("the header \"\(entry.key.prefix(80))\"")
      guard let allowed = Self.knownHeaders[entry.key] else {
        let nearest = NearestWord.of(entry.key, in: Self.knownHeaders.keys)
        let hint = nearest.map { "; did you mean \"\($0)\"?" } ?? ""
        throw YAMLError(entry.keyPlace, "the header \"\(entry.key.prefix(80))\" cannot be configured\(hint)")
      }
      if !value.isEmpty, !allowed.isEmpty, !allowed.contains(value) {
        throw YAMLError(
          entry.value.place,
          "\(entry.key): expected one of \(allowed.joined(separator: ", ")), found \"\(value.prefix(60))\"")
      }
      if !value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) {
        throw YAMLError(entry.value.place, "\(entry.key): control characters cannot be sent in a header")
      }
      if !value.isEmpty { headers.append((entry.key, value)) }
    }
    try reader.finish()
  }
}

/// The section `tls_server_config`.
public struct WebTLS: Sendable, Equatable {
  /// Whether and how clients show a certificate.
  public enum ClientCertificates: String, Sendable, CaseIterable {
    case none = "NoClientCert"
    case requested = "RequestClientCert"
    case required = "RequireAnyClientCert"
    case verifiedIfGiven = "VerifyClientCertIfGiven"
    case requiredAndVerified = "RequireAndVerifyClientCert"
  }

  /// A text given as itself or as the path of a file.
  public enum PEM: Sendable, Equatable {
    case text(String)
    case file(String)
  }

  public var certificate: PEM
  public var key: PEM
  public var clientCertificates = ClientCertificates.none
  public var clientAuthority: PEM?
  /// Names of which a client's certificate must bear one; none means any name.
  public var clientNames: [String] = []
  /// From 10 for TLS 1.0 to 13 for TLS 1.3.
  public var minimumVersion = 12
  public var maximumVersion: Int?
  /// Names of cipher suites up to TLS 1.2; empty for the usual ones.
  public var cipherSuites: [String] = []
  public var curves: [String] = []

  /// The files that the settings point to.
  var files: [String] {
    [certificate, key, clientAuthority].compactMap { if case .file(let path) = $0 { path } else { nil } }
  }

  init(_ settings: MappingReader, folder: String) throws(YAMLError) {
    var reader = settings
    guard let certificate = try Self.pem(&reader, "cert", folder) else {
      throw YAMLError(reader.place, "tls_server_config needs the key \"cert_file\"")
    }
    guard let key = try Self.pem(&reader, "key", folder) else {
      throw YAMLError(reader.place, "tls_server_config needs the key \"key_file\"")
    }
    self.certificate = certificate
    self.key = key
    clientAuthority = try Self.pem(&reader, "client_ca", folder)
    if let word = try reader.optionalString("client_auth_type"), !word.isEmpty {
      guard let type = ClientCertificates(rawValue: word) else {
        let nearest = NearestWord.of(word, in: ClientCertificates.allCases.map(\.rawValue))
        let hint = nearest.map { "; did you mean \"\($0)\"?" } ?? ""
        throw reader.error("client_auth_type", "unknown client_auth_type \"\(word.prefix(60))\"\(hint)")
      }
      clientCertificates = type
    }
    if clientAuthority != nil, clientCertificates == .none {
      throw reader.error("client_ca_file", "client_ca_file has no effect without a client_auth_type")
    }
    clientNames = try reader.strings("client_allowed_sans")
    if !clientNames.isEmpty, clientCertificates != .requiredAndVerified {
      throw reader.error(
        "client_allowed_sans", "client_allowed_sans needs client_auth_type: RequireAndVerifyClientCert")
    }
    minimumVersion = try Self.version(&reader, "min_version") ?? 12
    maximumVersion = try Self.version(&reader, "max_version")
    if let maximumVersion, maximumVersion < minimumVersion {
      throw reader.error("max_version", "max_version is less than min_version")
    }
    cipherSuites = try reader.strings("cipher_suites")
    for name in cipherSuites where WebTLSNames.ciphers[name] == nil {
      throw reader.error(
        "cipher_suites", "unknown cipher suite \"\(name.prefix(60))\"\(Self.hint(name, WebTLSNames.ciphers.keys))")
    }
    curves = try reader.strings("curve_preferences")
    for name in curves where WebTLSNames.curves[name] == nil {
      throw reader.error(
        "curve_preferences", "unknown curve \"\(name.prefix(60))\"\(Self.hint(name, WebTLSNames.curves.keys))")
    }
    // The server's order always counts.
    _ = try reader.optionalBool("prefer_server_cipher_suites")
    try reader.finish()
  }

  private static func hint(_ word: String, _ known: some Collection<String>) -> String {
    NearestWord.of(word, in: known).map { "; did you mean \"\($0)\"?" } ?? ""
  }

  private static func pem(_ reader: inout MappingReader, _ key: String, _ folder: String) throws(YAMLError) -> PEM? {
    let text = try reader.optionalString(key)
    let file = try reader.optionalString("\(key)_file")
    if text != nil, file != nil { throw reader.error(key, "write \(key) or \(key)_file, not both") }
    if let file {
      return file.isEmpty ? nil : .file(file.hasPrefix("/") || folder.isEmpty ? file : "\(folder)/\(file)")
    }
    return text.map { .text($0) }
  }

  private static func version(_ reader: inout MappingReader, _ key: String) throws(YAMLError) -> Int? {
    switch try reader.optionalString(key) {
    case nil: return nil
    case "TLS10": return 10
    case "TLS11": return 11
    case "TLS12": return 12
    case "TLS13": return 13
    case let other?:
      throw reader.error(key, "unknown TLS version \"\(other.prefix(20))\"; write TLS10, TLS11, TLS12 or TLS13")
    }
  }
}
