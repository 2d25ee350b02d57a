#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How rare a value of a stream is, by peaks over a threshold that is learned from the stream.
///
/// The streaming scheme of A. Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory" (SPOT), KDD 2017,
/// with differences that a signal of many months needs:
/// - the threshold follows the stream by stochastic approximation instead of staying where a start-up period put it;
/// - what is learned is the peak of each cluster of excesses, so that the rate is one of clusters: what wakes somebody;
/// - the generalised Pareto tail is fitted by the method of moments together with a prior, an exponential tail whose
///   mean is a quarter of the way from the median to the threshold, and its shape is widened by its own uncertainty;
/// - a peak that raises an alarm is learned too, if only as one in four hundred: what happens often becomes normal.
///
/// Values are magnitudes, not below zero. Nothing is said before `startCount` values were seen.
public struct PeaksOverThreshold: Sendable, Hashable {
  /// How many values are seen before anything is said.
  public static let startCount = 100
  /// How many values below the threshold end a cluster.
  public static let clusterGap = 5
  /// The number of peaks after which old ones fade.
  private static let memory = 300.0
  /// How many peaks the prior is worth.
  private static let priorPeaks = 20.0
  private static let priorMean = 0.25
  private static let leastMean = 0.12
  /// A peak rarer than this among peaks is learned as if it were this rare.
  private static let learnedLogSurvival = -6.0
  private static let largestShape = 0.5

  /// The share of values above the threshold.
  public let share: Double
  private let leastThreshold: Double
  /// The lightest tail that is believed; below zero a tail ends somewhere.
  private let leastShape: Double
  private let agility: Double
  /// What finds the first threshold; gone once it is found.
  private var start: P2Quantile?
  private var threshold = 0.0
  private var unit = 0.0
  private var meanExcess = 0.0
  private var meanSquare = 0.0
  private var peaks = 0.0
  private var seen = 0.0
  private var rate: Double
  private var peak = 0.0
  private var quiet = 0.0
  private let logShare: Double
  /// The tail's distribution as it is used, prior and uncertainty included.
  public private(set) var tail = GeneralizedPareto(shape: 0, scale: 1)

  /// A tail above about the 1 − `share` quantile of the stream, but not below `leastThreshold`.
  ///
  /// - Parameter agility: how fast the threshold follows the stream, as a multiple of what suits a single signal.
  public init(share: Double = 0.03, leastThreshold: Double = 0, leastShape: Double = -0.3, agility: Double = 1) {
    self.agility = agility
    self.leastShape = min(max(leastShape, -0.3), Self.largestShape)
    self.share = min(max(share, 1e-4), 0.5)
    self.leastThreshold = max(leastThreshold, 1e-9)
    start = P2Quantile(probability: 1 - self.share)
    rate = self.share
    logShare = log(self.share)
    fitTail()
  }

  /// Whether enough values were seen for the threshold to be known.
  public var isReady: Bool { seen >= Double(Self.startCount) }

  /// The value above which the tail begins; 0 until ready.
  public var tailStart: Double { threshold }

  private mutating func fitTail() {
    // Quantised signals pile their excesses up on one value; that says nothing about what lies beyond.
    let mean = max(meanExcess, Self.leastMean * unit)
    let variance = max(meanSquare - meanExcess * meanExcess, 0.02 * mean * mean)
    let measured = GeneralizedPareto(mean: mean, variance: variance).shape
    let shrunk = measured * peaks / (Self.priorPeaks + peaks)
    let shape = min(max(shrunk + 0.4 / peaks.squareRoot(), leastShape), Self.largestShape)
    tail = GeneralizedPareto(shape: shape, scale: max(mean * (1 - min(shape, 0.45)), 1e-12))
  }

  /// The natural logarithm of how often per value a cluster with a peak as high as `value` is to be expected.
  ///
  /// Below the threshold it falls linearly from 0 to the logarithm of `share`, so that a score made of it stays graded.
  public func logRate(of value: Double) -> Double {
    guard isReady, value > 0 else { return 0 }
    if value <= threshold { return logShare * value / threshold }
    return log(min(rate, share)) + tail.logSurvival(value - threshold)
  }

  /// The value whose clusters are expected exp(`logRate`) times per value; infinite until ready.
  public func value(atLogRate logRate: Double) -> Double {
    guard isReady else { return .infinity }
    if logRate >= logShare { return threshold * min(logRate, 0) / logShare }
    return threshold + tail.excess(atLogSurvival: min(logRate - log(min(rate, share)), 0))
  }

  /// Learns `value`. While `isHeld` the threshold does not follow upwards.
  ///
  /// - Complexity: O(1).
  public mutating func add(_ value: Double, isHeld: Bool = false) {
    seen += 1
    if seen <= Double(Self.startCount) {
      start?.add(value)
      if isReady { begin() }
      return
    }
    let weight = max(share / Self.memory, 1 / (seen + 1))
    let gain = 0.06 * agility * unit * min(1, max(500 / seen, 0.05))
    if value > threshold {
      quiet = 0
      if value > peak { peak = max(peak, min(value, threshold + tail.excess(atLogSurvival: Self.learnedLogSurvival))) }
      if !isHeld { threshold += gain * (1 - share) }
    } else {
      if peak > 0 {
        quiet += 1
        if quiet >= Double(Self.clusterGap) { closeCluster(weight: weight) }
      }
      threshold = max(threshold - gain * share, leastThreshold)
    }
    rate = max(rate * (1 - weight), 1e-9)
  }

  private mutating func begin() {
    guard let start else { return }
    self.start = nil
    threshold = max(start.value, leastThreshold)
    unit = max(threshold - start.lowerHalf, 0.3 * leastThreshold)
    meanExcess = Self.priorMean * unit
    meanSquare = 2 * meanExcess * meanExcess
    peaks = Self.priorPeaks
    fitTail()
  }

  private mutating func closeCluster(weight: Double) {
    let excess = max(peak - threshold, 0)
    peaks = min(peaks + 1, Self.memory)
    meanExcess += (excess - meanExcess) / peaks
    meanSquare += (excess * excess - meanSquare) / peaks
    rate += weight
    peak = 0
    quiet = 0
    fitTail()
  }

  func save(to writer: inout StateWriter) {
    // Some channels have nothing to say of some signals, ever.
    writer.write(seen > 0)
    guard seen > 0 else { return }
    writer.write(start != nil)
    start?.save(to: &writer)
    for number in [threshold, unit, meanExcess, meanSquare, peaks, seen, rate, peak, quiet] { writer.write(number) }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    guard try reader.readBool("tail") else { return }
    if try reader.readBool("start") { try start?.restore(from: &reader) } else { start = nil }
    threshold = try reader.readFinite("threshold", atLeast: 0)
    unit = try reader.readFinite("unit", atLeast: 0)
    meanExcess = try reader.readFinite("mean excess", atLeast: 0)
    meanSquare = try reader.readFinite("mean square", atLeast: 0)
    peaks = try reader.readFinite("peaks", atLeast: 0)
    seen = try reader.readFinite("seen", atLeast: 0)
    rate = try reader.readFinite("rate", atLeast: 0)
    peak = try reader.readFinite("peak", atLeast: 0)
    quiet = try reader.readFinite("quiet", atLeast: 0)
    fitTail()
  }
}
