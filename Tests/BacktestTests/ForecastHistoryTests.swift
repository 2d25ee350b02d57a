import Forecasting
import Testing
import TimeSeries

@testable import Backtest

@Suite("Forecasts of one's own history")
struct ForecastHistoryTests {
  private static let start: Int64 = 1_704_067_200_000
  private static let step: Int64 = 300_000

  /// Values five minutes apart from 2024 on.
  private static func recorded(_ values: [Double], _ labels: Labels = Labels(name: "depth")) -> RecordedSeries {
    RecordedSeries(
      labels: labels, timestamps: values.indices.map { start + Int64($0) * step }, values: values)
  }

  /// Four days of a daily wave with uneven steps on it: quadratic residues.
  private static let wave: [Double] = (0..<1152).map { index in
    let hour = Double(index % 288) / 12
    return 100 + (hour < 12 ? hour : 24 - hour) * 5 + Double(index * index % 97) / 20
  }

  @Test func `errors of known forecasts are those worked out by hand`() throws {
    // One quantile row a step: 0.025, 0.1, 0.5, 0.9, 0.975.
    var tally = ForecastTally()
    tally.add(12, mean: 11, quantiles: [6, 8, 10, 12, 14][...])
    tally.add(5, mean: 11, quantiles: [6, 8, 10, 12, 14][...])
    tally.add(.nan, mean: 0, quantiles: [0, 0, 0, 0, 0][...])
    #expect(tally.count == 2)
    // |12 − 10| and |5 − 10|.
    #expect(tally.meanAbsoluteError == 3.5)
    // 12 lies on the edge of the 80% band, 5 below both.
    #expect(tally.coverage80 == 0.5 && tally.coverage95 == 0.5)
    #expect(tally.medianWidth == 8)
    // 12: 0.025·6 + 0.1·4 + 0.5·2 + 0 + 0.025·2 = 1.6; 5: 0.975·1 + 0.9·3 + 0.5·5 + 0.1·7 + 0.025·9 = 7.1;
    // twice the mean over five levels and two truths: 2·8.7/10.
    #expect(abs(try #require(tally.meanQuantileLoss) - 1.74) < 1e-12)
    // Squared errors of the mean 1 + 36; the truths lie 3.5 from their mean: 1 − 37/24.5.
    #expect(abs(try #require(tally.determination) - (1 - 37 / 24.5)) < 1e-12)
  }

  @Test func `a curve is judged step by step up to the horizon, as far as truths are known`() {
    let forecast = ForecastDistribution(
      origin: 0, step: 1, horizons: [1, 2, 3], quantiles: ForecastTally.quantiles,
      values: [0, 0, 10, 20, 20, 0, 0, 20, 30, 30, 0, 0, 30, 40, 40], mean: [10, 20, 30])
    var short = ForecastTally()
    short.add(forecast, truths: [11, 26, 99][...], through: 2)
    // |11 − 10| and |26 − 20|.
    #expect(short.count == 2 && short.meanAbsoluteError == 3.5)
    var cut = ForecastTally()
    cut.add(forecast, truths: [11, .nan][...], through: 3)
    #expect(cut.count == 1 && cut.meanAbsoluteError == 1)
  }

