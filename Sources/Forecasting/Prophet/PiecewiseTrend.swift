/// A straight line that may bend at given moments.
///
/// S. J. Taylor and B. Letham, "Forecasting at Scale" (2018), section 3.1.2: g(t) = k·t + m + Σ δⱼ·max(0, t - sⱼ).
/// Times are relative: 0 is the start of the history, 1 its end.
struct PiecewiseTrend: Sendable, Equatable {
  var slope = 0.0
  var offset = 0.0
  var changes: [Double] = []
  /// When the changes happen, ascending.
  var changepoints: [Double] = []

  /// The value at a relative time, also after the history's end, where the last slope goes on.
  ///
  /// - Complexity: O(changepoints).
  func value(at time: Double) -> Double {
    var value = offset + slope * time
    for (change, changepoint) in zip(changes, changepoints) where time > changepoint {
      value += change * (time - changepoint)
    }
    return value
  }

  /// Fills `values` with the trend at ascending times.
  ///
  /// - Complexity: O(times + changepoints).
  static func evaluate(
    slope: Double, offset: Double, changes: UnsafePointer<Double>, changepoints: [Double], times: [Double],
    into values: inout [Double]
  ) {
    var slope = slope
    var offset = offset
    var next = 0
    for index in times.indices {
      while next < changepoints.count, times[index] > changepoints[next] {
        slope += changes[next]
        offset -= changes[next] * changepoints[next]
        next += 1
      }
      values[index] = offset + slope * times[index]
    }
  }

  /// Adds to `gradient` what each change contributes, for the derivatives of a loss by the trend's values.
  ///
  /// - Complexity: O(times + changepoints).
  static func addGradient(
    derivatives: [Double], times: [Double], changepoints: [Double], to gradient: UnsafeMutablePointer<Double>
  ) {
    var sum = 0.0
    var weighted = 0.0
    var next = changepoints.count - 1
    var index = times.count - 1
    while next >= 0 {
      while index >= 0, times[index] > changepoints[next] {
        sum += derivatives[index]
        weighted += derivatives[index] * times[index]
        index -= 1
      }
      gradient[next] += weighted - changepoints[next] * sum
      next -= 1
    }
  }
}
