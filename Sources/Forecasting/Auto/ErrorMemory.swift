/// The mixture's own past errors at one horizon: the newest ones closely, older ones ever more thinly.
struct ErrorMemory: Sendable {
  /// Six bytes: thousands of signals keep a few thousand of them each.
  struct Entry: Sendable, Equatable {
    /// What came minus what was forecast, to one part in five hundred.
    var error: Double { Self.expanded(compact) }
    /// The number of steps that the entry stands for.
    fileprivate(set) var density: UInt16
    /// The position of the value that the error was made about; no history is longer than 20,000 values.
    var target: Int { Int(position) }
    private let compact: UInt16
    private let position: UInt16

    init(error: Double, density: Int, target: Int) {
      compact = Self.compacted(error)
      self.density = UInt16(clamping: density)
      position = UInt16(clamping: target)
    }

    /// A sign, six bits of exponent and nine of fraction: from 2⁻⁴⁰, below which an error counts as none, to 2²³. Rounded
    /// away from zero, so that an interval that ends at an error holds it.
    private static func compacted(_ error: Double) -> UInt16 {
      let magnitude = abs(error)
      guard magnitude >= 0x1p-40 else { return 0 }
      let bits = (min(magnitude, 0x1p22).bitPattern &+ (1 << 43 - 1)) >> 43
      return UInt16(truncatingIfNeeded: bits &- bias) | (error < 0 ? 0x8000 : 0)
    }

    private static func expanded(_ compact: UInt16) -> Double {
      let magnitude = compact & 0x7FFF
      guard magnitude != 0 else { return 0 }
      let value = Double(bitPattern: (UInt64(magnitude) &+ bias) << 43)
      return compact & 0x8000 != 0 ? -value : value
    }

    /// What the leading bits of 2⁻⁴⁰ are, less one: zero is left for no error.
    private static let bias = (1.0.bitPattern >> 43) - (40 << 9) - 1
  }

  /// The most errors remembered; even.
  var capacity: Int { Int(pairs) * 2 }
  private let pairs: UInt16

  /// The errors, oldest first.
  private(set) var entries: [Entry] = []

  init(capacity: Int = 384) { pairs = UInt16(clamping: capacity / 2) }

  /// Adds an error.
  ///
  /// When full, every second entry goes and its neighbour stands for both.
  mutating func append(_ entry: Entry) {
    if entries.count == entries.capacity {
      // By an eighth instead of by half: room that is never used is never given back.
      entries.reserveCapacity(min(capacity + 1, entries.count + max(8, entries.count / 8)))
    }
    entries.append(entry)
    guard entries.count > capacity else { return }
    var kept = 0
    for index in stride(from: 0, to: capacity, by: 2) {
      // Alternating which of two neighbours stays keeps any fixed rhythm of the errors from being sampled away.
      var survivor = entries[index + (index / 2) % 2]
      survivor.density = UInt16(clamping: Int(entries[index].density) + Int(entries[index + 1].density))
      entries[kept] = survivor
      kept += 1
    }
    entries.removeSubrange(kept..<capacity)
  }

  /// The correlation of errors one step apart, taking neighbours in time to fade exponentially with their distance.
  ///
  /// Errors are cut at three times their usual size, so that one burst does not decide.
  ///
  /// - Complexity: O(n log n).
  func persistence() -> Double {
    let usual = median(entries.lazy.map { abs($0.error) })
    guard entries.count >= 8, usual > 0, let first = entries.first, let last = entries.last else { return 0.9 }
    let cut = entries.map { min(3 * usual, max(-3 * usual, $0.error)) }
    var products = 0.0
    var squares = 0.0
    for index in 1..<cut.count {
      products += cut[index] * cut[index - 1]
      squares += 0.5 * (cut[index] * cut[index] + cut[index - 1] * cut[index - 1])
    }
    let distance = Double(last.target - first.target) / Double(entries.count - 1)
    guard squares > 0, distance >= 1 else { return 0.9 }
    return power(min(0.9999, max(0, products / squares)), 1 / distance)
  }
}
