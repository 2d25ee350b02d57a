import Forecasting

/// The errors of one model's forecasts on the truths that came.
public struct ForecastTally: Sendable, Equatable {
  /// The levels that forecasts are judged at, as in ``ForecastBacktest``.
  public static let quantiles = ForecastBacktest.quantiles
  private static let middle = 2

  /// The number of truths.
  public private(set) var count = 0
  private var absoluteError = 0.0
  private var squaredError = 0.0
  private var quantileLoss = 0.0
  private var inside80 = 0
  private var inside95 = 0
  private var widths: [Double] = []
  private var truthMean = 0.0
  private var truthSpread = 0.0

  public init() {}

  /// Judges one forecast; a truth that is missing is passed over.
  ///
  /// - Parameter quantiles: the values at the levels ``quantiles``.
  public mutating func add(_ truth: Double, mean: Double, quantiles: ArraySlice<Double>) {
    guard truth.isFinite, quantiles.count == Self.quantiles.count else { return }
    let values = Array(quantiles)
    count += 1
    absoluteError += (truth - values[Self.middle]).magnitude
    squaredError += (truth - mean) * (truth - mean)
    for (level, value) in zip(Self.quantiles, values) {
      quantileLoss += 2 * (truth >= value ? level * (truth - value) : (1 - level) * (value - truth)) / 5
    }
    if truth >= values[1], truth <= values[3] { inside80 += 1 }
    if truth >= values[0], truth <= values[4] { inside95 += 1 }
    widths.append(values[4] - values[0])
    // B. P. Welford, "Note on a method for calculating corrected sums of squares and products" (1962).
    let change = truth - truthMean
    truthMean += change / Double(count)
    truthSpread += change * (truth - truthMean)
  }

  /// Judges a whole curve.
  ///
  /// - Parameter truths: the values of the steps after the origin; those beyond it are not judged.
  public mutating func add(_ forecast: ForecastDistribution, truths: ArraySlice<Double>, through horizon: Int) {
    let width = Self.quantiles.count
    for (row, steps) in forecast.horizons.enumerated() where steps <= horizon && steps <= truths.count {
      add(
        truths[truths.startIndex + steps - 1], mean: forecast.mean[row],
        quantiles: forecast.values[row * width..<(row + 1) * width])
    }
  }

  /// The mean distance of the median from the truth; nil before the first truth.
  public var meanAbsoluteError: Double? { count > 0 ? absoluteError / Double(count) : nil }

  /// Twice the pinball loss, averaged over the levels and truths (R. Koenker and G. Bassett, "Regression quantiles", 1978).
  public var meanQuantileLoss: Double? { count > 0 ? quantileLoss / Double(count) : nil }

  /// The coefficient of determination of the mean: 1 is perfect, 0 as good as the truths' own mean; nil if they never
  /// differ.
  public var determination: Double? { truthSpread > 0 ? 1 - squaredError / truthSpread : nil }

  /// The share of truths in the middle 80%.
  public var coverage80: Double? { count > 0 ? Double(inside80) / Double(count) : nil }

  /// The share of truths in the middle 95%.
  public var coverage95: Double? { count > 0 ? Double(inside95) / Double(count) : nil }

  /// The median width of the 95% interval.
  public var medianWidth: Double? { ForecastHistory.median(widths) }
}
