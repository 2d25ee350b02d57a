/// What is assumed of a signal before its own errors are known.
enum ColdStart {
  /// The standard deviation of a change over one step: half of what the signal might still span, shrinking in
  /// proportion to the number of values.
  ///
  /// That is what it has spanned so far, and its magnitude (one unit for a signal at zero) as long as too few values
  /// were seen to know better: a disk of terabytes that moved by megabytes will not move by terabytes next.
  ///
  /// - Complexity: O(n).
  static func scale(_ values: some BidirectionalCollection<Double>) -> Double {
    guard let last = values.last, let least = values.min(), let greatest = values.max() else { return 0 }
    let magnitude = abs(last) > 0 ? abs(last) : 1
    let count = Double(values.count)
    return 0.5 * (greatest - least + magnitude / count) / count
  }
}
