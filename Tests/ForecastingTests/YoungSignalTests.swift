import Testing

@testable import Forecasting

@Suite("A young signal, looked at far beyond its age")
struct YoungSignalTests {
  static let second: Int64 = 1000
  static let scrape: Int64 = 8000
  /// A day of scrapes.
  static let day = 10_800
  /// An hour of scrapes.
  static let hour = 450.0

  private func model(of values: [Double], step: Int64) -> AutoForecaster {
    var model = AutoForecaster()
    model.fit(series(Array(values.prefix(1)), step: step))
    for value in values.dropFirst() { model.update(value) }
    return model
  }

  @Test("that grows steadily may go on so or stop at once", arguments: [(35, 0.0), (95, 0), (35, 10), (95, 10)])
  func growingQueue(_ seconds: Int, _ jitter: Double) throws {
    var noise = SeededNoise(80)
    let values = (0..<25).map { _ in 0.0 } + (1...seconds).map { max(0, 40 * Double($0) + jitter * noise.normal()) }
    let last = values[values.count - 1]
    let forecast = try model(of: values, step: Self.second).forecast(
      horizons: [60, 900], quantiles: [0.025, 0.5, 0.975])
    for (row, ahead) in [60.0, 900].enumerated() {
      #expect(forecast.value(horizonAt: row, quantileAt: 2) >= last + 40 * ahead)
      #expect(forecast.value(horizonAt: row, quantileAt: 2) <= 2 * (last + 40 * ahead))
      #expect(forecast.value(horizonAt: row, quantileAt: 0) <= 1.15 * last)
      #expect(forecast.value(horizonAt: row, quantileAt: 0) >= 0)
      let median = forecast.value(horizonAt: row, quantileAt: 1)
      #expect(median > last && median <= last + 41 * ahead)
    }
    // The longer it has lasted, the longer it is expected to.
    #expect(forecast.value(horizonAt: 1, quantileAt: 1) > last + 40 * 10 * Double(seconds) * (seconds > 90 ? 0.9 : 1))
  }

  @Test("that has stopped growing is not taken to go on")
  func stoppedQueue() throws {
    let growing = (0..<25).map { _ in 0.0 } + (1...95).map { 40 * Double($0) }
    let running = try model(of: growing, step: Self.second).forecast(horizons: [900], quantiles: [0.5])
    let stopped = try model(of: growing + [Double](repeating: 3800, count: 5), step: Self.second)
      .forecast(horizons: [900], quantiles: [0.5])
    #expect(stopped.values[0] < 0.6 * running.values[0])
  }

  @Test("does not raise an alarm over a limit half a day away", arguments: 1...4)
  func fallingDisk(_ seed: Int) throws {
    var noise = SeededNoise(UInt64(seed))
    // 2 MB a minute in stairs of ten seconds: 50 MB are 12.7 hours away.
    let values = (0..<55).map { index in
      let stair = Double((index * 8 + seed * 2) / 10) * 10
      return 1572 - stair * 2 / 60 + 0.04 * noise.normal()
    }
    var model = model(of: Array(values.prefix(7)), step: Self.scrape)
    for (index, value) in values.enumerated().dropFirst(7) {
      model.update(value)
      guard index == 7 || index % 5 == seed else { continue }
      let passage = try model.timeToThreshold(50, horizonSteps: Self.day)
      #expect(passage.probability < 0.5)
      #expect((passage.likeliest ?? .infinity) > 6 * Self.hour)
    }
  }

  @Test("does not raise an alarm while it warms up", arguments: 1...4)
  func warmUp(_ seed: Int) throws {
    var noise = SeededNoise(UInt64(seed))
    var level = 115.0
    var model = model(of: [level], step: Self.scrape)
    for count in 2...110 {
      // Towards 150 with a time constant of five minutes; now and then a collection frees some.
      level += (150 - level) / 37 + 0.4 * noise.normal() - (count % 41 == 0 ? 5 : 0)
      model.update(level)
      guard count >= 8, count % 5 == seed else { continue }
      let passage = try model.timeToThreshold(400, horizonSteps: Self.day)
      #expect(passage.probability < 0.8 || (passage.likeliest ?? .infinity) > Self.hour)
    }
  }

  /// Fourteen minutes of ordinary memory: two warm-ups from 115 to 145.
  private func ordinaryMemory(_ noise: inout SeededNoise) -> [Double] {
    (0..<105).map { index in 115 + 30 * (Double(index % 53) / 53).squareRoot() + 0.5 * noise.normal() }
  }

  @Test("shows a leak with two fifths of the way left", arguments: 1...6)
  func leak(_ seed: Int) throws {
    var noise = SeededNoise(UInt64(seed))
    var values = ordinaryMemory(&noise)
    values += (0..<18).map { index in 120 + 0.6 * Double(index) + 0.3 * noise.normal() }
    // From 130 to 230 in 18 steps, a little faster towards the end.
    let ramp = (1...18).map { index -> Double in
      let share = Double(index) / 18
      return 130 + 100 * (0.8 * share + 0.2 * share * share) + 0.8 * noise.normal()
    }
    try expectAlarm(before: values, ramp: ramp, limit: 229.9)
  }

  @Test("shows a disk that fills unevenly with two fifths of the way left", arguments: 1...6)
  func fillingDisk(_ seed: Int) throws {
    var noise = SeededNoise(UInt64(seed))
    let values = (0..<120).map { index in 1572 - Double(index % 55) * 0.25 + 0.05 * noise.normal() }
    var level = 1560.0
    let ramp = (1...23).map { _ -> Double in
      level -= 60 * (0.4 + 1.2 * noise.uniform())
      return level
    }
    try expectAlarm(before: values, ramp: ramp, limit: level + 1)
  }

  /// Expects no alarm before a ramp, and one from three fifths of it on until it ends at the limit, with intervals that
  /// contain the time.
  private func expectAlarm(before: [Double], ramp: [Double], limit: Double) throws {
    func isAlarm(_ passage: ThresholdForecast) -> Bool {
      passage.probability >= 0.8 && (passage.likeliest ?? .infinity) < Self.hour
    }
    var model = model(of: before, step: Self.scrape)
    #expect(!isAlarm(try model.timeToThreshold(limit, horizonSteps: Self.day)))
    var inside = 0
    var asked = 0
    for (index, value) in ramp.dropLast().enumerated() {
      model.update(value)
      guard index + 1 >= ramp.count * 3 / 5 else { continue }
      let passage = try model.timeToThreshold(limit, horizonSteps: Self.day)
      #expect(isAlarm(passage), "step \(index + 1) of \(ramp.count): \(passage)")
      let left = Double(ramp.count - 1 - index)
      asked += 1
      let earliest = try #require(passage.earliest)
      if earliest <= left, left <= passage.latest ?? .infinity { inside += 1 }
    }
    #expect(inside >= asked - 1)
  }
}
