/// Level and trend by exponential smoothing, in error-correction form.
///
/// R. J. Hyndman et al., "Forecasting with Exponential Smoothing" (2008), section 2.5, models ANN, AAN and AAdN:
/// level += trend·φ + α·error, trend = φ·trend + β·error. Parameters are chosen from a small fixed grid by the sum
/// of absolute one-step errors, which a burst cannot rule.
enum ExponentialSmoothing {
  struct Parameters: Equatable {
    var alpha: Double
    var beta: Double
    var phi: Double
  }

  struct State {
    var level: Double
    var trend: Double
    /// The sum of absolute one-step errors.
    var loss = 0.0
  }

  /// Runs the recursion over a history. Without a trend it starts from the first value; with one, from the first two.
  static func run(_ history: ArraySlice<Double>, _ parameters: Parameters) -> State {
    guard let first = history.first else { return State(level: .nan, trend: 0) }
    let second = history.dropFirst().first ?? first
    let hasTrend = parameters.beta > 0
    var state = State(level: hasTrend ? second : first, trend: hasTrend ? second - first : 0)
    for value in history.dropFirst(hasTrend ? 2 : 1) {
      let expected = state.level + parameters.phi * state.trend
      let error = value - expected
      state.level = expected + parameters.alpha * error
      state.trend = parameters.phi * state.trend + parameters.beta * error
      state.loss += abs(error)
    }
    return state
  }

  /// The state under the best parameters of a grid; the first of equals.
  static func best(_ history: ArraySlice<Double>, grid: [Parameters]) -> (state: State, parameters: Parameters) {
    var best: (state: State, parameters: Parameters)?
    for parameters in grid {
      let state = run(history, parameters)
      if state.loss < (best?.state.loss ?? .infinity) || best == nil { best = (state, parameters) }
    }
    return best ?? (State(level: .nan, trend: 0), Parameters(alpha: 1, beta: 0, phi: 1))
  }

  static let simpleGrid = [1, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02].map { Parameters(alpha: $0, beta: 0, phi: 1) }

  static let holtGrid = grid(phi: [1])
  static let dampedGrid = grid(phi: [0.8, 0.9, 0.98])

  private static func grid(phi: [Double]) -> [Parameters] {
    var result: [Parameters] = []
    for phi in phi {
      for alpha in [0.9, 0.5, 0.3, 0.1, 0.05] {
        for share in [0.02, 0.1, 0.3] { result.append(Parameters(alpha: alpha, beta: alpha * share, phi: phi)) }
      }
    }
    return result
  }

  /// φ + φ² + … + φ^horizon.
  static func dampedSteps(phi: Double, horizon: Int) -> Double {
    phi == 1 ? Double(horizon) : phi * (1 - power(phi, Double(horizon))) / (1 - phi)
  }
}

/// The exponentially weighted mean.
public enum SimpleSmoothingMethod: PointMethod {
  public static let name = "ses"
  public static let usefulHistory = (periods: 0, values: 500)

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    let level = ExponentialSmoothing.best(history, grid: ExponentialSmoothing.simpleGrid).state.level
    return [Double](repeating: level, count: horizons.count)
  }
}

/// Holt's linear trend.
public enum HoltMethod: PointMethod {
  public static let name = "holt"
  public static let usefulHistory = (periods: 0, values: 500)

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    let state = ExponentialSmoothing.best(history, grid: ExponentialSmoothing.holtGrid).state
    return horizons.map { state.level + state.trend * Double($0) }
  }
}

/// Holt's trend, dying out (E. S. Gardner and E. McKenzie, "Forecasting trends in time series", 1985).
public enum DampedHoltMethod: PointMethod {
  public static let name = "damped_holt"
  public static let usefulHistory = (periods: 0, values: 500)

  public static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double] {
    let (state, parameters) = ExponentialSmoothing.best(history, grid: ExponentialSmoothing.dampedGrid)
    return horizons.map {
      state.level + state.trend * ExponentialSmoothing.dampedSteps(phi: parameters.phi, horizon: $0)
    }
  }
}

/// The `ses` model: simple exponential smoothing.
public typealias SimpleSmoothingForecaster = BacktestedForecaster<SimpleSmoothingMethod>
/// The `holt` model.
public typealias HoltForecaster = BacktestedForecaster<HoltMethod>
/// The `damped_holt` model.
public typealias DampedHoltForecaster = BacktestedForecaster<DampedHoltMethod>
