#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Says of one moment of several signals of one thing, a node or a cluster, how unusual they are together, and which
/// of them make it so.
///
/// Each signal has an `AnomalyScorer` of its own. What is judged is the mean of the highest quarter of their scores:
/// one restless signal among many says little, several at once say much, and which ones they are need not be known
/// before. A streaming tail estimate of that mean (`PeaksOverThreshold`) makes it a rate, so that 1.0 is crossed about
/// as often as the budget of false alarms allows, however many signals there are and however they hang together.
public struct GroupScorer: Sendable {
  /// What the group is told; `falseAlarmsPerDay` is the budget of the group as a whole.
  public let options: AnomalyOptions
  /// The names of the signals, in the order of the values.
  public let signals: [String]
  private var scorers: [AnomalyScorer]
  private var tail = PeaksOverThreshold(share: 0.03, leastThreshold: 0.05)
  private var incident = Incident()
  private var newest: Int64?
  private var last = GroupVerdict()

  private static let hour = 3_600_000.0
  private static let largestScore = 10.0

  /// A scorer that has seen nothing of the named signals.
  public init(signals: [String], options: AnomalyOptions = AnomalyOptions()) {
    self.signals = signals
    self.options = options
    scorers = signals.map { _ in AnomalyScorer(options: options) }
  }

  /// Scores one value of each signal (NaN where missing), taken at `timestamp` (UTC milliseconds), then learns them.
  ///
  /// - Complexity: O(signals).
  public mutating func score(_ values: [Double], at timestamp: Int64) -> GroupVerdict {
    if let newest, timestamp <= newest {
      var verdict = last
      verdict.alert = false
      return verdict
    }
    newest = timestamp
    var verdict = GroupVerdict()
    var verdicts: [AnomalyVerdict] = []
    verdicts.reserveCapacity(scorers.count)
    for index in scorers.indices {
      let value = index < values.count ? values[index] : .nan
      verdicts.append(scorers[index].score(value, at: timestamp))
    }
    let present = verdicts.indices.filter { verdicts[$0].disposition == .scored && verdicts[$0].isWarmedUp }
    let scores = present.map { verdicts[$0].score }.sorted(by: >)
    guard !scores.isEmpty else { return conclude(verdict, at: timestamp) }
    var statistic = 0.0
    let quarter = max(1, (scores.count + 3) / 4)
    for score in scores.prefix(quarter) { statistic += score / Double(quarter) }
    let perSample = options.falseAlarmsPerDay * Double(max(1, options.step)) / 86_400_000
    let logBudget = log(min(0.2, max(1e-12, perSample)))
    verdict.isWarmedUp = tail.isReady
    verdict.score = min(Self.largestScore, max(0, tail.logRate(of: statistic) / logBudget))
    tail.add(statistic, isHeld: incident.isYoung(at: timestamp, within: Self.hour))
    verdict.contributions = Self.contributions(signals, values, verdicts, present)
    return conclude(verdict, at: timestamp)
  }

  /// The signals that stand out, by their share in the sum of all scores above half the alerting line.
  private static func contributions(
    _ signals: [String], _ values: [Double], _ verdicts: [AnomalyVerdict], _ present: [Int]
  ) -> [GroupVerdict.Contribution] {
    let standing = present.filter { verdicts[$0].score >= 0.5 }
    var total = 0.0
    for index in standing { total += verdicts[index].score }
    return standing.map { index in
      let verdict = verdicts[index]
      return GroupVerdict.Contribution(
        signal: signals[index], value: values[index], share: verdict.score / total, score: verdict.score,
        direction: verdict.direction, reason: verdict.reason, expectedLow: verdict.expectedLow,
        expectedHigh: verdict.expectedHigh, since: verdict.since)
    }.sorted { $0.share == $1.share ? $0.signal < $1.signal : $0.share > $1.share }
  }

  private mutating func conclude(_ verdict: GroupVerdict, at timestamp: Int64) -> GroupVerdict {
    var verdict = verdict
    verdict.alert = incident.add(
      verdict.score, at: timestamp, quietTime: max(Self.hour, 5 * Double(max(1, options.step))))
    verdict.since = incident.since
    // As with single signals: the score falls back by 5% a sample, so that whoever looks now and then sees it.
    verdict.score = max(verdict.score, 0.95 * min(last.score, 1))
    last = verdict
    return verdict
  }
}

/// What a `GroupScorer` says about one moment.
public struct GroupVerdict: Sendable, Hashable {
  /// How much one signal has to do with it.
  public struct Contribution: Sendable, Hashable {
    public var signal: String
    public var value: Double
    /// The signal's part, 0 to 1; the parts of all signals that stand out add up to 1.
    public var share: Double
    /// The signal's own score; 1.0 is its own alerting line.
    public var score: Double
    public var direction: AnomalyVerdict.Side?
    public var reason: AnomalyVerdict.Reason?
    public var expectedLow: Double
    public var expectedHigh: Double
    /// When the signal's own incident began, in UTC milliseconds.
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
  /// The signals that stand out, the strongest first.
  public var contributions: [Contribution] = []

  public init() {}
}
