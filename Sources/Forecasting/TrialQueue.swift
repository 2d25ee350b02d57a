/// A forecast that waits for its target.
struct Trial: Sendable, Equatable {
  /// Where it was made, by its position in the history.
  var origin: Int
  /// The number of steps that it stands for.
  var density: Int
  /// What the mixture said.
  var mixed: Double
  /// What the regression said; NaN if it said nothing.
  var regression: Double
}

/// Trials, oldest first.
struct TrialQueue: Sendable {
  private var storage: [Trial] = []
  private var head = 0

  init() {}

  /// The oldest trial.
  var first: Trial? { head < storage.count ? storage[head] : nil }

  mutating func append(_ trial: Trial) { storage.append(trial) }

  mutating func removeFirst() {
    head += 1
    guard head >= 32, head * 2 >= storage.count else { return }
    storage.removeFirst(head)
    head = 0
  }
}
