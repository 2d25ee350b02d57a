/// The errors that a horizon's mixture made, newest first, weighted towards the recent past.
struct PastErrors {
  /// The half-lives, in days (for a young signal, in quarters of its age), with which past errors lose weight: most
  /// of it soon, a tenth slowly.
  private static let halfLives = (fast: 1.5, slow: 10.0)
  private static let slowShare = 0.1

  /// How much the errors of the last few horizons weigh, whatever their number, against all others: what makes the
  /// intervals adapt to a change of regime.
  private static let newestShare = 0.2

  let horizon: Int
  private(set) var errors: [Double] = []
  /// The positions of the values that the errors were made about.
  private(set) var targets: [Int] = []
  private(set) var weights: [Double] = []
  /// The sum of the weights.
  private(set) var total = 0.0
  /// How many independent errors these are worth.
  private(set) var effectiveCount = 0.0

  /// - Complexity: O(n).
  init(_ node: HorizonNode, _ view: HistoryView) {
    horizon = node.horizon
    let now = view.count - 1
    // The errors of a young signal's first steps tell little about it; they fade within its own age.
    let unit = min(Double(view.rhythm.unit), Double(now + 1) / 4)
    let count = node.errors.entries.count
    errors.reserveCapacity(count)
    targets.reserveCapacity(count)
    weights.reserveCapacity(count)
    var recent: [Double] = []
    recent.reserveCapacity(count)
    var recentTotal = 0.0
    // The weights' sum before more is given to the newest.
    var fadedTotal = 0.0
    // Errors are mostly evenly apart: from one to the next, what is left of a weight changes by the same factors.
    var left = (fast: 1.0, slow: 1.0, new: 1.0)
    var factors = left
    var gap = 0
    var reached = now
    for entry in node.errors.entries.reversed() {
      let target = entry.target
      guard target >= horizon, target < view.count else { continue }
      if reached - target != gap {
        gap = reached - target
        let age = Double(gap)
        factors = (
          decay(age / (Self.halfLives.fast * unit)), decay(age / (Self.halfLives.slow * unit)),
          decay(age / (2 * Double(horizon) + 6))
        )
      }
      if gap != 0 {
        left = (left.fast * factors.fast, left.slow * factors.slow, left.new * factors.new)
        reached = target
      }
      let weight = Double(entry.density) * (left.fast + Self.slowShare * left.slow)
      errors.append(entry.error)
      targets.append(target)
      weights.append(weight)
      fadedTotal += weight
      let new = Double(entry.density) * left.new
      recent.append(new)
      recentTotal += new
    }
    total = fadedTotal
    if recentTotal > 0 {
      let share = Self.newestShare * fadedTotal / recentTotal
      for index in weights.indices { weights[index] += share * recent[index] }
      total += Self.newestShare * fadedTotal
    }
    effectiveCount = fadedTotal / node.independentSteps
  }
}
