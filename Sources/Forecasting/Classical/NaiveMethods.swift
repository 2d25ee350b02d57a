/// The last value, for ever (the random walk's forecast).
///
/// R. J. Hyndman and G. Athanasopoulos, "Forecasting: Principles and Practice", section 5.2.
public enum NaiveMethod: PointMethod {
  public static let name = "naive"
  public static let usefulHistory = (periods: 0, values: 1)

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    [Double](repeating: history.last ?? .nan, count: horizons.count)
  }
}

/// The value of one period ago; without a rhythm, the last value.
///
/// R. J. Hyndman and G. Athanasopoulos, "Forecasting: Principles and Practice", section 5.2.
public enum SeasonalNaiveMethod: PointMethod {
  public static let name = "seasonal_naive"
  public static let usefulHistory = (periods: 1, values: 1)

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    guard let period, period > 0, history.count >= period else {
      return NaiveMethod.predict(history, period: nil, horizons: horizons)
    }
    return horizons.map { history[history.endIndex - period + ($0 - 1) % period] }
  }
}

/// The straight line through the first and the last value.
///
/// R. J. Hyndman and G. Athanasopoulos, "Forecasting: Principles and Practice", section 5.2.
public enum DriftMethod: PointMethod {
  public static let name = "drift"
  public static let usefulHistory = (periods: 2, values: 500)

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    guard let first = history.first, let last = history.last, history.count >= 2 else {
      return NaiveMethod.predict(history, period: nil, horizons: horizons)
    }
    let slope = (last - first) / Double(history.count - 1)
    return horizons.map { last + slope * Double($0) }
  }
}

/// The `naive` model.
public typealias NaiveForecaster = BacktestedForecaster<NaiveMethod>
/// The `seasonal_naive` model.
public typealias SeasonalNaiveForecaster = BacktestedForecaster<SeasonalNaiveMethod>
/// The `drift` model.
public typealias DriftForecaster = BacktestedForecaster<DriftMethod>
