import Testing

@testable import Forecasting

@Suite("The first passage of a threshold")
struct FirstPassageTests {
  @Test("of independent steps has the probability of the maximum, not of the last step")
  func independentSteps() {
    // Each of 20 steps reaches 1.2816 with probability 0.1: together 1 - 0.9^20 = 0.878.
    let shares = PathSimulation.firstPassages(
      barriers: [Double](repeating: 1.2816, count: 20), persistences: [Double](repeating: 0, count: 20))
    #expect(abs(shares.reduce(0, +) - 0.878) < 0.02)
    #expect(abs(shares[0] - 0.1) < 0.02)
    #expect(abs(shares[1] - 0.09) < 0.02)
  }

  @Test("of a path that hardly moves has the probability of one step")
  func persistentPaths() {
    let shares = PathSimulation.firstPassages(
      barriers: [Double](repeating: 1.2816, count: 20), persistences: [Double](repeating: 1, count: 20))
    #expect(abs(shares.reduce(0, +) - 0.1) < 0.03)
  }

  @Test("of a random walk obeys the reflection principle")
  func randomWalk() {
    // A walk at step t stands at z·√t, with a correlation of √(s/t) between two steps; 1,000 steps reach 50 with
    // probability 2·(1 - Φ(50 / √1000)) = 0.114.
    let steps = (1...1000).map { Double($0) }
    let shares = PathSimulation.firstPassages(
      barriers: steps.map { 50 / $0.squareRoot() }, persistences: steps.map { (($0 - 1) / $0).squareRoot() })
    #expect(abs(shares.reduce(0, +) - 0.114) < 0.03)
  }

  @Test("of a falling disk comes when the line says, and downward")
  func fallingDisk() throws {
    var noise = SeededNoise(17)
    var model = AutoForecaster()
    model.fit(series((0..<120).map { 2000 - 10 * Double($0) + noise.normal() }, step: minute))
    // 810 now; 500 is 31 steps away.
    let passage = try model.timeToThreshold(500, horizonSteps: 120, probability: 0.5)
    #expect(passage.direction == .downward)
    #expect(passage.probability > 0.75)
    let likeliest = try #require(passage.likeliest)
    #expect((24...45).contains(likeliest))
    let earliest = try #require(passage.earliest)
    #expect(earliest < likeliest)
  }

