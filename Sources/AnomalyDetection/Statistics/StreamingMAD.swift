/// Median and median absolute deviation of a stream, in constant memory.
///
/// Two P² estimators: one of the values, one of their distances to the median as it stands. The modified z-score with
/// the factor 0.6745 and its usual line of 3.5 is that of B. Iglewicz, D. C. Hoaglin, "How to Detect and Handle
/// Outliers", ASQC 1993.
public struct StreamingMAD: Sendable, Hashable {
  /// What the deviation is multiplied by to estimate the standard deviation of normal values: 1 / Φ⁻¹(¾).
  public static let normalConsistency = 1.4826

  private var values = P2Quantile(probability: 0.5)
  private var distances = P2Quantile(probability: 0.5)

  public init() {}

  /// The estimated median; NaN before the first value.
  public var median: Double { values.value }

  /// The estimated median distance to the median; NaN before the first value.
  public var deviation: Double { distances.value }

  /// 0.6745 · (`value` − median) / deviation, then learns `value`; nil while the deviation is zero or unknown.
  public mutating func score(_ value: Double) -> Double? {
    let score = deviation > 0 ? (value - median) / (Self.normalConsistency * deviation) : nil
    values.add(value)
    distances.add((value - median).magnitude)
    return score
  }
}
