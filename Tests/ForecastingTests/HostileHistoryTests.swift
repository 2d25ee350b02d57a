import Forecasting
import Testing

@Suite("Every model on hostile histories")
struct HostileHistoryTests {
  static let horizons = [1, 2, 3, 12, 60, 288, 1440, 5000]
  static let quantiles = [0.001, 0.025, 0.1, 0.5, 0.9, 0.975, 0.999]

  @Test("answers with finite, ordered quantiles within the signal's nature", arguments: ForecastModels.names)
  func answersSanely(_ name: String) throws {
    for (index, (label, values)) in hostileHistories.enumerated() {
      for step in [fiveMinutes, hour, 7_000] {
        // The slow reference models are asked at one step only, and of every third long history.
        if name != "auto", step != fiveMinutes || (values.count > 100 && index % 3 != 0) { continue }
        // A network takes seconds without optimisation.
        if name == "lstm" || name == "two_model", values.count > 300 || (values.count >= 180 && index % 9 != 0) {
          continue
        }
        var model = try ForecastModels.make(named: name)
        model.fit(series(values, step: step))
        let forecast = try model.forecast(horizons: Self.horizons, quantiles: Self.quantiles)
        let isNonNegative = values.allSatisfy { !($0 < 0) }
        #expect(forecast.values.allSatisfy { $0.isFinite } && forecast.mean.allSatisfy { $0.isFinite }, "\(label)")
        let width = Self.quantiles.count
        let isOrdered = forecast.values.indices.allSatisfy {
          $0 % width == 0 || forecast.values[$0 - 1] <= forecast.values[$0]
        }
        #expect(isOrdered, "\(label)")
        if isNonNegative {
          #expect(forecast.values.allSatisfy { $0 >= 0 } && forecast.mean.allSatisfy { $0 >= 0 }, "\(label)")
        }
      }
    }
  }

  @Test("refuses a history without a value", arguments: ForecastModels.names)
  func refusesEmptyHistories(_ name: String) throws {
    for values in [[], [Double](repeating: .nan, count: 50)] {
      var model = try ForecastModels.make(named: name)
      #expect(throws: ForecastError.noObservations) { try model.forecast(horizons: [1], quantiles: [0.5]) }
      model.fit(series(values))
      #expect(model.observationCount == 0)
      #expect(throws: ForecastError.noObservations) { try model.forecast(horizons: [1], quantiles: [0.5]) }
    }
  }

  @Test("keeps within the bounds of the series", arguments: ForecastModels.names)
  func keepsBounds(_ name: String) throws {
    var noise = SeededNoise(3)
    var bounded = series((0..<(name == "auto" ? 300 : 50)).map { 90 + 0.02 * Double($0) + noise.normal() })
    bounded.upperBound = 100
    bounded.lowerBound = 85
    var model = try ForecastModels.make(named: name)
    model.fit(bounded)
    let forecast = try model.forecast(horizons: Array(1...400), quantiles: Self.quantiles)
    #expect(forecast.values.allSatisfy { (85...100).contains($0) })
    #expect(forecast.mean.allSatisfy { (85...100).contains($0) })
  }

  @Test("says the same twice, and after being saved and restored, to the last bit", arguments: ForecastModels.names)
  func survivesSaving(_ name: String) throws {
    // The reference models keep nothing but their history; a few of them are enough. What is trained takes longer ones too.
    let isTrained = ForecastModels.isSlowToTrain(name)
    for (label, values) in hostileHistories
    where name == "auto" || (20...40).contains(values.count) || (isTrained && label == "short rhythm") {
      var model = try ForecastModels.make(named: name)
      model.fit(series(values))
      for value in [3, .nan, 4, 1, 5, .nan, .nan, 9, 2, 6] { model.update(value) }
      var restored = try ForecastModels.restore(model.saved())
      let once = try model.forecast(horizons: [1, 7, 100, 2000], quantiles: Self.quantiles)
      #expect(once == (try model.forecast(horizons: [1, 7, 100, 2000], quantiles: Self.quantiles)))
      #expect(once == (try restored.forecast(horizons: [1, 7, 100, 2000], quantiles: Self.quantiles)), "\(label)")
      // What is learnt after restoring is learnt alike.
      for value in [5, 3, .nan, 5, 8.0] {
        model.update(value)
        restored.update(value)
      }
      let later = try model.forecast(horizons: [1, 7, 100, 2000], quantiles: Self.quantiles)
      #expect(later == (try restored.forecast(horizons: [1, 7, 100, 2000], quantiles: Self.quantiles)), "\(label)")
      #expect(model.saved() == restored.saved(), "\(label)")
    }
  }

