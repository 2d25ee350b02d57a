/// A forecast that waits for its target, in sixteen bytes.
struct Trial: Sendable, Equatable {
  /// Where it was made, by its position in the history; no history is longer than 20,000 values.
  var origin: Int { Int(position) }
  /// The number of steps that it stands for.
  var density: Int { Int(steps) }
  /// What the mixture said, as a change of the value at the origin.
  let mixed: Float
  /// What the regression said, likewise; NaN if it said nothing.
  let regression: Float
  /// The median of the day before it was made, likewise.
  let median: Float
  private let position: UInt16
  private let steps: UInt16

  init(origin: Int, density: Int, mixed: Float, regression: Float, median: Float) {
    position = UInt16(clamping: origin)
    steps = UInt16(clamping: density)
    self.mixed = mixed
    self.regression = regression
    self.median = median
  }
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
    guard head >= 8, head * 2 >= storage.count else { return }
    storage.removeFirst(head)
    head = 0
  }
}
