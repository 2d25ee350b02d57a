/// The newest values of a signal in units of its own magnitude, without gaps.
///
/// A gap is filled, by a straight line, only once the value after it is known; until then it is merely counted.
/// So no filled value is ever the newest, and nothing learnt at an origin has seen past it, as long as filled
/// positions are not used as origins or targets.
struct ObservedHistory: Sendable {
  /// The values times `factor`.
  private(set) var values: [Double] = []
  /// Which of the values were measured.
  private(set) var isMeasured: [Bool] = []
  /// The missing steps since the newest value.
  private(set) var trailingGap = 0
  /// The power of two that values are multiplied with.
  private(set) var factor = 1.0
  let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  /// Starts over with values (NaN = missing) of the given magnitude.
  mutating func reset(_ raw: ArraySlice<Double>) {
    values.removeAll(keepingCapacity: true)
    isMeasured.removeAll(keepingCapacity: true)
    trailingGap = 0
    let newest = raw.suffix(capacity)
    var magnitude = 0.0
    for value in newest where value.isFinite { magnitude = max(magnitude, abs(value)) }
    factor = scalingFactor(forMagnitude: magnitude)
    values.reserveCapacity(newest.count + newest.count / 8)
    for value in newest { append(value) }
  }

  /// Whether a value fits the units; one that is far greater than all before wants them chosen anew.
  func fits(_ value: Double) -> Bool { abs(value * factor) < 1e6 }

  /// Adds the next value; NaN only makes the trailing gap longer.
  mutating func append(_ raw: Double) {
    guard raw.isFinite else {
      if !values.isEmpty, trailingGap < capacity { trailingGap += 1 }
      return
    }
    let value = raw * factor
    if trailingGap > 0, let last = values.last {
      for inner in 1...trailingGap {
        values.append(last + (value - last) * Double(inner) / Double(trailingGap + 1))
        isMeasured.append(false)
      }
      trailingGap = 0
    }
    values.append(value)
    isMeasured.append(true)
  }

  /// The values in their own units, NaN where they were filled.
  var raw: [Double] {
    zip(values, isMeasured).map { $1 ? $0 / factor : .nan } + [Double](repeating: .nan, count: trailingGap)
  }
}
