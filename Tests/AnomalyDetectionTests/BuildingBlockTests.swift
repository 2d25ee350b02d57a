import Glibc
import Testing

@testable import AnomalyDetection

@Suite struct ExponentialAverageTests {
  @Test func `The first values weigh the same, later ones by the rate`() {
    var average = ExponentialAverage(span: 3)
    average.add(1)
    #expect(average.mean == 1 && average.variance == 0)
    average.add(3)
    #expect(average.mean == 2 && average.variance == 1)
    average.add(6)
    // Rate 2 / (3 + 1): mean 2 + 4/2, variance (1 + 16/2) / 2.
    #expect(average.mean == 4 && average.variance == 4.5)
  }
}

@Suite struct ZScoreTests {
  @Test func `A value is compared with the past before it is learned`() {
    var scorer = ZScore(span: 3)
    #expect(scorer.score(1) == nil)
    #expect(scorer.score(3) == nil)
    // Mean 2, deviation 1.
    #expect(scorer.score(6) == 4)
    #expect(scorer.mean == 4)
  }

  @Test func `A constant past gives no score`() {
    var scorer = ZScore(span: 10)
    for _ in 0..<20 { #expect(scorer.score(7) == nil) }
    #expect(scorer.score(8) == nil)
  }
}

@Suite struct StreamingMADTests {
  @Test func `Five values give the hand-worked score`() throws {
    var scorer = StreamingMAD()
    for value in [1.0, 2, 3, 4, 5] { _ = scorer.score(value) }
    // Distances to the median as it stood: 0, 0, 1, 1, 2.
    #expect(scorer.median == 3 && scorer.deviation == 1)
    let score = scorer.score(10)
    #expect(abs(try #require(score) - 4.7214) < 1e-4)
  }

  @Test func `Normal values have the deviation of the normal distribution`() {
    var scorer = StreamingMAD()
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<20_000 { _ = scorer.score(5 + 2 * generator.normal()) }
    #expect(abs(scorer.median - 5) < 0.05)
    #expect(abs(scorer.deviation - 2 * 0.6745) < 0.05)
  }

  @Test func `One value in ten being wild hardly moves it`() {
    var scorer = StreamingMAD()
    var generator = SeededGenerator(seed: 4)
    for index in 0..<20_000 { _ = scorer.score(index % 10 == 0 ? 1e6 : generator.normal()) }
    #expect(abs(scorer.median) < 0.3)
    #expect(scorer.deviation < 1)
  }
}

@Suite struct P2QuantileTests {
  @Test func `The example of Jain and Chlamtac comes out`() {
    let observations = [
      0.02, 0.15, 0.74, 3.39, 0.83, 22.37, 10.15, 15.43, 38.62, 15.92, 34.60, 10.28, 1.47, 0.40, 0.05, 11.39, 0.27,
      0.42, 0.09, 11.37,
    ]
    var median = P2Quantile(probability: 0.5)
    for observation in observations { median.add(observation) }
    #expect(abs(median.value - 4.44) < 0.005)
  }

  @Test(arguments: [0.1, 0.5, 0.9, 0.99]) func `Quantiles of an exponential stream are met`(probability: Double) {
    var quantile = P2Quantile(probability: probability)
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<50_000 { quantile.add(generator.exponential()) }
    #expect(abs(quantile.value / -log(1 - probability) - 1) < 0.05)
  }

  @Test func `Few values give the nearest rank and none gives NaN`() {
    var quantile = P2Quantile(probability: 0.5)
    #expect(quantile.value.isNaN)
    quantile.add(7)
    #expect(quantile.value == 7)
    quantile.add(9)
    quantile.add(8)
    #expect(quantile.value == 8)
  }

  @Test func `A constant stream is its own quantile`() {
    var quantile = P2Quantile(probability: 0.9)
    for _ in 0..<1000 { quantile.add(4) }
    #expect(quantile.value == 4 && quantile.lowerHalf == 4 && quantile.upperHalf == 4)
  }
}

@Suite struct GeneralizedParetoTests {
  @Test func `Survival is as the formula says on either side of shape zero`() {
    #expect(abs(GeneralizedPareto(shape: 0.5, scale: 2).logSurvival(4) - log(0.25)) < 1e-12)
    #expect(GeneralizedPareto(shape: 0, scale: 2).logSurvival(4) == -2)
    #expect(abs(GeneralizedPareto(shape: -0.5, scale: 1).logSurvival(1) - log(0.25)) < 1e-12)
    #expect(GeneralizedPareto(shape: -0.5, scale: 1).logSurvival(2) == -.infinity)
    #expect(GeneralizedPareto(shape: 0.3, scale: 1).logSurvival(-1) == 0)
  }

  @Test(arguments: [-0.4, 0, 0.4]) func `The excess at a probability inverts the survival`(shape: Double) {
    let tail = GeneralizedPareto(shape: shape, scale: 3)
    #expect(abs(tail.logSurvival(tail.excess(atLogSurvival: -6)) + 6) < 1e-9)
  }

