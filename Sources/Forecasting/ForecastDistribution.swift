/// What may come: for each horizon the value at each quantile, and the mean.
public struct ForecastDistribution: Sendable, Equatable {
  /// The time of the newest value that the forecast knew, in UTC milliseconds.
  public var origin: Int64

  /// The length of one step in milliseconds.
  public var step: Int64

  /// The horizons in steps after the origin, ascending.
  public var horizons: [Int]

  /// The quantile levels, ascending, each between 0 and 1.
  public var quantiles: [Double]

  /// The quantile values, row by row: all quantiles of the first horizon, then those of the second.
  public var values: [Double]

  /// The expected value at each horizon.
  public var mean: [Double]

  /// Makes a distribution from its parts.
  public init(
    origin: Int64, step: Int64, horizons: [Int], quantiles: [Double], values: [Double], mean: [Double]
  ) {
    self.origin = origin
    self.step = step
    self.horizons = horizons
    self.quantiles = quantiles
    self.values = values
    self.mean = mean
  }

  /// The value at one horizon and quantile, both given by their position in `horizons` and `quantiles`.
  public func value(horizonAt row: Int, quantileAt column: Int) -> Double {
    values[row * quantiles.count + column]
  }

  /// The time that a horizon (given by its position) speaks of, in UTC milliseconds.
  public func time(horizonAt row: Int) -> Int64 {
    origin &+ Int64(horizons[row]) &* step
  }

  /// The curve of one quantile over all horizons, or nil if the level was not asked for.
  public func curve(quantile: Double) -> [Double]? {
    guard let column = quantiles.firstIndex(of: quantile) else { return nil }
    return horizons.indices.map { value(horizonAt: $0, quantileAt: column) }
  }
}
