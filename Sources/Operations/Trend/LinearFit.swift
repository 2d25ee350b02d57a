/// A line through points by least squares, with the error of its slope for residuals that hang together.
///
/// The effective number of points is reduced by the residuals' lag-one autocorrelation (von Storch and Zwiers,
/// Statistical Analysis in Climate Research, section 6.6.8).
struct LinearFit: Sendable, Equatable {
  var slope: Double
  var slopeError: Double
  /// The share of the variance that the line explains.
  var determination: Double

  /// - Returns: nil for fewer than four points or points at one time.
  init?(times: [Double], values: [Double]) {
    let count = Double(times.count)
    guard times.count >= 4, times.count == values.count else { return nil }
    let meanTime = times.reduce(0, +) / count
    let meanValue = values.reduce(0, +) / count
    var timeSquares = 0.0
    var products = 0.0
    var valueSquares = 0.0
    for (time, value) in zip(times, values) {
      timeSquares += (time - meanTime) * (time - meanTime)
      products += (time - meanTime) * (value - meanValue)
      valueSquares += (value - meanValue) * (value - meanValue)
    }
    guard timeSquares > 0 else { return nil }
    slope = products / timeSquares
    let residuals = zip(times, values).map { $1 - meanValue - products / timeSquares * ($0 - meanTime) }
    let residualSquares = residuals.reduce(0) { $0 + $1 * $1 }
    determination = valueSquares > 0 ? max(0, 1 - residualSquares / valueSquares) : 0
    var lagged = 0.0
    for index in residuals.indices.dropFirst() { lagged += residuals[index] * residuals[index - 1] }
    let correlation = residualSquares > 0 ? min(0.9, max(0, lagged / residualSquares)) : 0
    let effective = max(3, count * (1 - correlation) / (1 + correlation))
    slopeError = (residualSquares / (effective - 2) / timeSquares).squareRoot()
  }
}