  @Test func `Moments give back the distribution they belong to`() {
    // Shape 1/4, scale 3/4: mean σ/(1−ξ) = 1, variance σ²/((1−ξ)²(1−2ξ)) = 2.
    let tail = GeneralizedPareto(mean: 1, variance: 2)
    #expect(tail.shape == 0.25 && tail.scale == 0.75)
    #expect(GeneralizedPareto(mean: 2, variance: 4) == GeneralizedPareto(shape: 0, scale: 2))
  }
}

@Suite struct PeaksOverThresholdTests {
  /// The middle of what seven seeded streams of 20,000 values say about `probability`.
  private func line(atProbability probability: Double, draw: (inout SeededGenerator) -> Double) -> Double {
    let lines = (1...7 as ClosedRange<UInt64>).map { seed in
      var tail = PeaksOverThreshold()
      var generator = SeededGenerator(seed: seed)
      for _ in 0..<20_000 { tail.add(draw(&generator)) }
      let line = tail.value(atLogRate: log(probability))
      #expect(abs(tail.logRate(of: line) - log(probability)) < 1e-9)
      return line
    }
    return lines.sorted()[3]
  }

  @Test func `The tail of an exponential stream is extrapolated beyond what was seen`() {
    // P(X > x) = 1e-4 at x = 9.21, and 1e-6, twenty times rarer than the stream is long, at 13.82.
    #expect(abs(line(atProbability: 1e-4) { $0.exponential() } / 9.21 - 1) < 0.08)
    #expect(abs(line(atProbability: 1e-6) { $0.exponential() } / 13.82 - 1) < 0.15)
  }

  @Test func `The tail of normal magnitudes is met`() {
    // P(|Z| > z) = 1e-4 at z = 3.89.
    #expect(abs(line(atProbability: 1e-4) { $0.normal().magnitude } / 3.89 - 1) < 0.05)
  }

  @Test func `Nothing is said before a hundred values`() {
    var tail = PeaksOverThreshold()
    for index in 0..<(PeaksOverThreshold.startCount - 1) { tail.add(Double(index % 7)) }
    #expect(!tail.isReady && tail.logRate(of: 1e9) == 0 && tail.value(atLogRate: -5) == .infinity)
    tail.add(3)
    #expect(tail.isReady && tail.logRate(of: 1e9) < -5)
  }

  @Test func `Greater values are never more frequent`() {
    var tail = PeaksOverThreshold(leastThreshold: 0.5)
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<5000 { tail.add(generator.heavy().magnitude) }
    var before = 0.0
    for step in 0..<400 {
      let rate = tail.logRate(of: Double(step) * 0.1)
      #expect(rate <= before)
      before = rate
    }
  }

  @Test func `What keeps happening becomes normal`() {
    var tail = PeaksOverThreshold()
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<2000 { tail.add(generator.exponential()) }
    let before = tail.logRate(of: 20)
    for index in 0..<20_000 { tail.add(index % 200 == 0 ? 20 : generator.exponential()) }
    #expect(before < log(1e-5))
    // It came once in 200 values.
    #expect(tail.logRate(of: 20) > log(1.0 / 2000))
  }
}

@Suite struct CusumTests {
  @Test func `Montgomery's example signals at the twenty-ninth value`() {
    // Target 10, allowance ½, decision interval 5: C⁺ = 5.28 at value 29, begun seven values ago.
    let values = [
      9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62,
      10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
    ]
    var chart = Cusum(target: 10, allowance: 0.5, decisionInterval: 5)
    for value in values.prefix(28) { #expect(chart.add(value) == nil) }
    #expect(chart.add(values[28]) == .up)
    #expect(abs(chart.high - 5.28) < 1e-9 && chart.highCount == 7)
    chart.reset()
    #expect(chart.high == 0 && chart.add(10) == nil)
  }

  @Test func `A shift downwards is found as well`() {
    var chart = Cusum(target: 0, allowance: 0.5, decisionInterval: 4)
    var signals: [Cusum.Shift?] = []
    for _ in 0..<9 { signals.append(chart.add(-1)) }
    #expect(signals.last == .down && signals[7] == nil)
    #expect(chart.low == 4.5 && chart.lowCount == 9)
  }
}

@Suite struct AutoregressiveFilterTests {
  @Test func `A sine, which two past values determine, is predicted`() {
    var filter = AutoregressiveFilter()
    filter.fillHistory(with: 0)
    var largest = 0.0
    for index in 0..<3000 {
      let value = sin(Double(index) * 0.3)
      if index > 1000 { largest = max(largest, (value - filter.prediction).magnitude) }
      filter.add(value, largestError: 10)
    }
    #expect(largest < 1e-3)
  }

  @Test func `Hours of a constant do not make it forget how to compute`() {
    var filter = AutoregressiveFilter()
    filter.fillHistory(with: 5)
    for _ in 0..<50_000 { filter.add(5, largestError: 1) }
    #expect(abs(filter.prediction - 5) < 1e-6)
  }
}
