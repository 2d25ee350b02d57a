import Testing

@testable import HTTPAPI

@Suite("Request parameters")
struct RequestParametersTests {
  @Test func decodePercentPlusAndRepeatedNames() {
    let parameters = RequestParameters("query=sum%28rate%28x%5B5m%5D%29%29+%2B+1&match[]=a&match%5B%5D=b&empty=&bare")
    #expect(parameters["query"] == "sum(rate(x[5m])) + 1")
    #expect(parameters.all("match[]") == ["a", "b"])
    #expect(parameters["empty"] == "")
    #expect(parameters["bare"] == "")
    #expect(parameters["absent"] == nil)
  }

  @Test func malformedPercentSequencesStayAsTheyAre() {
    #expect(RequestParameters("a=%zz%4")["a"] == "%zz%4")
  }

  @Test(arguments: [
    ("1435781451.781", 1_435_781_451_781), ("0", 0), ("-1", -1000),
    ("2015-07-01T20:10:51.781Z", 1_435_781_451_781), ("2015-07-01T22:10:51+02:00", 1_435_781_451_000),
    ("2000-02-29T00:00:00Z", 951_782_400_000), ("1969-12-31T23:59:59Z", -1000),
  ])
  func timesAreUnixSecondsOrRFC3339(text: String, expected: Int64) throws {
    let encoded = text.replacing("+", with: "%2B")
    #expect(try RequestParameters("time=\(encoded)").time("time") == expected)
  }

  @Test(arguments: [
    "yesterday", "2015-13-01T00:00:00Z", "2015-07-01T20:10:51", "nan", "1e300", "2015-07-01T20:10:51.Z",
  ])
  func whatIsNoTimeIsRefused(text: String) {
    #expect(throws: APIError.self) { try RequestParameters("time=\(text)").time("time") }
  }

  @Test(arguments: [("15", 15_000), ("0.5", 500), ("1m", 60_000), ("1h30m", 5_400_000)])
  func durationsAreSecondsOrPrometheusNotation(text: String, expected: Int64) throws {
    #expect(try RequestParameters("step=\(text)").duration("step") == expected)
  }
}

@Suite("JSON writer")
struct JSONWriterTests {
  private func written(_ body: (inout JSONWriter) -> Void) -> String {
    var json = JSONWriter()
    body(&json)
    return String(decoding: json.bytes, as: UTF8.self)
  }

  @Test func putsCommasBetweenValuesOnly() {
    let text = written { json in
      json.beginObject()
      json.key("a")
      json.beginArray()
      json.integer(1)
      json.bool(true)
      json.beginArray()
      json.endArray()
      json.endArray()
      json.key("b")
      json.string("x")
      json.endObject()
    }
    #expect(text == #"{"a":[1,true,[]],"b":"x"}"#)
  }

  @Test func escapesWhatJSONCannotHold() {
    #expect(written { $0.string("a\"b\\c\n\u{1}ü") } == #""a\"b\\c\n\u0001ü""#)
  }

  @Test(
    arguments: [
      (1_435_781_451_000, "1435781451"), (1_435_781_451_781, "1435781451.781"), (5, "0.005"), (-5, "-0.005"),
      (-1_500, "-1.500"),
    ] as [(Int64, String)])
  func secondsHaveThreeDecimalsOnlyWhenTheyAreNotWhole(milliseconds: Int64, expected: String) {
    #expect(written { $0.seconds(milliseconds) } == expected)
  }

  @Test func samplesAreTimeAndText() {
    #expect(written { $0.sample(1000, .infinity) } == #"[1,"+Inf"]"#)
    #expect(written { $0.sample(1000, 0.1) } == #"[1,"0.1"]"#)
  }
}
