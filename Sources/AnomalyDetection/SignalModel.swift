#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What one signal does when it is well, seen through several channels.
///
/// Values are taken in units of the spread that the first samples had, so every constant here is free of scale. Each
/// channel makes a magnitude of a sample, mostly log(1 + deviation / usual deviation); its tail says how rare that is.
struct SignalModel: Sendable, Hashable {
  /// What a sample comes with.
  struct Moment {
    var timestamp: Int64
    /// Steps since the sample before.
    var gapSteps: Double
    /// Days since the first sample.
    var age: Double
    /// The natural logarithm of the rate per sample at which to alert.
    var alertLogRate: Double
    /// Whether an incident, or what may become one, is so young that it must not be learned.
    var isHeld: Bool
  }

  /// One sample while it is judged.
  private struct Look {
    let value: Double
    let moment: Moment
    let options: AnomalyOptions
    /// What the profile of the day expects, or else the mean, in the model's unit.
    var usual: ClosedRange<Double>
    var evidence = Evidence()
  }

  /// Normalised values are cut off here, where a double still tells neighbours apart.
  private static let farthest = 1e9
  private static let day: Int64 = 86_400_000
  /// Steps without samples after which the past values say nothing about the next.
  private static let longestGap = 3.0
  /// Steps without samples after which the smoothed value starts anew.
  private static let restartGap = 10.0
  private static let smoothingSpan = 10.0
  /// The first samples, which were seen at once, hold no records.
  private static let recordsFrom = 31
  /// Samples that restlessness looks back over, at once and for longer.
  private static let restlessSpan = 8.0
  private static let unrestSpan = 60.0
  /// Milliseconds by which what a day or a week brings may come early or late.
  private static let seasonSlack = 900_000.0
  /// The tails begin at 1.5 times the usual deviation, or above.
  private static let leastThreshold = 0.9
  private static let leastRestlessness = 1.5
  /// Parts of less than this share of the long-run mean are all alike.
  private static let shareFloor = 0.05
  /// A step leads back if it leaves less than this of the distance.
  private static let mostLeft = 0.7
  /// How much of a step counts that leads back to what is usual: what it ends was told when it began.
  private static let returning = 0.5
  /// No tail is held to end: what no peak has reached yet may still be reached.
  private static let leastShape = 0.05

  let centre: Double
  let unit: Double
  private let samplesPerDay: Double
  var seen = 0.0
  /// The newest error of the one-step forecast, in units of its usual size.
  private(set) var residual = 0.0
  /// The logarithm of how rare the samples of late were, see ``Evidence/conclude(line:recent:)``.
  var recentLogRate = 0.0
  var filter = AutoregressiveFilter()
  var noise: ExponentialAverage
  var spread: ExponentialAverage
  var longSpread: ExponentialAverage
  var dailyError: ExponentialAverage
  var weeklyError: ExponentialAverage
  var smooth = 0.0
  var settling = 0.0
  var restlessness: Restlessness
  var unrest: Restlessness
  var drift: DriftWatch
  var steps: StepWatch
  var stepShare: ShareWatch
  var seasonShare: ShareWatch
  /// Whether no value was below zero yet.
  var isNeverNegative = true
  var records: RecordWatch
  var smoothRecords: RecordWatch
  var level: SlotMedian
  var daily: SeasonalProfile
  var weekly: SeasonalProfile
  var spikes: SpikeMemory
  var runs = RunLengthWatch()
  var tails: [PeaksOverThreshold]
  /// The bounds within which the last sample alone would not have alerted, in the signal's unit.
  var low = Double.nan
  var high = Double.nan

  /// A model whose unit is the spread of the values in `start`, or of their distance to `next` if they have none.
  init(start: [Double], next: Double, options: AnomalyOptions) {
    let sorted = start.sorted()
    let centre = sorted.isEmpty ? next : sorted[sorted.count / 2]
    let deviations = start.map { ($0 - centre).magnitude }.sorted()
    let median = deviations.isEmpty ? 0 : deviations[deviations.count / 2]
    let mean = deviations.reduce(0) { $0 + $1 / Double(deviations.count) }
    let unit = max(
      StreamingMAD.normalConsistency * median, mean, 0.01 * (next - centre).magnitude, 1e-12 * centre.magnitude,
      Double.leastNormalMagnitude)
    self.init(centre: centre, unit: min(unit, Double.greatestFiniteMagnitude), options: options)
  }

