import AnomalyDetection
import HarecastTestKit
import Testing
import TimeSeries

@testable import Rules

/// `forecast_residual` among the detectors of an `anomaly` block.
struct ForecastResidualTests {
  private static let queue = Labels(name: "depth", ["queue": "q"])

  private static func rules(_ forecast: String = "expr: depth", detectors: String = "auto, forecast_residual") -> String
  {
    """
    groups:
    - name: g
      rules:
      - record: depth_forecast
        \(forecast)
        forecast: {horizons: [2m, 1m], step: 1m, history: 1d, quantiles: [0.1, 0.5, 0.9]}
      - record: depth_score
        expr: depth
        anomaly: {history: 1d, step: 1m, detectors: [\(detectors)]}
    """
  }

  /// Uneven between 99 and 101, and 50 higher from the 700th minute on.
  private static func value(_ minute: Int64) -> Double {
    let mixed = UInt64(minute + 1) &* 0x9E37_79B9_7F4A_7C15
    let folded = (mixed ^ (mixed >> 29)) &* 0xBF58_476D_1CE4_E5B9
    return 99 + Double(folded >> 40) / Double(1 << 23) + (minute >= 700 ? 50 : 0)
  }

  private static func part(_ fixture: RuleFixture) throws -> Double {
    try fixture.value(#"depth_score_part{detector="forecast_residual"}"#)
  }

  @Test func `a value far from what the forecast rule had said of it is told, by that forecaster's own interval`()
    async throws
  {
    let fixture = RuleFixture(configuration: RuleManagerConfiguration(evaluationInterval: 60_000))
    try fixture.load(Self.rules())
    let learnt: Int64 = 600
    let times = (0..<learnt).map { RuleFixture.start + $0 * 60_000 }
    _ = try await fixture.store.appendHistory(
      Self.queue, timestamps: times, values: (0..<learnt).map(Self.value), now: RuleFixture.start + learnt * 60_000)
    var calm = 0
    for minute in learnt...700 {
      try fixture.add(Self.queue, Self.value(minute), at: minute * 60)
      await fixture.evaluate(at: minute * 60)
      // Before thirty forecasts met their truth, nothing is said.
      if minute < learnt + 30 { #expect(try Self.part(fixture) == 0) }
      if minute >= learnt + 40, minute < 700, try Self.part(fixture) < 1 { calm += 1 }
    }
    #expect(calm >= 57)
    // Values lie within one of the middle, so a jump of 50 is beyond three deviations however wide the interval.
    #expect(try Self.part(fixture) > 1)
    let now = try #require(fixture.manager.currentAnomalies().first)
    #expect(now.judgement.parts.map(\.detector) == ["auto", "forecast_residual"])
  }

  @Test func `it needs a forecast rule of the same expression above it, and is no detector of a whole`() throws {
    func errors(_ text: String) -> String {
      do {
        _ = try RuleFile.parse(text, path: "r.yml")
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(errors(Self.rules()) == "")
    // However it is written: both print alike.
    #expect(errors(Self.rules("expr: 'depth{}'")) == "")
    let fault = "the detector forecast_residual needs a forecast rule of the same expression above in its group"
    #expect(errors(Self.rules("expr: depth + 1")).contains(fault))
  }

  @Test func `three deviations are the line, each side its own`() throws {
    let high = try #require(ForecastResidual(value: 16, expected: 10, deviationBelow: 1, deviationAbove: 2))
    var watch = SignalWatch(detectors: [ForecastResidual.detector])
    let above = watch.score(16, at: 60_000, residual: high)
    #expect(above.verdict.score == 1 && above.verdict.direction == .above && above.verdict.alert)
    #expect(above.verdict.expectedLow == 7 && above.verdict.expectedHigh == 16)
    let low = try #require(ForecastResidual(value: 4, expected: 10, deviationBelow: 1, deviationAbove: 2))
    #expect(watch.score(4, at: 120_000, residual: low).verdict.score == 2)
    #expect(watch.score(4, at: 180_000).verdict.score == 0)
    #expect(ForecastResidual(value: 1, expected: 1, deviationBelow: 0, deviationAbove: 1) == nil)
    let restored = try SignalWatch(
      detectors: [ForecastResidual.detector], options: AnomalyOptions(), restoring: watch.saved())
    #expect(restored.saved() == watch.saved())
  }
}
