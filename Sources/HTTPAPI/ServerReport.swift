import TimeSeries

/// What the status pages show that neither the store nor the rules know.
public struct ServerReport: Sendable {
  /// The configuration in force, as YAML without secrets.
  public var configuration: @Sendable () -> String = { "" }
  /// The command line's flags by name, without dashes.
  public var flags: [String: String] = [:]
  /// When the process started, in UTC milliseconds; nil if that is not known.
  public var startTime: Int64?
  /// Whether the last reload succeeded, and when the last successful one was, in UTC milliseconds.
  public var lastReload: @Sendable () -> (succeeded: Bool, time: Int64?) = { (true, nil) }
  /// The URLs of the Alertmanagers that alerts are sent to, and of those that relabelling dropped.
  public var alertmanagers: @Sendable () -> (active: [String], dropped: [String]) = { ([], []) }
  /// Labels that `/federate` adds to series that lack them.
  public var externalLabels = Labels.empty
  /// The web pages that may read answers from other origins; nil for all.
  public var corsOrigin: RegularExpression?

  public init() {}
}
