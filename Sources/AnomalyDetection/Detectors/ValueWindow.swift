/// The last values of a stream.
struct ValueWindow: Sendable, Hashable {
  let capacity: Int
  private var values: [Double] = []
  private var next = 0

  init(capacity: Int) { self.capacity = max(capacity, 1) }

  var count: Int { values.count }
  var isFull: Bool { values.count == capacity }

  /// Adds the newest value; returns the one that it pushes out.
  @discardableResult
  mutating func add(_ value: Double) -> Double? {
    if values.count < capacity {
      values.append(value)
      return nil
    }
    let old = values[next]
    values[next] = value
    next = next + 1 == capacity ? 0 : next + 1
    return old
  }

  /// The value at `index`, 0 being the oldest.
  subscript(index: Int) -> Double {
    let place = next + index
    return values[place < values.count ? place : place - values.count]
  }

  func save(to writer: inout StateWriter) {
    writer.write(Int64(values.count))
    for index in 0..<values.count { writer.write(self[index]) }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    let count = Int(try reader.readCount("window", in: 0...Int64(capacity)))
    values = try reader.readFinites("value", count: count)
    next = 0
  }
}

/// The last values of a stream in order of size.
struct SortedWindow: Sendable, Hashable {
  private var recent: ValueWindow
  private(set) var sorted: [Double] = []

  init(capacity: Int) { recent = ValueWindow(capacity: capacity) }

  var count: Int { sorted.count }

  /// - Complexity: O(capacity) moves of neighbouring memory, O(log capacity) comparisons.
  mutating func add(_ value: Double) {
    if let old = recent.add(value) { sorted.remove(at: Self.place(of: old, in: sorted)) }
    sorted.insert(value, at: Self.place(of: value, in: sorted))
  }

  /// The first place whose value is not below `value`.
  private static func place(of value: Double, in sorted: [Double]) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The quantile by linear interpolation between order statistics (R. J. Hyndman, Y. Fan 1996, definition 7, as numpy
  /// has it); NaN of nothing.
  func quantile(_ probability: Double) -> Double {
    guard !sorted.isEmpty else { return .nan }
    let position = probability * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }

  /// The median distance to the median.
  ///
  /// - Complexity: O(capacity): distances grow away from the median on either side, so two pointers merge them.
  var medianDeviation: Double {
    guard !sorted.isEmpty else { return .nan }
    let median = quantile(0.5)
    var left = Self.place(of: median, in: sorted) - 1
    var right = left + 1
    var before = 0.0
    var here = 0.0
    for _ in 0...(sorted.count / 2) {
      before = here
      let below = left >= 0 ? median - sorted[left] : .infinity
      let above = right < sorted.count ? sorted[right] - median : .infinity
      if below <= above {
        here = below
        left -= 1
      } else {
        here = above
        right += 1
      }
    }
    return sorted.count % 2 == 1 ? here : (before + here) / 2
  }

  func save(to writer: inout StateWriter) { recent.save(to: &writer) }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    try recent.restore(from: &reader)
    sorted = (0..<recent.count).map { recent[$0] }.sorted()
  }
}
