import Exposition
import Testing
import TimeSeries

@Suite("Prometheus text format 0.0.4")
struct TextFormatTests {
  @Test(
    "a well-formed line gives its labels, value and timestamp",
    arguments: [
      ("a 1", "a = 1.0"),
      ("a:b_c9 1", "a:b_c9 = 1.0"),
      ("a{} 1", "a = 1.0"),
      (#"a{b="c"} 1"#, #"a{b="c"} = 1.0"#),
      (#"a{b="c",} 1"#, #"a{b="c"} = 1.0"#),
      (#"a{b="c"}1"#, #"a{b="c"} = 1.0"#),
      (#"a {b="c"} 1"#, #"a{b="c"} = 1.0"#),
      (#"a\#t{ b = "c" , d= "e" , }  \#t1\#t"#, #"a{b="c", d="e"} = 1.0"#),
      (#"  a{b="c"} 1  "#, #"a{b="c"} = 1.0"#),
      (#"a{z="1",b="2"} 1"#, #"a{b="2", z="1"} = 1.0"#),
      (#"a{b=""} 1"#, "a = 1.0"),
      ("a 1 1395066363000", "a = 1.0 @1395066363000"),
      ("a 1 -5", "a = 1.0 @-5"),
      (#"a{b="c"} 1 1395066363000"#, #"a{b="c"} = 1.0 @1395066363000"#),
      (#"a{b="c"}  1  0"#, #"a{b="c"} = 1.0 @0"#),
      ("a 1\r", "a = 1.0"),
      ("a NaN", "a = NaN"),
      ("a{b=\"tab\there\"} 1", "a{b=\"tab\\there\"} = 1.0"),
    ])
  func wellFormed(line: String, expected: String) {
    #expect(events(line) == [expected])
    #expect(events(line + "\n") == [expected])
  }

  @Test(
    "what looks like the end of a series inside quotes does not end it",
    arguments: [
      (#"a{b="}"} 1"#, #"a{b="}"} = 1.0"#),
      (#"a{b="c} 2"} 1"#, #"a{b="c} 2"} = 1.0"#),
      (##"a{b="# HELP"} 1"##, ##"a{b="# HELP"} = 1.0"##),
      (#"a{b="{",c=",",d="="} 1"#, #"a{b="{", c=",", d="="} = 1.0"#),
      (#"a{b="c\"} 2"} 1"#, #"a{b="c\"} 2"} = 1.0"#),
      (#"a{b="c\\"} 1"#, #"a{b="c\\"} = 1.0"#),
      (#"a{b="c d"}1"#, #"a{b="c d"} = 1.0"#),
      (#"a{b=" } 5 7"} 1 2"#, #"a{b=" } 5 7"} = 1.0 @2"#),
    ])
  func quotesHide(line: String, expected: String) {
    #expect(events(line) == [expected])
  }

  @Test(
    "the three escapes are resolved and others stay",
    arguments: [
      (#"\\"#, #"\"#), (#"\""#, "\""), (#"\n"#, "\n"), (#"\t"#, #"\t"#), (#"x\\ny"#, #"x\ny"#), (#"\\\""#, #"\""#),
      ("\u{1f430} Häse", "\u{1f430} Häse"),
    ])
  func escapes(written: String, value: String) throws {
    let series = Array("a{b=\"\(written)\"}".utf8)
    let labels = try series.withUnsafeBytes { try SeriesText.labels(of: $0, format: .text) }
    #expect(labels == Labels(name: "a", ["b": value]))
  }

  @Test(
    "names outside the classic characters stand in quotes",
    arguments: [
      (#"{"my.metric"} 1"#, #"{"my.metric"} = 1.0"#),
      (#"{"my.metric","a.b"="c"} 1"#, #"{"my.metric", "a.b"="c"} = 1.0"#),
      (#"{"a.b"="c","my.metric"} 1 7"#, #"{"my.metric", "a.b"="c"} = 1.0 @7"#),
      (#"{"plain",x="y"} 1"#, #"plain{x="y"} = 1.0"#),
      (#"a{"ä ö"="c"} 1"#, #"a{"ä ö"="c"} = 1.0"#),
      (#"{"say \"hi\" }"} 1"#, #"{"say \"hi\" }"} = 1.0"#),
    ])
  func quotedNames(line: String, expected: String) {
    #expect(events(line) == [expected])
  }

  @Test(
    "a malformed line is reported with column and reason",
    arguments: [
      ("{} 1", 2, MalformedLine.Reason.metricNameMissing),
      (#"{a="b"} 1"#, 7, .metricNameMissing),
      (#"{""} 1"#, 2, .metricNameMissing),
      (#"{"a","b"} 1"#, 6, .metricNameRepeated),
      (#"a{"b"} 1"#, 3, .metricNameRepeated),
      ("9a 1", 1, .metricNameIllegal),
      ("a-b 1", 2, .textAfterSeries),
      ("ä 1", 1, .metricNameIllegal),
      ("a", 2, .valueMissing),
      ("a{} ", 4, .valueMissing),
      ("a one", 3, .valueNotANumber),
      ("a 1_000", 3, .valueNotANumber),
      ("a 1 2 3", 7, .textAfterSample),
      ("a 1 2.5", 5, .timestampNotANumber),
      ("a 1 9223372036854775808", 5, .timestampNotANumber),
      ("a 1 # comment", 5, .timestampNotANumber),
      ("a{ 1", 3, .braceNotClosed),
      (#"a{b} 1"#, 4, .labelNameIllegal),
      (#"a{b "c"} 1"#, 5, .equalsSignMissing),
      (#"a{b=c} 1"#, 5, .labelValueNotQuoted),
      (#"a{b="c"#, 7, .quoteNotClosed),
      (#"a{b="c} 1"#, 8, .quoteNotClosed),
      (#"a{b="c\"} 1"#, 10, .quoteNotClosed),
      (#"a{b="c" 1"#, 8, .braceNotClosed),
      (#"a{b="c""#, 8, .braceNotClosed),
      (#"a{b="c" d="e"} 1"#, 9, .braceNotClosed),
      (#"a{b="c",,d="e"} 1"#, 9, .labelNameMissing),
      (#"a{,b="c"} 1"#, 3, .labelNameMissing),
      (#"a{="c"} 1"#, 3, .labelNameMissing),
      (#"a{""="c"} 1"#, 3, .labelNameMissing),
      (#"a{9b="c"} 1"#, 3, .labelNameIllegal),
      (#"a{b:c="d"} 1"#, 4, .labelNameIllegal),
      (#"a{b="c",b="d"} 1"#, 9, .labelNameRepeated),
      (#"a{b="c","b"="d"} 1"#, 10, .labelNameRepeated),
      (#"a{__name__="b"} 1"#, 3, .labelNameRepeated),
      (#"a{b="c"}} 1"#, 9, .textAfterSeries),
      (#"a{b="c"} d{e="f"} 1"#, 9, .textAfterSeries),
      (#"a{exchange="ev"quoted"",type="direct"} 0"#, 16, .braceNotClosed),
      ("# TYPE a thing", 10, .typeUnknown),
      ("# TYPE a", 9, .typeUnknown),
      ("# TYPE a info", 10, .typeUnknown),
      ("# TYPE a-b gauge", 9, .metricNameIllegal),
      ("# HELP 9a text", 8, .metricNameIllegal),
      (#"# HELP "a text"#, 15, .quoteNotClosed),
    ])
  func malformed(line: String, column: Int, reason: MalformedLine.Reason) {
    let expected = "malformed \(MalformedLine(line: 2, column: column, reason: reason))"
    #expect(events("before 1\n\(line)\nafter 2\n") == ["before = 1.0", expected, "after = 2.0"])
  }

  @Test("bytes that are not UTF-8 cost their line")
  func invalidUTF8() {
    #expect(
      events(Array("a{b=\"".utf8) + [0xff] + Array("\"} 1\nc 2\n".utf8)) == ["malformed 1:6: invalid UTF-8", "c = 2.0"])
    #expect(events(Array("# HELP a ".utf8) + [0xc3, 0x28, 0x0a]) == ["malformed 1:10: invalid UTF-8"])
  }

  @Test("blank lines and comments are skipped but counted")
  func blankLinesAndComments() {
    let document = "\n  \n# a comment\n#HELP a not help\n# EOF\n#\n\r\na 1\n#\t TYPE a x\n?\n"
    #expect(
      events(document) == [
        "a = 1.0", "malformed 9:11: unknown metric type", "malformed 10:1: illegal character in metric name",
      ])
  }

  @Test("type and help come in any order, with their escapes resolved")
  func metadata() {
    let document = #"""
      # TYPE a counter
      # HELP a One \\ two \n three \" four
      # HELP\#tb \#tspaced
      # TYPE b \#tuntyped
      # TYPE "c.d" gauge
      # HELP "c.d" Quoted.
      # HELP e
      """#
    #expect(
      events(document) == [
        "type a: counter", "help a: One \\ two \n three \\\" four", "help b: \tspaced", "type b: unknown",
        "type c.d: gauge", "help c.d: Quoted.", "help e: ",
      ])
  }

  @Test("an empty document has no events")
  func empty() {
    #expect(events("") == [])
    #expect(events("\n\n") == [])
  }

  @Test("the hash is that of the series' raw bytes, whatever surrounds them")
  func hash() {
    let series = #"a{b="c d",e="}"}"#
    for line in ["\(series) 1", "  \(series) \t 1 ", "\(series)1", "\(series) 1 5", "\(series) 0x1p3\r\n"] {
      Array(line.utf8).withUnsafeBytes { bytes in
        var scanner = ExpositionScanner(bytes, format: .text)
        guard case .sample(let sample)? = scanner.next() else {
          Issue.record("no sample in \(line)")
          return
        }
        #expect(sample.hash == StableHash.hash(series))
        #expect(String(decoding: sample.series, as: UTF8.self) == series)
      }
    }
  }

  @Test("boundaries are written canonically where the family's type is known")
  func canonicalBoundaries() throws {
    let bucket = Array(#"a_bucket{le="1"}"#.utf8)
    let labels = try bucket.withUnsafeBytes { try SeriesText.labels(of: $0, format: .text, type: .histogram) }
    #expect(labels["le"] == "1.0")
    let untouched = try bucket.withUnsafeBytes { try SeriesText.labels(of: $0, format: .text) }
    #expect(untouched["le"] == "1")
    let quantile = Array(#"a{quantile="1e3"}"#.utf8)
    let summary = try quantile.withUnsafeBytes { try SeriesText.labels(of: $0, format: .text, type: .summary) }
    #expect(summary["quantile"] == "1000.0")
  }
}
