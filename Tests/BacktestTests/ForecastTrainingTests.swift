import Forecasting
import ModelRegistry
import Testing
import TimeSeries

@testable import Backtest

@Suite("Training")
struct ForecastTrainingTests {
  private static let step: Int64 = 300_000
  private static let start: Int64 = 1_704_067_200_000

  private static func series(_ values: [Double]) -> ForecastSeries {
    ForecastSeries(values: values, step: step, start: start)
  }

  /// Three days of a wave of 288 steps.
  private static let wave = (0..<864).map { index in
    let hour = Double(index % 288) / 12
    return 100 + (hour < 12 ? hour : 24 - hour) * 5 + Double(index * index % 97) / 20
  }

  @Test func `errors on the tail are those of a walk that learns as it goes`() throws {
    // The drift method on a straight line does not err.
    let line = Self.series((0..<100).map { Double($0) })
    let trained = try ForecastTraining(model: "drift", horizon: 2).train(line, labels: .empty)
    #expect(try #require(trained.metrics["mae"]) < 1e-9)
    #expect(try #require(trained.metrics["r2"]) > 0.999_999)
    #expect(trained.metrics["coverage_95"] == 1 && trained.observations == 100)
  }

  @Test func `a level that nobody could foresee shows in the errors of the tail`() throws {
    // 80 zeros, then a jump at the first held-out value to 10 for 20: "naive" with a horizon of 20 errs by 10 at all.
    let jump = Self.series([Double](repeating: 0, count: 80) + [Double](repeating: 10, count: 20))
    let trained = try ForecastTraining(model: "naive", horizon: 20).train(jump, labels: .empty)
    #expect(trained.metrics["mae"] == 10)
    // Truths that never differ leave no variance to explain.
    #expect(trained.metrics["r2"] == nil)
    #expect(trained.metrics["mase"] == 1)
    // Two forecasts of 10 steps: the second knows the jump.
    let walked = try ForecastTraining(model: "naive", horizon: 10).train(jump, labels: .empty)
    #expect(try #require(walked.metrics["mae"]) < 10)
  }

  @Test func `what is kept has learnt the tail as well, and goes on from the file bit by bit`() async throws {
    let file = try await ForecastTraining(model: "theta", horizon: 12).file(
      [
        RecordedSeries(
          labels: Labels([Label("queue", "orders")]),
          timestamps: Self.wave.indices.map { Self.start + Int64($0) * Self.step },
          values: Self.wave)
      ], step: Self.step, name: "orders", query: "q", settings: [:], created: 1, version: "0")
    #expect(file.header.trainedFrom == Self.start && file.header.trainedThrough == Self.start + 863 * Self.step)
    #expect(file.header.series[0].labels == ["queue": "orders"] && file.header.series[0].observations == 864)
    let bytes = try file.bytes(signedWith: nil)
    let again = try ModelFile.read(bytes, subject: "f", keys: []).file
    var direct = try ForecastModels.make(named: "theta")
    direct.fit(Self.series(Self.wave))
    let restored = try ForecastModels.restore(again.states[0])
    let quantiles = [0.1, 0.5, 0.9]
    #expect(
      try restored.forecast(horizons: [1, 12], quantiles: quantiles)
        == (try direct.forecast(horizons: [1, 12], quantiles: quantiles)))
  }

  @Test func `prophet takes the settings of its user`() throws {
    var training = ForecastTraining(model: "prophet", horizon: 12)
    training.prophet.seasonalities = [Seasonality(name: "daily", period: 86_400_000, order: 4)]
    training.prophet.mode = .multiplicative
    let trained = try training.train(Self.series(Array(Self.wave.prefix(300))), labels: .empty)
    let model = try #require(try ForecastModels.restore(trained.state) as? ProphetForecaster)
    #expect(model.settings == training.prophet)
  }

  @Test(.enabled(if: TreeEnsemble.isAvailable))
  func `trees say which features mattered`() throws {
    let trained = try ForecastTraining(model: "gradient_boosting", horizon: 12).train(
      Self.series(Self.wave), labels: .empty)
    #expect(abs(trained.importances.reduce(0) { $0 + $1.share } - 1) < 1e-6)
    #expect(trained.importances.map(\.share) == trained.importances.map(\.share).sorted(by: >))
    // What the tail, which they had not seen, becomes like when a feature is shuffled.
    let rises = trained.importances.compactMap(\.errorRise)
    #expect(rises.count == trained.importances.count)
    #expect(try #require(rises.max()) > 0.1)
    #expect(
      try ForecastTraining(model: "naive", horizon: 1).train(Self.series([1, 2]), labels: .empty).importances.isEmpty)
  }

  @Test func `histories without a value, and models that do not exist, are errors`() async throws {
    await #expect(throws: BacktestError("q", "no series has 2 values to learn from")) {
      try await ForecastTraining(model: "naive", horizon: 1).file(
        [RecordedSeries(labels: .empty, timestamps: [1], values: [.nan])], step: 1, name: "n", query: "q",
        settings: [:], created: 0, version: "0")
    }
    #expect(throws: ForecastError.unknownModel("prophecy")) {
      try ForecastTraining(model: "prophecy", horizon: 1).train(Self.series([1, 2, 3]), labels: .empty)
    }
  }

  @Test func `columns of a file are series, by their names or as Prometheus writes them`() throws {
    let text = "timestamp_ms,depth,{queue=\"q\"},depth{queue=\"q\"},a{b\n0,1,2,3,4\n60000,,5,6,7\n120000,8,9,10,11\n"
    let table = try TimestampedTable(bytes: Array(text.utf8), path: "x.csv")
    let series = table.recordedSeries
    #expect(
      series.map(\.labels) == [
        Labels(name: "depth"), Labels([Label("queue", "q")]), Labels(name: "depth", ["queue": "q"]),
        Labels(name: "a{b"),
      ])
    #expect(series[0].timestamps == [0, 120_000] && series[0].values == [1, 8])
    #expect(table.usualStep == 60_000)
  }
}
