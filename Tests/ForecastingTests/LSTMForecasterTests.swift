import Foundation
import Testing

@testable import Forecasting

/// A network that trains in a second: what is tested is the way, not the size.
private var small: LSTMSettings {
  var settings = LSTMSettings()
  settings.layers = [16, 8]
  settings.dropout = 0.1
  settings.lookback = 24
  settings.epochs = 25
  settings.learningRate = 0.01
  return settings
}

private func error(_ forecast: ForecastDistribution, _ truth: [Double]) -> Double {
  let median = forecast.curve(quantile: 0.5) ?? []
  return zip(median, truth).map { abs($0 - $1) }.reduce(0, +) / Double(truth.count)
}

@Suite("LSTM")
struct LSTMForecasterTests {
  @Test("a sine is continued, far better than by its last value, and with order among the quantiles")
  func learnsASine() throws {
    var noise = SeededNoise(4)
    let truth = (0..<624).map { 50 + 20 * sin(2 * Double.pi * Double($0) / 48) }
    var model = LSTMForecaster(settings: small)
    model.fit(series(truth.prefix(600).map { $0 + 0.5 * noise.normal() }))
    let forecast = try model.forecast(horizons: Array(1...24), quantiles: [0.1, 0.5, 0.9])
    let naive = truth[600...].map { abs($0 - truth[599]) }.reduce(0, +) / 24
    #expect(error(forecast, Array(truth[600...])) < 0.35 * naive)
    for row in 0..<24 {
      #expect(forecast.value(horizonAt: row, quantileAt: 0) < forecast.value(horizonAt: row, quantileAt: 2))
    }
  }

  @Test("a companion that runs three steps ahead is made use of")
  func learnsFromCompanions() throws {
    var noise = SeededNoise(8)
    let leader = (0..<600).map { _ in noise.normal() }
    let signal = (0..<600).map { $0 < 3 ? 0 : 10 * leader[$0 - 3] }
    var settings = small
    settings.dropout = 0
    settings.epochs = 60
    settings.patience = 10
    var alone = LSTMForecaster(settings: settings)
    var together = LSTMForecaster(settings: settings)
    alone.fit(series(Array(signal.prefix(560))))
    together.fit(series(Array(signal.prefix(560)), beside: [Array(leader.prefix(560))]))
    var errors = (alone: 0.0, together: 0.0)
    for index in 560..<595 {
      errors.alone += abs(try alone.forecast(horizons: [1], quantiles: [0.5]).values[0] - signal[index])
      errors.together += abs(try together.forecast(horizons: [1], quantiles: [0.5]).values[0] - signal[index])
      alone.update(signal[index])
      together.update(signal[index], companions: [leader[index]])
    }
    #expect(errors.together < 0.5 * errors.alone)
  }

  @Test("training with missing values is the same whatever stands in their place")
  func masksMissingValues() throws {
    let values = (0..<300).map { $0 % 7 == 3 ? .nan : sin(Double($0) / 5) }
    var settings = small
    settings.epochs = 3
    var one = LSTMForecaster(settings: settings)
    var other = LSTMForecaster(settings: settings)
    one.fit(series(values))
    other.fit(series(values.map { $0.isNaN ? .infinity : $0 }))
    #expect(one.saved() == other.saved())
    #expect(try one.forecast(horizons: [1, 9], quantiles: [0.5]).values.allSatisfy { $0.isFinite })
  }

  @Test("a trained model is restored to the last bit, and damaged bytes are refused")
  func survivesSaving() throws {
    var settings = small
    settings.epochs = 2
    var model = LSTMForecaster(settings: settings)
    let values = (0..<200).map { 5 + cos(Double($0) / 4) }
    model.fit(series(values, beside: [values.map { -$0 }]))
    let bytes = model.saved()
    let restored = try LSTMForecaster(restoring: bytes)
    #expect(restored.saved() == bytes)
    #expect(
      try restored.forecast(horizons: [1, 5, 90], quantiles: [0.1, 0.9])
        == model.forecast(horizons: [1, 5, 90], quantiles: [0.1, 0.9]))
    for length in stride(from: 0, to: bytes.count, by: 97) {
      #expect(throws: ForecastError.self) { try LSTMForecaster(restoring: Array(bytes[..<length])) }
    }
  }

  @Test("training that is told to stop, or has no time, still leaves a model that answers")
  func keepsTheBest() throws {
    let values = (0..<300).map { sin(Double($0) / 5) }
    var asked = 0
    var model = LSTMForecaster(settings: small)
    model.reset(to: series(values))
    model.train {
      asked += 1
      return asked < 3
    }
    #expect(asked == 3)
    #expect(try model.forecast(horizons: [1], quantiles: [0.5]).values[0].isFinite)
    var settings = small
    settings.cpuSeconds = 0
    var hurried = LSTMForecaster(settings: settings)
    hurried.fit(series(values))
    #expect(try hurried.forecast(horizons: [1], quantiles: [0.5]).values[0].isFinite)
  }
}
