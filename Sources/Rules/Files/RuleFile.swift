import AnomalyDetection
import Forecasting
import PromQL
import TimeSeries

/// One file of rules.
public struct RuleFile: Sendable {
  /// The file's name as it was given.
  public var path: String
  public var groups: [RuleGroup]

  /// The number of rules in all groups.
  public var ruleCount: Int { groups.reduce(0) { $0 + $1.rules.count } }
}

/// Rules that are evaluated one after the other, at one time.
public struct RuleGroup: Sendable {
  public var name: String
  /// Milliseconds between two evaluations, or nil for the default.
  public var interval: Int64?
  /// How many milliseconds before the time of the evaluation the rules look, or nil for the default.
  public var queryOffset: Int64?
  /// The most series or alerts that a rule may give; 0 for no bound.
  public var limit: Int
  public var labels: Labels
  public var rules: [Rule]

  /// Whether `other` would do the same.
  func isSame(as other: RuleGroup) -> Bool {
    name == other.name && interval == other.interval && queryOffset == other.queryOffset && limit == other.limit
      && labels == other.labels && rules.map(\.definition) == other.rules.map(\.definition)
  }
}

/// One rule.
public struct Rule: Sendable {
  /// What the rule is for.
  public enum Kind: Sendable {
    /// Records the value of the expression.
    case recording
    /// Records what the value of the expression will be.
    case forecast(ForecastBlock)
    /// Records how unusual the value of the expression is.
    case anomaly(AnomalyBlock)
    /// Gives an alert for every element of the expression's value.
    case alerting(AlertBlock)
  }

  /// The name of the recorded series or of the alert.
  public var name: String
  public var kind: Kind
  public var expression: Expression
  /// The expression as written.
  public var expressionText: String
  /// The labels of the rule merged over those of its group; for an alert, templates.
  public var labels: [Label]
  /// Everything that was written of the rule, for comparison with another version of its file.
  var definition: String

  /// Whether the rule gives alerts.
  public var isAlerting: Bool { if case .alerting = kind { true } else { false } }
}

/// What an alerting rule says beyond its expression.
public struct AlertBlock: Sendable {
  /// How many milliseconds an alert is pending before it fires.
  public var hold: Int64
  /// How many milliseconds an alert goes on firing after its reason is gone.
  public var keepFiringFor: Int64
  /// The annotations as written, sorted by name.
  public var annotations: [Label]
  /// The templates of the labels and of the annotations, in their order.
  var labelTemplates: [Template]
  var annotationTemplates: [Template]
}

/// What a `forecast` block asks for.
public struct ForecastBlock: Sendable {
  /// What is forecast.
  public enum Target: Sendable {
    /// The value at some horizons.
    case horizons([Horizon])
    /// When the signal first reaches a limit.
    case limit(ThresholdTarget)
  }

  /// One horizon.
  public struct Horizon: Sendable, Equatable {
    /// As written, the value of the label `horizon`.
    public var text: String
    public var milliseconds: Int64
  }

  /// The limit of a signal.
  public struct ThresholdTarget: Sendable {
    /// The expression that gives the limits.
    public var expression: Expression
    public var text: String
    /// How many milliseconds ahead it matters whether the limit is reached.
    public var horizon: Int64
    /// The main series is recorded from this probability of reaching the limit on.
    public var probability: Double
  }

  /// A signal beside the one that is forecast.
  public struct Companion: Sendable {
    public var expression: Expression
    public var text: String
  }

  public var target: Target
  /// Ascending.
  public var quantiles: [Double]
  /// The names of the models; of several the one that did best on the newest part of the history is used.
  public var models: [String]
  /// Signals that models which look at them are given beside the one they forecast: for each series the element with the
  /// same labels, or the one without labels.
  public var companions: [Companion] = []
  /// The name of the trained model that stands before them; they then serve the series that it does not know.
  public var trainedName: String?
  /// That model, once it was attached.
  public var trained: TrainedModel?
  /// Local time and special days, for models that look at them; see ``RuleFile/attachCalendar(_:named:)``.
  public var calendar = ForecastCalendar()
  /// How many milliseconds of history the models learn from.
  public var history: Int64
  /// Milliseconds between two values that the models see.
  public var step: Int64
  /// The most series that are forecast.
  public var limit: Int
  /// Forecasts of a series are not recorded while their measured skill is below this; nil for no such demand.
  public var minimumSkill: Double?
}

/// What an `anomaly` block asks for.
public struct AnomalyBlock: Sendable {
  /// How many milliseconds of history are learnt at the start.
  public var history: Int64
  /// Milliseconds between two values that are scored, or nil for the group's interval.
  public var step: Int64?
  /// How often a day a healthy signal may cross the score 1.
  public var falseAlarmsPerDay: Double
  public var direction: AnomalyDirection
  /// How far a value must be from what was expected to count.
  public var deadBand = DeadBand()
  /// The most series that are scored.
  public var limit: Int
  /// The detectors by name, at least one.
  public var detectors = [SignalWatch.auto]
  /// The labels that say which thing a signal belongs to; the signals of each thing are then judged together.
  public var by: [String] = []

  /// Whether a forecaster of the same signals is asked what it had expected.
  var asksForecaster: Bool { detectors.contains(ForecastResidual.detector) }
}

extension Rule {
  /// Whether the rule forecasts the value of `expression`.
  func isForecast(of expression: Expression) -> Bool {
    guard case .forecast = kind else { return false }
    return self.expression.description == expression.description
  }
}

/// What is wrong with a rule file, and where.
public struct RuleFileError: Error, Sendable, Equatable, CustomStringConvertible {
  public var path: String
  /// From 1; 0 if the place is unknown.
  public var line: Int
  public var column: Int
  /// What is wrong, with the group and the rule.
  public var message: String

  public init(path: String, line: Int, column: Int, message: String) {
    self.path = path
    self.line = line
    self.column = column
    self.message = message
  }

  /// `file: line:column: message`, as promtool writes it.
  public var description: String {
    line == 0 ? "\(path): \(message)" : "\(path): \(line):\(column): \(message)"
  }
}

/// Everything that is wrong with one or more rule files.
public struct RuleFileErrors: Error, Sendable, Equatable, CustomStringConvertible {
  public var errors: [RuleFileError]

  public init(errors: [RuleFileError]) { self.errors = errors }

  /// One line for each error.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}
