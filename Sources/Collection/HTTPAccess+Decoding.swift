import HTTPFetch
import StrictYAML

extension HTTPAccess {
  /// Takes the keys of Prometheus's HTTP client settings out of `reader`: `basic_auth`, `authorization`,
  /// `bearer_token`, `tls_config`, `proxy_url`, `follow_redirects` and the like.
  ///
  /// - Parameter directory: where relative paths start.
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ reader: inout MappingReader, directory: String) throws(YAMLError) {
    self.init()
    try reader.refuse("oauth2", "use authorization with credentials_file")
    try reader.refuse("sigv4", "requests are not signed for a cloud's services")
    let methods = ["basic_auth", "authorization", "bearer_token", "bearer_token_file"].filter { reader.has($0) }
    if methods.count > 1 {
      throw reader.error(methods[1], "at most one of \(methods.joined(separator: ", ")) can be configured")
    }
    if let basic = try reader.optionalMapping("basic_auth") { try readBasic(basic, directory) }
    if let authorization = try reader.optionalMapping("authorization") {
      try readAuthorization(authorization, directory)
    }
    if let token = try reader.optionalString("bearer_token") { credentials = Secret(token) }
    if let path = try reader.optionalString("bearer_token_file") {
      credentials = Secret(file: SmallFile.resolve(path, in: directory))
    }
    if let settings = try reader.optionalMapping("tls_config") { try readTLS(settings, directory) }
    followsRedirects = try reader.optionalBool("follow_redirects") ?? true
    // Only HTTP/1.1 is spoken, whatever is allowed.
    _ = try reader.optionalBool("enable_http2")
    try readProxy(&reader)
    if let node = reader.optionalNode("http_headers") { try readHeaders(node, directory) }
  }

  private mutating func readBasic(_ reader: MappingReader, _ directory: String) throws(YAMLError) {
    var reader = reader
    try reader.refuse("username_ref", "write username or username_file")
    try reader.refuse("password_ref", "write password or password_file")
    let name = try reader.optionalString("username")
    let nameFile = try reader.optionalString("username_file")
    if name != nil && nameFile != nil {
      throw reader.error("username_file", "write username or username_file, not both")
    }
    basicUsername = nameFile.map { Secret(file: SmallFile.resolve($0, in: directory)) } ?? Secret(name ?? "")
    let password = try reader.optionalString("password")
    let passwordFile = try reader.optionalString("password_file")
    if password != nil && passwordFile != nil {
      throw reader.error("password_file", "write password or password_file, not both")
    }
    basicPassword =
      password.map { Secret($0) } ?? passwordFile.map { Secret(file: SmallFile.resolve($0, in: directory)) }
    try reader.finish()
  }

  private mutating func readAuthorization(_ reader: MappingReader, _ directory: String) throws(YAMLError) {
    var reader = reader
    try reader.refuse("credentials_ref", "write credentials or credentials_file")
    let type = SmallFile.trimmed(try reader.optionalString("type") ?? "Bearer")
    if type.lowercased() == "basic" { throw reader.error("type", "for basic authentication write basic_auth") }
    authorizationType = type.isEmpty ? "Bearer" : type
    let inline = try reader.optionalString("credentials")
    let file = try reader.optionalString("credentials_file")
    if inline != nil && file != nil {
      throw reader.error("credentials_file", "write credentials or credentials_file, not both")
    }
    credentials = inline.map { Secret($0) } ?? file.map { Secret(file: SmallFile.resolve($0, in: directory)) }
    try reader.finish()
  }

  private mutating func readTLS(_ reader: MappingReader, _ directory: String) throws(YAMLError) {
    var reader = reader
    for key in ["ca_ref", "cert_ref", "key_ref"] { try reader.refuse(key, "write the text or a file") }
    tls.authority = try HTTPAccess.pem(&reader, "ca", directory)
    tls.certificate = try HTTPAccess.pem(&reader, "cert", directory)
    if let key = try HTTPAccess.pem(&reader, "key", directory) {
      if case .text(let text) = key { inlineKey = Secret(text) } else { tls.key = key }
    }
    let hasKey = tls.key != nil || inlineKey != nil
    if (tls.certificate != nil) != hasKey {
      throw YAMLError(reader.place, "a client certificate and its key are needed together")
    }
    tls.serverName = try reader.optionalString("server_name")
    tls.isVerificationOff = try reader.optionalBool("insecure_skip_verify") ?? false
    tls.minimumVersion = try HTTPAccess.version(&reader, "min_version") ?? .tls12
    tls.maximumVersion = try HTTPAccess.version(&reader, "max_version")
    if let maximum = tls.maximumVersion, maximum.rawValue < tls.minimumVersion.rawValue {
      throw reader.error("max_version", "max_version is less than min_version")
    }
    try reader.finish()
  }

  private static func pem(
    _ reader: inout MappingReader, _ key: String, _ directory: String
  ) throws(YAMLError) -> TLSOptions.PEM? {
    let text = try reader.optionalString(key)
    let file = try reader.optionalString("\(key)_file")
    if text != nil && file != nil { throw reader.error(key, "write \(key) or \(key)_file, not both") }
    if let file { return .file(SmallFile.resolve(file, in: directory)) }
    return text.map { .text($0) }
  }

  private static func version(_ reader: inout MappingReader, _ key: String) throws(YAMLError) -> TLSOptions.Version? {
    switch try reader.optionalString(key) {
    case nil: return nil
    case "TLS10": return .tls10
    case "TLS11": return .tls11
    case "TLS12": return .tls12
    case "TLS13": return .tls13
    case let other?:
      throw reader.error(key, "unknown TLS version \"\(other.prefix(20))\"; write TLS10, TLS11, TLS12 or TLS13")
    }
  }

  private mutating func readProxy(_ reader: inout MappingReader) throws(YAMLError) {
    proxyURL = try reader.optionalString("proxy_url")
    noProxy = try reader.optionalString("no_proxy")
    if try reader.optionalBool("proxy_from_environment") == true {
      throw reader.error("proxy_from_environment", "\"proxy_from_environment\" is not supported: write proxy_url")
    }
    try reader.refuse("proxy_connect_header", "proxies get no headers of their own")
    if noProxy != nil && proxyURL == nil { throw reader.error("no_proxy", "no_proxy needs proxy_url") }
  }

  private mutating func readHeaders(_ node: YAMLNode, _ directory: String) throws(YAMLError) {
    let reserved: Set<String> = [
      "authorization", "host", "content-encoding", "content-length", "content-type", "user-agent", "connection",
      "keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding",
      "x-prometheus-scrape-timeout-seconds", "transfer-encoding", "accept",
    ]
    for entry in try node.entries("http_headers") {
      if reserved.contains(entry.key.lowercased()) {
        throw YAMLError(entry.keyPlace, "the header \"\(entry.key)\" cannot be set here")
      }
      var reader = try MappingReader(entry.value, "the header \"\(entry.key)\"")
      for value in try reader.strings("values") { headers.append((entry.key, Secret(value))) }
      for value in try reader.strings("secrets") { headers.append((entry.key, Secret(value))) }
      for path in try reader.strings("files") {
        headers.append((entry.key, Secret(file: SmallFile.resolve(path, in: directory))))
      }
      try reader.finish()
    }
  }
}
