import Forecasting
import Testing

@Suite("The auto forecaster")
struct AutoForecasterTests {
  static let band = [0.025, 0.5, 0.975]

  func forecast(_ values: [Double], step: Int64 = fiveMinutes, horizons: [Int]) throws -> ForecastDistribution {
    var model = AutoForecaster()
    model.fit(series(values, step: step))
    return try model.forecast(horizons: horizons, quantiles: Self.band)
  }

  @Test("answers from one value on, with the value and a wide band")
  func oneValue() throws {
    let forecast = try forecast([100], horizons: [1, 10])
    #expect(forecast.curve(quantile: 0.5) == [100, 100])
    #expect(forecast.value(horizonAt: 0, quantileAt: 0) < 40)
    #expect(forecast.value(horizonAt: 0, quantileAt: 2) > 160)
  }

  @Test("grows surer of a steady signal with every value")
  func coldStart() throws {
    var widths: [Double] = []
    for count in [1, 2, 5, 10, 30, 100] {
      var noise = SeededNoise(4)
      let forecast = try forecast((0..<count).map { _ in 100 + noise.normal() }, horizons: [1])
      widths.append(forecast.values[2] - forecast.values[0])
    }
    #expect(widths[0] > 100)
    #expect(widths[5] < 8)
    #expect(widths[3] < widths[1])
  }

  @Test("sees a queue that starts to grow, with and without a quiet time before", arguments: [10, 20, 40])
  func growth(_ count: Int) throws {
    var noise = SeededNoise(9)
    let growing = (0..<count).map { 100 + 10 * Double($0) + 3 * noise.normal() }
    let last = growing[count - 1]
    for quiet in [0, 300] {
      let values = [Double](repeating: 100, count: quiet) + growing
      let forecast = try forecast(values, step: minute, horizons: [5, 15])
      #expect(forecast.value(horizonAt: 0, quantileAt: 1) > last + 25)
      // Ten steps after a long calm, a quarter of an hour ahead is a guess; it only must not fall.
      let isEarly = count == 10 && quiet > 0
      #expect(forecast.value(horizonAt: 1, quantileAt: 1) > last + (isEarly ? 0 : 50))
      #expect(forecast.value(horizonAt: 1, quantileAt: 2) > last + (isEarly ? 75 : 140))
    }
  }

  @Test("does not make a noisy flat queue grow", arguments: 1...8)
  func flat(_ seed: Int) throws {
    var noise = SeededNoise(UInt64(seed))
    let forecast = try forecast((0..<60).map { _ in 100 + 10 * noise.normal() }, step: minute, horizons: [15, 60])
    for row in 0...1 {
      #expect(abs(forecast.value(horizonAt: row, quantileAt: 1) - 100) < 15)
      #expect(forecast.value(horizonAt: row, quantileAt: 0) < 92)
      #expect(forecast.value(horizonAt: row, quantileAt: 2) > 108)
    }
  }

  @Test("knows a daily rhythm once it was seen twice")
  func daily() throws {
    var noise = SeededNoise(6)
    let values = (0..<288 * 3).map { 100 + 50 * triangle($0, period: 288) + noise.normal() }
    let forecast = try forecast(values, horizons: Array(1...288))
    let misses = (0..<288).map {
      abs(forecast.value(horizonAt: $0, quantileAt: 1) - 100 - 50 * triangle($0, period: 288))
    }
    // The noise has a standard deviation of 1.
    #expect(misses.reduce(0, +) / 288 < 1.5)
  }

  @Test("knows a weekly rhythm of hours")
  func weekly() throws {
    var noise = SeededNoise(8)
    let values = (0..<24 * 7 * 4).map { index in
      let isWeekend = (index / 24) % 7 >= 5
      return (isWeekend ? 20 : 100) + 10 * triangle(index, period: 24) + noise.normal()
    }
    // The history ends with a Sunday; Monday is 80 higher.
    let forecast = try forecast(values, step: hour, horizons: Array(1...24))
    for row in 0..<24 {
      #expect(abs(forecast.value(horizonAt: row, quantileAt: 1) - 100 - 10 * triangle(row, period: 24)) < 12)
    }
  }

  @Test("follows a rhythm that no calendar knows")
  func unknownRhythm() throws {
    var noise = SeededNoise(12)
    let values = (0..<500).map { ($0 % 12 < 2 ? 200.0 : 10) + noise.normal() }
    // Step 500 is phase 8: the next high phases are 4 and 5 steps after it.
    let forecast = try forecast(values, horizons: Array(1...12))
    #expect(forecast.value(horizonAt: 4, quantileAt: 1) > 150)
    #expect(forecast.value(horizonAt: 5, quantileAt: 1) > 150)
    #expect(forecast.value(horizonAt: 1, quantileAt: 1) < 50)
    #expect(forecast.value(horizonAt: 8, quantileAt: 1) < 50)
  }

