import Foundation
import Testing

@testable import Forecasting

@Suite("Seasonal decomposition")
struct DecompositionTests {
  /// The reference values are those of statsmodels 0.15 (`STL` with window 11 and all jumps 1).
  @Test("one rhythm is taken out as the reference implementation does it")
  func matchesSTL() {
    let values = (0..<84).map { index -> Double in
      let angle = 2 * Double.pi * Double(index) / 12
      let saw = Double((index * 7919) % 13 - 6) * 0.2
      return 10 + 0.3 * Double(index) + 4 * sin(angle) + saw + 0.02 * Double(index) * cos(angle)
    }
    let parts = SeasonalDecomposition(values[...], periods: [12], isExact: true)
    let expected: [(index: Int, trend: Double, seasonal: Double)] = [
      (0, 9.646_760_68, 0.218_562_18), (1, 9.991_323_22, 1.620_599_36), (40, 21.997_244_4, 2.889_693_26),
      (83, 34.692_918_95, 0.087_370),
    ]
    for (index, trend, seasonal) in expected {
      #expect(abs(parts.trend[index] - trend) < 1e-6)
      #expect(abs(parts.seasonal[0][index] - seasonal) < 1e-6)
    }
  }

  /// The reference values are those of statsmodels 0.15 (`MSTL` with its default windows and two iterations).
  @Test("two rhythms are told apart as the reference implementation does it")
  func matchesMSTL() {
    let values = (0..<200).map { index -> Double in
      let saw = Double((index * 7919) % 17 - 8) * 0.1
      let turn = 2 * Double.pi * Double(index)
      return 50 + 0.05 * Double(index) + 5 * sin(turn / 6) + 8 * cos(turn / 42) + saw
    }
    let parts = SeasonalDecomposition(values[...], periods: [6, 42], isExact: true)
    let expected: [(index: Int, trend: Double, short: Double, long: Double)] = [
      (0, 49.961_657_42, 0.281_713_64, 7.365_561_79), (1, 50.013_076_05, 4.933_604_05, 7.799_235_37),
      (100, 54.999_029_71, -4.557_580_72, -5.683_012_95), (199, 60.017_418_77, 4.542_153_09, -0.350_035_9),
    ]
    for (index, trend, short, long) in expected {
      #expect(abs(parts.trend[index] - trend) < 1e-6)
      #expect(abs(parts.seasonal[0][index] - short) < 1e-6)
      #expect(abs(parts.seasonal[1][index] - long) < 1e-6)
    }
  }

  @Test("the parts add up to the series")
  func addsUp() {
    var noise = SeededNoise(5)
    let values = (0..<300).map { Double($0 % 24) + noise.normal() }
    let parts = SeasonalDecomposition(values[...], periods: [24])
    let rest = parts.remainder(of: values[...])
    for index in values.indices {
      #expect(abs(parts.trend[index] + parts.seasonal[0][index] + rest[index] - values[index]) < 1e-9)
    }
  }

  @Test("a pure rhythm on a line is continued exactly")
  func continuesPureRhythm() {
    let values = (0..<240).map { 5 + Double($0) * 0.1 + [0, 3, 1, -4][$0 % 4] }
    let curve = MSTLMethod.predict(values[...], period: 4, horizons: [1, 2, 3, 4])
    for (row, horizon) in [1, 2, 3, 4].enumerated() {
      let index = 239 + horizon
      #expect(abs(curve[row] - (5 + Double(index) * 0.1 + [0, 3, 1, -4][index % 4])) < 0.2)
    }
  }
}
