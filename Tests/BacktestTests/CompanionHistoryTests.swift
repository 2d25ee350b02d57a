import Forecasting
import Testing
import TimeSeries

@testable import Backtest

@Suite("Signals beside the one that is forecast")
struct CompanionHistoryTests {
  private static let step: Int64 = 60_000

  private static func recorded(_ values: [Double], _ labels: Labels, from start: Int64 = 0) -> RecordedSeries {
    RecordedSeries(
      labels: labels, timestamps: values.indices.map { start + Int64($0) * step }, values: values)
  }

  private static let orders = Labels([Label("queue", "orders")])

  @Test func `the series with the same labels is taken, whatever the metrics are called`() throws {
    let rates = CompanionHistory(
      source: "rate",
      series: [
        Self.recorded([1, 2], Labels(name: "rate", ["queue": "billing"])),
        Self.recorded([3, 4], Labels(name: "rate", ["queue": "orders"])),
      ])
    let depth = Labels(name: "depth", ["queue": "orders"])
    #expect(try rates.companion(of: depth).values == [3, 4])
  }

  @Test func `a series without labels goes with every one`() throws {
    let memory = CompanionHistory(source: "sum(memory)", series: [Self.recorded([7, 8], .empty)])
    #expect(try memory.companion(of: Self.orders).values == [7, 8])
  }

  @Test func `a series that has no companion is named`() throws {
    let rates = CompanionHistory(
      source: "rate", series: [Self.recorded([1], Labels([Label("queue", "billing")]))])
    let error = try #require(throws: BacktestError.self) { try rates.companion(of: Self.orders) }
    #expect(error.description.contains("rate") && error.description.contains(#"queue="orders""#))
    let none = CompanionHistory(source: "nothing", series: [])
    #expect(throws: BacktestError.self) { try none.companion(of: Self.orders) }
  }

  @Test func `companions lie on the grid of the series, missing where they were not measured`() throws {
    // The series has its values at 2 to 5 min, the companion at 4 to 7 min, of which 6 and 7 are after the end.
    let series = Self.recorded([10, 11, 12, 13], Self.orders, from: 2 * Self.step)
    let beside = Self.recorded([20, 21, 22, 23], .empty, from: 4 * Self.step)
    let grid = try #require(
      try CompanionHistory.grid(
        series, step: Self.step, companions: [CompanionHistory(source: "c", series: [beside])]))
    #expect(grid.values == [10, 11, 12, 13])
    #expect(grid.companions[0][0].isNaN && grid.companions[0][1].isNaN)
    #expect(grid.companions[0][2...] == [20, 21])
  }

  @Test func `the trained network has learnt the companions, and its file brings them back`() async throws {
    let depth = (0..<200).map { Double(($0 * 37) % 50) }
    // What the signal will be at the next step.
    let tell = Array(depth[1...]) + [depth[0]]
    let series = [Self.recorded(depth, Self.orders)]
    let companions = [CompanionHistory(source: "tell", series: [Self.recorded(tell, .empty)])]
    let file = try await ForecastTraining(model: "lstm", horizon: 1, heldOut: 0).file(
      series, companions: companions, step: Self.step, name: "n", query: "q", settings: [:], created: 0, version: "0")
    let restored = try ForecastModels.restore(file.states[0])
    var direct = try ForecastModels.make(named: "lstm")
    direct.fit(ForecastSeries(values: depth, step: Self.step, companions: [tell]))
    var alone = try ForecastModels.make(named: "lstm")
    alone.fit(ForecastSeries(values: depth, step: Self.step))
    func curve(_ model: any ForecastModel) throws -> [Double] {
      try model.forecast(horizons: [1, 2, 5], quantiles: [0.5]).values
    }
    #expect(try curve(restored) == curve(direct))
    #expect(try curve(restored) != curve(alone))
  }
}