  init(centre: Double, unit: Double, options: AnomalyOptions) {
    self.centre = centre
    self.unit = unit
    let step = max(options.step, 1)
    // One day, within what is long enough to know a spread and short enough to follow it.
    let window = min(max(Double(Self.day) / Double(step), 200), 2000)
    noise = ExponentialAverage(span: window)
    spread = ExponentialAverage(span: window)
    longSpread = ExponentialAverage(span: 10 * window)
    dailyError = ExponentialAverage(span: 2 * window)
    weeklyError = ExponentialAverage(span: 2 * window)
    restlessness = Restlessness(span: Self.restlessSpan, usualSpan: 3 * window, reach: 0.5)
    unrest = Restlessness(span: Self.unrestSpan, usualSpan: 6 * window, reach: 0.2)
    samplesPerDay = Double(Self.day) / Double(step)
    drift = DriftWatch(window: window, samplesPerDay: samplesPerDay)
    steps = StepWatch(window: window)
    stepShare = ShareWatch(span: 2 * window, deviations: 1)
    seasonShare = ShareWatch(span: 2 * window, deviations: 0.2)
    records = RecordWatch(step: step)
    smoothRecords = records
    level = SlotMedian(slotLength: max(step, 1_800_000))
    let bin = max(step, 900_000)
    daily = SeasonalProfile(period: Self.day, binLength: bin, depth: 7, offset: options.timeZoneOffset)
    weekly = SeasonalProfile(
      period: 7 * Self.day, binLength: max(step, 3_600_000), depth: 3, offset: options.timeZoneOffset)
    spikes = SpikeMemory(binLength: bin, offset: options.timeZoneOffset)
    tails = [PeaksOverThreshold](
      repeating: PeaksOverThreshold(leastThreshold: Self.leastThreshold, leastShape: Self.leastShape),
      count: Channel.allCases.count)
    tails[Channel.restlessness.rawValue] = PeaksOverThreshold(
      leastThreshold: Self.leastRestlessness, leastShape: Self.leastShape)
  }

  /// The natural logarithm of how often per sample a surprise is to be expected like the one that this time of day brought
  /// on the last two days.
  var expectedSurprise: Double {
    let surprise = spikes.expected
    return min(
      tails[Channel.jumpUp.rawValue].logRate(of: surprise), tails[Channel.jumpDown.rawValue].logRate(of: surprise))
  }

  /// Whether the tails of the one-step errors are known.
  var isReady: Bool { tails[Channel.jumpUp.rawValue].isReady }

  /// `value` in the model's unit.
  func standardised(_ value: Double) -> Double {
    min(max((value - centre) / unit, -Self.farthest), Self.farthest)
  }

  /// Weighs `value` against everything before it and learns it.
  mutating func take(_ value: Double, at moment: Moment, options: AnomalyOptions) -> Evidence {
    let z = standardised(value)
    prepare(for: z, moment)
    if value < 0 { isNeverNegative = false }
    let dayRange = daily.range(at: moment.timestamp, slack: Self.seasonSlack)
    var look = Look(value: value, moment: moment, options: options, usual: dayRange ?? spread.mean...spread.mean)
    let prediction = filter.prediction
    // What deviates by less than this share of the signal's long-run spread has not moved.
    let grain = max(0.02 * longSpread.deviation, 1e-6)

    // Jump: the error of the one-step forecast against its usual size; what came twice at this time of day is deducted.
    let error = moment.gapSteps > Self.longestGap ? 0 : z - prediction
    let noiseScale = max(noise.mean + noise.deviation, 0.5 * grain)
    spikes.advance(to: moment.timestamp)
    residual = error / noiseScale
    let wholeJump = log1p(residual.magnitude)
    let start = tails[(error < 0 ? Channel.jumpDown : .jumpUp).rawValue].tailStart
    let jump = max(wholeJump - max(spikes.expected - start, 0), 0)
    let stepTrust = Self.trust(inStepTo: z, from: filter.newest, usual: look.usual)
    judge(.jumpUp, error > 0 ? jump : 0, from: prediction, &look, trust: stepTrust, side: .above)
    judge(.jumpDown, error < 0 ? jump : 0, from: prediction, &look, trust: stepTrust, side: .below)
    judgeShare(.stepShare, of: z, expected: prediction, &look, trust: stepTrust)

    // Restlessness: the recent surprises together, over a short and a long time.
    let counts = options.direction == .both || (error > 0) == (options.direction == .up)
    let excess = restlessness.add(counts ? jump : 0)
    if seen > 50 { judge(.restlessness, excess, from: spread.mean, &look) }
    let longExcess = unrest.add(counts ? jump : 0)
    if seen > 2 * Self.unrestSpan { judge(.unrest, log1p(longExcess), from: spread.mean, &look) }

    // Value: the value itself against the mean of about a day.
    if seen > 20 {
      let magnitude = log1p((z - spread.mean).magnitude / max(spread.deviation, grain))
      judge(.value, magnitude, from: spread.mean, &look)
    }

    // Level: the smoothed values against the median of the last day.
    smooth += (z - smooth) * 2 / (Self.smoothingSpan + 1)
    settling = max(settling - 1, 0)
    if let median = level.median, level.slotCount >= 4, settling == 0 {
      let magnitude = log1p((smooth - median).magnitude / max(spread.deviation, grain))
      // Within the first day a daily cycle looks like a shift of level.
      judge(
        .level, magnitude, from: median, &look, trust: min(0.4 + 0.6 * moment.age, 1),
        side: smooth > median ? .above : .below)
    }

    // Way: what the last steps amount to.
    let walk = steps.add(z, grain: grain, isHeld: moment.isHeld)
    if let way = walk.way {
      judge(
        .way, way, from: walk.from, &look, trust: Self.trust(inStepTo: z, from: walk.from, usual: look.usual))
    }

    if seen > Double(Self.recordsFrom) { judgeRecords(z, grain, &look) }
    let (ofDay, ofWeek) = judgeSeason(z, dayRange, grain, &look)

    let stillness = runs.add(value)
    if options.direction == .both && !options.deadBand.isSet { look.evidence.weigh(stillness: stillness) }

    setBounds(prediction, noiseScale, grain, moment.alertLogRate - look.evidence.logMultiplicity, options)
    look.evidence.conclude(line: moment.alertLogRate, recent: &recentLogRate)
    spikes.add(wholeJump)
    if !moment.isHeld {
      learnScales(z, error: error, grain: grain)
      learnSeasonErrors(ofDay, ofWeek, grain: grain)
    }
    filter.add(z, largestError: max(5 * noiseScale, 1e-9))
    level.add(z, at: moment.timestamp)
    // What is compared is smoothed, so the profiles hold it smoothed too, with the same lag behind the edges of a day.
    daily.add(smooth, at: moment.timestamp)
    weekly.add(smooth, at: moment.timestamp)
    return look.evidence
  }

