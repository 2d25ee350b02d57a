/// One signal under the eyes of the detectors that were chosen for it.
///
/// With `auto` among them the score is the calibrated one. Without, it is the highest of the named detectors', each
/// relative to its own line.
public struct SignalWatch: Sendable {
  /// The name of the calibrated scorer among detectors.
  public static let auto = "auto"
  /// All names that can be chosen where a signal stands alone.
  public static let names = [auto] + AnomalyDetector.Kind.allCases.map(\.rawValue)

  /// What is said about one sample.
  public struct Judgement: Sendable, Hashable {
    public var verdict: AnomalyVerdict
    public var severity: AnomalySeverity
    /// The score of each detector by its name, in the order in which they were chosen.
    public var parts: [AnomalySeverity.Evidence]
    /// The sample itself.
    public var value: Double

    /// Whether the sample was held against what is usual, and not only learnt.
    public var isJudged: Bool {
      guard verdict.disposition == .scored, value.isFinite else { return false }
      // Detectors that know too little yet give neither a score nor a band.
      let isAuto = parts.contains { $0.isCalibrated }
      if isAuto { return verdict.isWarmedUp }
      let isQuiet = parts.contains { AnomalyDetector.Kind(rawValue: $0.detector)?.isQuietWhileAllIsWell ?? false }
      return verdict.score > 0 || !verdict.expectedLow.isNaN || isQuiet
    }

    public init(
      verdict: AnomalyVerdict, severity: AnomalySeverity, parts: [AnomalySeverity.Evidence], value: Double
    ) {
      self.verdict = verdict
      self.severity = severity
      self.parts = parts
      self.value = value
    }
  }

  private var scorer: AnomalyScorer?
  private var detectors: [AnomalyDetector]
  private let asksForecaster: Bool
  private var incident = Incident()
  private let options: AnomalyOptions

  /// A watch by the detectors of these names, ``ForecastResidual/detector`` among them; unknown names are left out, and
  /// without any it is `auto`.
  public init(detectors names: [String] = [SignalWatch.auto], options: AnomalyOptions = AnomalyOptions()) {
    let kinds = names.compactMap(AnomalyDetector.Kind.init)
    asksForecaster = names.contains(ForecastResidual.detector)
    let isAuto = names.contains(Self.auto) || (kinds.isEmpty && !asksForecaster)
    scorer = isAuto ? AnomalyScorer(options: options) : nil
    detectors = kinds.map { AnomalyDetector($0, step: options.step, timeZoneOffset: options.timeZoneOffset) }
    self.options = options
  }

  /// Milliseconds without a score of 1.0 that end an incident of the named detectors: an hour, or five samples.
  private var quietTime: Double { max(3_600_000, 5 * Double(max(options.step, 1))) }

  /// Changes how often a day a healthy signal may alert; it holds from the next sample on.
  public mutating func setFalseAlarmsPerDay(_ rate: Double) { scorer?.setFalseAlarmsPerDay(rate) }

  /// Scores `value` at `timestamp` (UTC milliseconds), then learns it.
  ///
  /// - Parameter residual: the newest value beside what was forecast for it; nil if no forecast of it is known.
  public mutating func score(
    _ value: Double, at timestamp: Int64, residual: ForecastResidual? = nil
  ) -> Judgement {
    var parts: [AnomalySeverity.Evidence] = []
    parts.reserveCapacity(detectors.count + 1)
    var verdict = AnomalyVerdict()
    // In place: a copy would have every array of the model copied.
    if let judged = scorer?.score(value, at: timestamp) {
      verdict = judged
      parts.append(
        AnomalySeverity.Evidence(
          detector: Self.auto, family: verdict.reason?.family ?? .statistical, isCalibrated: true,
          score: verdict.score))
    }
    var highest = AnomalyDetector.Reading()
    var band = AnomalyDetector.Reading()
    for index in detectors.indices {
      let reading = wanted(detectors[index].score(value, at: timestamp), of: value)
      if reading.score > highest.score { highest = reading }
      if band.expectedLow.isNaN { band = reading }
      parts.append(
        AnomalySeverity.Evidence(
          detector: detectors[index].kind.rawValue, family: detectors[index].kind.family, isCalibrated: false,
          score: reading.score))
    }
    if asksForecaster {
      let reading = residual.map { wanted($0.reading, of: $0.value) } ?? AnomalyDetector.Reading()
      if reading.score > highest.score { highest = reading }
      if band.expectedLow.isNaN { band = reading }
      parts.append(
        AnomalySeverity.Evidence(
          detector: ForecastResidual.detector, family: .statistical, isCalibrated: false, score: reading.score))
    }
    if scorer == nil {
      verdict.score = highest.score
      verdict.isWarmedUp = true
      verdict.direction = highest.score >= 1 ? highest.direction : nil
      verdict.expectedLow = band.expectedLow
      verdict.expectedHigh = band.expectedHigh
      if value.isFinite {
        verdict.alert = incident.add(highest.score, at: timestamp, quietTime: quietTime)
      }
      verdict.since = incident.since
    }
    return Judgement(verdict: verdict, severity: AnomalySeverity(parts), parts: parts, value: value)
  }

