import Synchronization
import Testing
import TimeSeries

@testable import PromQL

@Suite struct EngineLimitTests {
  /// Ten series with a sample a second over 1000 s.
  private static let table: SampleTable = {
    var table = SampleTable()
    for id in 0..<10 {
      table.insert(
        SeriesSamples(
          labels: Labels(name: "n", ["id": "\(id)"]), timestamps: (0..<1000).map { Int64($0) * 1000 },
          values: (0..<1000).map(Double.init)))
    }
    return table
  }()

  private func message(_ body: () throws -> QueryResult) -> String {
    do { return "\(try body().value)" } catch { return "\(error)" }
  }

  @Test func tooManySamplesEndTheQuery() throws {
    var options = QueryOptions()
    options.maximumSamples = 5000
    let engine = QueryEngine(options: options)
    let text = "query processing would load too many samples into memory in query execution"
    let all = try engine.parse("sum(rate(n[20m]))")
    #expect(message { try engine.instant(all, at: 900_000, source: EngineLimitTests.table) } == text)
    let few = try engine.parse("sum(n)")
    #expect(throws: Never.self) { try engine.instant(few, at: 900_000, source: EngineLimitTests.table) }
    let endless = try engine.parse("count_over_time(vector(1)[300d:1ms])")
    #expect(message { try engine.instant(endless, at: 0, source: EngineLimitTests.table) } == text)
  }

