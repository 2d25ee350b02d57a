#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Says of one moment of several signals of one thing, a node or a cluster, how unusual they are together, and which
/// of them make it so.
///
/// Four statistics are judged. Each signal has an `AnomalyScorer` of its own, and the mean of the highest eighth of
/// their scores, smoothed, says whether several signals are restless at once; which ones need not be known before. The
/// distance of all values together from their joint past (`MahalanobisDistance`) says whether they no longer hang
/// together as they did. The same distance of the signals' forecast errors says whether several do at once what none of them
/// was about to do, and that of their deviations from long-run levels whether several are where they seldom are; in these two
/// each signal is bounded, so that one which hardly ever moves cannot alarm for the whole. A streaming tail estimate of each
/// (`PeaksOverThreshold`) makes it a rate; statistics that agree strengthen one another, and the score is such that 1.0 is
/// crossed about as often as the budget of false alarms allows, however many signals there are and however they hang
/// together. How often the group came near the line so far moves the line (`AlarmPace`), and what came at a time of day on two
/// days running is expected there (`SpikeMemory`).
public struct GroupScorer: Sendable {
  /// What the group is told; `falseAlarmsPerDay` is the budget of the group as a whole.
  public private(set) var options: AnomalyOptions
  /// The names of the signals, in the order of the values.
  public let signals: [String]
  private var scorers: [AnomalyScorer]
  private var distance: MahalanobisDistance
  private var residualDistance: MahalanobisDistance
  private var levels: SlowLevels
  private var levelDistance: MahalanobisDistance
  private var statistics: [GroupStatistic]
  /// The scores that each time of day brings.
  private var daily: SpikeMemory
  private var attribution: GroupAttribution
  /// The highest score of late, fading.
  private var remembered = 0.0
  /// Scratch.
  private var bounded: [Double]
  private var parts: [Double]
  private var sides: [Double]
  private var pace = AlarmPace()
  private var incident = Incident(restTime: 0)
  private var newest: Int64?
  private var last = GroupVerdict()

  /// What is judged of a moment.
  private enum Statistic: Int, CaseIterable {
    case restlessness, values, residuals, levels

    /// The values that it is smoothed over.
    var span: Double {
      switch self {
      case .restlessness: 8
      case .values, .residuals: 5
      case .levels: 1
      }
    }

    /// Where its tail starts at the least.
    var leastThreshold: Double {
      switch self {
      case .restlessness: 0.05
      case .values: 0.7
      case .residuals, .levels: 0.2
      }
    }
  }

  private static let hour = 3_600_000.0
  private static let largestScore = 10.0
  /// How many vectors the joint past of a group is.
  private static let past = 8000.0
  /// No forecast error, in units of its usual size, and no deviation from a level counts as more.
  private static let largestResidual = 10.0
  private static let largestDeviation = 4.0
  /// The variance that forecast errors and deviations have at least beside their own.
  private static let leastVariance = 0.5
  /// How much the next statistic's evidence counts, and what is left of the whole so that the budget holds.
  private static let agreement = 0.6
  private static let remainder = 0.6
  /// What is left of a score that comes at this time of every day; a fifth more than usual alerts again.
  private static let expectedScore = 0.85
  private static let echo = 0.5
  private static let fading = 0.99
  /// From which score on a moment says which signals it is made of.
  private static let remarkable = 0.5

  /// One alarm in five days: a group stands for a dozen signals or more.
  public static let defaultFalseAlarmsPerDay = 0.2