  /// Judges that there was no value up to `timestamp` (UTC milliseconds); nil unless ``AnomalyDetector/Kind/staleness`` is among
  /// the detectors.
  public mutating func silence(at timestamp: Int64) -> Judgement? {
    let readings = detectors.compactMap { detector in detector.silence(at: timestamp).map { (detector.kind, $0) } }
    guard let (kind, reading) = readings.first else { return nil }
    var verdict = AnomalyVerdict()
    verdict.score = reading.score
    verdict.isWarmedUp = true
    verdict.reason = reading.score > 0 ? .silence : nil
    verdict.alert = incident.add(reading.score, at: timestamp, quietTime: quietTime)
    verdict.since = incident.since
    let part = AnomalySeverity.Evidence(
      detector: kind.rawValue, family: kind.family, isCalibrated: false, score: reading.score)
    return Judgement(verdict: verdict, severity: AnomalySeverity([part]), parts: [part], value: .nan)
  }

  /// `reading` of `value`, with a score of 0 if it lies on a side that does not count, or within the dead band around the
  /// middle of the detector's own one.
  private func wanted(_ reading: AnomalyDetector.Reading, of value: Double) -> AnomalyDetector.Reading {
    var result = reading
    let middle = reading.expectedLow / 2 + reading.expectedHigh / 2
    let isOutside = middle.isFinite ? options.deadBand.isExceeded(by: value, expected: middle) : true
    if !options.direction.admits(reading.direction) || !isOutside { result.score = 0 }
    return result
  }

  /// Everything the watch knows, as bytes: restored, it goes on bit for bit as if it had never been away.
  public func saved() -> [UInt8] {
    var writer = StateWriter()
    incident.save(to: &writer)
    for bytes in [scorer?.saved()].compactMap({ $0 }) + detectors.map({ $0.saved() }) {
      writer.write(Int64(bytes.count))
      writer.write(bytes)
    }
    return writer.bytes
  }

  /// A watch by the same detectors that goes on where the one that gave `bytes` stopped.
  ///
  /// - Throws: if the bytes are not such a state, are damaged, or belong to other detectors, another step or time zone.
  public init(detectors names: [String], options: AnomalyOptions, restoring bytes: [UInt8]) throws(AnomalyStateError) {
    self.init(detectors: names, options: options)
    var reader = StateReader(bytes[...])
    incident = try Incident(from: &reader, restTime: 0)
    if scorer != nil { scorer = try AnomalyScorer(options: options, restoring: try Self.part(&reader)) }
    for index in detectors.indices {
      detectors[index] = try AnomalyDetector(
        detectors[index].kind, step: options.step, timeZoneOffset: options.timeZoneOffset,
        restoring: try Self.part(&reader))
    }
    guard reader.remaining == 0 else { throw .trailingBytes(reader.remaining) }
  }

  private static func part(_ reader: inout StateReader) throws(AnomalyStateError) -> [UInt8] {
    let count = try reader.readCount("size", in: 0...Int64(reader.remaining))
    return try reader.readBytes(Int(count))
  }
}