  @Test func `a straight line is forecast without error by the model of straight lines`() throws {
    let line = (0..<400).map { 50 + Double($0) }
    let history = ForecastHistory(models: ["linear"], horizons: [1, 24], originCount: 10)
    let outcome = history.run("linear", on: try #require(ForecastHistory.grid(Self.recorded(line), step: Self.step)))
    #expect(outcome.tallies.map(\.count) == [10, 240])
    for tally in outcome.tallies {
      #expect(try #require(tally.meanAbsoluteError) < 1e-6 && tally.coverage95 == 1)
    }
  }

  @Test func `relative errors are geometric means over the series`() async throws {
    func tally(_ error: Double) -> ForecastTally {
      var tally = ForecastTally()
      tally.add(error, mean: 0, quantiles: [-1, -0.5, 0, 0.5, 1][...])
      return tally
    }
    func result(_ model: Double, _ naive: Double) -> ForecastHistory.Result {
      ForecastHistory.Result(
        labels: .empty, series: ForecastSeries(values: [1], step: 1), origins: [0],
        outcomes: [
          .init(model: "m", tallies: [tally(model)]), .init(model: ForecastHistory.baseline, tallies: [tally(naive)]),
        ])
    }
    // 1/4 and 4/4: the geometric mean is a half. A series that never erred has no unit.
    let summaries = ForecastSummary.all([result(1, 4), result(4, 4), result(1, 0)], horizonAt: 0)
    #expect(summaries.map(\.model) == ["m", ForecastHistory.baseline])
    #expect(abs(try #require(summaries[0].error) - 0.5) < 1e-12 && summaries[0].seriesCount == 2)
    #expect(abs(try #require(summaries[1].error) - 1) < 1e-12)
    // Of three truths 1, 4, 1 two lie in −1…1.
    #expect(abs(try #require(summaries[0].coverage95) - 2.0 / 3) < 1e-12)
  }

  @Test func `no forecast knows what comes after its origin`() throws {
    let history = ForecastHistory(models: ["auto"], horizons: [12], originCount: 4)
    let calm = try #require(ForecastHistory.grid(Self.recorded(Self.wave), step: Self.step))
    let positions = history.origins(of: calm.values.count)
    // The world changes after the second origin.
    var wild = calm
    for index in (positions[1] + 1)..<wild.values.count { wild.values[index] += 1e6 }
    let (one, two) = (history.run("auto", on: calm), history.run("auto", on: wild))
    #expect(one.curves.count == 4 && one.curves[..<2] == two.curves[..<2])
    #expect(one.curves[2] != two.curves[2])
  }

  @Test func `origins lie in the last two thirds, leave room for the horizon, and are not a day apart`() {
    let history = ForecastHistory(models: ["naive"], horizons: [12, 288], originCount: 24)
    let origins = history.origins(of: 288 * 14)
    #expect(origins.count == 24 && origins == origins.sorted() && Set(origins).count == 24)
    #expect(origins[0] >= 288 * 14 / 3 && (origins.last ?? 0) + 288 < 288 * 14)
    #expect(Set(origins.map { $0 % 288 }).count > 18)
    #expect(history.origins(of: 300).isEmpty)
  }

  @Test func `the table names every model with errors, coverage and costs, the baseline at 1`() async throws {
    let history = ForecastHistory(models: ["auto", "naive", "prophecy"], horizons: [12, 144], originCount: 6)
    let results = try await history.run([Self.recorded(Self.wave)], step: Self.step)
    let lines = ForecastSummary.table(results, history: history, step: Self.step).split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0].hasPrefix("up to 1h ahead: 1 series, 6 origins"))
    #expect(lines.contains { $0.hasPrefix("up to 12h ahead") })
    let naive = try #require(lines.first { $0.hasPrefix("seasonal_naive") })
    #expect(naive.split(separator: " ").dropFirst().prefix(2) == ["1.000", "1.000"])
    #expect(lines.contains { $0.hasPrefix("prophecy") && $0.contains("unknown forecast model") })
    let summaries = ForecastSummary.all(results, horizonAt: 0)
    let auto = try #require(summaries.first { $0.model == "auto" })
    #expect((auto.error ?? 9) < 1 && (auto.fitSeconds ?? 0) > 0 && (auto.updateSeconds ?? 0) > 0)
  }

  @Test func `a page draws bands, medians and truth, and lets no name become markup`() async throws {
    let history = ForecastHistory(models: ["auto"], horizons: [144], originCount: 6)
    var values = Self.wave
    for index in 900..<920 { values[index] = .nan }
    let labels = Labels(name: "depth", ["queue": "<script>alert('&\"')</script>"])
    let results = try await history.run([Self.recorded(values, labels)], step: Self.step)
    let page = ForecastReport.html(results, history: history, title: "a > b & <i>")
    for part in ["class=\"b95\"", "class=\"b80\"", "class=\"median\"", "class=\"truth\"", "viewport", "prefers-color"] {
      #expect(page.contains(part))
    }
    #expect(page.contains("a &gt; b &amp; &lt;i&gt;") && !page.contains("<script") && !page.contains("<i>"))
    // Nothing is fetched, and the gap breaks the line.
    #expect(!page.contains("http") && !page.contains("nan"))
    #expect(page.split(separator: "class=\"truth\"").count >= 3)
  }

  @Test func `histories that are empty or too short say so`() async throws {
    let history = ForecastHistory(models: ["auto"], horizons: [288])
    let results = try await history.run(
      [Self.recorded([]), Self.recorded([.nan]), Self.recorded([1, 2, 3])], step: Self.step)
    #expect(results.count == 1 && results[0].outcomes.allSatisfy { $0.failure == "the history is too short" })
    #expect(ForecastReport.html(results, history: history, title: "").contains("the history is too short"))
  }
}
