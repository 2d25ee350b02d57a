/// What operators said about the alerts of one family of signals, and how its budget of false alarms follows.
///
/// An alert marked false halves the budget, one marked true raises it by a quarter; the factor stays within 1/16 and 4, so
/// that no click silences a family for good or floods anybody. The step down is larger because a false page costs more
/// than a late one that the next sample repeats.
public struct AnomalyFeedback: Sendable, Hashable {
  /// The factors that a budget can take.
  public static let bounds = 1.0 / 16...4.0

  /// What the configured budget is multiplied with.
  public private(set) var factor: Double
  /// How many alerts were marked false.
  public private(set) var falseCount: Int
  /// How many alerts were marked true.
  public private(set) var trueCount: Int

  /// Feedback as it was kept; a factor out of bounds is brought into them.
  public init(factor: Double = 1, falseCount: Int = 0, trueCount: Int = 0) {
    self.factor = factor.isFinite ? min(max(factor, Self.bounds.lowerBound), Self.bounds.upperBound) : 1
    self.falseCount = max(falseCount, 0)
    self.trueCount = max(trueCount, 0)
  }

  /// Takes back what all marks so far made of the budget; their counts stay.
  public mutating func reset() { factor = 1 }

  /// Takes one mark into account.
  public mutating func mark(isTrue: Bool) {
    if isTrue { trueCount += 1 } else { falseCount += 1 }
    factor = min(max(factor * (isTrue ? 1.25 : 0.5), Self.bounds.lowerBound), Self.bounds.upperBound)
  }
}
