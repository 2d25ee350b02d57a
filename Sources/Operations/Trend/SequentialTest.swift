/// Collects evidence over time until it suffices: strong evidence is believed soon, weak evidence after long.
///
/// The cumulative sum of Page (Biometrika 41, 1954): what each moment says beyond an allowance is added up and never
/// falls below nothing, so that a moment of trouble is forgotten and a lasting one is not.
struct SequentialTest: Sendable, Equatable {
  /// What a moment may say without meaning anything.
  let allowance: Double
  /// The sum from which the trouble counts as shown.
  let limit: Double
  private(set) var sum = 0.0
  private(set) var isShown = false

  init(allowance: Double, limit: Double) {
    self.allowance = allowance
    self.limit = limit
  }

  /// Takes what one moment says; shown trouble ends when half of the evidence is gone.
  mutating func append(_ evidence: Double) {
    sum = min(2 * limit, max(0, sum + evidence - allowance))
    isShown = sum >= limit || (isShown && sum >= 0.5 * limit)
  }
}