  @Test("of a flat signal far away does not come")
  func flatSignal() throws {
    var noise = SeededNoise(18)
    var model = AutoForecaster()
    model.fit(series((0..<200).map { _ in 100 + noise.normal() }, step: minute))
    let passage = try model.timeToThreshold(400, horizonSteps: 60)
    #expect(passage.direction == .upward)
    #expect(passage.probability < 0.01)
    #expect(
      passage.earliest == nil && passage.likeliest == nil && passage.latest == nil && passage.atProbability == nil)
  }

  @Test("grows more likely with the horizon and less with the distance, and is the same on every call")
  func monotony() throws {
    var noise = SeededNoise(19)
    var walk = [500.0]
    for _ in 0..<500 { walk.append(walk[walk.count - 1] + noise.normal()) }
    var model = AutoForecaster()
    model.fit(series(walk, step: minute))
    let start = walk[500]
    let near = try model.timeToThreshold(start + 10, horizonSteps: 120)
    #expect(near.probability > (try model.timeToThreshold(start + 10, horizonSteps: 30)).probability)
    #expect(near.probability > (try model.timeToThreshold(start + 25, horizonSteps: 120)).probability)
    #expect(near == (try model.timeToThreshold(start + 10, horizonSteps: 120)))
    // By the reflection principle a driftless walk of 120 steps reaches +10 with 2 · (1 - Φ(10 / √120)) = 0.36.
    #expect(abs(near.probability - 0.36) < 0.2)
  }

  @Test("is certain at the threshold and impossible beyond a bound")
  func edges() throws {
    var model = AutoForecaster()
    var bounded = series([3, 4, 5, 4, 5])
    bounded.upperBound = 10
    model.fit(bounded)
    let here = try model.timeToThreshold(5, horizonSteps: 10)
    #expect(here.probability == 1 && here.likeliest == 0)
    #expect(try model.timeToThreshold(11, horizonSteps: 10).probability == 0)
    #expect(try model.timeToThreshold(-1, horizonSteps: 10).probability == 0)
  }

  @Test("refuses what is no threshold, horizon or probability")
  func refusals() {
    var model = AutoForecaster()
    #expect(throws: ForecastError.noObservations) { try model.timeToThreshold(1, horizonSteps: 10) }
    model.fit(series([1, 2]))
    #expect(throws: ForecastError.self) { try model.timeToThreshold(.nan, horizonSteps: 10) }
    #expect(throws: ForecastError.self) { try model.timeToThreshold(1, horizonSteps: 0) }
    #expect(throws: ForecastError.self) { try model.timeToThreshold(1, horizonSteps: 10, probability: 1) }
  }

  @Test("answers on every hostile history")
  func hostile() throws {
    for (label, values) in hostileHistories {
      var model = AutoForecaster()
      model.fit(series(values))
      for threshold in [0, 1, -5, 1e300, .leastNonzeroMagnitude] {
        let passage = try model.timeToThreshold(threshold, horizonSteps: 60)
        #expect((0...1).contains(passage.probability), "\(label)")
      }
    }
  }

  // A row of an error table that holds a standard normal distribution.
  private static let normal = ErrorTable.levels.map(NormalDistribution.quantile)

  @Test("of independent steps has a maximum whose median is that of the highest of as many numbers")
  func independentMaxima() {
    // The highest of 20 standard normal numbers stays below m with probability Φ(m)^20 = 0.5: m = 1.818.
    let maxima = PathSimulation.arrivals(
      PathSimulation.maxima(
        rows: [[Double]](repeating: Self.normal, count: 20), persistences: [Double](repeating: 0, count: 20)),
      levels: [0.5])
    // The first step is the likeliest for what a quarter of the paths reach at it: Φ(0.674) = 0.75.
    #expect(abs(maxima[0][0] - 0.674) < 0.1)
    #expect(abs(maxima[19][0] - 1.818) < 0.1)
    #expect(zip(maxima, maxima.dropFirst()).allSatisfy { $0[0] <= $1[0] })
  }

  @Test("of a path that hardly moves has the maximum of one step")
  func persistentMaxima() {
    let maxima = PathSimulation.arrivals(
      PathSimulation.maxima(
        rows: [[Double]](repeating: Self.normal, count: 20), persistences: [Double](repeating: 1, count: 20)),
      levels: [0.1, 0.5, 0.9])
    for (value, expected) in zip(maxima[19], [-1.2816, 0, 1.2816]) { #expect(abs(value - expected) < 0.15) }
  }

  @Test("comes when half of the paths that it comes to are closest")
  func likeliestArrival() throws {
    // Each step reaches 1.2816 with probability 0.1. By step t it is reached with 1 - 0.9^t: 0.878 by step 20, of which
    // half, 0.439, is reached by the sixth, the shortest span with half of the passages; a quarter, 0.22, by the third.
    let maxima = PathSimulation.maxima(
      rows: [[Double]](repeating: Self.normal, count: 20), persistences: [Double](repeating: 0, count: 20))
    let curve = PathSimulation.arrivals(maxima, levels: [0.5, 0.2])
    let likeliest = try #require(curve.firstIndex { $0[0] >= 1.2816 })
    #expect((1...3).contains(likeliest))
    // The highest of 20 stays below 1.2816 with probability 0.122: thresholds above the median are left to its curve,
    // and the curve of a low level ends where the signal almost surely gets.
    #expect(curve[19][0] > curve[19][1])
    #expect(abs(curve[19][1] - 1.4234) < 0.12)
  }

  @Test("is likeliest in the middle of the span that holds half of it, which need not be the median")
  func likeliest() {
    #expect(PathSimulation.likeliest([0.1, 0.1, 0.1, 0.1, 0.1]) == 1)
    #expect(PathSimulation.likeliest([0, 0.1, 0.1, 0, 0, 0.2, 0.2, 0.1]) == 5)
    #expect(PathSimulation.likeliest([0, 0, 0, 0.3]) == 3)
    // In the middle of the span from 0 to 4 there is nothing.
    #expect(PathSimulation.likeliest([0.1, 0, 0, 0, 0.4, 0, 0, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0.3]) == 4)
  }

  @Test("has a time only where it is likelier than not")
  func timeNeedsLikelihood() throws {
    var noise = SeededNoise(23)
    var model = AutoForecaster()
    model.fit(series((0..<4032).map { 50 + 20 * triangle($0, period: 288) + 3 * noise.normal() }))
    for threshold in stride(from: 55.0, through: 100, by: 2.5) {
      let passage = try model.timeToThreshold(threshold, horizonSteps: 200, probability: 0.5)
      #expect((passage.likeliest != nil) == (passage.probability >= 0.5))
      if let likeliest = passage.likeliest, let earliest = passage.earliest { #expect(earliest <= likeliest) }
    }
  }

  @Test("is as likely as the maximum says, and never falls or leaves the bounds")
  func maximumAgreesWithPassage() throws {
    var noise = SeededNoise(21)
    var model = AutoForecaster()
    model.fit(series((0..<4032).map { max(0, 50 + 20 * triangle($0, period: 288) + 3 * noise.normal()) }))
    let maximum = try model.runningMaximum(steps: 100, quantiles: [0.1, 0.5, 0.9])
    let median = try #require(maximum.curve(quantile: 0.5))
    #expect(zip(median, median.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(maximum.values.allSatisfy { $0 >= 0 && $0.isFinite })
    for (column, probability) in [(0, 0.9), (1, 0.5), (2, 0.1)] {
      let threshold = maximum.value(horizonAt: 99, quantileAt: column)
      let passage = try model.timeToThreshold(threshold, horizonSteps: 100)
      #expect(passage.direction == .upward)
      // Up to the weight of one past day, by which the probability jumps where that day's maximum lies.
      #expect(abs(passage.probability - probability) < 0.13)
    }
    #expect(throws: ForecastError.noObservations) {
      try AutoForecaster().runningMaximum(steps: 3, quantiles: [0.5])
    }
    #expect(throws: ForecastError.self) { try model.runningMaximum(steps: 0, quantiles: [0.5]) }
  }
}
