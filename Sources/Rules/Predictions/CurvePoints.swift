import TimeSeries

/// The points of a forecast's curve.
enum CurvePoints {
  /// The most milliseconds between two points. A query looks back for a sample by 5 minutes unless told otherwise;
  /// a wider gap would be a hole.
  static let spacing: Int64 = 240_000
  /// For how many milliseconds from its start a curve is kept that close; it bounds the number of points.
  static let closeFor: Int64 = 48 * 3_600_000
  private static let count = 120

  /// About 120 whole steps from 1 to `last`, close together at first.
  static func steps(through last: Int) -> [Int] {
    guard last > count else { return Array(1...max(1, last)) }
    var result: [Int] = []
    for index in 1...count {
      let share = Double(index) / Double(count)
      let step = max((result.last ?? 0) + 1, Int((share * share * Double(last)).rounded()))
      if step <= last { result.append(step) }
    }
    if result.last != last { result.append(last) }
    return result
  }

  /// The points of `computed`, ascending in time, with points on the straight lines between them.
  ///
  /// At most `closeFor / spacing` points are added: two are at most `spacing` apart until `closeFor` from the first,
  /// and beyond that the computed ones stand alone.
  static func filled(_ computed: [Sample]) -> [Sample] {
    guard let first = computed.first, let last = computed.last else { return [] }
    let closeEnd = first.timestamp + closeFor
    var result: [Sample] = []
    result.reserveCapacity(computed.count + Int((min(last.timestamp, closeEnd) - first.timestamp) / spacing))
    for (point, next) in zip(computed, computed.dropFirst()) {
      result.append(point)
      let end = min(next.timestamp, closeEnd + 1)
      for time in stride(from: point.timestamp + spacing, to: end, by: Int(spacing)) {
        let share = Double(time - point.timestamp) / Double(next.timestamp - point.timestamp)
        // Not `point + share * difference`: the difference of large values may be beyond the largest number.
        let value = point.value == next.value ? point.value : (1 - share) * point.value + share * next.value
        result.append(Sample(time, value))
      }
    }
    result.append(last)
    return result
  }
}
