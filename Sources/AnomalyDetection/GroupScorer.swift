#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Says of one moment of several signals of one thing, a node or a cluster, how unusual they are together, and which
/// of them make it so.
///
/// Two statistics are judged. Each signal has an `AnomalyScorer` of its own, and the mean of the highest eighth of
/// their scores, smoothed, says whether several signals are restless at once; which ones need not be known before. The
/// distance of all values together from their joint past (`MahalanobisDistance`) says whether they no longer hang
/// together as they did. A streaming tail estimate of each (`PeaksOverThreshold`) makes it a rate; the sum of both
/// logarithms, weakened for their dependence, is the score, so that 1.0 is crossed about as often as the budget of
/// false alarms allows, however many signals there are and however they hang together.
public struct GroupScorer: Sendable {
  /// What the group is told; `falseAlarmsPerDay` is the budget of the group as a whole.
  public private(set) var options: AnomalyOptions
  /// The names of the signals, in the order of the values.
  public let signals: [String]
  private var scorers: [AnomalyScorer]
  private var tail = PeaksOverThreshold(share: 0.03, leastThreshold: 0.05, leastShape: 0.05)
  private var distance: MahalanobisDistance
  private var distanceTail = PeaksOverThreshold(share: 0.03, leastThreshold: 0.7, leastShape: 0.05)
  private var smooth = 0.0
  private var smoothDistance = 0.0
  /// The highest score of late, fading.
  private var remembered = 0.0
  private var incident = Incident(restTime: 0)
  private var newest: Int64?
  private var last = GroupVerdict()

  private static let hour = 3_600_000.0
  private static let largestScore = 10.0
  private static let smoothingSpan = 8.0
  private static let distanceSpan = 5.0
  /// How much more the distance says than the signals by themselves.
  private static let distanceWeight = 1.3
  /// What is left of the sum of both logarithms, because one incident moves both statistics.
  private static let dependence = 0.5
  private static let echo = 0.5
  private static let fading = 0.99

  /// One alarm in five days: a group stands for a dozen signals or more.
  public static let defaultFalseAlarmsPerDay = 0.2

  /// A scorer that has seen nothing of the named signals.
  public init(signals: [String], options: AnomalyOptions = AnomalyOptions()) {
    self.signals = signals
    self.options = options
    scorers = signals.map { _ in AnomalyScorer(options: options) }
    distance = MahalanobisDistance(dimension: signals.count, span: 4000, ridge: 0.01)
  }

  /// Changes how often a day a healthy group may alert; it holds from the next row on.
  public mutating func setFalseAlarmsPerDay(_ rate: Double) { options.falseAlarmsPerDay = rate }

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
    let scores = present.map { scorers[$0].newestScore }.sorted(by: >)
    guard !scores.isEmpty else { return conclude(verdict, at: timestamp) }
    var statistic = 0.0
    let eighth = (scores.count + 7) / 8
    for score in scores.prefix(eighth) { statistic += score / Double(eighth) }
    let perSample = options.falseAlarmsPerDay * Double(max(1, options.step)) / 86_400_000
    let logBudget = log(min(0.2, max(1e-12, perSample)))
    verdict.isWarmedUp = tail.isReady
    let isHeld = incident.isYoung(at: timestamp, within: Self.hour)
    smooth += (statistic - smooth) * 2 / (Self.smoothingSpan + 1)
    let restless = max(smooth, 0.5 * statistic)
    var logRate = tail.logRate(of: restless)
    tail.add(restless, isHeld: isHeld)
    if let distance = distance.add(values) {
      let whole = log1p(distance)
      smoothDistance += (whole - smoothDistance) * 2 / (Self.distanceSpan + 1)
      let magnitude = max(smoothDistance, 0.5 * whole)
      logRate += Self.distanceWeight * distanceTail.logRate(of: magnitude)
      distanceTail.add(magnitude, isHeld: isHeld)
    }
    verdict.score = min(Self.largestScore, max(0, Self.dependence * logRate / logBudget))
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
    // As with single signals: the score falls back slowly, so that whoever looks now and then sees it.
    remembered = max(remembered * Self.fading, min(verdict.score, 1))
    verdict.score = max(verdict.score, 0.95 * min(last.score, 1), Self.echo * remembered)
    last = verdict
    return verdict
  }
}

// MARK: - Saved state

extension GroupScorer {
  /// "HAGR" in little-endian order.
  private static let mark: UInt32 = 0x5247_4148
  private static let version: UInt32 = 2

  /// Everything the scorer knows, as bytes: restored, it goes on bit for bit as if it had never been away.
  public func saved() -> [UInt8] {
    var writer = StateWriter()
    writer.write(Self.mark)
    writer.write(Self.version)
    writer.write(Int64(signals.count))
    writer.write(newest != nil)
    writer.write(newest ?? 0)
    for number in [smooth, smoothDistance, remembered, last.score] { writer.write(number) }
    incident.save(to: &writer)
    tail.save(to: &writer)
    distance.save(to: &writer)
    distanceTail.save(to: &writer)
    for scorer in scorers {
      let bytes = scorer.saved()
      writer.write(Int64(bytes.count))
      writer.write(bytes)
    }
    writer.write(StateWriter.checksum(writer.bytes[...]))
    return writer.bytes
  }

  /// A scorer of the same signals that goes on where the one that gave `bytes` stopped.
  ///
  /// - Throws: if the bytes are not such a state, are damaged, or belong to another number of signals, step or time zone.
  public init(signals: [String], options: AnomalyOptions, restoring bytes: [UInt8]) throws(AnomalyStateError) {
    self.init(signals: signals, options: options)
    var reader = StateReader(bytes[...])
    guard try reader.read(UInt32.self) == Self.mark else { throw .notAScorerState }
    let version = try reader.read(UInt32.self)
    guard version == Self.version else { throw .unknownVersion(version) }
    guard bytes.count >= 16 else { throw .truncated(offset: bytes.count) }
    var end = StateReader(bytes[(bytes.count - 8)...])
    guard try end.read(UInt64.self) == StateWriter.checksum(bytes[..<(bytes.count - 8)]) else { throw .damaged }
    let place = reader.offset
    guard try reader.read(Int64.self) == Int64(signals.count) else {
      throw .implausible(field: "signals", offset: place)
    }
    let hasNewest = try reader.readBool("newest")
    let time: Int64 = try reader.read()
    newest = hasNewest ? time : nil
    smooth = try reader.readFinite("smoothed scores", atLeast: 0)
    smoothDistance = try reader.readFinite("smoothed distance", atLeast: 0)
    remembered = try reader.readFinite("remembered score", atLeast: 0)
    last.score = try reader.readFinite("score", atLeast: 0)
    incident = try Incident(from: &reader, restTime: 0)
    last.since = incident.since
    try tail.restore(from: &reader)
    try distance.restore(from: &reader)
    try distanceTail.restore(from: &reader)
    for index in scorers.indices {
      let count = Int(try reader.readCount("scorer size", in: 0...Int64(max(0, reader.remaining - 8))))
      scorers[index] = try AnomalyScorer(options: options, restoring: try reader.readBytes(count))
    }
    guard reader.remaining == 8 else { throw .trailingBytes(reader.remaining - 8) }
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
