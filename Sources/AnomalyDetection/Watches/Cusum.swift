/// The two-sided tabular CUSUM: finds a small lasting shift of a mean that no single value shows.
///
/// High side: C⁺ = max(0, x − (target + allowance) + C⁺); low side likewise. A shift is signalled when a side
/// exceeds the decision interval (E. S. Page, "Continuous Inspection Schemes", Biometrika 1954; D. C. Montgomery,
/// "Introduction to Statistical Quality Control", chapter on cumulative sum charts, where an allowance of ½ and an
/// interval of 4 to 5 standard deviations are advised).
public struct Cusum: Sendable, Hashable {
  /// Which way the mean has shifted.
  public enum Shift: Sendable, Hashable {
    case up, down
  }

  /// The mean of the process when it is in control.
  public let target: Double
  /// Half the shift that is to be found.
  public let allowance: Double
  /// The sum above which a shift is signalled.
  public let decisionInterval: Double
  /// C⁺.
  public private(set) var high = 0.0
  /// C⁻.
  public private(set) var low = 0.0
  /// How many values in a row have kept C⁺ above zero: when it signals, the shift began that many values ago.
  public private(set) var highCount = 0
  /// How many values in a row have kept C⁻ above zero.
  public private(set) var lowCount = 0

  public init(target: Double, allowance: Double, decisionInterval: Double) {
    self.target = target
    self.allowance = allowance
    self.decisionInterval = decisionInterval
  }

  /// Takes `value` into both sums; returns the shift that they now signal, if any.
  public mutating func add(_ value: Double) -> Shift? {
    high = max(0, value - (target + allowance) + high)
    low = max(0, target - allowance - value + low)
    highCount = high > 0 ? highCount + 1 : 0
    lowCount = low > 0 ? lowCount + 1 : 0
    if high > decisionInterval { return .up }
    return low > decisionInterval ? .down : nil
  }

  /// Sets both sums to zero, as after a signal was dealt with.
  public mutating func reset() {
    self = Cusum(target: target, allowance: allowance, decisionInterval: decisionInterval)
  }
}
