/// Notices that the mean of a stream has risen for good.
///
/// E. S. Page, "Continuous inspection schemes" (1954); D. V. Hinkley, "Inference about the change-point from cumulative sum
/// tests" (1971), in the streaming form of J. Gama et al., "A survey on concept drift adaptation" (2014).
public struct PageHinkley: Sendable, Equatable {
  /// A rise above the mean so far that is put up with.
  public let tolerance: Double
  /// The sum of rises beyond the tolerance from which on a change is reported.
  public let threshold: Double
  private var count = 0.0
  private var mean = 0.0
  private var sum = 0.0
  private var least = 0.0

  public init(tolerance: Double = 0.5, threshold: Double = 30) {
    self.tolerance = tolerance
    self.threshold = threshold
  }

  /// Learns the next value and says whether the mean has risen; then it begins anew. What is not finite is passed over.
  public mutating func update(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    count += 1
    mean += (value - mean) / count
    sum += value - mean - tolerance
    least = min(least, sum)
    guard sum - least > threshold else { return false }
    self = PageHinkley(tolerance: tolerance, threshold: threshold)
    return true
  }
}
