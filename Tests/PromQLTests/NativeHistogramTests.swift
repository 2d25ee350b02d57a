import Testing
import TimeSeries

@testable import PromQL

@Suite struct NativeHistogramTests {
  /// Series one minute apart; a word in braces is a histogram.
  private func table(_ series: [String: [String]]) throws -> SampleTable {
    var table = SampleTable()
    for (selector, words) in series {
      var labels: [Label] = []
      for matcher in try QueryEngine().parseMatchers(selector) { labels.append(Label(matcher.name, matcher.value)) }
      var item = SeriesSamples(labels: Labels(labels), timestamps: [], values: [])
      for (index, word) in words.enumerated() where word != "_" {
        item.timestamps.append(Int64(index) * 60_000)
        if word.hasPrefix("{{") {
          item.values.append(HistogramReference.value(item.histograms.count))
          item.histograms.append(try HistogramNotation.parse(word))
        } else {
          item.values.append(word == "stale" ? StaleMarker.value : try #require(Double(word)))
        }
      }
      table.insert(item)
    }
    return table
  }

  /// The elements of a query's result as text, sorted, then its warnings and infos.
  private func evaluate(_ query: String, at minute: Int64 = 10, _ series: [String: [String]]) throws -> [String] {
    var options = QueryOptions()
    options.experimentalFunctions = true
    let engine = QueryEngine(options: options)
    let result = try engine.instant(try engine.parse(query), at: minute * 60_000, source: try table(series))
    var lines: [String] = []
    switch result.value {
    case .vector(let elements):
      lines = elements.map { element in
        let text = element.histogram.map(HistogramNotation.format) ?? PrometheusNumber.format(element.value)
        return "\(element.labels) \(text)"
      }.sorted()
    case .scalar(let sample): lines = [PrometheusNumber.format(sample.value)]
    case .string, .matrix: Issue.record("not a vector")
    }
    return lines + result.warnings + result.infos
  }

  private static let minute = [String](repeating: "_", count: 8)
  private static let two = [
    "h{a=\"x\"}": minute + ["{{count:4 sum:5 buckets:[1 2 1]}}", "_", "{{count:8 sum:11 buckets:[2 4 2]}}"],
    "h{a=\"y\"}": minute + ["{{count:2 sum:3 buckets:[0 2]}}", "_", "{{count:2 sum:3 buckets:[0 2]}}"],
    "f{a=\"x\"}": minute + ["3", "_", "3"],
  ]

  @Test(arguments: [
    ("h", ["h{a=\"x\"} {{count:8 sum:11 buckets:[2 4 2]}}", "h{a=\"y\"} {{count:2 sum:3 offset:1 buckets:[2]}}"]),
    ("histogram_count(h)", ["{a=\"x\"} 8", "{a=\"y\"} 2"]),
    ("histogram_sum(h)", ["{a=\"x\"} 11", "{a=\"y\"} 3"]),
    ("histogram_avg(h)", ["{a=\"x\"} 1.375", "{a=\"y\"} 1.5"]),
    ("histogram_fraction(1, 2, h)", ["{a=\"x\"} 0.5", "{a=\"y\"} 1"]),
    ("histogram_quantile(0.5, h{a=\"y\"})", ["{a=\"y\"} 1.414213562373095"]),
    ("h{a=\"y\"} * 2", ["{a=\"y\"} {{count:4 sum:6 offset:1 buckets:[4]}}"]),
    ("2 * h{a=\"y\"}", ["{a=\"y\"} {{count:4 sum:6 offset:1 buckets:[4]}}"]),
    ("h{a=\"y\"} / 2", ["{a=\"y\"} {{count:1 sum:1.5 offset:1 buckets:[1]}}"]),
    ("-h{a=\"y\"}", ["{a=\"y\"} {{count:-2 sum:-3 offset:1 buckets:[-2]}}"]),
    // What is kept: 2 at the middle of (0.5, 1] and 4 at that of (1, 2], the roots of 0.5 and 2.
    ("h{a=\"x\"} </ 2", ["h{a=\"x\"} {{count:6 sum:7.0710678118654755 buckets:[2 4]}}"]),
    ("h{a=\"y\"} >/ 2", ["h{a=\"y\"} {{}}"]),
    ("h{a=\"y\"} </ 8", ["h{a=\"y\"} {{count:2 sum:3 offset:1 buckets:[2]}}"]),
    ("h + h", ["{a=\"x\"} {{count:16 sum:22 buckets:[4 8 4]}}", "{a=\"y\"} {{count:4 sum:6 offset:1 buckets:[4]}}"]),
    ("h{a=\"y\"} - h", ["{a=\"y\"} {{}}"]),
    ("h == h", ["h{a=\"x\"} {{count:8 sum:11 buckets:[2 4 2]}}", "h{a=\"y\"} {{count:2 sum:3 offset:1 buckets:[2]}}"]),
    ("h{a=\"y\"} != bool h", ["{a=\"y\"} 0"]),
    ("sum(h)", ["{} {{count:10 sum:14 buckets:[2 6 2]}}"]),
    ("avg(h)", ["{} {{count:5 sum:7 buckets:[1 3 1]}}"]),
    ("count(h)", ["{} 2"]),
    ("group(h)", ["{} 1"]),
    ("count_values(\"v\", h{a=\"y\"})", ["{v=\"{count:2, sum:3, (1,2]:2}\"} 1"]),
    ("limitk(1, h{a=\"y\"})", ["h{a=\"y\"} {{count:2 sum:3 offset:1 buckets:[2]}}"]),
    ("abs(h)", []),
    ("round(h)", []),
    ("sort(h)", []),
    ("year(h)", []),
    ("scalar(h)", ["NaN"]),
    ("absent(h)", []),
    ("timestamp(h)", ["{a=\"x\"} 600", "{a=\"y\"} 600"]),
    (
      "label_replace(h{a=\"y\"}, \"b\", \"z\", \"\", \"\")",
      ["h{a=\"y\", b=\"z\"} {{count:2 sum:3 offset:1 buckets:[2]}}"]
    ),
    ("h or f", ["h{a=\"x\"} {{count:8 sum:11 buckets:[2 4 2]}}", "h{a=\"y\"} {{count:2 sum:3 offset:1 buckets:[2]}}"]),
    ("h unless f", ["h{a=\"y\"} {{count:2 sum:3 offset:1 buckets:[2]}}"]),
    ("count_over_time(h[5m])", ["{a=\"x\"} 2", "{a=\"y\"} 2"]),
    ("last_over_time(h{a=\"y\"}[5m])", ["h{a=\"y\"} {{count:2 sum:3 offset:1 buckets:[2]}}"]),
    ("sum_over_time(h{a=\"x\"}[5m])", ["{a=\"x\"} {{count:12 sum:16 buckets:[3 6 3]}}"]),
    ("avg_over_time(h{a=\"x\"}[5m])", ["{a=\"x\"} {{count:6 sum:8 buckets:[1.5 3 1.5]}}"]),
    ("max_over_time(h[5m])", []),
    ("changes(h[5m])", ["{a=\"x\"} 1", "{a=\"y\"} 0"]),
    ("resets(h[5m])", ["{a=\"x\"} 0", "{a=\"y\"} 0"]),
  ])
  func `functions and operators take histograms as they are meant to`(query: String, expected: [String]) throws {
    #expect(try evaluate(query, Self.two) == expected)
  }

  @Test(arguments: [
    ("h + f", "PromQL info: incompatible sample types encountered for binary operator \"+\": histogram + float (1:1)"),
    ("h > 2", "PromQL info: incompatible sample types encountered for binary operator \">\": histogram > float (1:1)"),
    ("2 / h", "PromQL info: incompatible sample types encountered for binary operator \"/\": float / histogram (1:1)"),
    (
      "h * h",
      "PromQL info: incompatible sample types encountered for binary operator \"*\": histogram * histogram (1:1)"
    ),
    ("f </ 2", "PromQL info: incompatible sample types encountered for binary operator \"</\": float </ float (1:1)"),
    ("max(h)", "PromQL info: ignored histogram in max aggregation (1:5)"),
    ("quantile(0.5, h)", "PromQL info: ignored histogram in quantile aggregation (1:15)"),
    ("topk(1, h)", "PromQL info: ignored histogram in topk aggregation (1:1)"),
    ("sum({a=\"x\"})", "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)"),
    (
      "delta(h{a=\"y\"}[5m]) and h{a=\"x\"}", "PromQL warning: this native histogram metric is not a gauge: \"h\" (1:7)"
    ),
  ])
  func `what does not go together is left out and noted`(query: String, note: String) throws {
    #expect(try evaluate(query, Self.two) == [note])
  }

  @Test func `a rate is extrapolated like that of the count`() throws {
    // From 4 to 8 observations in the 120 s between the samples. The window begins 180 s before the first of them,
    // much more than the spacing, so half the spacing is added: 4 * (120 + 60) / 120 / 300 s.
    let lines = try evaluate("rate(h{a=\"x\"}[5m])", Self.two)
    #expect(
      lines == ["{a=\"x\"} {{count:0.02 sum:0.03 counter_reset_hint:gauge buckets:[0.005 0.01 0.005]}}"])
  }

