import Exposition
import Testing
import TimeSeries

@Suite("Writer")
struct ExpositionWriterTests {
  static let openMetrics = ExpositionNegotiation(format: .openMetrics, version: "1.0.0", escaping: .underscores)
  static let utf8Text = ExpositionNegotiation(format: .text, version: "1.0.0", escaping: .allowUTF8)

  static func text(_ families: [MetricFamily], _ negotiation: ExpositionNegotiation = .plainText) -> String {
    String(decoding: ExpositionWriter(negotiation).render(families).bytes, as: UTF8.self)
  }

  static func family(
    _ name: String, _ type: MetricType, help: String = "", unit: String = "",
    _ points: [(String, KeyValuePairs<String, String>, Double)]
  ) -> MetricFamily {
    let samples = points.map { MetricPoint(labels: Labels(name: $0.0, $0.1), value: $0.2) }
    return MetricFamily(name: name, type: type, help: help, unit: unit, samples: samples)
  }

  @Test("families and series are sorted, each family with its help and type")
  func sorted() {
    let families = [
      Self.family("b", .gauge, help: "Second.", [("b", ["x": "2"], 2), ("b", [:], 0.5), ("b", ["x": "1"], -1)]),
      Self.family("a_total", .counter, help: "First.", [("a_total", [:], 3)]),
    ]
    #expect(
      Self.text(families) == """
        # HELP a_total First.
        # TYPE a_total counter
        a_total 3
        # HELP b Second.
        # TYPE b gauge
        b 0.5
        b{x="1"} -1
        b{x="2"} 2

        """)
    #expect(
      Self.text(families, Self.openMetrics) == """
        # HELP a First.
        # TYPE a counter
        a_total 3.0
        # HELP b Second.
        # TYPE b gauge
        b 0.5
        b{x="1"} -1.0
        b{x="2"} 2.0
        # EOF

        """)
  }

  @Test(
    "numbers are the shortest that read back",
    arguments: [
      (0.0, "0", "0.0"), (-0.0, "-0", "-0.0"), (1e15, "1000000000000000", "1000000000000000.0"),
      (1e21, "1e+21", "1e+21"),
      (0.1, "0.1", "0.1"), (1e-7, "1e-07", "1e-07"), (.infinity, "+Inf", "+Inf"), (-.infinity, "-Inf", "-Inf"),
      (.nan, "NaN", "NaN"), (1.0 / 3, "0.3333333333333333", "0.3333333333333333"), (-12345.0, "-12345", "-12345.0"),
    ])
  func numbers(value: Double, text: String, openMetrics: String) {
    let families = [Self.family("a", .gauge, [("a", [:], value)])]
    #expect(Self.text(families) == "# TYPE a gauge\na \(text)\n")
    #expect(Self.text(families, Self.openMetrics) == "# TYPE a gauge\na \(openMetrics)\n# EOF\n")
  }

  @Test("help and label values are escaped")
  func escaping() {
    let families = [Self.family("a", .gauge, help: "One \\ \"two\"\nthree.", [("a", ["b": "\\ \"\n\t}"], 1)])]
    #expect(
      Self.text(families) == #"""
        # HELP a One \\ "two"\nthree.
        # TYPE a gauge
        a{b="\\ \"\n\#t}"} 1

        """#)
    #expect(Self.text(families, Self.openMetrics).hasPrefix(#"# HELP a One \\ \"two\"\nthree."#))
  }

  @Test(
    "timestamps are milliseconds in text and seconds in OpenMetrics",
    arguments: [
      (1_395_066_363_000, "1395066363000", "1395066363.0"), (1_520_879_607_789, "1520879607789", "1520879607.789"),
      (50, "50", "0.05"), (5, "5", "0.005"), (-1500, "-1500", "-1.5"), (0, "0", "0.0"),
      (.min, "-9223372036854775808", "-9223372036854775.808"),
    ] as [(Int64, String, String)])
  func timestamps(milliseconds: Int64, text: String, seconds: String) {
    let point = MetricPoint(labels: Labels(name: "a"), value: 1, timestamp: milliseconds)
    let families = [MetricFamily(name: "a", type: .gauge, samples: [point])]
    #expect(Self.text(families) == "# TYPE a gauge\na 1 \(text)\n")
    #expect(Self.text(families, Self.openMetrics) == "# TYPE a gauge\na 1.0 \(seconds)\n# EOF\n")
  }

  @Test("buckets ascend, followed by sum and count, label set by label set")
  func histogram() {
    let families = [
      Self.family(
        "h", .histogram,
        [
          ("h_count", ["q": "b"], 1), ("h_sum", ["q": "b"], 0.5), ("h_bucket", ["le": "+Inf", "q": "b"], 1),
          ("h_bucket", ["le": "10", "q": "a"], 2), ("h_bucket", ["le": "+Inf", "q": "a"], 3),
          ("h_bucket", ["le": "2.5", "q": "a"], 1), ("h_sum", ["q": "a"], 30), ("h_count", ["q": "a"], 3),
          ("h_created", ["q": "a"], 7),
        ])
    ]
    #expect(
      Self.text(families) == """
        # TYPE h histogram
        h_bucket{le="2.5",q="a"} 1
        h_bucket{le="10",q="a"} 2
        h_bucket{le="+Inf",q="a"} 3
        h_sum{q="a"} 30
        h_count{q="a"} 3
        h_bucket{le="+Inf",q="b"} 1
        h_sum{q="b"} 0.5
        h_count{q="b"} 1
        # TYPE h_created gauge
        h_created{q="a"} 7

        """)
    let openMetrics = Self.text(families, Self.openMetrics)
    #expect(openMetrics.contains("h_bucket{le=\"10.0\",q=\"a\"} 2.0\n"))
    #expect(openMetrics.hasSuffix("h_created{q=\"a\"} 7.0\n# EOF\n"))
  }

  @Test(
    "boundaries are canonical in OpenMetrics",
    arguments: [
      ("1", "1.0"), ("0.50", "0.5"), ("1000000", "1e+06"), ("123456", "123456.0"), ("1234567", "1.234567e+06"),
      ("0.0001", "0.0001"), ("0.00001", "1e-05"), ("-2.50", "-2.5"), ("inf", "+Inf"), ("1e100", "1e+100"), ("0", "0.0"),
      ("100", "100.0"), ("12.75", "12.75"), ("1e16", "1e+16"), ("0.000125", "0.000125"),
    ])
  func canonicalBoundaries(given: String, written: String) {
    let families = [Self.family("h", .histogram, [("h_bucket", ["le": given], 1)])]
    #expect(Self.text(families, Self.openMetrics) == "# TYPE h histogram\nh_bucket{le=\"\(written)\"} 1.0\n# EOF\n")
    #expect(Self.text(families).contains("le=\"\(given)\""))
  }

  @Test(
    "each format gets the type word and the name it knows",
    arguments: [
      (MetricType.counter, "c", "c", "counter c", "unknown c"),
      (.counter, "c", "c_total", "counter c_total", "counter c"),
      (.counter, "c_total", "c_total", "counter c_total", "counter c"),
      (.counter, "_total", "_total", "counter _total", "unknown _total"),
      (.info, "i", "i_info", "gauge i_info", "info i"),
      (.info, "i_info", "i_info", "gauge i_info", "info i"),
      (.stateset, "s", "s", "gauge s", "stateset s"),
      (.unknown, "u", "u", "untyped u", "unknown u"),
      (.gauge, "g_total", "g_total", "gauge g_total", "gauge g_total"),
    ])
  func types(type: MetricType, family: String, sample: String, text: String, openMetrics: String) {
    func head(_ typeAndName: String) -> String {
      let words = typeAndName.split(separator: " ")
      return "# TYPE \(words[1]) \(words[0])\n"
    }
    let families = [Self.family(family, type, [(sample, [:], 1)])]
    #expect(Self.text(families) == head(text) + "\(sample) 1\n")
    #expect(Self.text(families, Self.openMetrics) == head(openMetrics) + "\(sample) 1.0\n# EOF\n")
  }

  @Test("a gauge histogram has no head in text, which has no such type")
  func gaugeHistogram() {
    let families = [Self.family("g", .gaugeHistogram, [("g_bucket", ["le": "1"], 1), ("g_gcount", [:], 1)])]
    #expect(Self.text(families) == "g_bucket{le=\"1\"} 1\ng_gcount 1\n")
    #expect(Self.text(families, Self.openMetrics).hasPrefix("# TYPE g gaugehistogram\n"))
  }

  @Test("a unit is written in OpenMetrics if the name ends in it")
  func units() {
    let good = Self.family("a_seconds", .gauge, unit: "seconds", [("a_seconds", [:], 1)])
    let bad = Self.family("b", .gauge, unit: "seconds", [("b", [:], 1)])
    #expect(
      Self.text([good, bad], Self.openMetrics)
        == "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1.0\n# TYPE b gauge\nb 1.0\n# EOF\n")
    #expect(Self.text([good]) == "# TYPE a_seconds gauge\na_seconds 1\n")
  }

  @Test("names outside the classic characters are quoted if that was negotiated, else escaped")
  func names() {
    let families = [Self.family("my.metric", .gauge, help: "Help.", [("my.metric", ["a b": "c", "d": "e"], 1)])]
    #expect(
      Self.text(families, Self.utf8Text)
        == "# HELP \"my.metric\" Help.\n# TYPE \"my.metric\" gauge\n{\"my.metric\",\"a b\"=\"c\",d=\"e\"} 1\n")
    #expect(Self.text(families) == "# HELP my_metric Help.\n# TYPE my_metric gauge\nmy_metric{a_b=\"c\",d=\"e\"} 1\n")
    #expect(Self.text([Self.family("1ä", .gauge, [("1ä", [:], 1)])]) == "# TYPE __ gauge\n__ 1\n")
  }

  @Test("a sample without a name belongs to the family's name")
  func nameless() {
    let families = [MetricFamily(name: "a", type: .gauge, samples: [MetricPoint(labels: Labels(["b": "c"]), value: 1)])]
    #expect(Self.text(families) == "# TYPE a gauge\na{b=\"c\"} 1\n")
  }

  @Test("what cannot be written is left out and counted, and the rest stays")
  func dropped() {
    let good = Self.family("good", .gauge, [("good", [:], 1)])
    func check(_ bad: MetricFamily, families: Int, samples: Int, _ rest: String = "# TYPE good gauge\ngood 1\n") {
      let page = ExpositionWriter().render([good, bad])
      #expect(String(decoding: page.bytes, as: UTF8.self) == rest)
      #expect(page.droppedFamilies == families)
      #expect(page.droppedSamples == samples)
    }
    // Another type under the same name.
    check(Self.family("good", .counter, [("good", ["a": "b"], 1), ("good", ["a": "c"], 1)]), families: 1, samples: 2)
    // The same series twice: the first stays.
    check(Self.family("good", .gauge, [("good", [:], 2)]), families: 0, samples: 1)
    // No name.
    check(Self.family("", .gauge, [("", [:], 2)]), families: 1, samples: 1)
    // A sample of another family.
    check(Self.family("bad", .gauge, [("other", [:], 2)]), families: 0, samples: 1)
    // A bucket without a bound, and one whose bound is no number.
    check(
      Self.family(
        "h", .histogram, [("h_bucket", [:], 2), ("h_bucket", ["le": "x"], 2), ("h_bucket", ["le": "NaN"], 2)]),
      families: 0, samples: 3)
    // A histogram whose count would be the gauge of that name.
    let clash = Self.family("x", .histogram, [("x_count", [:], 2)])
    let gauge = Self.family("x_count", .gauge, [("x_count", [:], 2)])
    let page = ExpositionWriter().render([gauge, clash])
    #expect(String(decoding: page.bytes, as: UTF8.self) == "# TYPE x histogram\nx_count 2\n")
    #expect(page.droppedFamilies == 1)
    // Repeated label names, made by skipping the checks.
    let repeated = Labels(sortedUnique: [Label("__name__", "bad"), Label("a", "1"), Label("a", "2")])
    check(
      MetricFamily(name: "bad", type: .gauge, samples: [MetricPoint(labels: repeated, value: 1)]), families: 0,
      samples: 1)
    // An empty label name.
    let empty = Labels(sortedUnique: [Label("", "1"), Label("__name__", "bad")])
    check(
      MetricFamily(name: "bad", type: .gauge, samples: [MetricPoint(labels: empty, value: 1)]), families: 0, samples: 1)
    // Two label names that escaping makes one.
    check(Self.family("bad", .gauge, [("bad", ["a.b": "1", "a-b": "2"], 2)]), families: 0, samples: 1)
    check(Self.family("bad", .gauge, [("bad", ["a.b": "1", "a_b": "2"], 2)]), families: 0, samples: 1)
  }

  @Test("families in parts are merged")
  func merged() {
    let parts = [
      Self.family("a", .gauge, help: "Help.", [("a", ["b": "2"], 2)]), Self.family("a", .gauge, [("a", ["b": "1"], 1)]),
    ]
    #expect(Self.text(parts) == "# HELP a Help.\n# TYPE a gauge\na{b=\"1\"} 1\na{b=\"2\"} 2\n")
  }

  @Test("a gauge and a counter that differ in _total only are both written in text")
  func totalIsAName() {
    let families = [Self.family("a", .gauge, [("a", [:], 1)]), Self.family("a_total", .counter, [("a_total", [:], 2)])]
    #expect(Self.text(families) == "# TYPE a gauge\na 1\n# TYPE a_total counter\na_total 2\n")
    let page = ExpositionWriter(Self.openMetrics).render(families)
    #expect(String(decoding: page.bytes, as: UTF8.self) == "# TYPE a gauge\na 1.0\n# EOF\n")
    #expect(page.droppedFamilies == 1)
  }

  @Test("nothing gives an empty document")
  func empty() {
    #expect(Self.text([]) == "")
    #expect(Self.text([], Self.openMetrics) == "# EOF\n")
    #expect(Self.text([MetricFamily(name: "a", type: .gauge, help: "Unused.")]) == "")
  }
}
