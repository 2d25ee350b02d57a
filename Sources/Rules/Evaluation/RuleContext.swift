import Exposition
import PromQL
import SeriesStore
import TimeSeries

/// What rules are evaluated with, apart from their files.
public struct RuleManagerConfiguration: Sendable {
  /// Milliseconds between two evaluations of a group that does not say otherwise.
  public var evaluationInterval: Int64
  /// How many milliseconds rules look back from the time of their evaluation where their group does not say.
  public var queryOffset: Int64
  /// The labels that this server adds to what it sends elsewhere; templates can see them.
  public var externalLabels: Labels
  /// The address under which users reach this server.
  public var externalURL: String

  public init(
    evaluationInterval: Int64 = 60_000, queryOffset: Int64 = 0, externalLabels: Labels = .empty,
    externalURL: String = ""
  ) {
    self.evaluationInterval = max(1000, evaluationInterval)
    self.queryOffset = max(0, queryOffset)
    self.externalLabels = externalLabels
    self.externalURL = externalURL
  }
}

/// A rule has begun to fail, fails in another way, or works again.
public struct RuleEvent: Sendable, Equatable {
  public var file: String
  public var group: String
  public var rule: String
  /// Why the rule fails; nil if it works again.
  public var error: String?
}

/// The parts of the process that rules work with.
struct RuleContext: Sendable {
  let store: SeriesStore
  let engine: QueryEngine
  let registry: MetricRegistry
  let time: any TimeSource
  let configuration: RuleManagerConfiguration
  let report: @Sendable (RuleEvent) -> Void
}
