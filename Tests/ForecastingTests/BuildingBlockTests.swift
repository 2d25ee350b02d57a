import Testing

@testable import Forecasting

@Suite("Classical methods against values worked out by hand")
struct BuildingBlockTests {
  @Test("the naive forecast repeats the last value")
  func naive() {
    #expect(NaiveMethod.predict([3, 1, 4], period: nil, horizons: [1, 9]) == [4, 4])
  }

  @Test("the seasonal naive forecast repeats the last period, over and over")
  func seasonalNaive() {
    let history: ArraySlice<Double> = [9, 9, 9, 1, 2, 3]
    #expect(SeasonalNaiveMethod.predict(history, period: 3, horizons: [1, 2, 3, 4, 8]) == [1, 2, 3, 1, 2])
    #expect(SeasonalNaiveMethod.predict(history, period: nil, horizons: [2]) == [3])
    #expect(SeasonalNaiveMethod.predict([7], period: 3, horizons: [2]) == [7])
  }

  @Test("the drift method draws the line from the first to the last value")
  func drift() {
    // (11 - 2) / 3 = 3 a step.
    #expect(DriftMethod.predict([2, 20, -5, 11], period: nil, horizons: [1, 4]) == [14, 23])
  }

  @Test("the least-squares line of 1, 3, 2, 5 has slope 1.1 and ends at 4.4")
  func leastSquares() {
    // Times 0…3, means 1.5 and 2.75: Sxy = 5.5, Sxx = 5, so slope 1.1 and value 2.75 + 1.5 · 1.1 at time 3.
    let (level, slope) = LinearTrendMethod.fit([1, 3, 2, 5])
    #expect(abs(slope - 1.1) < 1e-12)
    #expect(abs(level - 4.4) < 1e-12)
    let curve = LinearTrendMethod.predict([1, 3, 2, 5], period: nil, horizons: [2])
    #expect(abs(curve[0] - 6.6) < 1e-12)
  }

  @Test("the Theil-Sen line does not turn for a wild value")
  func theilSen() {
    // Pairwise slopes of 1, 2, 3, 100, 5: six are 1; the four with the wild value do not reach the median.
    let (level, slope) = RobustLinearMethod.fit([1, 2, 3, 100, 5])
    #expect(slope == 1)
    #expect(level == 5)
    let long = (0..<1000).map { $0 % 10 == 0 ? 1e6 : 2 * Double($0) }
    let (_, longSlope) = RobustLinearMethod.fit(long[...])
    #expect(abs(longSlope - 2) < 0.01)
  }

  @Test("simple smoothing of 10, 20, 10 with α = 0.5 ends at 12.5")
  func simpleSmoothing() {
    // 10 → 10 + 0.5 · 10 = 15 → 15 - 0.5 · 5 = 12.5; one-step errors 10 and 5.
    let state = ExponentialSmoothing.run([10, 20, 10], .init(alpha: 0.5, beta: 0, phi: 1))
    #expect(state.level == 12.5)
    #expect(state.loss == 15)
  }

  @Test("Holt's recursion on 10, 12, 15 with α = 0.5, β = 0.25 gives level 14.5 and trend 2.25")
  func holt() {
    // Start: level 12, trend 2. Expected 14, error 1: level 14.5, trend 2.25.
    let state = ExponentialSmoothing.run([10, 12, 15], .init(alpha: 0.5, beta: 0.25, phi: 1))
    #expect(state.level == 14.5)
    #expect(state.trend == 2.25)
    // Damped with φ = 0.5: expected 13, error 2, level 14, trend 1 + 0.5.
    let damped = ExponentialSmoothing.run([10, 12, 15], .init(alpha: 0.5, beta: 0.25, phi: 0.5))
    #expect(damped.level == 14)
    #expect(damped.trend == 1.5)
    #expect(abs(ExponentialSmoothing.dampedSteps(phi: 0.5, horizon: 3) - 0.875) < 1e-12)
    #expect(ExponentialSmoothing.dampedSteps(phi: 1, horizon: 3) == 3)
  }

  @Test("Holt's method continues a line, its damped form falls behind it")
  func trends() {
    let line = (0..<50).map { 5 + 3 * Double($0) }
    let straight = HoltMethod.predict(line[...], period: nil, horizons: [1, 10])
    #expect(abs(straight[0] - 155) < 1e-9 && abs(straight[1] - 182) < 1e-9)
    let damped = DampedHoltMethod.predict(line[...], period: nil, horizons: [10])
    #expect(damped[0] > 152 && damped[0] < 182)
  }

