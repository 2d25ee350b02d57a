#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The z-score against an exponentially weighted mean and standard deviation, line 3 (W. A. Shewhart, "Economic Control
/// of Quality of Manufactured Product", 1931; weighting by S. W. Roberts, 1959).
struct ZScoreDetector: StreamDetector {
  private static let leastCount = 30.0
  /// What lies farther out, in deviations, is learned as if it lay there: one absurd value must not hide all after it.
  static let reach = 10.0
  private var average: ExponentialAverage

  init(span: Int) { average = ExponentialAverage(span: Double(span)) }

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    guard average.count >= Self.leastCount else {
      average.add(value)
      return AnomalyDetector.Reading()
    }
    defer { average.add(value, within: Self.reach) }
    let reach = 3 * average.deviation
    return .outside(value, average.mean, average.mean, average.mean - reach, average.mean + reach)
  }

  func save(to writer: inout StateWriter) { average.save(to: &writer) }
  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) { try average.restore(from: &reader) }
}

/// The value against the median of the same time of day, and of the same time of week where that has been the better
/// guide; the line is three robust standard deviations of what remained (1.2533 × mean absolute error each, as for normal
/// errors).
struct TimeOfDayDetector: StreamDetector {
  private static let leastCount = 50.0
  private var daily: SeasonalProfile
  private var weekly: SeasonalProfile
  private var dailyError = ExponentialAverage(span: 2000)
  private var weeklyError = ExponentialAverage(span: 2000)

  init(step: Int64, offset: Int64) {
    let day: Int64 = 86_400_000
    daily = SeasonalProfile(period: day, binLength: max(step, 900_000), depth: 7, offset: offset)
    weekly = SeasonalProfile(period: 7 * day, binLength: max(step, 3_600_000), depth: 4, offset: offset)
  }

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    let ofDay = daily.expectation(at: timestamp)
    let ofWeek = weekly.expectation(at: timestamp)
    defer {
      if let ofDay { Self.learn(value - ofDay, &dailyError) }
      if let ofWeek { Self.learn(value - ofWeek, &weeklyError) }
      daily.add(value, at: timestamp)
      weekly.add(value, at: timestamp)
    }
    let byWeek =
      ofWeek != nil && weeklyError.count >= Self.leastCount
      && (ofDay == nil || weeklyError.mean < dailyError.mean)
    let error = byWeek ? weeklyError : dailyError
    guard let expected = byWeek ? ofWeek : ofDay, error.count >= Self.leastCount else {
      return AnomalyDetector.Reading()
    }
    let reach = 3 * 1.2533 * error.mean
    return .outside(value, expected, expected, expected - reach, expected + reach)
  }

  private static func learn(_ error: Double, _ average: inout ExponentialAverage) {
    // One outlier must not widen the band for a week.
    average.add(average.count > 20 ? min(error.magnitude, 5 * average.mean + 1e-12) : error.magnitude)
  }

  func save(to writer: inout StateWriter) {
    daily.save(to: &writer)
    weekly.save(to: &writer)
    dailyError.save(to: &writer)
    weeklyError.save(to: &writer)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    try daily.restore(from: &reader)
    try weekly.restore(from: &reader)
    try dailyError.restore(from: &reader)
    try weeklyError.restore(from: &reader)
  }
}

/// The anomaly likelihood: how improbable the mean of the last ten one-step errors is among all errors.
///
/// A. Lavin, S. Ahmad, "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark", 2015,
/// section on the anomaly likelihood: L = 1 − Q((short mean − mean) / deviation), line L ≥ 1 − 10⁻⁵. The errors are those
/// of an autoregressive model in place of a temporal memory.
struct LikelihoodDetector: StreamDetector {
  private static let leastCount = 100.0
  private static let shortSpan = 10.0
  private static let lineDigits = 5.0
  /// Errors count up to as many deviations: by itself one of them is then beyond the line for a few values, not for hours.
  private static let largestError = 50.0
  private var filter = AutoregressiveFilter()
  private var errors: ExponentialAverage
  private var recent = 0.0

  init(span: Int) { errors = ExponentialAverage(span: Double(span)) }

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    if errors.count == 0 { filter.fillHistory(with: value) }
    let expected = filter.prediction
    let error = (value - expected).magnitude
    let isKnown = errors.count >= Self.leastCount
    let bounded = isKnown ? min(error, errors.mean + 6 * errors.deviation) : error
    let counted = isKnown ? min(error, errors.mean + Self.largestError * errors.deviation) : error
    recent += (counted - recent) * 2 / (Self.shortSpan + 1)
    var reading = AnomalyDetector.Reading()
    if isKnown, errors.deviation > 0 {
      let distance = (recent - errors.mean) / errors.deviation
      let tail = 0.5 * erfc(distance / 2.0.squareRoot())
      reading = AnomalyDetector.Reading(
        score: tail > 0 ? -log10(2 * min(tail, 0.5)) / Self.lineDigits : 10,
        direction: value > expected ? .above : .below)
    }
    errors.add(bounded)
    filter.add(value, largestError: isKnown ? max(errors.mean + 6 * errors.deviation, 1e-12) : .greatestFiniteMagnitude)
    return reading
  }

  func save(to writer: inout StateWriter) {
    filter.save(to: &writer)
    errors.save(to: &writer)
    writer.write(recent)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    try filter.restore(from: &reader)
    try errors.restore(from: &reader)
    recent = try reader.readFinite("recent error", atLeast: 0)
  }
}
