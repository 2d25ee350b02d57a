import Testing
import TimeSeries

@testable import PromQL

@Suite struct QueryMutationTests {
  private static let seeds = [
    "sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m])) / sum by (job) (rate(http_requests_total[5m])) > 0.05",
    "histogram_quantile(0.99, sum by (le) (rate(latency_bucket[10m:1m] offset 5m)))",
    "predict_linear(free{disk!=\"a\"}[1h] @ end(), 4 * 3600) < 0 and on(instance) up == bool 1",
    "topk(3, -foo ^ 2 % 3) or count_values without (a) (\"v\", foo) unless vector(time())",
    "label_replace(foo, \"a\", \"$1\", `b`, '(.*)') * on(x) group_left(y, \"z.w\") bar{\"q.r\"='s'}",
    "max_over_time((foo - bar offset -1w)[1d:5m] @ 1e3) atan2 quantile(0.5, avg without () (baz))",
    "absent_over_time(foo[max_of(5m, step() * 2)]) + clamp(foo, 1, Inf) - 0x1f * 1_000 + 5m30s",
  ]
  private static let pieces = [
    "(", ")", "[", "]", "{", "}", ",", "+", "-", "*", "/", "%", "^", "==", "!=", "=~", "!~", "=", "<", ">=", "and",
    "or", "unless", "by", "without", "on", "ignoring", "group_left", "bool", "offset", "@", "5m", "0", "-1", "1e9",
    "\"a\"", "'", "\"", "`", "foo", "sum", "rate", "topk", "start()", "end()", ":", "[5m]", "[1h:1m]", "inf", "nan",
    "#",
    "\n", "\\", "é", "9999999999999999999", "1y", "__name__", "\u{0}", ".", "$", "time()", "scalar(", "fill(0)",
  ]

  /// A query with one to four of its bytes or words changed.
  private func mutation(_ generator: inout SplitMix64) -> String {
    var bytes = Array((QueryMutationTests.seeds.randomElement(using: &generator) ?? "").utf8)
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0..<max(1, bytes.count), using: &generator)
      let length = min(Int.random(in: 1...6, using: &generator), bytes.count - place)
      let piece = Array((QueryMutationTests.pieces.randomElement(using: &generator) ?? "").utf8)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: bytes.removeSubrange(place..<(place + length))
      case 1: bytes.insert(contentsOf: piece, at: place)
      case 2: bytes.replaceSubrange(place..<(place + length), with: piece)
      default:
        let other = Int.random(in: 0..<max(1, bytes.count), using: &generator)
        if !bytes.isEmpty { bytes.swapAt(place, other) }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func mutatedQueriesParseOrFailAndPrintTheirOwnTree() throws {
    var generator = SplitMix64(seed: 1)
    var options = QueryOptions()
    options.experimentalFunctions = true
    options.durationExpressions = true
    options.fillModifiers = true
    let engine = QueryEngine(options: options)
    var parsed = 0
    for _ in 0..<20_000 {
      let query = mutation(&generator)
      guard let expression = try? engine.parse(query) else { continue }
      parsed += 1
      let printed = expression.description
      let again = Result { try engine.parse(printed) }
      switch again {
      case .success(let second): #expect(second.shape == expression.shape, "\(query)")
      case .failure(let failure): Issue.record("\(query) prints as \(printed): \(failure)")
      }
    }
    #expect(parsed > 500)
  }

  @Test func mutatedQueriesEvaluateOrFail() throws {
    var generator = SplitMix64(seed: 2)
    var options = QueryOptions()
    options.experimentalFunctions = true
    options.durationExpressions = true
    options.maximumSamples = 20_000
    let engine = QueryEngine(options: options)
    var table = SampleTable()
    for name in ["foo", "bar", "free", "up", "http_requests_total", "latency_bucket"] {
      for id in ["1", "2"] {
        let labels = Labels(name: name, ["instance": id, "le": id, "code": "500", "job": "j"])
        let values = (0..<40).map { _ in
          Bool.random(using: &generator)
            ? Double.random(in: -10...10, using: &generator) : [Double.nan, .infinity, 0][0]
        }
        table.insert(SeriesSamples(labels: labels, timestamps: (0..<40).map { Int64($0) * 60_000 }, values: values))
      }
    }
    for round in 0..<2_000 {
      let query = mutation(&generator)
      guard let expression = try? engine.parse(query) else { continue }
      _ = try? engine.instant(expression, at: 1_800_000, source: table)
      if round % 4 == 0 {
        _ = try? engine.range(expression, from: 0, through: 2_400_000, step: 240_000, source: table)
      }
    }
  }
}
