import Collection
import StrictYAML
import TimeSeries

extension DeliveryConfiguration {
  /// Reads the block `influxdb:`, one destination or a list of them.
  ///
  ///     influxdb:
  ///       url: http://influxdb:8086
  ///       version: 2                 # or 1
  ///       org: operations
  ///       bucket: rabbitmq
  ///       token_file: influxdb.token
  ///
  /// - Parameter directory: where relative paths start.
  /// - Throws: `YAMLError` with the place of the first fault.
  public static func influxDBs(_ node: YAMLNode?, directory: String) throws(YAMLError) -> [DeliveryConfiguration] {
    guard let node else { return [] }
    var nodes = [node]
    if case .sequence = node.content { nodes = try node.items("influxdb") }
    var result: [DeliveryConfiguration] = []
    for item in nodes { result.append(try DeliveryConfiguration(influxDB: item, directory: directory)) }
    try checkNames(result, nodes)
    return result
  }

  init(influxDB node: YAMLNode, directory: String) throws(YAMLError) {
    var reader = try MappingReader(node, "influxdb")
    var url = try reader.string("url")
    while url.hasSuffix("/") { url.removeLast() }
    let version = try reader.optionalInt("version") ?? (reader.has("database") ? 1 : 2)
    guard version == 1 || version == 2 else { throw reader.error("version", "version must be 1 or 2") }
    let foreign =
      version == 1
      ? ["token", "token_file", "org", "bucket"]
      : ["database", "retention_policy", "username", "password", "password_file"]
    for key in foreign where reader.has(key) {
      throw reader.error(key, "\"\(key)\" does not belong to version \(version) of InfluxDB")
    }
    let place: InfluxDBTarget.Place =
      try version == 1
      ? .database(.init(name: reader.string("database"), retentionPolicy: reader.optionalString("retention_policy")))
      : .bucket(.init(organization: reader.string("org"), name: reader.string("bucket")))
    var target = InfluxDBTarget(place: place)
    target.field = try reader.optionalString("field") ?? target.field
    if !LineProtocol.isName(target.field) {
      throw reader.error("field", "field: \"\(target.field.prefix(60))\" cannot be the name of a field")
    }
    self.init(name: url, url: url, format: .influxDB(target))
    if url.contains("?") || url.hasSuffix("/write") {
      throw reader.error("url", "url: give the address before the path of writing, for instance http://influxdb:8086")
    }
    timeout = try reader.optionalDuration("timeout") ?? timeout
    let token = try Self.secret(&reader, "token", directory)
    let username = try reader.optionalString("username")
    let password = try Self.secret(&reader, "password", directory)
    try readShared(&reader, directory: directory)
    if token != nil || username != nil, access.basicUsername != nil || access.credentials != nil {
      throw YAMLError(
        reader.place, "give the token or the user either here or in authorization or basic_auth, not twice")
    }
    if password != nil, username == nil { throw YAMLError(reader.place, "a password needs a username") }
    if let token {
      access.authorizationType = "Token"
      access.credentials = token
    }
    if let username {
      access.basicUsername = Secret(username)
      access.basicPassword = password
    }
    try reader.finish()
  }

  private static func secret(
    _ reader: inout MappingReader, _ key: String, _ directory: String
  ) throws(YAMLError) -> Secret? {
    let text = try reader.optionalString(key)
    let file = try reader.optionalString("\(key)_file")
    if text != nil, file != nil { throw reader.error("\(key)_file", "write \(key) or \(key)_file, not both") }
    return text.map { Secret($0) } ?? file.map { Secret(file: $0, in: directory) }
  }
}
