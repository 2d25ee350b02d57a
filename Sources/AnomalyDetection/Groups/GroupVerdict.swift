/// What a `GroupScorer` says about one moment.
public struct GroupVerdict: Sendable, Hashable {
  /// How much one signal has to do with it.
  public struct Contribution: Sendable, Hashable {
    public var signal: String
    public var value: Double
    /// The signal's part, 0 to 1; the parts of all signals that are named add up to 1.
    public var share: Double
    /// The signal's own score; 1.0 is its own alerting line. Where signals are unusual only together, it is small.
    public var score: Double
    public var direction: AnomalyVerdict.Side?
    public var reason: AnomalyVerdict.Reason?
    public var expectedLow: Double
    public var expectedHigh: Double
    /// When the signal's own incident began, or else when it began to have to do with the group's, in UTC milliseconds.
    public var since: Int64?
  }

  /// How unusual the signals are together; 1.0 is the alerting line.
  public var score = 0.0
  /// Whether enough was seen for the score to hold the budget.
  public var isWarmedUp = false
  /// True on the one sample that starts an incident, and again when it has become clearly worse.
  public var alert = false
  /// The timestamp of the sample that started the incident under way.
  public var since: Int64?
  /// The signals that have to do with it, the most involved first; from a score of 0.5 on, and as long as an incident lasts.
  public var contributions: [Contribution] = []

  public init() {}
}
