/// The least-squares line through the history.
///
/// With time counted 0…n-1 the sums over time are closed forms, so one pass over the values is enough.
public enum LinearTrendMethod: PointMethod {
  public static let name = "linear"
  public static let usefulHistory = (periods: 2, values: 500)

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    let (level, slope) = fit(history)
    return horizons.map { level + slope * Double($0) }
  }

  /// The line's value at the last point of the history, and its slope per step; (NaN, 0) for an empty history.
  static func fit(_ history: ArraySlice<Double>) -> (level: Double, slope: Double) {
    let count = Double(history.count)
    guard history.count >= 2 else { return (history.last ?? .nan, 0) }
    let middle = (count - 1) / 2
    var sum = 0.0
    var product = 0.0
    var time = -middle
    for value in history {
      sum += value
      product += time * value
      time += 1
    }
    let slope = product / (count * (count * count - 1) / 12)
    return (sum / count + slope * middle, slope)
  }
}

/// The line of median slopes, which up to 29% of wild values cannot turn.
///
/// P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau" (1968): the slope is the median of
/// the slopes between all pairs of points, the level the median of what is left. Longer histories than 120 points
/// are first reduced to 120 block medians, so that the pairs stay few.
public enum RobustLinearMethod: PointMethod {
  public static let name = "robust_linear"
  public static let usefulHistory = (periods: 2, values: 500)

  private static let mostPoints = 120

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    let (level, slope) = fit(history)
    return horizons.map { level + slope * Double($0) }
  }

  /// The line's value at the last point of the history, and its slope per step; (NaN, 0) for an empty history.
  static func fit(_ history: ArraySlice<Double>) -> (level: Double, slope: Double) {
    guard history.count >= 2 else { return (history.last ?? .nan, 0) }
    let block = (history.count + mostPoints - 1) / mostPoints
    var times: [Double] = []
    var values: [Double] = []
    var end = history.endIndex
    // Blocks are counted from the newest end; a block's time is that of its middle, 0 at the last point.
    while end > history.startIndex {
      let start = max(history.startIndex, end - block)
      times.append(Double(start + end - 1) / 2 - Double(history.endIndex - 1))
      values.append(block == 1 ? history[start] : median(history[start..<end]))
      end = start
    }
    var slopes: [Double] = []
    slopes.reserveCapacity(values.count * (values.count - 1) / 2)
    for left in values.indices {
      for right in values.indices where right > left {
        slopes.append((values[left] - values[right]) / (times[left] - times[right]))
      }
    }
    guard !slopes.isEmpty else { return (values[0], 0) }
    let slope = median(slopes)
    let level = median(zip(times, values).map { $1 - slope * $0 })
    return (level, slope)
  }
}

/// The `linear` model.
public typealias LinearTrendForecaster = BacktestedForecaster<LinearTrendMethod>
/// The `robust_linear` model.
public typealias RobustLinearForecaster = BacktestedForecaster<RobustLinearMethod>
