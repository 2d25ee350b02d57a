#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Says of each sample of one signal how unusual it is, on a scale on which 1.0 is the alerting line.
///
/// Nothing is tuned per signal. Several channels look at a sample: the error of an adaptive one-step forecast, the value
/// against the mean of about a day, a short smoothing against the level of the last day and against the daily or weekly
/// profile, a long one against that profile, the way of the last dozen samples, what part of what was expected is left,
/// the density of surprises of late and for longer, value and smoothing against the highest and lowest of the last
/// month, and how long the value has not moved. A streaming tail estimate turns each into a rate (`PeaksOverThreshold`);
/// kinds of evidence that agree are put together, with those of the samples before, and the rate, corrected for the number of channels, is compared with
/// the budget of false alarms: score = log(rate) / log(budget per sample), the latter corrected by how often the signal
/// came near it so far (`AlarmPace`). A score thus crosses 1.0 about as often on a healthy signal as the budget says,
/// whatever the signal's scale and shape.
///
/// Scoring is causal and deterministic: the score of a sample depends on it and on what came before, and the same
/// samples give the same bits. Scales are not learned during the first hour of an incident, or of what may become one, so that
/// it becomes normal neither while it builds up nor while somebody looks at it; after that they are, so that a new level does
/// not alarm for ever.
///
/// State is below 8 KB. The cost is below 2 µs a sample.
///
/// ```swift
/// var scorer = AnomalyScorer(options: AnomalyOptions(step: 15_000, falseAlarmsPerDay: 1.0 / 30))
/// for sample in samples {
///   let verdict = scorer.score(sample.value, at: sample.timestamp)
///   if verdict.alert { notify(verdict) }
/// }
/// ```
public struct AnomalyScorer: Sendable {
  /// How many samples choose centre and unit of a signal's values.
  private static let startCount = 30
  /// How far from their middle the first samples count, as a multiple of what nine of ten stay within.
  private static let startReach = 20.0
  /// How long an incident is kept out of what is learned, and how long it must be quiet to be over, in milliseconds.
  private static let hour = 3_600_000.0
  private static let largestScore = 10.0
  /// How much of a past score, up to the alerting line, stays in the score for long.
  private static let echo = 0.6
  private static let fading = 1 - 1 / 1000.0
  /// Eight hours: how long after an alert the same signal alerts only if it is worse.
  private static let restTime = 28_800_000.0
  /// How many constant samples make the first change remarkable at all.
  private static let leastConstantCount = 100.0
  /// How improbable a change of a constant signal is held beyond 1 in the samples seen, in nats.
  private static let changeSurprise = 3.5

  /// What the scorer was told about its signal.
  public private(set) var options: AnomalyOptions
  private var start: [Sample] = []
  private var constantCount = 0.0
  private var model: SignalModel?
  private var first: Int64 = 0
  private var newest: Int64?
  /// Milliseconds between samples, as they come.
  private var pace: Double
  private var alarmPace = AlarmPace()
  private var incident = Incident(restTime: Self.restTime)
  private var suspicion = Suspicion()
  /// Whether it is one of a group, where the signal alone alerts nobody.
  private let isMember: Bool
  /// The highest score of late, fading.
  private var remembered = 0.0
  /// The score of the newest sample alone, without what is left of earlier ones and without records: among dozens of signals
  /// one that breaks a record is no news.
  private(set) var newestScore = 0.0
  /// The newest error of the one-step forecast, in units of its usual size; 0 until there is one.
  var newestResidual: Double { model?.residual ?? 0 }
  private var last = AnomalyVerdict()

  private struct Sample: Sendable {
    var timestamp: Int64
    var value: Double
  }

  /// A scorer that has seen nothing.
  public init(options: AnomalyOptions = AnomalyOptions()) { self.init(options: options, isMember: false) }

  /// A scorer that has seen nothing, of a signal alone or of one among others of a group.
  init(options: AnomalyOptions, isMember: Bool) {
    self.options = options
    self.isMember = isMember
    pace = Double(max(options.step, 1))
  }

  /// `value`, the newest one, by its distance from the centre that the first samples had, in units of their spread; 0 as long as
  /// all are alike, NaN until enough are seen.
  func standardised(_ value: Double) -> Double {
    guard value.isFinite else { return .nan }
    return model?.standardised(value) ?? (start.count < Self.startCount ? .nan : 0)
  }

  /// Changes how often a day a healthy signal may alert; it holds from the next sample on.
  public mutating func setFalseAlarmsPerDay(_ rate: Double) { options.falseAlarmsPerDay = rate }

  /// The natural logarithm of how often per sample the budget allows an alarm.
  private var logBudget: Double {
    let perSample = options.falseAlarmsPerDay * pace / 86_400_000
    return perSample > 1e-12 ? log(min(perSample, 0.2)) : log(1e-12)
  }

