import Forecasting
import Foundation
import Testing

@testable import Backtest

@Suite("Backtests of forecasts")
struct ForecastBacktestTests {
  private func folder(_ files: [String: String]) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "backtest-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, text) in files { try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8) }
    return folder
  }

  private static let manifest = """
    {"series":[{"id":"a","file":"a.csv","step_s":60,"n_grid":40,"start_ms":0,"seasonal_periods":[],"h_1h":3,"h_24h":5,
    "origins_ms":[1200000,1800000],"split":"open"},
    {"id":"b","file":"b.csv","step_s":60,"n_grid":1,"start_ms":0,"h_24h":5,"origins_ms":[],"split":"held"}]}
    """

  private static func series(_ value: (Int) -> Double) -> String {
    "timestamp_ms,value\n" + (0..<40).map { "\($0 * 60_000),\(value($0))\n" }.joined()
  }

  @Test("a forecast knows nothing after its origin")
  func isCausal() throws {
    // Twins until minute 20, then one leaves for the sky.
    let calm = try ForecastDataset(
      folder: folder(["manifest.json": Self.manifest, "a.csv": Self.series { Double($0 % 3) }]), split: "open")
    let wild = try ForecastDataset(
      folder: folder(["manifest.json": Self.manifest, "a.csv": Self.series { $0 > 20 ? 1e6 : Double($0 % 3) }]),
      split: "open")
    let backtest = ForecastBacktest(model: "auto")
    let first = try backtest.run(calm.entries[0], of: calm)
    let second = try backtest.run(wild.entries[0], of: wild)
    #expect(first.map(\.origin) == [1_200_000, 1_800_000])
    #expect(first[0].forecast == second[0].forecast)
    #expect(first[1].forecast != second[1].forecast)
  }

  @Test("each line has the method, the series, the origin and five quantiles over the horizon")
  func writesLines() async throws {
    let folder = try folder(["manifest.json": Self.manifest, "a.csv": Self.series { _ in 7 }])
    let path = folder + "/out.jsonl"
    try await ForecastBacktest(model: "naive", origins: [1]).run(
      ForecastDataset(folder: folder, split: "open"), writingTo: path
    ) { _ in }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 1)
    let record = try #require(
      try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
    #expect(record["method"] as? String == "naive" && record["series"] as? String == "a")
    #expect(record["origin_ms"] as? Int == 1_800_000)
    let quantiles = try #require(record["q"] as? [String: [Double]])
    #expect(quantiles.keys.sorted() == ["0.025", "0.1", "0.5", "0.9", "0.975"])
    #expect(quantiles["0.5"]?.count == 5)
  }

  @Test("the maximum's curves never fall, and only auto forecasts them")
  func forecastsMaxima() async throws {
    let folder = try folder(["manifest.json": Self.manifest, "a.csv": Self.series { Double($0 * 7 % 5) }])
    let dataset = try ForecastDataset(folder: folder, split: "open")
    let backtest = ForecastBacktest(model: "auto", forecastsMaximum: true)
    for record in try backtest.run(dataset.entries[0], of: dataset) {
      for level in ForecastBacktest.quantiles {
        let curve = try #require(record.forecast.curve(quantile: level))
        #expect(curve == curve.sorted() && curve.count == 5)
      }
      #expect(backtest.line(record).hasPrefix(#"{"method":"auto_maximum","series":"a""#))
    }
    let other = ForecastBacktest(model: "naive", forecastsMaximum: true)
    #expect(throws: ForecastError.self) { try other.run(dataset.entries[0], of: dataset) }
  }

  @Test("faults are named with file and line")
  func namesFaults() throws {
    let good = try folder(["manifest.json": Self.manifest, "a.csv": "timestamp_ms,value\n0,1\nx,2\n"])
    let dataset = try ForecastDataset(folder: good, split: "open")
    #expect {
      try dataset.values(of: dataset.entries[0])
    } throws: {
      "\($0)" == good + "/a.csv: line 3: \"x\" is no timestamp"
    }
    #expect(throws: BacktestError.self) { try ForecastDataset(folder: good, split: "nowhere") }
    #expect(throws: BacktestError.self) { try ForecastDataset(folder: good + "/missing") }
    let bad = try folder(["manifest.json": "{\"series\":[{\"id\":\"a\"}]}"])
    #expect {
      try ForecastDataset(folder: bad)
    } throws: {
      "\($0)".contains("file is missing at .series[0]")
    }
  }

  @Test("a timestamped table refuses ragged lines and reads empty fields as missing")
  func readsTables() throws {
    let table = try TimestampedTable(bytes: Array("timestamp_ms,a,b\r\n1,2,\r\n2,nan,3\r\n".utf8), path: "t")
    #expect(table.names == ["a", "b"] && table.timestamps == [1, 2])
    #expect(table.columns[0][0] == 2 && table.columns[0][1].isNaN)
    #expect(table.columns[1][0].isNaN && table.columns[1][1] == 3)
    for text in ["", "timestamp_ms\n", "t,v\n1\n", "t,v\n1,2,3\n", "t,v\n1,two\n"] {
      #expect(throws: BacktestError.self) { try TimestampedTable(bytes: Array(text.utf8), path: "t") }
    }
  }
}
