import Collection
import TimeSeries

/// One Alertmanager: where it is and how it is reached.
struct AlertmanagerTarget: Sendable, Equatable {
  /// The address to which alerts are posted.
  var url: String
  var timeout: Int64
  var access: HTTPAccess
  var alertRelabelRules: [RelabelRule]
}

extension AlertmanagerTarget {
  /// What a discovered label set comes to.
  enum Finding {
    case target(AlertmanagerTarget)
    /// Relabelling drops the Alertmanager with this URL.
    case dropped(String)
    case invalid(String)
  }

  /// Fills in the configuration's settings, relabels, and reads scheme, address and path, as Prometheus does.
  static func find(_ discovered: Labels, _ configuration: AlertmanagerConfiguration) -> Finding {
    let slash: Character = "/"
    let prefix = configuration.pathPrefix.split(separator: slash).map { "/\($0)" }.joined()
    var labels = discovered
    for (name, value) in [("__scheme__", configuration.scheme), ("__alerts_path__", prefix + "/api/v2/alerts")] {
      labels = labels.setting(name, to: value)
    }
    guard let kept = RelabelRule.apply(configuration.relabelRules, to: labels) else { return .dropped(url(labels)) }
    let address = kept["__address__"] ?? ""
    let scheme = kept["__scheme__"] ?? ""
    guard URLText.isHostAndPort(address) else {
      return .invalid("\"\(address.prefix(100))\" is not a valid host and port")
    }
    guard scheme == "http" || scheme == "https" else {
      return .invalid("\"\(scheme.prefix(20))\" is not a scheme; it must be http or https")
    }
    return .target(
      AlertmanagerTarget(
        url: url(kept), timeout: configuration.timeout, access: configuration.access,
        alertRelabelRules: configuration.alertRelabelRules))
  }

  private static func url(_ labels: Labels) -> String {
    let path = URLText.path(labels["__alerts_path__"] ?? "")
    return "\(labels["__scheme__"] ?? "http")://\(labels["__address__"] ?? "")\(path)"
  }
}
