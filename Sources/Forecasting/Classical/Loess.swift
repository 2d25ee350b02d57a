/// Locally weighted regression on evenly spaced values.
///
/// W. S. Cleveland, "Robust locally weighted regression and smoothing scatterplots" (1979), in the form and with the
/// neighbourhood rules of R. B. Cleveland et al., "STL" (1990), section 2.
struct Loess {
  /// The number of neighbours, odd; may exceed the number of values.
  var window: Int
  /// Between how many values the fit is interpolated; 1 fits at every value.
  var jump: Int

  /// The fit at position `at` (0 is the first value; may lie outside) from the values `left ... right`.
  private func fit(_ values: ArraySlice<Double>, at position: Double, left: Int, right: Int) -> Double? {
    let count = values.count
    let base = values.startIndex
    var reach = max(position - Double(left), Double(right) - position)
    if window > count { reach += Double((window - count) / 2) }
    var total = 0.0
    var centre = 0.0
    for index in left...right {
      let weight = Self.weight(abs(Double(index) - position), reach)
      total += weight
      centre += weight * Double(index)
    }
    guard total > 0 else { return nil }
    centre /= total
    var spread = 0.0
    for index in left...right {
      let offset = Double(index) - centre
      spread += Self.weight(abs(Double(index) - position), reach) * offset * offset
    }
    spread /= total
    // A neighbourhood that is narrow against the whole gives no slope.
    let isSloped = reach > 0 && spread.squareRoot() > 0.001 * Double(count - 1)
    let slope = isSloped ? (position - centre) / spread : 0
    var result = 0.0
    for index in left...right {
      let weight = Self.weight(abs(Double(index) - position), reach) / total
      result += weight * (1 + slope * (Double(index) - centre)) * values[base + index]
    }
    return result
  }

  /// The tricube weight at a distance.
  private static func weight(_ distance: Double, _ reach: Double) -> Double {
    guard distance <= 0.999 * reach else { return reach == 0 && distance == 0 ? 1 : 0 }
    guard distance > 0.001 * reach else { return 1 }
    let ratio = distance / reach
    let rest = 1 - ratio * ratio * ratio
    return rest * rest * rest
  }

  /// The smoothed values.
  ///
  /// - Complexity: O(values × window / jump).
  func smooth(_ values: ArraySlice<Double>) -> [Double] {
    let count = values.count
    guard count > 1 else { return Array(values) }
    let jump = min(max(1, jump), count - 1)
    var result = [Double](repeating: 0, count: count)
    let width = min(window, count)
    let half = (width + 1) / 2
    func bounds(_ index: Int) -> (left: Int, right: Int) {
      let left = min(max(0, index + 1 - half), count - width)
      return (left, left + width - 1)
    }
    var fitted: [Int] = Array(stride(from: 0, to: count, by: jump))
    if fitted.last != count - 1 { fitted.append(count - 1) }
    for index in fitted {
      let (left, right) = bounds(index)
      result[index] =
        fit(values, at: Double(index), left: left, right: right) ?? values[values.startIndex + index]
    }
    for (from, to) in zip(fitted, fitted.dropFirst()) where to > from + 1 {
      let slope = (result[to] - result[from]) / Double(to - from)
      for index in from + 1..<to { result[index] = result[from] + slope * Double(index - from) }
    }
    return result
  }

  /// The smoothed values with one more before the first and one more after the last.
  func smoothExtended(_ values: [Double]) -> [Double] {
    let count = values.count
    let inner = smooth(values[...])
    let width = min(window, count)
    let before = fit(values[...], at: -1, left: 0, right: width - 1) ?? inner[0]
    let after = fit(values[...], at: Double(count), left: count - width, right: count - 1) ?? inner[count - 1]
    return [before] + inner + [after]
  }
}
