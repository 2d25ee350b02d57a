import Synchronization

/// A number that only goes up, for instance a count of scrapes.
public final class Counter: Sendable {
  private let bits = Atomic<UInt64>(0)

  /// Adds `amount`, which must be finite and not negative; anything else is ignored.
  public func increment(by amount: Double = 1) {
    guard amount >= 0, amount.isFinite else { return }
    bits.addDouble(amount)
  }

  /// The value so far.
  public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// A number that goes up and down, for instance a size.
public final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(0)

  /// Replaces the value.
  public func set(_ value: Double) {
    bits.store(value.bitPattern, ordering: .relaxed)
  }

  /// Adds `amount`, which may be negative.
  public func add(_ amount: Double) {
    bits.addDouble(amount)
  }

  /// The present value.
  public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

extension Atomic where Value == UInt64 {
  /// Adds to a double that is stored as its bits.
  fileprivate func addDouble(_ amount: Double) {
    var old = load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let (exchanged, original) = weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }
}

/// Counts observations in ranges, for instance durations in seconds.
public final class Histogram: Sendable {
  struct State {
    /// Observations per bucket, not yet cumulative; the last bucket is `+Inf`.
    var counts: [UInt64]
    var sum = 0.0
  }

  /// The upper bounds of the buckets, ascending, without `+Inf`.
  public let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    let sorted = Set(bounds.filter(\.isFinite)).sorted()
    self.bounds = sorted
    state = Mutex(State(counts: Array(repeating: 0, count: sorted.count + 1)))
  }

  /// Counts one observation. NaN is ignored.
  ///
  /// - Complexity: O(number of buckets).
  public func observe(_ value: Double) {
    if value.isNaN { return }
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock {
      $0.counts[bucket] += 1
      $0.sum += value
    }
  }

  /// Counts and sum at one moment.
  var snapshot: State { state.withLock { $0 } }
}
