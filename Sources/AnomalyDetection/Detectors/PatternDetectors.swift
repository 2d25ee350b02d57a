#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A lasting shift of the mean, by two-sided CUSUM with allowance ½ and decision interval 5 (``Cusum``) on values in
/// standard deviations of an exponentially weighted past. Well beyond the line the sums start anew;
/// they rise again until the weighted mean has arrived at the new level.
struct LevelShiftDetector: StreamDetector {
  private static let leastCount = 50.0
  private static let allowance = 0.5
  private static let interval = 5.0
  private var average: ExponentialAverage
  private var high = 0.0
  private var low = 0.0

  init(span: Int) { average = ExponentialAverage(span: Double(span)) }

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    guard average.count >= Self.leastCount else {
      average.add(value)
      return AnomalyDetector.Reading()
    }
    let deviation = max(average.deviation, 1e-9 * average.mean.magnitude, Double.leastNormalMagnitude)
    // One value alone, however far, is no shift.
    let distance = min(max((value - average.mean) / deviation, -4), 4)
    high = max(0, high + distance - Self.allowance)
    low = max(0, low - distance - Self.allowance)
    let largest = max(high, low)
    let reading = AnomalyDetector.Reading(
      score: largest / Self.interval, direction: largest == 0 ? nil : high >= low ? .above : .below)
    average.add(value, within: ZScoreDetector.reach)
    if largest > 4 * Self.interval {
      high = 0
      low = 0
    }
    return reading
  }

  func save(to writer: inout StateWriter) {
    average.save(to: &writer)
    writer.write(high)
    writer.write(low)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    try average.restore(from: &reader)
    high = try reader.readFinite("upper sum", atLeast: 0)
    low = try reader.readFinite("lower sum", atLeast: 0)
  }
}

/// A change of the spread: the mean square of the last 16 differences against that of about a day.
///
/// For independent normal values the ratio is about χ² with 16 degrees of freedom over 16; the lines are its 0.1% and
/// 99.9% quantiles, 0.246 and 2.45.
struct VarianceShiftDetector: StreamDetector {
  private static let window = 16
  private static let upper = 2.45
  private static let lower = 0.246
  private var squares = ValueWindow(capacity: VarianceShiftDetector.window)
  private var sum = 0.0
  private var usual: ExponentialAverage
  private var before = Double.nan

  init(span: Int) { usual = ExponentialAverage(span: Double(span)) }

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    defer { before = value }
    guard !before.isNaN else { return AnomalyDetector.Reading() }
    let square = (value - before) * (value - before)
    guard square.isFinite else { return AnomalyDetector.Reading() }
    squares.add(square)
    sum = 0
    for index in 0..<squares.count { sum += squares[index] }
    var reading = AnomalyDetector.Reading()
    if usual.count >= 100, usual.mean > 0 {
      let ratio = sum / Double(Self.window) / usual.mean
      if ratio >= 1 {
        reading = AnomalyDetector.Reading(score: log(ratio) / log(Self.upper), direction: .above)
      } else {
        reading = AnomalyDetector.Reading(
          score: ratio > 0 ? log(ratio) / log(Self.lower) : 10, direction: .below)
      }
    }
    usual.add(usual.count > 20 ? min(square, usual.mean + 6 * usual.deviation) : square)
    return reading
  }

  func save(to writer: inout StateWriter) {
    squares.save(to: &writer)
    usual.save(to: &writer)
    writer.write(before)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    try squares.restore(from: &reader)
    try usual.restore(from: &reader)
    before = try reader.readDouble()
  }
}

/// A signal that stands still for longer than its earlier runs of equal values lead to expect once in ten thousand
/// values.
struct FlatlineDetector: StreamDetector {
  private static let line = log(1e-4)
  private var watch = RunLengthWatch()

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    AnomalyDetector.Reading(score: watch.add(value) / Self.line)
  }

  func save(to writer: inout StateWriter) { watch.save(to: &writer) }
  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) { try watch.restore(from: &reader) }
}

/// The left matrix profile over a small window: how far the shape of the last 16 values is from the most similar shape
/// among the last 512.
///
/// Distances are Euclidean between z-normalised stretches (C.-C. M. Yeh et al., "Matrix Profile I", ICDM 2016); looking
/// left only makes it causal (as the discords of Y. Lu et al., "DAMP", KDD 2022). The line is the 99.5% quantile of the
/// distances so far.
struct MatrixProfileDetector: StreamDetector {
  private static let length = 16
  private static let history = 512
  private static let leastCount = 200
  private var values = ValueWindow(capacity: MatrixProfileDetector.history)
  private var line = P2Quantile(probability: 0.995)

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    values.add(value)
    guard values.count >= 4 * Self.length, let distance = Self.nearest(values) else {
      return AnomalyDetector.Reading()
    }
    let usual = line.count >= Self.leastCount ? line.value : .infinity
    line.add(distance)
    return AnomalyDetector.Reading(score: usual > 0 ? distance / usual : 0)
  }

  /// The distance of the newest stretch to its nearest neighbour that does not overlap it; nil if it is constant.
  ///
  /// d² = 2m(1 − (Σxy − m·μx·μy) / (m·σx·σy)).
  static func nearest(_ window: ValueWindow) -> Double? {
    let m = length
    let count = window.count
    let scale = 1 / Double(m)
    var all: [Double] = []
    all.reserveCapacity(count)
    let centre = window[count - 1]
    for index in 0..<count { all.append(window[index] - centre) }
    let start = count - m
    var sum = 0.0
    var square = 0.0
    for index in start..<count {
      sum += all[index]
      square += all[index] * all[index]
    }
    let mean = sum * scale
    let variance = square * scale - mean * mean
    guard variance > 1e-12 * max(square * scale, .leastNormalMagnitude) else { return nil }
    var other = 0.0
    var otherSquare = 0.0
    var best = -1.0
    for index in 0..<count - m {
      other += all[index]
      otherSquare += all[index] * all[index]
      if index < m - 1 { continue }
      if index >= m {
        other -= all[index - m]
        otherSquare -= all[index - m] * all[index - m]
      }
      let first = index - m + 1
      let otherMean = other * scale
      let otherVariance = otherSquare * scale - otherMean * otherMean
      guard otherVariance > 1e-12 * max(otherSquare * scale, .leastNormalMagnitude) else { continue }
      var product = 0.0
      for offset in 0..<m { product += all[first + offset] * all[start + offset] }
      let correlation = (product * scale - mean * otherMean) / (variance * otherVariance).squareRoot()
      best = max(best, correlation)
    }
    return (2 * Double(m) * max(1 - best, 0)).squareRoot()
  }

  func save(to writer: inout StateWriter) {
    values.save(to: &writer)
    line.save(to: &writer)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    try values.restore(from: &reader)
    try line.restore(from: &reader)
  }
}
