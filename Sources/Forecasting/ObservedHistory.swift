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
  /// The number of values that were dropped from the front.
  private(set) var dropped = 0
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
    dropped = 0
    trailingGap = 0
    var magnitude = 0.0
    for value in raw where value.isFinite { magnitude = max(magnitude, abs(value)) }
    factor = scalingFactor(forMagnitude: magnitude)
    values.reserveCapacity(min(raw.count, capacity + capacity / 8))
    for value in raw.suffix(capacity) { append(value) }
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
    if values.count >= capacity + capacity / 8 {
      let excess = values.count - capacity
      values.removeFirst(excess)
      isMeasured.removeFirst(excess)
      dropped += excess
    }
  }

  /// The values in their own units, NaN where they were filled.
  var raw: [Double] {
    zip(values, isMeasured).map { $1 ? $0 / factor : .nan } + [Double](repeating: .nan, count: trailingGap)
  }

  func write(to writer: inout StateWriter) {
    writer.write(values)
    for flag in isMeasured { writer.write(flag) }
    writer.write(dropped)
    writer.write(trailingGap)
    writer.write(factor)
  }

  init(_ reader: inout StateReader, capacity: Int) throws(ForecastError) {
    self.capacity = capacity
    values = try reader.readDoubles(atMost: capacity + capacity / 8)
    guard values.allSatisfy(\.isFinite) else { throw .unreadableState("a value of the history is not finite") }
    for _ in values { isMeasured.append(try reader.readBool()) }
    dropped = try reader.readInt(in: 0...(Int.max / 4))
    trailingGap = try reader.readInt(in: 0...capacity)
    factor = try reader.readDouble()
    guard factor > 0, factor.isFinite else { throw .unreadableState("a scale of \(factor)") }
  }
}
