import AnomalyDetection
import TimeSeries

/// How the last evaluation of a rule went.
public enum RuleHealth: String, Sendable {
  case unknown
  case good = "ok"
  case bad = "err"
}

/// What a rule is and how it fares.
public struct RuleStatus: Sendable {
  public var rule: Rule
  public var health: RuleHealth = .unknown
  /// Why the last evaluation failed; nil if it did not.
  public var lastError: String?
  /// UTC milliseconds; nil before the first evaluation.
  public var lastEvaluation: Int64?
  public var evaluationSeconds = 0.0
  /// The alerts that are pending or firing, in the order of their labels; none for other rules.
  public var alerts: [Alert] = []
  /// The forecasts in force, in the order of their labels; none for other rules.
  public var forecasts: [ForecastReport] = []

  /// The signals that are unusual now, in the order of their labels; none for other rules.
  public var anomalies: [CurrentAnomaly] = []
  /// What operators said about the rule's alerts; untouched for other rules.
  public var feedback = AnomalyFeedback()

  init(rule: Rule) { self.rule = rule }

  /// `firing`, `pending` or `inactive`, whichever is worst among the alerts; `unknown` before the first evaluation.
  public var alertState: String {
    if lastEvaluation == nil { return "unknown" }
    if alerts.contains(where: { $0.state == .firing }) { return AlertState.firing.rawValue }
    return (alerts.isEmpty ? AlertState.inactive : .pending).rawValue
  }
}

/// What a group of rules is and how it fares.
public struct RuleGroupStatus: Sendable {
  public var name: String
  public var file: String
  /// Milliseconds between two evaluations.
  public var interval: Int64
  public var limit: Int
  public var rules: [RuleStatus]
  /// UTC milliseconds; nil before the first evaluation.
  public var lastEvaluation: Int64?
  public var evaluationSeconds = 0.0
  /// Slots that passed unused because an evaluation took too long.
  public var missedIterations = 0
}

/// One series that a rule gives at one evaluation.
struct RuleOutput: Sendable {
  var labels: Labels
  var value: Double
  /// The value if it is a native histogram.
  var histogram: FloatHistogram?
}

/// Why a rule gave nothing.
struct RuleFault: Error, Sendable, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }

  static let duplicateLabels = RuleFault(
    "vector contains metrics with the same labelset after applying rule labels")
}
