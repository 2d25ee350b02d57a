import Collection
import StrictYAML
import TimeSeries

/// The `alerting` section: what becomes of alerts that leave, and where they go.
public struct AlertingConfiguration: Sendable, Equatable {
  /// Applied to every alert, after external labels.
  public var relabelRules: [RelabelRule] = []
  public var alertmanagers: [AlertmanagerConfiguration] = []

  public init() {}
}

/// One entry of `alerting.alertmanagers`: Alertmanagers that are found and reached in the same way.
public struct AlertmanagerConfiguration: Sendable, Equatable {
  public var scheme = "http"
  /// What stands before `/api/v2/alerts` in the path.
  public var pathPrefix = ""
  /// Real milliseconds for one request.
  public var timeout: Int64 = 10_000
  public var access = HTTPAccess()
  public var sources = TargetSources()
  /// Applied to what was discovered.
  public var relabelRules: [RelabelRule] = []
  /// Applied to the alerts for these Alertmanagers, after those for all.
  public var alertRelabelRules: [RelabelRule] = []

  public init() {}

  /// The Alertmanager at a URL such as `https://am.example.org:9093/prefix`.
  ///
  /// - Parameter url: scheme, host, port and perhaps a path; nothing else.
  /// - Returns: nil if `url` is not of that form.
  public init?(url: String) {
    self.init()
    guard let colon = url.firstRange(of: "://") else { return nil }
    scheme = url[..<colon.lowerBound].lowercased()
    let rest = url[colon.upperBound...]
    let address = String(rest.prefix { $0 != "/" })
    pathPrefix = String(rest.dropFirst(address.count))
    guard ["http", "https"].contains(scheme), URLText.isHostAndPort(address),
      !pathPrefix.contains(where: { "?#".contains($0) })
    else { return nil }
    sources.staticGroups = [TargetGroup(targets: [address])]
  }
}

extension AlertingConfiguration {
  /// Reads the section.
  ///
  /// - Parameter directory: where relative paths start.
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode, directory: String) throws(YAMLError) {
    var reader = try MappingReader(node, "alerting")
    relabelRules = try RelabelRule.rules(reader.sequence("alert_relabel_configs"))
    for node in try reader.sequence("alertmanagers") {
      alertmanagers.append(try AlertmanagerConfiguration(node, directory: directory))
    }
    try reader.finish()
  }
}

extension AlertmanagerConfiguration {
  /// Reads one entry of `alertmanagers`.
  ///
  /// - Parameter directory: where relative paths start.
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode, directory: String) throws(YAMLError) {
    self.init()
    var reader = try MappingReader(node, "an Alertmanager configuration")
    scheme = try reader.optionalString("scheme")?.lowercased() ?? scheme
    if scheme != "http" && scheme != "https" { throw reader.error("scheme", "scheme must be http or https") }
    pathPrefix = try reader.optionalString("path_prefix") ?? pathPrefix
    timeout = try reader.optionalDuration("timeout") ?? timeout
    if timeout <= 0 { throw reader.error("timeout", "timeout must be longer than zero") }
    let version = try reader.optionalString("api_version") ?? "v2"
    if version == "v1" {
      throw reader.error(
        "api_version",
        "expected Alertmanager api version to be one of [v2] but got v1: Alertmanager 0.27 and later "
          + "have no v1")
    }
    if version != "v2" {
      throw reader.error(
        "api_version", "expected Alertmanager api version to be one of [v2] but got \(version.prefix(20))")
    }
    access = try HTTPAccess(&reader, directory: directory)
    sources = try TargetSources(&reader, directory: directory)
    relabelRules = try RelabelRule.rules(reader.sequence("relabel_configs"))
    alertRelabelRules = try RelabelRule.rules(reader.sequence("alert_relabel_configs"))
    try reader.finish()
  }
}
