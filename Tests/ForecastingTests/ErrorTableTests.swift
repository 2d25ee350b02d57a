import Testing

@testable import Forecasting

@Suite("Error quantiles")
struct ErrorTableTests {
  @Test("are read between the midpoints of weights")
  func weighted() {
    // Weights 0.25 each at 1, 2, 3, 4: midpoints 0.125, 0.375, 0.625, 0.875, so the median is halfway from 2 to 3.
    let row = ErrorTable.read(sorted: [(1, 0.25), (2, 0.25), (3, 0.25), (4, 0.25)])
    #expect(row[ErrorTable.middle] == 2.5)
    #expect(row[0] == 1 && row[ErrorTable.width - 1] == 4)
  }

  @Test("of many errors are theirs, of none a normal distribution's")
  func prior() {
    let errors = (0..<1000).map { (Double($0) + 0.5) / 1000 }
    let row = ErrorTable.quantiles(
      errors: errors, weights: errors.map { _ in 1 }, effectiveCount: 1e6, priorScale: 1)
    #expect(abs(ErrorTable.value(of: row, at: 0.975) - 0.975) < 1e-3)
    #expect(abs(ErrorTable.mean(of: row) - 0.5) < 1e-2)
    let nothing = ErrorTable.quantiles(errors: [], weights: [], effectiveCount: 0, priorScale: 2)
    #expect(abs(ErrorTable.value(of: nothing, at: 0.975) - 3.92) < 1e-2)
  }

  @Test("of few errors reach beyond all of them")
  func fewErrors() {
    let row = ErrorTable.quantiles(
      errors: [-1, 0, 1], weights: [1, 1, 1], effectiveCount: 3, priorScale: 2)
    #expect(ErrorTable.value(of: row, at: 0.975) > 1.5)
    #expect(ErrorTable.value(of: row, at: 0.025) < -1.5)
  }

  @Test("and levels are each other's inverse")
  func inverse() {
    let row = ErrorTable.quantiles(errors: [], weights: [], effectiveCount: 0, priorScale: 3)
    for level in [0.0001, 0.0025, 0.03, 0.3, 0.5, 0.77, 0.99, 0.9999] {
      let value = ErrorTable.value(of: row, at: level)
      #expect(abs(ErrorTable.level(of: row, below: value) - level) < 1e-6)
    }
  }

  @Test("grow like a random walk beyond the ladder and lie between its rungs within")
  func ladder() {
    let unit = ErrorTable.quantiles(errors: [], weights: [], effectiveCount: 0, priorScale: 1)
    let table = ErrorTable(horizons: [1, 5], rows: [unit, unit.map { 3 * $0 }])
    #expect(abs(table.row(at: 3)[0] - 2 * unit[0]) < 1e-12)
    #expect(abs(table.row(at: 20)[0] - 6 * unit[0]) < 1e-12)
    #expect(horizonLadder(through: 20) == [1, 2, 3, 5, 8, 12, 18, 20])
  }
}

@Suite("Rhythms")
struct SeasonalPeriodsTests {
  @Test("of a day are counted in steps where the step divides it")
  func daily() {
    #expect(SeasonalPeriods.daily(step: 300_000) == 288)
    #expect(SeasonalPeriods.daily(step: 7_000) == nil)
    #expect(SeasonalPeriods.daily(step: 86_400_000) == nil)
  }

  @Test("are found in noise, and not in noise alone, a drift or a single burst")
  func unknown() {
    var noise = SeededNoise(2)
    let hourly = (0..<600).map { ($0 % 12 == 3 ? 100.0 : 0) + noise.normal() }
    #expect(SeasonalPeriods.strongest(of: hourly[...], longest: 140) == 12)
    let plain = (0..<600).map { _ in noise.normal() }
    #expect(SeasonalPeriods.strongest(of: plain[...], longest: 140) == nil)
    let drift = (0..<600).map { Double($0) + noise.normal() }
    #expect(SeasonalPeriods.strongest(of: drift[...], longest: 140) == nil)
    let burst = (0..<600).map { (300..<305).contains($0) ? 50.0 : 0 }
    #expect(SeasonalPeriods.strongest(of: burst[...], longest: 140) == nil)
  }
}

@Suite("Quantiles by counting")
struct CoarseQuantileTests {
  @Test("are those by sorting, to a thirtieth of the spread")
  func agreement() {
    var noise = SeededNoise(31)
    let errors = (0..<300).map { _ in noise.normal() }
    let weights = (0..<300).map { _ in noise.uniform() + 0.1 }
    let sorted = ErrorTable.quantiles(
      errors: errors, weights: weights, effectiveCount: 40, priorScale: 1.2, prior: .laplace, priorCount: 16)
    let counted = ErrorTable.coarseQuantiles(
      at: [0.025, 0.1, 0.5, 0.9, 0.975], errors: errors, weights: weights, total: weights.reduce(0, +),
      effectiveCount: 40, priorScale: 1.2, prior: .laplace, priorCount: 16)
    for (level, value) in zip([0.025, 0.1, 0.5, 0.9, 0.975], counted) {
      #expect(abs(value - ErrorTable.value(of: sorted, at: level)) < 0.15)
    }
    // The tenth part of a Laplace distribution of standard deviation √2 lies above ln 5.
    let prior = ErrorTable.coarseQuantiles(
      at: [0.1, 0.5, 0.9], errors: [], weights: [], total: 0, effectiveCount: 0, priorScale: 2.0.squareRoot(),
      prior: .laplace, priorCount: 1)
    #expect(abs(prior[2] - 1.609) < 0.1 && abs(prior[0] + 1.609) < 0.1 && abs(prior[1]) < 0.1)
  }
}

@Suite("The scale of errors")
struct ErrorScaleTests {
  @Test("is large after large errors, of which it knows those that were known when the forecast was made")
  func lateErrors() {
    // One step ahead the half-life is 14 steps, and what is usual, 2, weighs 0.3 · 14 = 4.2. The older error, 1, was made
    // when none was known; the newer one, 3, fourteen steps after it: (0.5 · 1 + 4.2 · 2) / (0.5 + 4.2). Fourteen steps later
    // the newer stands for 15 steps, and 0.5^(15/14) = 0.4759 was left of the older when it came:
    // (0.5 · (0.4759 · 1 + 15 · 3) + 4.2 · 2) / (0.5 · (0.4759 + 15) + 4.2).
    let course = ErrorScale.lately([3, -1], targets: [24, 9], horizon: 1, now: 38)
    #expect(course.values[1] == 2)
    #expect(abs(course.values[0] - 1.8936) < 1e-4)
    #expect(abs(course.now - 2.6083) < 1e-4)
  }
}