  /// Judges the value and the smoothed values against the highest and lowest of the last month.
  private mutating func judgeRecords(_ z: Double, _ grain: Double, _ look: inout Look) {
    let range = max(spread.deviation, grain)
    weigh(records.add(z, usual: spread.mean, leastRange: range), .place, &look)
    if settling == 0 { weigh(smoothRecords.add(smooth, usual: spread.mean, leastRange: range), .season, &look) }
  }

  private mutating func weigh(_ reading: RecordWatch.Reading?, _ kind: Evidence.Kind, _ look: inout Look) {
    guard let reading, look.options.direction.admits(reading.side),
      look.options.deadBand.isExceeded(by: look.value, expected: centre + spread.mean * unit)
    else { return }
    look.evidence.weigh(record: reading.logRate, kind, reading.side)
  }

  /// Judges the smoothed values, and the last hundred together, against the better of the daily and the weekly profile;
  /// returns what each of the two expected.
  private mutating func judgeSeason(
    _ z: Double, _ dayRange: ClosedRange<Double>?, _ grain: Double, _ look: inout Look
  ) -> (Double?, Double?) {
    let time = look.moment.timestamp
    let ofDay = dayRange.map { min(max(smooth, $0.lowerBound), $0.upperBound) }
    let ofWeek = weekly.range(at: time, slack: Self.seasonSlack).map { min(max(smooth, $0.lowerBound), $0.upperBound) }
    let byWeek = ofWeek != nil && (ofDay == nil || weeklyError.mean < dailyError.mean)
    guard let season = byWeek ? ofWeek : ofDay else { return (ofDay, ofWeek) }
    let usual = byWeek ? weeklyError : dailyError
    // On the first day of a profile its usual error is hardly known.
    let trust = min(0.4 + 0.6 * usual.count / samplesPerDay, 1)
    judgeShare(.seasonShare, of: z, expected: season, &look, trust: trust)
    if settling == 0 {
      let scale = max(usual.mean + 0.2 * usual.deviation, grain)
      let magnitude = usual.count > 20 ? log1p((smooth - season).magnitude / scale) : 0
      judge(.season, magnitude, from: season, &look, trust: trust, side: smooth > season ? .above : .below)
    }
    let middle = byWeek ? weekly.expectation(at: time) : daily.expectation(at: time)
    if let reading = drift.add(
      z, season: middle ?? season, deviation: smooth - season, grain: grain, isHeld: look.moment.isHeld)
    {
      judge(.drift, reading.magnitude, from: reading.expected, &look, side: reading.side)
    }
    return (ofDay, ofWeek)
  }

