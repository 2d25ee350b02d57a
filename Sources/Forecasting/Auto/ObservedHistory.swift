/// The newest values of a signal in units of its own magnitude, in four bytes each.
///
/// A value is kept as its distance from a fixed origin, rounded to 24 significant bits: what changes by a ten-millionth of
/// its level is still told apart where the level stays near the origin. What was once rounded is not changed by being rounded
/// again, in whatever units, so that a history learnt anew from the values kept is the same to the last bit.
///
/// A gap is filled, by a straight line, only once the value after it is known; until then it is merely counted.
/// So no filled value is ever the newest, and nothing learnt at an origin has seen past it, as long as filled
/// positions are not used as origins or targets.
struct ObservedHistory: Sendable {
  /// The distances from the origin times `factor`; NaN where a value is missing, which the newest never is.
  private var distances: [Float] = []
  /// What distances are from; nil before the first value.
  private(set) var origin: Double?
  /// The missing steps since the newest value.
  private(set) var trailingGap = 0
  /// The power of two that values are multiplied with.
  private(set) var factor = 1.0
  /// The factor that the next `reset` takes instead of one that suits the values.
  private var knownFactor: Double?
  let capacity: Int

  /// - Parameters:
  ///   - capacity: how many values are kept by `reset`.
  ///   - units: the origin and factor of an earlier history, whose values are to be learnt again; else the origin is the
  ///     newest of the first values learnt.
  init(capacity: Int, units: (origin: Double, factor: Double)? = nil) {
    self.capacity = capacity
    origin = units?.origin
    knownFactor = units?.factor
  }

  /// The number of values, missing ones included, up to the newest one measured.
  var count: Int { distances.count }
  var isEmpty: Bool { distances.isEmpty }

  /// The newest value, times `factor`.
  var last: Double? { distances.last.map { base + Double($0) } }

  /// The value at a position, times `factor`; nil if it is missing.
  func value(at position: Int) -> Double? {
    guard distances.indices.contains(position), !distances[position].isNaN else { return nil }
    return base + Double(distances[position])
  }

  /// All values times `factor`, gaps filled.
  var filled: [Double] {
    [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let values = buffer.baseAddress { fill(values, isMeasured: nil) }
      initialized = count
    }
  }

  /// The values in their own units, NaN where they are missing.
  var raw: [Double] {
    let base = base
    var result: [Double] = []
    result.reserveCapacity(count + trailingGap)
    for distance in distances { result.append(distance.isNaN ? .nan : finite((base + Double(distance)) / factor)) }
    for _ in 0..<trailingGap { result.append(.nan) }
    return result
  }

  /// A value as it is kept.
  static func kept(_ value: Double, origin: Double, factor: Double) -> Float {
    // What is too small to be kept is zero, never minus zero.
    Float(value * factor - origin * factor) + 0
  }

  private var base: Double { (origin ?? 0) * factor }

  /// Starts over with values (NaN = missing) of the given magnitude.
  mutating func reset(_ raw: ArraySlice<Double>) {
    distances = []
    trailingGap = 0
    let newest = raw.suffix(capacity)
    var magnitude = 0.0
    for value in newest where value.isFinite { magnitude = max(magnitude, abs(value)) }
    origin = origin ?? newest.last { $0.isFinite }
    factor = knownFactor ?? scalingFactor(forMagnitude: magnitude)
    knownFactor = nil
    distances.reserveCapacity(newest.count + newest.count / 16)
    for value in newest { append(value) }
  }

  /// Whether a value fits the units; one that is far greater than all before wants them chosen anew.
  func fits(_ value: Double) -> Bool { abs(value * factor) < 1e6 }

  /// Adds the next value; NaN only makes the trailing gap longer.
  mutating func append(_ raw: Double) {
    guard raw.isFinite else {
      if !distances.isEmpty, trailingGap < capacity { trailingGap += 1 }
      return
    }
    if distances.count + trailingGap >= distances.capacity {
      // By a sixteenth instead of by half: room that is never used is never given back.
      distances.reserveCapacity(distances.count + trailingGap + max(8, distances.count / 16))
    }
    if trailingGap > 0 {
      for _ in 0..<trailingGap { distances.append(.nan) }
      trailingGap = 0
    }
    let origin = origin ?? raw
    self.origin = origin
    distances.append(Self.kept(raw, origin: origin, factor: factor))
  }

  /// Writes all values times `factor`, gaps filled, and which of them were measured.
  ///
  /// - Parameters:
  ///   - values: room for `count` values.
  ///   - isMeasured: room for as many, if that is wanted.
  func fill(_ values: UnsafeMutablePointer<Double>, isMeasured: UnsafeMutablePointer<Bool>?) {
    let base = base
    distances.withUnsafeBufferPointer { distances in
      var gap = 0
      for index in distances.indices {
        let distance = distances[index]
        isMeasured?[index] = !distance.isNaN
        guard !distance.isNaN else {
          gap += 1
          continue
        }
        let value = base + Double(distance)
        values[index] = value
        guard gap > 0 else { continue }
        // The oldest value kept may be missing: there is nothing to draw a line from.
        let last = index > gap ? values[index - gap - 1] : value
        for inner in 1...gap {
          values[index - gap - 1 + inner] = last + (value - last) * Double(inner) / Double(gap + 1)
        }
        gap = 0
      }
    }
  }
}
