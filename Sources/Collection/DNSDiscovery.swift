import HTTPFetch
import TimeSeries

/// Finds targets in the domain name system (`dns_sd_configs`).
struct DNSDiscovery {
  let configuration: DNSDiscoveryConfiguration
  /// A name that fails keeps its targets.
  private var known: [String: DiscoveredGroup] = [:]

  init(_ configuration: DNSDiscoveryConfiguration) { self.configuration = configuration }

  /// Looks all names up.
  ///
  /// - Returns: all groups, and what could not be resolved.
  mutating func refresh() async -> (groups: [DiscoveredGroup], errors: [String]) {
    var errors: [String] = []
    for name in configuration.names {
      do throws(NameServiceError) {
        known[name] = try await group(name)
      } catch {
        errors.append(error.description)
      }
    }
    return (configuration.names.compactMap { known[$0] }, errors)
  }

  private func group(_ name: String) async throws(NameServiceError) -> DiscoveredGroup {
    var group = DiscoveredGroup(source: name, targets: [], labels: [Label("__meta_dns_name", name)])
    switch configuration.type {
    case .a, .aaaa:
      let addresses = try await NameService.addresses(of: name, version6: configuration.type == .aaaa)
      group.targets = addresses.map { address in
        address.contains(":") ? "[\(address)]:\(configuration.port)" : "\(address):\(configuration.port)"
      }
    case .srv:
      let records = try await NameService.services(of: name)
      group.targets = records.map { "\($0.host):\($0.port)" }
    }
    return group
  }
}