  @Test func timeoutsEndTheQuery() throws {
    var options = QueryOptions()
    options.timeout = 1
    options.maximumSamples = Int.max
    let engine = QueryEngine(options: options)
    let slow = try engine.parse("sum(quantile_over_time(0.5, (n * n)[300d:10s]))")
    #expect(
      message { try engine.instant(slow, at: 0, source: EngineLimitTests.table) }
        == "query timed out in expression evaluation")
  }

  @Test func cancelledTasksEndTheQuery() async throws {
    let engine = QueryEngine()
    let expression = try engine.parse("sum(n)")
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return message { try engine.instant(expression, at: 0, source: EngineLimitTests.table) }
    }
    #expect(await task.value == "query was canceled in expression evaluation")
  }

  @Test func rangeQueriesCheckTheirSteps() throws {
    let engine = QueryEngine()
    let one = try engine.parse("1")
    let source = SampleTable()
    #expect(
      message { try engine.range(one, from: 0, through: 11_001_000, step: 1000, source: source) }
        == "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
    )
    #expect(throws: Never.self) { try engine.range(one, from: 0, through: 11_000_000, step: 1000, source: source) }
    #expect(
      message { try engine.range(one, from: 10, through: 0, step: 1, source: source) }
        == "end timestamp must not be before start time")
    #expect(
      message { try engine.range(one, from: 0, through: 10, step: 0, source: source) }
        == "zero or negative query resolution step widths are not accepted. Try a positive integer")
    #expect(
      message { try engine.range(engine.parse("n[5m]"), from: 0, through: 10, step: 1, source: source) }
        == "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector")
    #expect(
      message { try engine.range(engine.parse("\"x\""), from: 0, through: 10, step: 1, source: source) }
        == "invalid expression type \"string\" for range query, must be Scalar or instant Vector")
    #expect(throws: QueryError.self) {
      try engine.range(one, from: Int64.min, through: Int64.max, step: 1, source: source)
    }
  }

  @Test func extremeTimesAreErrorsNotTraps() throws {
    let engine = QueryEngine()
    for query in ["n offset 200y", "n[200y]", "n @ 9000000000000000 offset -200y", "rate(n[1m])[200y:1y]"] {
      let expression = try engine.parse(query)
      for time in [Int64.min, Int64.min + 1, 0, Int64.max] {
        _ = try? engine.instant(expression, at: time, source: EngineLimitTests.table)
      }
    }
  }

  @Test func longRangesAreTheSameAsTheirParts() throws {
    // 1000 steps are evaluated in more than one block.
    let engine = QueryEngine()
    let expression = try engine.parse("sum_over_time(n{id=~\"1|2\"}[10s]) + 1")
    let whole = try engine.range(expression, from: 0, through: 999_000, step: 1000, source: EngineLimitTests.table)
    guard case .matrix(let series) = whole.value else {
      Issue.record("no matrix")
      return
    }
    #expect(series.map { $0.labels["id"] } == ["1", "2"])
    for item in series {
      #expect(item.timestamps == (0..<1000).map { Int64($0) * 1000 })
      let expected = (0..<1000).map { last in
        Double((max(0, last - 9)...last).reduce(0, +)) + 1
      }
      #expect(item.values == expected)
    }
  }

  @Test func selectorsAreReadOncePerQuery() throws {
    final class CountingSource: SeriesSource, Sendable {
      private let reads = Mutex<[[Int64]]>([])
      var allReads: [[Int64]] { reads.withLock { $0 } }

      func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) throws -> [SeriesSamples] {
        reads.withLock { $0.append([start, end]) }
        return try EngineLimitTests.table.select(matchers, from: start, through: end)
      }
    }
    let engine = QueryEngine()
    let source = CountingSource()
    let query = try engine.parse("rate(n[1m] offset 10s) + rate(n[1m] offset 10s) - n")
    _ = try engine.range(query, from: 100_000, through: 500_000, step: 1000, source: source)
    // Equal selectors share what is read. Left edges are excluded, right edges included.
    #expect(source.allReads == [[30_001, 490_000], [-199_999, 500_000]])
  }

  @Test func longRangesReadInParts() throws {
    // All samples at once would be 10,000 and the cells of one block 5120.
    var options = QueryOptions()
    options.maximumSamples = 12_000
    let engine = QueryEngine(options: options)
    let query = try engine.parse("n{id=\"1\"}")
    let result = try engine.range(query, from: 0, through: 9_999_000, step: 1000, source: EngineLimitTests.table)
    guard case .matrix(let series) = result.value else {
      Issue.record("no matrix")
      return
    }
    // The last sample lives on for five minutes.
    #expect(series.first?.values.count == 1299)
  }

  @Test func labelsCannotGrowWithoutBound() throws {
    let engine = QueryEngine()
    var joined = "label_replace(vector(1), \"a\", \"0123456789abcdef\", \"\", \"\")"
    var replaced = joined
    for _ in 0..<60 {
      joined = "label_join(\(joined), \"a\", \"\", \"a\", \"a\")"
      replaced = "label_replace(\(replaced), \"a\", \"$1$1\", \"a\", \"(.*)\")"
    }
    for query in [joined, replaced] {
      let expression = try engine.parse(query)
      #expect(
        message { try engine.instant(expression, at: 0, source: SampleTable()) }
          == "label \"a\" would be longer than 1048576 bytes")
    }
  }

  @Test func rangeVectorsAndStringsAreValuesToo() throws {
    let engine = QueryEngine()
    let matrix = try engine.instant(engine.parse("n{id=\"3\"}[3s]"), at: 10_000, source: EngineLimitTests.table)
    guard case .matrix(let series) = matrix.value, let first = series.first else {
      Issue.record("no matrix")
      return
    }
    #expect(first.timestamps == [8000, 9000, 10_000])
    #expect(first.values == [8, 9, 10])
    let text = try engine.instant(engine.parse("\"hello\""), at: 5, source: EngineLimitTests.table)
    guard case .string("hello", timestamp: 5) = text.value else {
      Issue.record("no string")
      return
    }
  }

  @Test func predictionsNeedAPredictor() throws {
    struct Last: PredictionFunctions {
      func forecast(_ window: SampleWindow, seconds: Double) -> Double? { window.values[window.count - 1] + seconds }
      func forecastQuantile(_ quantile: Double, _ window: SampleWindow, seconds: Double) -> Double? { quantile }
      func anomalyScore(_ window: SampleWindow) -> Double? { window.count > 2 ? Double(window.count) : nil }
      func timeToThreshold(_ window: SampleWindow, threshold: Double) -> Double? { threshold }
    }
    let query = "forecast(n{id=\"1\"}[10s], 60)"
    let plain = QueryEngine()
    #expect(
      message { try plain.instant(plain.parse(query), at: 10_000, source: EngineLimitTests.table) }
        == "function \"forecast\" needs a predictor")
    var options = QueryOptions()
    options.predictor = Last()
    let engine = QueryEngine(options: options)
    func value(_ query: String) throws -> Double? {
      let result = try engine.instant(engine.parse(query), at: 10_000, source: EngineLimitTests.table)
      guard case .vector(let elements) = result.value else { return nil }
      return elements.first?.value
    }
    #expect(try value(query) == 70)
    #expect(try value("forecast_quantile(0.9, n{id=\"1\"}[10s], 60)") == 0.9)
    #expect(try value("anomaly_score(n{id=\"1\"}[10s])") == 10)
    #expect(try value("anomaly_score(n{id=\"1\"}[2s])") == nil)
    #expect(try value("time_to_threshold(n{id=\"1\"}[10s], 1000)") == 1000)
  }
}