  /// Judges how small a part of what was expected the value is, if it is such a signal.
  private mutating func judgeShare(
    _ channel: Channel, of z: Double, expected: Double, _ look: inout Look, trust: Double
  ) {
    guard isNeverNegative else { return }
    let zero = -centre / unit
    let floor = max(Self.shareFloor * (longSpread.mean - zero), 1e-6)
    let isHeld = look.moment.isHeld
    let magnitude =
      channel == .stepShare
      ? stepShare.add(z - zero, expected: expected - zero, floor: floor, isHeld: isHeld)
      : seasonShare.add(z - zero, expected: expected - zero, floor: floor, isHeld: isHeld)
    if let magnitude { judge(channel, magnitude, from: expected, &look, trust: trust, side: .below) }
  }

  /// How far a step from one value to another is believed: in full unless it leads towards what is `usual`.
  private static func trust(inStepTo value: Double, from before: Double, usual: ClosedRange<Double>) -> Double {
    distance(of: value, to: usual) < mostLeft * distance(of: before, to: usual) ? returning : 1
  }

  private static func distance(of value: Double, to range: ClosedRange<Double>) -> Double {
    max(range.lowerBound - value, value - range.upperBound, 0)
  }

  private mutating func prepare(for z: Double, _ moment: Moment) {
    if seen == 0 || moment.gapSteps > Self.longestGap {
      filter.fillHistory(with: z)
      runs.interrupt()
      steps.interrupt()
    }
    if seen == 0 { smooth = z }
    if moment.gapSteps > Self.restartGap {
      smooth = z
      settling = Self.smoothingSpan
    }
    seen += 1
  }

  /// Asks one channel's tail about `magnitude`, a deviation from `expected`, and lets it learn it.
  ///
  /// `trust` weakens what the channel says; `side` is where the value lies unless the plain value says it.
  private mutating func judge(
    _ channel: Channel, _ magnitude: Double, from expected: Double, _ look: inout Look, trust: Double = 1,
    side: AnomalyVerdict.Side? = nil
  ) {
    let reference = centre + expected * unit
    let side = channel.hasNoSide ? nil : side ?? (look.value > reference ? .above : .below)
    let isWanted = look.options.direction.admits(side)
    let magnitude = isWanted ? magnitude : 0
    if isWanted || !channel.isOneSided {
      let isOutside = look.options.deadBand.isExceeded(by: look.value, expected: reference)
      let logRate = isOutside ? tails[channel.rawValue].logRate(of: magnitude) * trust : 0
      look.evidence.weigh(logRate, channel, side)
    }
    tails[channel.rawValue].add(magnitude, isHeld: look.moment.isHeld)
  }

  private mutating func learnScales(_ z: Double, error: Double, grain: Double) {
    restlessness.learn()
    unrest.learn()
    let isStart = seen <= 20
    noise.add(isStart ? error.magnitude : min(error.magnitude, noise.mean + 6 * noise.deviation + grain))
    let reach = 6 * spread.deviation + grain
    let bounded = isStart ? z : min(max(z, spread.mean - reach), spread.mean + reach)
    spread.add(bounded)
    longSpread.add(bounded)
  }

  private mutating func learnSeasonErrors(_ ofDay: Double?, _ ofWeek: Double?, grain: Double) {
    if let ofDay { Self.learn((smooth - ofDay).magnitude, in: &dailyError, grain) }
    if let ofWeek { Self.learn((smooth - ofWeek).magnitude, in: &weeklyError, grain) }
  }

  private static func learn(_ error: Double, in average: inout ExponentialAverage, _ grain: Double) {
    average.add(average.count > 20 ? min(error, average.mean + 6 * average.deviation + grain) : error)
  }

  private mutating func setBounds(
    _ prediction: Double, _ noiseScale: Double, _ grain: Double, _ line: Double, _ options: AnomalyOptions
  ) {
    guard isReady else { return }
    let up = expm1(tails[Channel.jumpUp.rawValue].value(atLogRate: line)) * noiseScale
    let down = expm1(tails[Channel.jumpDown.rawValue].value(atLogRate: line)) * noiseScale
    let away = expm1(tails[Channel.value.rawValue].value(atLogRate: line)) * max(spread.deviation, grain)
    let record = records.bounds(atLogRate: line, leastRange: max(spread.deviation, grain))
    let upper = max(min(prediction + up, spread.mean + away, record?.upperBound ?? .infinity), prediction)
    let lower = min(max(prediction - down, spread.mean - away, record?.lowerBound ?? -.infinity), prediction)
    let expected = centre + prediction * unit
    let band = max(options.deadBand.absolute, options.deadBand.relative * expected.magnitude)
    high = options.direction == .down ? .infinity : max(centre + upper * unit, expected + band)
    low = options.direction == .up ? -.infinity : min(centre + lower * unit, expected - band)
  }
}
