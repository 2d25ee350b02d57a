import Forecasting
import Testing
import TimeSeries

@Suite("Samples on a grid")
struct SignalHistoryTests {
  @Test("each step takes its newest sample, and gaps are NaN")
  func regularises() {
    let samples = SeriesSamples(
      labels: Labels(name: "queue"), timestamps: [1_000, 1_900, 3_000, 6_100, 7_500, 9_000],
      values: [1, 2, 3, .nan, 5, 99])
    let grid = SignalHistory.regularise(samples, step: 1_000, from: 0, through: 8_000)
    // Steps end at 1, 2, … 8 s; the first without a sample is left out; 9 s lies beyond.
    #expect(grid.start == 1_000)
    #expect(grid.end == 8_000)
    #expect(grid.values.map { $0.isNaN ? -1 : $0 } == [1, 2, 3, -1, -1, -1, -1, 5])
  }

  @Test("stale markers end what came before them in their step")
  func staleness() {
    let samples = SeriesSamples(
      labels: .empty, timestamps: [1_000, 1_500, 2_000], values: [1, 2, StaleMarker.value])
    let grid = SignalHistory.regularise(samples, step: 1_000, from: 0, through: 2_000)
    #expect(grid.values.count == 2)
    #expect(grid.values[0] == 1 && grid.values[1].isNaN)
  }

  @Test("hostile ranges give an empty or a bounded series")
  func hostile() {
    let samples = SeriesSamples(labels: .empty, timestamps: [.min, 0, .max], values: [1, 2, 3])
    #expect(SignalHistory.regularise(samples, step: 0, from: .min, through: .max).values.isEmpty)
    #expect(SignalHistory.regularise(samples, step: 10, from: 5, through: 0).values.isEmpty)
    let bounded = SignalHistory.regularise(samples, step: 1, from: -5_000_000, through: 10)
    #expect(bounded.values.count <= SignalHistory.maximumPoints)
  }
}
