/// A value beside what a forecaster had said of it before it came.
///
/// Nothing is fitted for it: the forecaster's own interval says how much it usually errs.
public struct ForecastResidual: Sendable, Hashable {
  /// The name among the detectors of a signal.
  public static let detector = "forecast_residual"
  /// How many deviations of the forecaster are its line.
  private static let line = 3.0

  /// The value that came.
  public var value: Double
  /// The middle of what was forecast.
  public var expected: Double
  /// The forecaster's deviations on either side, above zero.
  public var deviationBelow: Double
  public var deviationAbove: Double

  /// Nil if a number is not finite or a deviation is not above zero: such a forecast says nothing about how far is far.
  public init?(value: Double, expected: Double, deviationBelow: Double, deviationAbove: Double) {
    guard value.isFinite, expected.isFinite, deviationBelow > 0, deviationAbove > 0,
      (deviationBelow + deviationAbove).isFinite
    else { return nil }
    self.value = value
    self.expected = expected
    self.deviationBelow = deviationBelow
    self.deviationAbove = deviationAbove
  }

  /// What it says as a detector: 1.0 at three deviations.
  var reading: AnomalyDetector.Reading {
    let error = value - expected
    return AnomalyDetector.Reading(
      score: error.magnitude / (Self.line * (error < 0 ? deviationBelow : deviationAbove)),
      direction: error < 0 ? .below : .above, low: expected - Self.line * deviationBelow,
      high: expected + Self.line * deviationAbove)
  }
}