  @Test func `a rate makes up for resets`() throws {
    let lines = try evaluate(
      "increase(h[3m])", at: 2,
      ["h": ["{{count:10 sum:10 buckets:[10]}}", "{{count:4 sum:4 buckets:[4]}}", "{{count:6 sum:6 buckets:[6]}}"]])
    // 4 after the reset and 2 more in two minutes; the window begins one minute, not much more than the spacing, before.
    #expect(lines == ["{} {{count:9 sum:9 counter_reset_hint:gauge buckets:[9]}}"])
  }

  @Test func `numbers and histograms in one range do not mix`() throws {
    let mixed = ["m": ["1", "{{count:4 sum:5 buckets:[1 2 1]}}", "2"]]
    let warning = "PromQL warning: encountered a mix of histograms and floats for metric name \"m\""
    #expect(try evaluate("rate(m[5m])", at: 2, mixed) == ["\(warning) (1:6)"])
    #expect(try evaluate("sum_over_time(m[5m])", at: 2, mixed) == ["\(warning) (1:15)"])
    #expect(try evaluate("irate(m[5m])", at: 2, mixed) == ["\(warning) (1:7)"])
    let info =
      "PromQL info: ignored histograms in a range containing both floats and histograms for metric name \"m\" (1:15)"
    #expect(try evaluate("max_over_time(m[5m])", at: 2, mixed) == ["{} 2", info])
    #expect(try evaluate("count_over_time(m[5m])", at: 2, mixed) == ["{} 3"])
    #expect(try evaluate("resets(m[5m])", at: 2, mixed) == ["{} 2"])
    #expect(try evaluate("changes(m[5m])", at: 2, mixed) == ["{} 2"])
  }

