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
}
