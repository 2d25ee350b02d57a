/// Running sums over values without gaps: mean and deviation of any window cost the same.
struct RunningSums: Sendable {
  private var sums = [0.0]
  private var squares = [0.0]

  /// - Complexity: O(n).
  init(_ values: [Double]) {
    sums.reserveCapacity(values.count + 1)
    squares.reserveCapacity(values.count + 1)
    var (sum, square) = (0.0, 0.0)
    for value in values {
      sum += value
      square += value * value
      sums.append(sum)
      squares.append(square)
    }
  }

  /// The mean of the values of a window, which must not be empty.
  func mean(_ window: Range<Int>) -> Double {
    (sums[window.upperBound] - sums[window.lowerBound]) / Double(window.count)
  }

  /// The standard deviation of the values of a window, which must not be empty.
  func deviation(_ window: Range<Int>) -> Double {
    let mean = mean(window)
    let square = (squares[window.upperBound] - squares[window.lowerBound]) / Double(window.count)
    return max(0, square - mean * mean).squareRoot()
  }
}
