import Testing

@testable import Forecasting

@Suite("What is kept of an auto model")
struct AutoRecordTests {
  static let quantiles = [0.025, 0.1, 0.5, 0.9, 0.975]
  static let horizons = [1, 7, 60, 400, 1440]

  /// A history keeper: every value by its time.
  private struct Keeper {
    var start: Int64
    var step: Int64
    var values: [Double] = []

    func values(of window: AutoRecord.Window) -> [Double] {
      (0..<window.count).map { index in
        let time = window.start + Int64(index) * window.step
        let position = Int((time - start) / step)
        return values.indices.contains(position) && time >= start ? values[position] : .nan
      }
    }
  }

  private func restored(_ model: AutoForecaster, _ keeper: Keeper) throws -> AutoForecaster {
    let bytes = model.record.bytes
    #expect(bytes.count <= 4096)
    let record = try AutoRecord(bytes)
    let near = keeper.values(of: record.near)
    let far = record.far.map { keeper.values(of: $0) } ?? []
    #expect(record.matches(near: near, far: far))
    return AutoForecaster(record, near: near, far: far)
  }

  @Test(
    "brings it back from the history to the last bit, whatever the history", arguments: [minute, fiveMinutes, hour])
  func replaysHostileHistories(_ step: Int64) throws {
    // A window that spans more than 30 powers of ten, or subnormal numbers, loses bits in the model's own unit.
    for (label, values) in hostileHistories where label != "least" && label != "huge after tiny" {
      var model = AutoForecaster()
      let start: Int64 = 1_700_000_100_000
      model.fit(ForecastSeries(values: values, step: step, start: start))
      var keeper = Keeper(start: start, step: step, values: values)
      for value in [3, .nan, 4, 1, 5, .nan, .nan, 9, 2, 6] {
        model.update(value)
        keeper.values.append(value)
      }
      var other = try restored(model, keeper)
      for value in [5, 3, .nan, 5, 8.0] {
        model.update(value)
        other.update(value)
      }
      let one = try model.forecast(horizons: Self.horizons, quantiles: Self.quantiles)
      #expect(one == (try other.forecast(horizons: Self.horizons, quantiles: Self.quantiles)), "\(label)")
      #expect(model.record == other.record, "\(label)")
    }
  }

  @Test("brings it back at any age, also after old values were dropped", arguments: [1, 2, 3])
  func replaysLongLives(_ seed: Int) throws {
    var noise = SeededNoise(UInt64(seed))
    var model = AutoForecaster()
    let start: Int64 = 1_700_000_100_000
    model.fit(ForecastSeries(values: [], step: minute, start: start))
    // The first update is one step after an empty series' end, at its start.
    var keeper = Keeper(start: start, step: minute)
    for index in 0..<7000 {
      let isGap = (4000..<4100).contains(index) || index % 97 == 0
      let exact = 200 + 100 * triangle(index, period: 1440) + 5 * noise.normal()
      let value = isGap ? Double.nan : seed == 1 ? exact.rounded() : seed == 2 ? exact : 1e9 + exact / 3
      model.update(value)
      keeper.values.append(value)
      guard index % 1400 == 1399 || index == 6999 else { continue }
      let other = try restored(model, keeper)
      let one = try model.forecast(horizons: Self.horizons, quantiles: Self.quantiles)
      #expect(one == (try other.forecast(horizons: Self.horizons, quantiles: Self.quantiles)), "after \(index)")
    }
    #expect(model.near.window.count < 3300)
  }

  @Test("tells when the history is no longer what it was, and learns what is there")
  func changedHistory() throws {
    var noise = SeededNoise(4)
    var model = AutoForecaster()
    var keeper = Keeper(start: 1_700_000_100_000, step: minute, values: (0..<900).map { _ in 50 + noise.normal() })
    model.fit(ForecastSeries(values: keeper.values, step: minute, start: keeper.start))
    keeper.values[100] = .nan
    let record = model.record
    let (near, far) = (keeper.values(of: record.near), record.far.map { keeper.values(of: $0) } ?? [])
    #expect(!record.matches(near: near, far: far))
    let forecast = try AutoForecaster(record, near: near, far: far).forecast(horizons: [1], quantiles: [0.5])
    #expect(abs(forecast.values[0] - 50) < 3)
  }

  @Test("of the first version, without what values are kept as distances from, is read, and the model learnt anew")
  func firstVersion() throws {
    let values = (0..<500).map { Double($0 % 50) / 3 }
    var model = AutoForecaster()
    model.fit(series(values))
    let bytes = model.record.bytes
    // Mark, version and name; the mark of the second version; facts; a window's step, end, count and number learnt at
    // once; its origin and factor; its checksum and that there is no far grid.
    #expect(bytes.count == 16 + 8 + 50 + 32 + 17 + 9)
    let old = Array(bytes[..<16] + bytes[24..<106] + bytes[123...])
    let record = try AutoRecord(old)
    #expect(record.near.count == 500 && record.near.origin == nil && record.near.start == model.record.near.start)
    let forecast = try AutoForecaster(record, near: values, far: []).forecast(horizons: [1, 25], quantiles: [0.5])
    #expect(forecast == (try model.forecast(horizons: [1, 25], quantiles: [0.5])))
  }

  @Test("refuses bytes that are cut off or changed, or survives them")
  func damage() throws {
    var model = AutoForecaster()
    model.fit(series((0..<500).map { Double($0 % 50) }, step: minute))
    let bytes = model.record.bytes
    for length in bytes.indices { #expect(throws: ForecastError.self) { try AutoRecord(Array(bytes[..<length])) } }
    var noise = SeededNoise(5)
    for _ in 0..<500 {
      var damaged = bytes
      damaged[Int(noise.uniform() * Double(bytes.count))] = UInt8(noise.uniform() * 255)
      guard let record = try? AutoRecord(damaged) else { continue }
      var other = AutoForecaster(record, near: [1, 2, 3], far: [])
      other.update(4)
      let forecast = try other.forecast(horizons: [1, 30], quantiles: [0.1, 0.9])
      #expect(forecast.values.allSatisfy { $0.isFinite })
    }
  }

  @Test("at minutes, a weekly rhythm counts as soon as it was seen twice")
  func weeklyRhythmOfMinutes() throws {
    var noise = SeededNoise(6)
    // Sixteen days: the last is the second of a week whose days 5 and 6 are quiet; the next day is the third.
    func level(_ index: Int) -> Double { (index / 1440) % 7 >= 5 ? 20 : 100 }
    for days in [19, 21] {
      let values = (0..<1440 * days).map { level($0) + 2 * noise.normal() }
      var model = AutoForecaster()
      model.fit(ForecastSeries(values: values, step: minute, start: 1_700_006_400_000))
      let horizons = [720, 960, 1200]
      let forecast = try model.forecast(horizons: horizons, quantiles: [0.025, 0.5, 0.975])
      for (row, horizon) in horizons.enumerated() {
        let truth = level(1440 * days - 1 + horizon)
        #expect(abs(forecast.value(horizonAt: row, quantileAt: 1) - truth) < 25, "\(days) days, \(horizon)")
      }
    }
  }
}
