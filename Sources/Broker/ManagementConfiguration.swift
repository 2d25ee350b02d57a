import Collection
import StrictYAML

/// The block `management:` of the configuration: where RabbitMQ's management API is, and as whom to
/// read it.
///
///     management:
///       url: http://rabbitmq:15672
///       username: harecast
///       password_file: /etc/harecast/password
///       interval: 1m
///       timeout: 5s
///
/// `tls_config`, `proxy_url`, `basic_auth` and the like are read as in a scrape configuration.
public struct ManagementConfiguration: Sendable, Equatable {
  /// The address before `/api`, without a slash at the end.
  public var url: String
  /// How to speak HTTP to it, user and password included.
  public var access: HTTPAccess
  /// From one poll to the next, in milliseconds.
  public var interval: Int64
  /// For one request, in milliseconds. It is short, since a hung node makes the API of others hang.
  public var timeout: Int64

  /// The longest interval: what is polled must not go stale between polls, which it does after
  /// five minutes.
  public static let longestInterval: Int64 = 240_000

  /// Reads the block.
  ///
  /// - Parameter folder: What relative paths are relative to: the configuration file's folder.
  /// - Throws: A `YAMLError` with the place of the first fault.
  public init(yaml node: YAMLNode, folder: String = "") throws(YAMLError) {
    var reader = try MappingReader(node, "management")
    url = try reader.string("url")
    while url.hasSuffix("/") { url.removeLast() }
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
      throw reader.error("url", "url: \"\(url.prefix(80))\" does not begin with http:// or https://")
    }
    if url.contains("@") {
      throw reader.error("url", "url: put the user into username and password_file, not into the address")
    }
    if url.hasSuffix("/api") || url.contains("?") || url.contains("#") {
      throw reader.error("url", "url: give the address before /api, for instance http://rabbitmq:15672")
    }
    interval = try reader.optionalDuration("interval") ?? 60_000
    if !(1000...Self.longestInterval).contains(interval) {
      throw reader.error("interval", "interval must be from 1s to 4m, or what is polled would go stale")
    }
    timeout = try reader.optionalDuration("timeout") ?? min(5000, interval)
    if !(1...interval).contains(timeout) {
      throw reader.error("timeout", "timeout must be over 0 and at most the interval")
    }
    let username = try reader.optionalString("username")
    let password = try Self.password(&reader, folder)
    access = try HTTPAccess(&reader, directory: folder)
    if let username {
      if access.basicUsername != nil || access.credentials != nil {
        throw reader.error("username", "at most one of username, basic_auth and authorization may be given")
      }
      access.basicUsername = Secret(username)
      access.basicPassword = password
    } else if password != nil {
      throw YAMLError(reader.place, "management has a password but no username")
    }
    try reader.finish()
  }

  private static func password(_ reader: inout MappingReader, _ folder: String) throws(YAMLError) -> Secret? {
    let inline = try reader.optionalString("password")
    let file = try reader.optionalString("password_file")
    if inline != nil, file != nil {
      throw reader.error("password_file", "at most one of password and password_file may be given")
    }
    if let file { return Secret(file: file.hasPrefix("/") || folder.isEmpty ? file : folder + "/" + file) }
    return inline.map { Secret($0) }
  }
}
