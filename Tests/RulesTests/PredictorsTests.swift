import HarecastTestKit
import PromQL
import Testing
import TimeSeries

@testable import Rules

struct PredictorsTests {
  private func value(_ query: String, at seconds: Int64, _ table: SeriesTable) throws -> [Double] {
    var options = QueryOptions()
    options.predictor = Predictors()
    let engine = QueryEngine(options: options)
    let result = try engine.instant(try engine.parse(query), at: seconds * 1000, source: table)
    return Array(try SignalReader.vector(result.value).values)
  }

  @Test func `a straight line is forecast along the line`() throws {
    let table = try SeriesTable(["v": "0+15x480"], step: 15_000)
    // At 2 h the line is at 7200; ten minutes later it is at 7800.
    let forecast = try #require(try value("forecast(v[2h], 600)", at: 7200, table).first)
    #expect(abs(forecast - 7800) < 80, "\(forecast)")
    let low = try #require(try value("forecast_quantile(0.1, v[2h], 600)", at: 7200, table).first)
    let high = try #require(try value("forecast_quantile(0.9, v[2h], 600)", at: 7200, table).first)
    #expect(low <= high)
  }

  @Test func `a threshold that is met now takes no time`() throws {
    let table = try SeriesTable(["v": "0+15x480"], step: 15_000)
    #expect(try value("time_to_threshold(v[2h], 7200)", at: 7200, table) == [0])
  }

  @Test func `one sample gives no answer`() throws {
    let table = try SeriesTable(["v": "1"], step: 15_000)
    for query in ["forecast(v[1h], 60)", "time_to_threshold(v[1h], 5)", "anomaly_score(v[1h])"] {
      #expect(try value(query, at: 10, table).isEmpty, "\(query)")
    }
  }

  @Test func `the past is not forecast`() throws {
    let table = try SeriesTable(["v": "0+15x480"], step: 15_000)
    #expect(try value("forecast(v[2h], -600)", at: 7200, table).isEmpty)
  }

  @Test func `a far outlier scores at least 1 and the values before it do not`() throws {
    var random = SplitMix64(seed: 3)
    var samples = (0..<1440).map { Sample(Int64($0) * 15_000, random.normal(mean: 100, deviation: 3)) }
    samples.append(Sample(1440 * 15_000, 1000))
    var table = SeriesTable()
    table.add(Labels(name: "v"), samples)
    #expect(try #require(try value("anomaly_score(v[6h])", at: 1439 * 15, table).first) < 1)
    #expect(try #require(try value("anomaly_score(v[6h])", at: 1440 * 15, table).first) >= 1)
  }
}