  @Test func `exponential and custom buckets do not mix`() throws {
    let mixed = [
      "m{a=\"x\"}": ["{{count:1 sum:1 buckets:[1]}}"],
      "m{a=\"y\"}": ["{{schema:-53 count:1 sum:1 custom_values:[5] buckets:[1]}}"],
    ]
    #expect(
      try evaluate("sum(m)", at: 0, mixed) == [
        "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
          + "\"m\" (1:5)"
      ])
    #expect(
      try evaluate("m{a=\"x\"} + on() m{a=\"y\"}", at: 0, mixed) == [
        "PromQL warning: incompatible bucket layout encountered for binary operator + (1:1)"
      ])
  }

  @Test func `different custom bounds are reduced to the common ones`() throws {
    let mixed = [
      "m{a=\"x\"}": ["{{schema:-53 count:3 sum:4 custom_values:[1 5] buckets:[1 2]}}"],
      "m{a=\"y\"}": ["{{schema:-53 count:1 sum:1 custom_values:[5] buckets:[1]}}"],
    ]
    #expect(
      try evaluate("sum(m)", at: 0, mixed) == [
        "{} {{schema:-53 count:4 sum:5 custom_values:[5] buckets:[4]}}",
        "PromQL info: mismatched custom buckets were reconciled during aggregation (1:5)",
      ])
  }

  @Test func `a native histogram and a classic one of the same labels cancel each other`() throws {
    let both = [
      "m{le=\"1\"}": ["1"], "m{le=\"+Inf\"}": ["2"], "m": ["{{count:2 sum:3 offset:1 buckets:[2]}}"],
      "m{a=\"y\"}": ["{{count:2 sum:3 offset:1 buckets:[2]}}"],
    ]
    #expect(
      try evaluate("histogram_quantile(0.5, m)", at: 0, both) == [
        "{a=\"y\"} 1.414213562373095",
        "PromQL warning: vector contains a mix of classic and native histograms for metric name \"m\" (1:25)",
      ])
  }

  @Test func `a range query gives histograms and numbers as they come`() throws {
    let engine = QueryEngine()
    let series = try table(["m": ["1", "{{count:4 sum:5 buckets:[1 2 1]}}", "stale"]])
    let result = try engine.range(
      try engine.parse("m"), from: 0, through: 180_000, step: 60_000, source: series)
    guard case .matrix(let rows) = result.value, let row = rows.first else {
      Issue.record("no series")
      return
    }
    #expect(row.timestamps == [0, 60_000])
    #expect(row.values[0] == 1)
    #expect(HistogramReference.index(row.values[1]) == 0)
    #expect(row.histograms == [try HistogramNotation.parse("{{count:4 sum:5 buckets:[1 2 1]}}")])
  }

  @Test func `histograms count towards the limit of samples`() throws {
    var options = QueryOptions()
    options.maximumSamples = 100
    let engine = QueryEngine(options: options)
    let series = try table(["m": [String](repeating: "{{count:4 sum:5 buckets:[1 2 1]}}", count: 60)])
    #expect(throws: QueryError.tooManySamples) {
      try engine.instant(try engine.parse("count_over_time(m[1h])"), at: 3_540_000, source: series)
    }
  }

  @Test(arguments: [
    "{{}}", "{{count:1.5 sum:-3}}", "{{schema:-4 count:3 offset:-7 buckets:[1 0 2]}}",
    "{{schema:8 count:3 sum:NaN z_bucket:1 z_bucket_w:0.001 n_offset:2 n_buckets:[2]}}",
    "{{schema:-53 count:1e+07 custom_values:[-1 0 2.5] counter_reset_hint:gauge offset:3 buckets:[1e+07]}}",
  ])
  func `the notation reads back as it was written`(text: String) throws {
    #expect(HistogramNotation.format(try HistogramNotation.parse(text)) == text)
  }

  @Test(arguments: [
    "", "{{", "{{}", "{}", "{{count}}", "{{count:}}", "{{count:x}}", "{{:1}}", "{{buckets:1}}", "{{buckets:[1}}",
    "{{buckets:[1 x]}}", "{{schema:9}}", "{{schema:99999999999999999999}}", "{{schema:-53 custom_values:[2 1]}}",
    "{{schema:-53 custom_values:[1] buckets:[1 2 3]}}", "{{custom_values:[1]}}", "{{bukkets:[1]}}",
    "{{counter_reset_hint:maybe}}", "{{offset:1.5}}", "{{schema:-53 n_buckets:[1]}}",
  ])
  func `what is no histogram is refused`(text: String) {
    #expect(throws: HistogramNotation.Fault.self) { try HistogramNotation.parse(text) }
  }

  @Test func `buckets at the ends of all indices do no harm`() throws {
    let far = ["m": ["{{count:2 sum:1 offset:2147483647 buckets:[1 1] n_offset:-2147483648 n_buckets:[1]}}"]]
    #expect(try evaluate("histogram_count(m + m)", at: 0, far) == ["{} 4"])
    #expect(try evaluate("histogram_quantile(0.9, m) or histogram_stddev(m)", at: 0, far).count == 1)
  }
}
