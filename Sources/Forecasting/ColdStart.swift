/// What is assumed of a signal before its own errors are known.
enum ColdStart {
  /// The standard deviation of a change over one step after `count` values: half the value (or half a unit for a
  /// signal at zero) after one, shrinking in proportion to the count.
  static func scale(lastValue: Double, count: Int) -> Double {
    let magnitude = abs(lastValue) > 0 ? abs(lastValue) : 1
    return 0.5 * magnitude / Double(max(1, count))
  }
}