  /// A scorer that has seen nothing of the named signals.
  public init(signals: [String], options: AnomalyOptions = AnomalyOptions()) {
    self.signals = signals
    self.options = options
    scorers = signals.map { _ in AnomalyScorer(options: options, isMember: true) }
    let count = signals.count
    distance = MahalanobisDistance(dimension: count, span: Self.past, ridge: 0.01)
    residualDistance = MahalanobisDistance(
      dimension: count, span: Self.past, ridge: 0.01, floor: Self.leastVariance)
    levels = SlowLevels(count: count, span: Self.past)
    levelDistance = residualDistance
    daily = SpikeMemory(binLength: max(options.step, 900_000), offset: options.timeZoneOffset)
    bounded = [Double](repeating: 0, count: count)
    parts = bounded
    sides = bounded
    attribution = GroupAttribution(count: count)
    statistics = Statistic.allCases.map { GroupStatistic(span: $0.span, leastThreshold: $0.leastThreshold) }
  }

  /// Changes how often a day a healthy group may alert; it holds from the next row on.
  public mutating func setFalseAlarmsPerDay(_ rate: Double) { options.falseAlarmsPerDay = rate }

  /// Scores one value of each signal (NaN where missing), taken at `timestamp` (UTC milliseconds), then learns them.
  ///
  /// - Complexity: O(signals²).
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
    guard !scores.isEmpty else {
      verdict.contributions = contributions(values, verdicts)
      return conclude(verdict, at: timestamp)
    }
    var statistic = 0.0
    let eighth = (scores.count + 7) / 8
    for score in scores.prefix(eighth) { statistic += score / Double(eighth) }
    let perSample = options.falseAlarmsPerDay * Double(max(1, options.step)) / 86_400_000
    let logBudget = log(min(0.2, max(1e-12, perSample)))
    verdict.isWarmedUp = statistics[Statistic.restlessness.rawValue].isReady
    let isHeld = incident.isYoung(at: timestamp, within: Self.hour)
    var logRates = SIMD4<Double>(repeating: 0)
    func judge(_ statistic: Statistic, _ value: Double) {
      logRates[statistic.rawValue] = statistics[statistic.rawValue].take(value, isHeld: isHeld)
    }
    judge(.restlessness, statistic)
    nameRestless(verdicts, present, logRates[Statistic.restlessness.rawValue])
    for index in bounded.indices {
      bounded[index] = index < values.count ? scorers[index].standardised(values[index]) : .nan
    }
    if let whole = distance.add(bounded) {
      judge(.values, log1p(whole))
      name(distance, logRates[Statistic.values.rawValue])
    }
    for index in bounded.indices {
      let isNew = verdicts[index].disposition == .scored
      bounded[index] = isNew ? Self.bounded(scorers[index].newestResidual, by: Self.largestResidual) : .nan
    }
    if let whole = residualDistance.add(bounded) {
      judge(.residuals, log1p(whole))
      name(residualDistance, logRates[Statistic.residuals.rawValue])
    }
    levels.add(values, into: &bounded)
    for index in bounded.indices { bounded[index] = Self.bounded(bounded[index], by: Self.largestDeviation) }
    if let whole = levelDistance.add(bounded) {
      judge(.levels, log1p(whole))
      name(levelDistance, logRates[Statistic.levels.rawValue])
    }
    let line = pace.line(for: logBudget)
    let score = min(Self.largestScore, max(0, Self.agreed(logRates) / line))
    daily.advance(to: timestamp)
    daily.add(score)
    // A job that runs at two every night moves the group at two every night.
    verdict.score = score * Self.expectedScore / max(daily.expected, Self.expectedScore)
    if verdict.isWarmedUp {
      pace.add(
        verdict.score * line, line: line, logBudget: logBudget, milliseconds: Double(max(1, options.step)))
    }
    let isUnusual = verdict.score >= Self.remarkable
    var concluded = conclude(verdict, at: timestamp)
    attribution.conclude(isUnusual: isUnusual, isUnderWay: incident.since != nil, at: timestamp)
    concluded.contributions = contributions(values, verdicts)
    last = concluded
    return concluded
  }

  /// Names the signals that a restless moment is made of.
  private mutating func nameRestless(_ verdicts: [AnomalyVerdict], _ present: [Int], _ logRate: Double) {
    guard logRate < GroupStatistic.logShare else { return }
    for index in parts.indices {
      parts[index] = 0
      sides[index] = 0
    }
    for index in present {
      // As with distances, what is twice as far counts four times.
      parts[index] = scorers[index].newestScore * scorers[index].newestScore
      sides[index] = verdicts[index].direction.map { $0 == .above ? 1 : -1 } ?? 0
    }
    attribution.weigh(parts, sides: sides, weight: -logRate)
  }

  /// Names the signals that a distance is made of.
  private mutating func name(_ distance: MahalanobisDistance, _ logRate: Double) {
    guard logRate < GroupStatistic.logShare else { return }
    distance.parts(into: &parts, sides: &sides)
    for index in parts.indices { parts[index] -= 1 }
    attribution.weigh(parts, sides: sides, weight: -logRate)
  }

  /// `value`, bent so that it never exceeds `limit`.
  private static func bounded(_ value: Double, by limit: Double) -> Double {
    let share = value / limit
    return value / (1 + share * share).squareRoot()
  }

  /// The logarithm of one rate, made of all: an incident mostly moves several of them, chance one.
  private static func agreed(_ logRates: SIMD4<Double>) -> Double {
    var rest = logRates
    var total = 0.0
    var weight = remainder
    for _ in 0..<4 {
      let least = rest.min()
      guard least < 0 else { break }
      total += weight * least
      weight *= agreement
      for index in 0..<4 where rest[index] == least {
        rest[index] = 0
        break
      }
    }
    return total
  }

  /// The signals that have to do with it, while the whole is unusual or an incident is under way.
  private func contributions(_ values: [Double], _ verdicts: [AnomalyVerdict]) -> [GroupVerdict.Contribution] {
    attribution.parts.map { part in
      let index = part.index
      let verdict = verdicts[index]
      let own = scorers[index].newestScore
      return GroupVerdict.Contribution(
        signal: signals[index], value: index < values.count ? values[index] : .nan, share: part.share, score: own,
        direction: part.side, reason: own >= Self.remarkable ? verdict.reason : nil,
        expectedLow: verdict.expectedLow, expectedHigh: verdict.expectedHigh, since: verdict.since ?? part.since)
    }
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
  private static let version: UInt32 = 5

  /// Everything the scorer knows, as bytes: restored, it goes on bit for bit as if it had never been away.
  public func saved() -> [UInt8] {
    var writer = StateWriter()
    writer.write(Self.mark)
    writer.write(Self.version)
    writer.write(Int64(signals.count))
    writer.write(newest != nil)
    writer.write(newest ?? 0)
    for number in [remembered, last.score] { writer.write(number) }
    pace.save(to: &writer)
    incident.save(to: &writer)
    for distance in [distance, residualDistance, levelDistance] { distance.save(to: &writer) }
    levels.save(to: &writer)
    for statistic in statistics { statistic.save(to: &writer) }
    daily.save(to: &writer)
    attribution.save(to: &writer)
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
    remembered = try reader.readFinite("remembered score", atLeast: 0)
    last.score = try reader.readFinite("score", atLeast: 0)
    try pace.restore(from: &reader)
    incident = try Incident(from: &reader, restTime: 0)
    last.since = incident.since
    try distance.restore(from: &reader)
    try residualDistance.restore(from: &reader)
    try levelDistance.restore(from: &reader)
    try levels.restore(from: &reader)
    for index in statistics.indices { try statistics[index].restore(from: &reader) }
    try daily.restore(from: &reader)
    try attribution.restore(from: &reader)
    for index in scorers.indices {
      let count = Int(try reader.readCount("scorer size", in: 0...Int64(max(0, reader.remaining - 8))))
      scorers[index] = try AnomalyScorer(options: options, isMember: true, restoring: try reader.readBytes(count))
    }
    guard reader.remaining == 8 else { throw .trailingBytes(reader.remaining - 8) }
  }
}
