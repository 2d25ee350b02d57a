import StrictYAML

/// Where targets come from: a job's to be scraped, or Alertmanagers.
public struct TargetSources: Sendable, Equatable {
  public var staticGroups: [TargetGroup] = []
  public var fileDiscoveries: [FileDiscoveryConfiguration] = []
  public var dnsDiscoveries: [DNSDiscoveryConfiguration] = []

  public init() {}

  /// The discoveries that have to run.
  public var kinds: [TargetDiscovery.Kind] {
    fileDiscoveries.map { .file($0) } + dnsDiscoveries.map { .dns($0) }
  }
}

extension TargetSources {
  /// Takes `static_configs`, `file_sd_configs` and `dns_sd_configs` out of `reader`.
  ///
  /// - Parameter directory: where relative paths start.
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ reader: inout MappingReader, directory: String) throws(YAMLError) {
    self.init()
    for node in try reader.sequence("static_configs") { staticGroups.append(try TargetGroup(node)) }
    for node in try reader.sequence("file_sd_configs") {
      var settings = try MappingReader(node, "a file discovery")
      let files = try settings.strings("files")
      if files.isEmpty { throw YAMLError(node.place, "a file discovery needs the key \"files\"") }
      for file in files where !FileDiscovery.isNameAllowed(file) {
        throw settings.error("files", "\"\(file.prefix(100))\" must end in .json, .yml or .yaml")
      }
      let refresh = try settings.positiveDuration("refresh_interval") ?? 300_000
      let paths = files.map { SmallFile.resolve($0, in: directory) }
      fileDiscoveries.append(FileDiscoveryConfiguration(files: paths, refreshInterval: refresh))
      try settings.finish()
    }
    for node in try reader.sequence("dns_sd_configs") { dnsDiscoveries.append(try DNSDiscoveryConfiguration(node)) }
    // Only names that Prometheus knows, so that a misspelt one is still an unknown key.
    let others = [
      "aws", "azure", "consul", "digitalocean", "docker", "dockerswarm", "ec2", "eureka", "gce", "hetzner", "http",
      "ionos", "kubernetes", "kuma", "lightsail", "linode", "marathon", "nerve", "nomad", "openstack", "ovhcloud",
      "puppetdb", "scaleway", "serverset", "stackit", "triton", "uyuni", "vultr",
    ]
    for name in others where reader.has("\(name)_sd_configs") {
      try reader.refuse("\(name)_sd_configs", "discover targets with file_sd_configs or dns_sd_configs")
    }
  }
}