  @Test("takes a new level as the level within minutes")
  func levelShift() throws {
    var noise = SeededNoise(13)
    var model = AutoForecaster()
    model.fit(series((0..<600).map { _ in 100 + noise.normal() }, step: minute))
    for _ in 0..<10 { model.update(500 + noise.normal()) }
    let forecast = try model.forecast(horizons: [5, 30], quantiles: Self.band)
    #expect(abs(forecast.value(horizonAt: 0, quantileAt: 1) - 500) < 60)
    #expect(abs(forecast.value(horizonAt: 1, quantileAt: 1) - 500) < 100)
  }

  @Test("forecasts from before a gap as so much farther ahead")
  func trailingGap() throws {
    var noise = SeededNoise(14)
    var walk = [1000.0]
    for _ in 0..<400 { walk.append(walk[walk.count - 1] + noise.normal()) }
    var model = AutoForecaster()
    model.fit(series(walk))
    let before = try model.forecast(horizons: [1, 25], quantiles: Self.band)
    for _ in 0..<24 { model.update(.nan) }
    let after = try model.forecast(horizons: [1], quantiles: Self.band)
    #expect(after.origin == before.origin + 24 * fiveMinutes)
    #expect(after.values == Array(before.values[3...]))
  }

  @Test("covers 95% of what comes, by fit and by update")
  func coverage() throws {
    var noise = SeededNoise(21)
    var level = 0.0
    let values = (0..<3000).map { index -> Double in
      level = 0.95 * level + noise.normal()
      return 200 + 30 * triangle(index, period: 288) + level
    }
    var model = AutoForecaster()
    model.fit(series(Array(values[..<1500])))
    var inside = [0, 0]
    var asked = 0
    for origin in stride(from: 1500, to: 2900, by: 20) {
      for value in values[(origin == 1500 ? 1500 : origin - 20)..<origin] { model.update(value) }
      let forecast = try model.forecast(horizons: [1, 60], quantiles: Self.band)
      asked += 1
      for (row, horizon) in [1, 60].enumerated() {
        let actual = values[origin + horizon - 1]
        let low = forecast.value(horizonAt: row, quantileAt: 0)
        if actual >= low, actual <= forecast.value(horizonAt: row, quantileAt: 2) { inside[row] += 1 }
      }
    }
    for count in inside { #expect((0.90...0.995).contains(Double(count) / Double(asked))) }
  }

  @Test("does not see the future")
  func causality() throws {
    var noise = SeededNoise(30)
    let past = (0..<700).map { _ in noise.normal() }
    var rising = AutoForecaster()
    var falling = AutoForecaster()
    rising.fit(series(past))
    falling.fit(series(past))
    var before: [ForecastDistribution] = []
    for index in 0..<300 {
      // Both live through the same steps; what each will see after the last is different and must not matter.
      #expect(index > 150 || index % 30 != 0 || rising.saved() == falling.saved())
      if index == 150 {
        before = [
          try rising.forecast(horizons: [1, 50], quantiles: Self.band),
          try falling.forecast(horizons: [1, 50], quantiles: Self.band),
        ]
        #expect(before[0] == before[1])
      }
      let value = noise.normal()
      rising.update(index < 150 ? value : value + 100)
      falling.update(index < 150 ? value : value - 100)
    }
    #expect(rising.saved() != falling.saved())
  }

  @Test("gives a horizon the same values whichever others are asked for")
  func fewHorizons() throws {
    var model = AutoForecaster()
    model.fit(series((0..<900).map { 100 + 50 * triangle($0, period: 288) }, step: minute))
    let few = try model.forecast(horizons: [4, 60, 360, 1440], quantiles: Self.band)
    let more = try model.forecast(horizons: [4, 5, 60, 61, 359, 360, 1000, 1440], quantiles: Self.band)
    for (row, horizon) in few.horizons.enumerated() {
      for column in Self.band.indices {
        let there = try #require(more.horizons.firstIndex(of: horizon))
        #expect(few.value(horizonAt: row, quantileAt: column) == more.value(horizonAt: there, quantileAt: column))
      }
    }
  }

  @Test("names the time of every forecast point")
  func times() throws {
    let forecast = try forecast([1, 2, 3], horizons: [1, 12])
    #expect(forecast.origin == 1_700_000_000_000 + 2 * fiveMinutes)
    #expect(forecast.time(horizonAt: 1) == forecast.origin + 12 * fiveMinutes)
    #expect(forecast.curve(quantile: 0.3) == nil)
  }

  @Test("is indifferent to the unit of the signal")
  func scaleEquivariance() throws {
    var noise = SeededNoise(40)
    let values = (0..<500).map { _ in 100 + noise.normal() }
    let plain = try forecast(values, horizons: [1, 50])
    // A power of two changes no bit of the significands.
    let scaled = try forecast(values.map { $0 * 1024 }, horizons: [1, 50])
    #expect(scaled.values == plain.values.map { $0 * 1024 })
  }
}
