import Exposition
import Testing
import TimeSeries

@Suite("OpenMetrics 1.0")
struct OpenMetricsFormatTests {
  @Test(
    "timestamps are seconds, rounded to milliseconds",
    arguments: [
      ("a 1 1520879607.789", "a = 1.0 @1520879607789"),
      ("a 1 1520430000", "a = 1.0 @1520430000000"),
      ("a 1 1.001", "a = 1.0 @1001"),
      (#"a{b="c"} 1 -0.5"#, #"a{b="c"} = 1.0 @-500"#),
      (#"a{b="x # y"} 1 1e3"#, #"a{b="x # y"} = 1.0 @1000000"#),
    ])
  func timestamps(line: String, expected: String) {
    #expect(events(line + "\n# EOF\n", .openMetrics) == [expected])
    #expect(events(line + "\n# EOF", .openMetrics) == [expected])
  }

  @Test(
    "exemplars are parsed",
    arguments: [
      (#"a_bucket{le="1.0"} 5 # {trace_id="x}"} 0.67"#, #"a_bucket{le="1.0"} = 5.0 # {trace_id="x}"} = 0.67"#),
      (#"a_total 5 7.5 # {} 1 2.5"#, #"a_total = 5.0 @7500 # {} = 1.0 @2500"#),
      (#"a_total 5 # {a="b",c="d"} 1 2"#, #"a_total = 5.0 # {a="b", c="d"} = 1.0 @2000"#),
    ])
  func exemplars(line: String, expected: String) {
    #expect(events(line + "\nb 1\n# EOF\n", .openMetrics) == [expected, "b = 1.0"])
  }

  @Test(
    "a malformed line is reported with column and reason",
    arguments: [
      ("", 1, MalformedLine.Reason.emptyLine),
      ("# a comment", 1, .commentNotAllowed),
      ("#HELP a b", 1, .commentNotAllowed),
      ("# TYPE a untyped", 10, .typeUnknown),
      ("# TYPE a  gauge", 10, .typeUnknown),
      ("# HELP a", 9, .metadataIncomplete),
      ("# UNIT a_bytes seconds", 16, .unitNotSuffix),
      ("# UNIT seconds seconds", 16, .unitNotSuffix),
      (" a 1", 1, .metricNameMissing),
      ("a  1", 2, .blankNotAllowed),
      ("a\t1", 2, .blankNotAllowed),
      ("a 1 ", 4, .blankNotAllowed),
      ("a 1\r", 3, .valueNotANumber),
      (#"a{b="c"}1"#, 9, .valueMissing),
      (#"a{b="c", d="e"} 1"#, 9, .labelNameIllegal),
      (#"a {b="c"} 1"#, 2, .textAfterSeries),
      (#"a{b="c" } 1"#, 8, .braceNotClosed),
      (#"a{b="c"} 1 NaN"#, 12, .timestampNotANumber),
      (#"a{b="c"} 1 Inf"#, 12, .timestampNotANumber),
      (#"a{b="c"} 1 1e300"#, 12, .timestampNotANumber),
      (#"a 1 2 3"#, 7, .textAfterSample),
      (#"a 1 #"#, 6, .exemplarIncomplete),
      (#"a 1 # {b="c"}"#, 14, .exemplarIncomplete),
      (#"a 1 # b"#, 7, .exemplarIncomplete),
      (#"a 1 # {b="c"} x"#, 15, .valueNotANumber),
      (#"a 1 # {b="c"} 1 x"#, 17, .timestampNotANumber),
      (#"a 1 # {b="c"} 1 2 3"#, 18, .textAfterSample),
      (#"a 1 # {"b"} 1"#, 11, .equalsSignMissing),
      (#"a 1 # {b="c",b="d"} 1"#, 14, .labelNameRepeated),
    ])
  func malformed(line: String, column: Int, reason: MalformedLine.Reason) {
    let expected = "malformed \(MalformedLine(line: 2, column: column, reason: reason))"
    #expect(events("before 1\n\(line)\nafter 2\n# EOF\n", .openMetrics) == ["before = 1.0", expected, "after = 2.0"])
  }

  @Test("the document ends with # EOF and nothing after it")
  func endMarker() {
    #expect(events("# EOF\n", .openMetrics) == [])
    #expect(events("# EOF", .openMetrics) == [])
    #expect(events("", .openMetrics) == ["malformed 1:1: document does not end with # EOF"])
    #expect(events("a 1\n", .openMetrics) == ["a = 1.0", "malformed 2:1: document does not end with # EOF"])
    #expect(events("a 1\n# EOF\nb 2\nc 3\n", .openMetrics) == ["a = 1.0", "malformed 3:1: data after # EOF"])
    #expect(events("# EOF\n\n", .openMetrics) == ["malformed 2:1: data after # EOF"])
  }

  @Test("metadata has all eight types and units")
  func metadata() {
    for type in MetricType.allCases {
      #expect(events("# TYPE a \(type.rawValue)\n# EOF\n", .openMetrics) == ["type a: \(type.rawValue)"])
    }
    let document =
      "# HELP a_seconds A \\\"time\\\".\\n\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP b \n# EOF\n"
    #expect(
      events(document, .openMetrics) == [
        "help a_seconds: A \"time\".\n", "type a_seconds: gauge", "unit a_seconds: seconds", "help b: ",
      ])
  }

  @Test("quoted names are read")
  func quotedNames() {
    #expect(
      events("# TYPE \"a.b\" gauge\n{\"a.b\",\"c d\"=\"e\"} 1\n# EOF\n", .openMetrics) == [
        "type a.b: gauge", #"{"a.b", "c d"="e"} = 1.0"#,
      ])
  }
}
