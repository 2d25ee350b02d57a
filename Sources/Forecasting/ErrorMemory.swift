/// The mixture's own past errors at one horizon: the newest ones closely, older ones ever more thinly.
struct ErrorMemory: Sendable {
  struct Entry: Sendable, Equatable {
    /// What came minus what was forecast.
    var error: Float
    /// The number of steps that the entry stands for.
    var density: UInt32
    /// The position of the value that the error was made about.
    var target: Int { Int(position) }
    private var position: UInt32

    init(error: Float, density: UInt32, target: Int) {
      self.error = error
      self.density = density
      position = UInt32(clamping: target)
    }
  }

  /// The most errors remembered; even.
  let capacity: Int

  /// The errors, oldest first.
  private(set) var entries: [Entry] = []

  init(capacity: Int = 384) {
    self.capacity = capacity & ~1
    entries.reserveCapacity(self.capacity + 1)
  }

  /// Adds an error.
  ///
  /// When full, every second entry goes and its neighbour stands for both.
  mutating func append(_ entry: Entry) {
    entries.append(entry)
    guard entries.count > capacity else { return }
    var thinned: [Entry] = []
    thinned.reserveCapacity(capacity + 1)
    for index in stride(from: 0, to: capacity, by: 2) {
      // Alternating which of two neighbours stays keeps any fixed rhythm of the errors from being sampled away.
      var survivor = entries[index + (index / 2) % 2]
      survivor.density = entries[index].density &+ entries[index + 1].density
      thinned.append(survivor)
    }
    thinned.append(contentsOf: entries[capacity...])
    entries = thinned
  }

  /// The correlation of errors one step apart, taking neighbours in time to fade exponentially with their distance.
  ///
  /// Errors are cut at three times their usual size, so that one burst does not decide.
  ///
  /// - Complexity: O(n log n).
  func persistence() -> Double {
    let usual = median(entries.lazy.map { abs(Double($0.error)) })
    guard entries.count >= 8, usual > 0 else { return 0.9 }
    let cut = entries.map { min(3 * usual, max(-3 * usual, Double($0.error))) }
    var products = 0.0
    var squares = 0.0
    for index in 1..<cut.count {
      products += cut[index] * cut[index - 1]
      squares += 0.5 * (cut[index] * cut[index] + cut[index - 1] * cut[index - 1])
    }
    let distance = Double(entries[entries.count - 1].target - entries[0].target) / Double(entries.count - 1)
    guard squares > 0, distance >= 1 else { return 0.9 }
    return power(min(0.9999, max(0, products / squares)), 1 / distance)
  }
}