  @Test("Theta on a line is the last value plus half the slope's drift")
  func theta() {
    // Smoothing with α = 1 follows the line exactly one step late and has the least loss, so the level is the last
    // value, 49; the drift is half the slope 1 times h - 1 + 1.
    let line = (0..<50).map { Double($0) }
    let curve = ThetaMethod.predict(line[...], period: nil, horizons: [1, 8])
    #expect(abs(curve[0] - 49.5) < 1e-9)
    #expect(abs(curve[1] - 53) < 1e-9)
  }

  @Test("Theta, Holt-Winters and the direct regression continue an exact rhythm")
  func rhythms() {
    let wave = (0..<96).map { 10 + 5 * triangle($0, period: 24) }
    let expected = (96..<144).map { 10 + 5 * triangle($0, period: 24) }
    for curve in [
      ThetaMethod.predict(wave[...], period: 24, horizons: Array(1...48)),
      HoltWintersMethod.predict(wave[...], period: 24, horizons: Array(1...48)),
    ] {
      #expect(zip(curve, expected).allSatisfy { abs($0 - $1) < 0.01 })
    }
    let regression = AutoregressiveMethod.predict(wave[...], period: 24, horizons: [1, 12])
    #expect(abs(regression[0] - expected[0]) < 0.5)
    #expect(abs(regression[1] - expected[11]) < 1.5)
  }

  @Test("the direct regression finds the coefficient of an autoregressive process")
  func autoregression() {
    var noise = SeededNoise(11)
    var values = [0.0]
    for _ in 0..<600 { values.append(0.6 * values[values.count - 1] + noise.normal()) }
    values[values.count - 1] = 5
    values[values.count - 2] = 5
    let curve = AutoregressiveMethod.predict(values[...], period: nil, horizons: [1, 2])
    // From 5 the process is expected at 3 and 1.8; the estimate of 600 values is good to about 0.04 · 5 each.
    #expect(abs(curve[0] - 3) < 0.6)
    #expect(abs(curve[1] - 1.8) < 0.8)
  }

  @Test("ridge regression solves two equations, and shrinks under a penalty")
  func ridge() throws {
    // y = 2a - b from (1,0)→2, (0,1)→-1, (1,1)→1, of weights 1: without a penalty exact.
    var equations = NormalEquations(width: 2)
    for (row, target) in [([1.0, 0], 2.0), ([0, 1], -1), ([1, 1], 1)] {
      equations.add(row, target: target, weight: 1)
    }
    let exact = try #require(equations.solve(penalty: 1e-12))
    #expect(abs(exact[0] - 2) < 1e-6 && abs(exact[1] + 1) < 1e-6)
    let shrunk = try #require(equations.solve(penalty: 100))
    #expect(abs(shrunk[0]) < 0.1 && abs(shrunk[1]) < 0.1)
    // A row that came when the others had faded to a thousandth rules.
    equations.fade(0.001)
    equations.add([1, 0], target: 7, weight: 1)
    let recent = try #require(equations.solve(penalty: 1e-9))
    #expect(abs(recent[0] - 7) < 0.05)
    #expect(NormalEquations(width: 2).solve(penalty: 1) == nil)
  }

  @Test("the regression of a panel is the ridge regression of its features")
  func panelRegression() throws {
    var noise = SeededNoise(12)
    var reference = NormalEquations(width: ExpertPanel.featureCount)
    var equations = PanelEquations()
    #expect(equations.solve(penalty: 1) == nil)
    ExpertPanel.with { panel in
      for _ in 0..<50 {
        let row = (0..<ExpertPanel.featureCount).map { _ in noise.normal() }
        for (index, feature) in row.enumerated() { panel.features[index] = Float(feature) }
        let target = row[0] - 2 * row[5] + 0.5 * row[11] + 0.1 * noise.normal()
        reference.fade(0.5)
        equations.fade(0.5)
        reference.add(row, target: target, weight: 3)
        equations.add(panel, target: Float(target), weight: 3)
      }
    }
    let expected = try #require(reference.solve(penalty: 0.1))
    let found = try #require(equations.solve(penalty: 0.1))
    for (index, coefficient) in expected.enumerated() {
      #expect(abs(Double(found[index / 4][index % 4]) - coefficient) < 1e-4)
    }
  }

  @Test("the normal quantiles agree with the tables")
  func normal() {
    #expect(abs(NormalDistribution.quantile(0.975) - 1.959963985) < 1e-8)
    #expect(abs(NormalDistribution.quantile(0.001) + 3.090232306) < 1e-8)
    #expect(abs(NormalDistribution.quantile(0.5)) < 1e-12)
    #expect(abs(NormalDistribution.cumulative(1.959963985) - 0.975) < 1e-9)
    #expect(NormalDistribution.quantile(0) == -8.3 && NormalDistribution.quantile(1) == 8.3)
  }
}
