import HarecastTestKit
import Testing
import TimeSeries

@testable import Collection

@Suite("Answers with history")
struct BackfillAnswerTests {
  private static let span = BackfillSpan(start: 0, end: 1_000_000)

  private func read(_ text: String, _ span: BackfillSpan = span) throws -> [SeriesSamples] {
    var answer = try BackfillAnswer(Array(text.utf8), span: span)
    var result: [SeriesSamples] = []
    while let series = try answer.next() { result.append(series) }
    return result
  }

  private static let good = """
    {"status":"success","isPartial":false,"data":{"resultType":"matrix","result":[
      {"metric":{"__name__":"a","q":"tab\\tquote\\"ü\\u00e9\\ud83d\\ude00"},"values":[[1,"1"],[2.5,"-0.25"],[3.001,"NaN"]]},
      {"values":[[60,"+Inf"],[120,"-Inf"],[180,"1e-7"],[240,"123456789012345678"]],"metric":{"__name__":"b"}}
    ],"stats":{"x":[1,{"y":null}]}},"warnings":["w"]}
    """

  @Test("series come with labels, milliseconds and values, whatever the order of keys")
  func goodAnswer() throws {
    let series = try read(Self.good)
    #expect(series.map(\.labels.metricName) == ["a", "b"])
    #expect(series[0].labels["q"] == "tab\tquote\"üé😀")
    #expect(series[0].timestamps == [1000, 2500, 3001])
    #expect(series[0].values.dropLast() == [1, -0.25])
    #expect(series[0].values[2].isNaN && !series[0].values[2].isStaleMarker)
    #expect(series[1].values == [.infinity, -.infinity, 1e-7, 123_456_789_012_345_680])
  }

  @Test("an answer cut short anywhere is an error")
  func truncated() {
    let bytes = Array(Self.good.utf8)
    for length in bytes.indices {
      #expect(throws: BackfillAnswerError.self, "cut after \(length) bytes") {
        try read(String(decoding: bytes[..<length], as: UTF8.self))
      }
    }
  }

  @Test("an answer with damaged bytes is read or refused, and never ends the process")
  func damaged() throws {
    var random = SplitMix64(seed: 7)
    let alphabet = Array("{}[]\",:\\u0de9.+-".utf8)
    for _ in 0..<20_000 {
      var bytes = Array(Self.good.utf8)
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        let index = Int.random(in: bytes.indices, using: &random)
        bytes[index] = alphabet.randomElement(using: &random) ?? 0
      }
      do throws(BackfillAnswerError) {
        var answer = try BackfillAnswer(bytes, span: Self.span)
        while let series = try answer.next() { #expect(series.timestamps.count == series.values.count) }
      } catch {
        #expect(error.offset <= bytes.count)
      }
    }
  }

  @Test(
    "what is wrong is said with its place",
    arguments: [
      ("[]", "byte 0 of the answer: expected \"{\""),
      ("{\"data\":{\"resultType\":\"vector\",\"result\":[]}}", "the result is no matrix"),
      ("{\"data\":{\"resultType\":\"matrix\"}}", "there is no \"result\""),
      ("{\"data\":{\"result\":[{\"metric\":{},\"values\":[[1,\"1\"],[1,\"2\"]]}]}}", "not in the order of time"),
      ("{\"data\":{\"result\":[{\"metric\":{},\"values\":[[1001,\"1\"]]}]}}", "outside of the time asked for"),
      ("{\"data\":{\"result\":[{\"metric\":{},\"values\":[[1,1]]}]}}", "a value must be a string"),
      ("{\"data\":{\"result\":[{\"metric\":{},\"values\":[[1,\"0x10\"]]}]}}", "a value is not a number"),
      ("{\"data\":{\"result\":[{\"metric\":{},\"values\":[[1e300,\"1\"]]}]}}", "not a time"),
      ("{\"data\":{\"result\":[{\"metric\":{\"a\":\"\\ud800\"}}]}}", "half a surrogate pair"),
      ("{\"data\":{\"result\":[]}}x", "there is more after the end"),
    ])
  func faults(text: String, message: String) {
    let error = #expect(throws: BackfillAnswerError.self) { try read(text) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test("nesting is counted, not recursed into")
  func nesting() {
    let deep = String(repeating: "[", count: 1_000_000)
    #expect(throws: BackfillAnswerError.self) { try read("{\"x\":\(deep)") }
  }

  @Test("a series has a bounded number of labels")
  func manyLabels() {
    let labels = (0...BackfillAnswer.mostLabels).map { "\"l\($0)\":\"v\"" }.joined(separator: ",")
    #expect(throws: BackfillAnswerError.self) {
      try read("{\"data\":{\"result\":[{\"metric\":{\(labels)},\"values\":[[1,\"1\"]]}]}}")
    }
  }

  @Test("series of native histograms are passed over")
  func histograms() throws {
    let text = """
      {"data":{"result":[{"metric":{"__name__":"h"},"histograms":[[1,{"count":"1","sum":"2","buckets":[[0,"1","2","1"]]}]]},
      {"metric":{"__name__":"a"},"values":[[2,"3"]]}]}}
      """
    #expect(try read(text).map(\.labels.metricName) == ["a"])
  }

  @Test("a series ends at the first step without a value, and the value at the end belongs to the next stretch")
  func gaps() {
    // Asked for 0 ... 100 in steps of 10: values at 0, 10, 40 and at the end.
    var series = SeriesSamples(labels: .empty, timestamps: [0, 10, 40, 100], values: [1, 2, 3, 4])
    BackfillAnswer.markGaps(&series, step: 10, end: 100)
    #expect(series.timestamps == [0, 10, 20, 40, 50])
    #expect(series.values.map { $0.isStaleMarker ? -1 : $0 } == [1, 2, -1, 3, -1])

    var whole = SeriesSamples(labels: .empty, timestamps: [80, 90, 100], values: [1, 2, 3])
    BackfillAnswer.markGaps(&whole, step: 10, end: 100)
    #expect(whole.timestamps == [80, 90])

    var gone = SeriesSamples(labels: .empty, timestamps: [90], values: [1])
    BackfillAnswer.markGaps(&gone, step: 10, end: 100)
    #expect(gone.timestamps == [90, 100])
  }

  @Test("numbers are read as the standard library reads them")
  func numbers() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.next())
      let simple = Double(Int64.random(in: -1_000_000_000...1_000_000_000, using: &random)) / 1000
      for number in [value, simple] where number.isFinite {
        #expect(BackfillNumber.parse(Array("\(number)".utf8)[...]) == number)
      }
    }
    for text in [
      "", "-", ".", "1.", "1e", "nan", "inf", "0x1p3", "1_000", " 1", "--1", String(repeating: "1", count: 500),
    ] {
      #expect(BackfillNumber.parse(Array(text.utf8)[...]) == nil, "\(text)")
    }
  }

  @Test("names of metrics are read up to a bound, errors in Prometheus's shape become one line")
  func namesAndErrors() throws {
    #expect(
      try BackfillAnswer.names(Array("{\"status\":\"success\",\"data\":[\"a\",\"b\"]}".utf8), limit: 2) == ["a", "b"])
    #expect(throws: BackfillAnswerError.self) {
      try BackfillAnswer.names(Array("{\"data\":[\"a\",\"b\",\"c\"]}".utf8), limit: 2)
    }
    let error = Array("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"no\\nway\"}".utf8)
    #expect(BackfillAnswer.errorText(error) == "no way")
    #expect(BackfillAnswer.errorText(Array("<html>".utf8)) == nil)
  }
}