  /// Scores `value`, taken at `timestamp` (UTC milliseconds), against what came before, then learns it.
  ///
  /// NaN and infinity are skipped, and so is a timestamp that is not after the newest one; the verdict then repeats the
  /// last one, without its alert, and its `disposition` says so. Missing samples are not anomalies: after a gap the
  /// channels that look back pause until they can.
  ///
  /// - Complexity: O(1).
  public mutating func score(_ value: Double, at timestamp: Int64) -> AnomalyVerdict {
    if let newest, timestamp <= newest { return repeated(.late) }
    guard value.isFinite else { return repeated(.notFinite) }
    newestScore = 0
    let gapSteps = advance(to: timestamp)
    let logBudget = logBudget
    let moment = SignalModel.Moment(
      timestamp: timestamp, gapSteps: gapSteps, age: (Double(timestamp) - Double(first)) / 86_400_000,
      alertLogRate: alarmPace.line(for: logBudget),
      isHeld: incident.isYoung(at: timestamp, within: Self.hour) || suspicion.isYoung(at: timestamp))
    guard let evidence = model?.take(value, at: moment, options: options) else {
      return begin(value, at: moment)
    }
    var verdict = AnomalyVerdict()
    verdict.isWarmedUp = model?.isReady ?? false
    verdict.score = min(max(evidence.logRate / moment.alertLogRate, 0), Self.largestScore)
    // In a group several signals that deviate a little are news, and each is measured by how it scatters.
    if !isMember {
      suspicion.add(
        verdict.score, expected: (model?.expectedSurprise ?? 0) / moment.alertLogRate, at: timestamp)
    }
    newestScore = min(max(evidence.logRateWithoutRecords / logBudget, 0), Self.largestScore)
    if verdict.isWarmedUp {
      alarmPace.add(evidence.logRate, line: moment.alertLogRate, logBudget: logBudget, milliseconds: pace)
    }
    if verdict.score >= 0.5 {
      verdict.reason = evidence.reason
      verdict.direction = evidence.side
    }
    verdict.expectedLow = model?.low ?? .nan
    verdict.expectedHigh = model?.high ?? .nan
    return conclude(verdict, at: timestamp)
  }

  /// Notes the sample's time; returns how many steps after the one before it comes.
  private mutating func advance(to timestamp: Int64) -> Double {
    defer { newest = timestamp }
    guard let newest else {
      first = timestamp
      return 1
    }
    let elapsed = Double(timestamp) - Double(newest)
    let steps = elapsed / pace
    // A signal that comes at another pace than planned is followed by 1% a sample; an outage is no pace.
    if steps > 1.1 && steps < 20 {
      pace *= 1.01
    } else if steps < 0.9 {
      pace = max(pace / 1.01, 1)
    }
    return steps
  }

  /// Takes a sample while there is no model yet: the first ones, and all as long as they are equal.
  private mutating func begin(_ value: Double, at moment: SignalModel.Moment) -> AnomalyVerdict {
    var verdict = AnomalyVerdict()
    let isConstant = start.allSatisfy { $0.value == value }
    if start.count < Self.startCount {
      start.append(Sample(timestamp: moment.timestamp, value: value))
      constantCount = isConstant ? constantCount + 1 : 0
      return conclude(verdict, at: moment.timestamp)
    }
    if isConstant {
      constantCount += 1
      verdict.isWarmedUp = constantCount >= Self.leastConstantCount
      verdict.expectedLow = value
      verdict.expectedHigh = value
      return conclude(verdict, at: moment.timestamp)
    }
    if constantCount >= Self.leastConstantCount, let old = start.first?.value {
      judgeFirstChange(value, old, moment, &verdict)
    }
    let near = boundStart()
    let next = min(max(value, near.lowerBound), near.upperBound)
    var model = SignalModel(start: start.map(\.value), next: next, options: options)
    var quiet = moment
    quiet.isHeld = false
    quiet.gapSteps = 1
    quiet.age = 0
    for sample in start {
      quiet.timestamp = sample.timestamp
      _ = model.take(sample.value, at: quiet, options: options)
    }
    _ = model.take(value, at: moment, options: options)
    self.model = model
    start = []
    return conclude(verdict, at: moment.timestamp)
  }

  /// Brings what lies absurdly far out among the first samples near, since all that follows is measured by them; returns what is
  /// near.
  private mutating func boundStart() -> ClosedRange<Double> {
    let values = start.map(\.value).sorted()
    let centre = values[values.count / 2]
    let deviations = values.map { ($0 - centre).magnitude }.sorted()
    let reach = Self.startReach * deviations[deviations.count * 9 / 10]
    let (low, high) = (centre - reach, centre + reach)
    guard reach > 0, low.isFinite, high.isFinite else {
      return -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    }
    let near = low...high
    for index in start.indices {
      start[index].value = min(max(start[index].value, near.lowerBound), near.upperBound)
    }
    return near
  }

