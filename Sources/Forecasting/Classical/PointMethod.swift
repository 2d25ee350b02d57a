/// A classical method that turns a history into one curve of expected values.
///
/// Histories have no gaps and magnitudes near 1. `BacktestedForecaster` makes a full forecast model of it.
public protocol PointMethod: Sendable {
  /// The name that a rule file calls the model by.
  static var name: String { get }

  /// How much history the method can use, in periods of the main rhythm and in values; the larger counts.
  static var usefulHistory: (periods: Int, values: Int) { get }

  /// The expected values at the given horizons, ascending, in steps after the last value.
  ///
  /// - Parameter period: the main rhythm in steps, nil if there is none.
  static func predict(_ history: ArraySlice<Double>, period: Int?, horizons: [Int]) -> [Double]
}
