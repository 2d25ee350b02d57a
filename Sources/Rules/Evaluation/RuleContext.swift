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
  /// The address under which users reach this server, without a slash at its end.
  public var externalURL: String
  /// The least milliseconds between two notifications of the same alert.
  public var resendDelay: Int64
  /// How many milliseconds this server may have been away for alerts to go on where they were.
  public var outageTolerance: Int64
  /// The least milliseconds for which an alert that was pending before a restart is pending after it. Alerts with a
  /// shorter `for` need no such care.
  public var gracePeriod: Int64

  /// The least milliseconds between two times at which the models of a rule are kept for the next process.
  public var modelSpacing: Int64 = 600_000

  /// The share of one core that models which are slow to train are trained with.
  public var trainingShare = 0.25

  public init(
    evaluationInterval: Int64 = 60_000, queryOffset: Int64 = 0, externalLabels: Labels = .empty,
    externalURL: String = "", resendDelay: Int64 = 60_000, outageTolerance: Int64 = 3_600_000,
    gracePeriod: Int64 = 600_000
  ) {
    self.evaluationInterval = max(1000, evaluationInterval)
    self.queryOffset = max(0, queryOffset)
    self.externalLabels = externalLabels
    self.externalURL = externalURL.hasSuffix("/") ? String(externalURL.dropLast()) : externalURL
    self.resendDelay = max(0, resendDelay)
    self.outageTolerance = max(0, outageTolerance)
    self.gracePeriod = max(0, gracePeriod)
  }
}

/// A rule has begun to fail, fails in another way, or works again.
public struct RuleEvent: Sendable, Equatable {
  public var file: String
  public var group: String
  public var rule: String
  /// Why the rule fails; nil if it works again.
  public var error: String?
  /// Something else worth knowing that is no failure; then `error` says nothing.
  public var note: String?
}

/// The parts of the process that rules work with.
struct RuleContext: Sendable {
  let store: SeriesStore
  let engine: QueryEngine
  let registry: MetricRegistry
  let time: any TimeSource
  let configuration: RuleManagerConfiguration
  /// Keeps what a restart must not lose; nil where nothing outlives the process.
  let keeper: (any StateKeeper)?
  let notify: (@Sendable ([AlertNotification]) -> Void)?
  /// Trains models that are slow to train; nil where evaluations do that themselves.
  let trainer: ModelTrainer?
  /// Whether predictions learn all histories at once, however long it takes, so that they depend on nothing but data.
  let learnsEverything: Bool
  let report: @Sendable (RuleEvent) -> Void
}