  private mutating func judgeFirstChange(
    _ value: Double, _ old: Double, _ moment: SignalModel.Moment, _ verdict: inout AnomalyVerdict
  ) {
    let side: AnomalyVerdict.Side = value > old ? .above : .below
    verdict.isWarmedUp = true
    verdict.expectedLow = old
    verdict.expectedHigh = old
    guard options.direction.admits(side), options.deadBand.isExceeded(by: value, expected: old) else { return }
    let logRate = -log(constantCount) - Self.changeSurprise
    verdict.score = min(max(logRate / moment.alertLogRate, 0), Self.largestScore)
    newestScore = verdict.score
    verdict.reason = .firstChange
    verdict.direction = side
  }

  /// Adds to a verdict what follows from the verdicts before it.
  private mutating func conclude(_ verdict: AnomalyVerdict, at timestamp: Int64) -> AnomalyVerdict {
    var verdict = verdict
    verdict.alert = incident.add(verdict.score, at: timestamp, quietTime: max(Self.hour, 5 * pace))
    verdict.since = incident.since
    // An echo that fades over hundreds of samples, so that whoever looks now and then sees it.
    remembered = max(remembered * Self.fading, min(verdict.score, 1))
    let echo = Self.echo * remembered
    if echo > verdict.score {
      verdict.score = echo
      verdict.reason = last.reason
      verdict.direction = last.direction
    }
    last = verdict
    return verdict
  }

  private func repeated(_ disposition: AnomalyVerdict.Disposition) -> AnomalyVerdict {
    var verdict = last
    verdict.alert = false
    verdict.disposition = disposition
    return verdict
  }
}

// MARK: - Saved state

extension AnomalyScorer {
  /// "HASC" in little-endian order.
  private static let mark: UInt32 = 0x4353_4148
  private static let version: UInt32 = 8

  /// Everything the scorer knows, as bytes: restored, it goes on bit for bit as if it had never been away.
  ///
  /// The layout is little-endian: mark, version, step, time zone, state, checksum. The other options are not in it and
  /// may differ when it is restored.
  public func saved() -> [UInt8] {
    var writer = StateWriter()
    writer.write(Self.mark)
    writer.write(Self.version)
    writer.write(options.step)
    writer.write(options.timeZoneOffset)
    writer.write(newest != nil)
    writer.write(newest ?? 0)
    writer.write(first)
    writer.write(pace)
    writer.write(constantCount)
    writer.write(Int64(start.count))
    for sample in start {
      writer.write(sample.timestamp)
      writer.write(sample.value)
    }
    writer.write(remembered)
    writer.write(newestScore)
    alarmPace.save(to: &writer)
    incident.save(to: &writer)
    suspicion.save(to: &writer)
    last.save(to: &writer)
    writer.write(model != nil)
    model?.save(to: &writer)
    writer.write(StateWriter.checksum(writer.bytes[...]))
    return writer.bytes
  }

  /// A scorer that goes on where the one that gave `bytes` stopped.
  ///
  /// - Throws: if the bytes are not such a state, are damaged, or belong to a signal of another step or time zone.
  public init(options: AnomalyOptions, restoring bytes: [UInt8]) throws(AnomalyStateError) {
    try self.init(options: options, isMember: false, restoring: bytes)
  }

  /// The same of a signal alone or of one among others of a group.
  init(options: AnomalyOptions, isMember: Bool, restoring bytes: [UInt8]) throws(AnomalyStateError) {
    self.init(options: options, isMember: isMember)
    var reader = StateReader(bytes[...])
    guard try reader.read(UInt32.self) == Self.mark else { throw .notAScorerState }
    let version = try reader.read(UInt32.self)
    guard version == Self.version else { throw .unknownVersion(version) }
    guard bytes.count >= 16 else { throw .truncated(offset: bytes.count) }
    var tail = StateReader(bytes[(bytes.count - 8)...])
    guard try tail.read(UInt64.self) == StateWriter.checksum(bytes[..<(bytes.count - 8)]) else { throw .damaged }
    try Self.check("step", try reader.read(), options.step)
    try Self.check("time zone", try reader.read(), options.timeZoneOffset)
    let hasNewest = try reader.readBool("newest")
    let time: Int64 = try reader.read()
    newest = hasNewest ? time : nil
    first = try reader.read()
    pace = try reader.readFinite("pace", atLeast: 1)
    constantCount = try reader.readFinite("constant count", atLeast: 0)
    for _ in 0..<(try reader.readCount("start", in: 0...Int64(Self.startCount))) {
      start.append(Sample(timestamp: try reader.read(), value: try reader.readFinite("value")))
    }
    remembered = try reader.readFinite("remembered score", atLeast: 0)
    newestScore = try reader.readFinite("newest score", atLeast: 0)
    try alarmPace.restore(from: &reader)
    incident = try Incident(from: &reader, restTime: Self.restTime)
    try suspicion.restore(from: &reader)
    last = try AnomalyVerdict(from: &reader)
    if try reader.readBool("model") { model = try SignalModel(from: &reader, options: options) }
    guard reader.remaining == 8 else { throw .trailingBytes(reader.remaining - 8) }
  }

  private static func check(_ field: String, _ saved: Int64, _ configured: Int64) throws(AnomalyStateError) {
    if saved != configured { throw .differentClock(field: field, saved: saved, configured: configured) }
  }
}
