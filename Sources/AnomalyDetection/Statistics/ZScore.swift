/// How many standard deviations a value lies from the mean of a stream that slowly forgets.
///
/// Mean and deviation are those of `ExponentialAverage`; a value is compared with them before it is learned, so an
/// outlier does not hide itself.
public struct ZScore: Sendable, Hashable {
  private var average: ExponentialAverage

  /// A score against an exponentially weighted past of about `span` values.
  public init(span: Double) {
    average = ExponentialAverage(span: span)
  }

  /// The weighted mean of the values so far.
  public var mean: Double { average.mean }

  /// The weighted standard deviation of the values so far.
  public var deviation: Double { average.deviation }

  /// (`value` − mean) / deviation, then learns `value`; nil while the deviation is zero.
  public mutating func score(_ value: Double) -> Double? {
    let score = average.count > 1 && deviation > 0 ? (value - mean) / deviation : nil
    average.add(value)
    return score
  }
}