  @Test(
    "what is slow to train says the same when it is trained apart, and learns without training meanwhile",
    arguments: ForecastModels.names.filter(ForecastModels.isSlowToTrain))
  func trainsApart(_ name: String) throws {
    let values = (0..<200).map { 50 + 10 * triangle($0, period: 24) + Double($0 * $0 % 7) }
    var fitted = try ForecastModels.make(named: name)
    fitted.fit(series(values))
    var apart = try ForecastModels.make(named: name)
    apart.reset(to: series(values))
    apart.train { true }
    #expect(apart.saved() == fitted.saved())
    let first = try apart.forecast(horizons: [1, 12], quantiles: [0.1, 0.5, 0.9])
    #expect(first == (try fitted.forecast(horizons: [1, 12], quantiles: [0.1, 0.5, 0.9])))
    #expect(!apart.isTrainingDue)
    for index in 0..<80 { apart.observe(values[index]) }
    #expect(apart.isTrainingDue && apart.observationCount == 280)
    apart.train { true }
    #expect(!apart.isTrainingDue)
  }

  @Test("knows what was measured a day before a point to come, where it was", arguments: ForecastModels.names)
  func knowsTheDayBefore(_ name: String) throws {
    var values = (0..<100).map { Double($0 * $0 % 101) }
    values[90] = .nan
    var model = try ForecastModels.make(named: name)
    model.fit(series(values, step: hour))
    // One day before the point 5 hours ahead is 19 hours before the newest value; the day before 24 hours ahead is now.
    #expect(model.dayBefore(steps: 5) == values[99 - 19])
    #expect(model.dayBefore(steps: 24) == values[99])
    #expect(model.dayBefore(steps: 25) == values[99 - 23])
    #expect(model.dayBefore(steps: 15) == nil)
    var odd = try ForecastModels.make(named: name)
    odd.fit(series(values, step: 7_000))
    #expect(odd.dayBefore(steps: 5) == nil)
  }

  @Test("never crashes on damaged bytes", arguments: ForecastModels.names)
  func refusesDamagedState(_ name: String) throws {
    var model = try ForecastModels.make(named: name)
    var noise = SeededNoise(5)
    model.fit(series((0..<60).map { _ in noise.normal() }))
    let bytes = model.saved()
    for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 100)) {
      #expect(throws: ForecastError.self) { try ForecastModels.restore(Array(bytes[..<length])) }
    }
    #expect(throws: ForecastError.self) { try ForecastModels.restore(bytes + [0]) }
    // Flipped bytes may pass for a state; it must then still answer without harm.
    for _ in 0..<(name == "auto" ? 300 : 50) {
      var damaged = bytes
      damaged[Int(noise.uniform() * Double(bytes.count))] = UInt8(noise.uniform() * 255)
      guard var other = try? ForecastModels.restore(damaged) else { continue }
      other.update(3)
      if let forecast = try? other.forecast(horizons: [1, 30], quantiles: [0.1, 0.5, 0.9]) {
        #expect(forecast.values.allSatisfy { $0.isFinite })
      }
    }
  }

  @Test("learns from updates alone", arguments: ForecastModels.names)
  func learnsFromUpdatesAlone(_ name: String) throws {
    var model = try ForecastModels.make(named: name)
    model.update(.nan)
    for count in 1...30 {
      model.update(Double(count % 7))
      #expect(model.observationCount == count)
      let forecast = try model.forecast(horizons: [1, 20], quantiles: Self.quantiles)
      #expect(forecast.values.allSatisfy { $0.isFinite && $0 >= 0 })
    }
  }

  @Test("refuses requests that make no sense")
  func refusesNonsense() throws {
    var model = AutoForecaster()
    model.fit(series([1, 2, 3]))
    for horizons in [[], [0], [-1, 2], [2, 2], [3, 1], [Int.max]] {
      #expect(throws: ForecastError.self) { try model.forecast(horizons: horizons, quantiles: [0.5]) }
    }
    for quantiles in [[], [0], [1], [0.5, 0.5], [0.9, 0.1], [Double.nan], [-0.1]] {
      #expect(throws: ForecastError.self) { try model.forecast(horizons: [1], quantiles: quantiles) }
    }
    #expect(throws: ForecastError.self) { try ForecastModels.make(named: "oracle") }
  }
}
