import Exposition
import Testing

@Suite("Choice of format")
struct FormatChoiceTests {
  @Test(
    "the content type of a scrape decides the parser",
    arguments: [
      ("text/plain", ExpositionFormat.text), ("text/plain; version=0.0.4", .text),
      ("text/plain; version=0.0.4; charset=utf-8", .text), ("TEXT/Plain;version=1.0.0;escaping=allow-utf-8", .text),
      ("application/openmetrics-text", .openMetrics),
      ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
      ("application/openmetrics-text;version=\"0.0.1\"", .openMetrics),
    ])
  func contentType(header: String, expected: ExpositionFormat) throws {
    #expect(try ExpositionFormat(contentType: header) == expected)
    #expect(try ExpositionFormat(contentType: header, fallback: .text) == expected)
  }

  @Test(
    "another content type is an error unless there is a fallback",
    arguments: [
      "text/html", "application/json", "application/vnd.google.protobuf; proto=x", "text", "/", ";", "text/plainer",
    ])
  func otherContentType(header: String) throws {
    #expect(throws: ExpositionFormatError.unsupportedContentType(header)) {
      try ExpositionFormat(contentType: header)
    }
    #expect(try ExpositionFormat(contentType: header, fallback: .openMetrics) == .openMetrics)
  }

  @Test("a missing content type is an error unless there is a fallback")
  func missingContentType() throws {
    #expect(throws: ExpositionFormatError.missingContentType) { try ExpositionFormat(contentType: nil) }
    #expect(throws: ExpositionFormatError.missingContentType) { try ExpositionFormat(contentType: "") }
    #expect(try ExpositionFormat(contentType: nil, fallback: .text) == .text)
    #expect(
      ExpositionFormatError.unsupportedContentType("text/html").description
        == #"the response has Content-Type "text/html", which is not a metrics text format"#)
  }

  @Test("the accept header sent ends in plain text and anything")
  func acceptHeader() {
    #expect(ExpositionFormat.acceptHeader.hasSuffix(",text/plain;version=0.0.4;q=0.3,*/*;q=0.2"))
    #expect(ExpositionNegotiation(accept: ExpositionFormat.acceptHeader).format == .openMetrics)
  }

  @Test(
    "the accept header of a request decides what is served",
    arguments: [
      (nil, "text/plain; version=0.0.4; charset=utf-8"),
      ("", "text/plain; version=0.0.4; charset=utf-8"),
      ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
      ("text/*;q=0.1", "text/plain; version=0.0.4; charset=utf-8"),
      ("application/json", "text/plain; version=0.0.4; charset=utf-8"),
      ("text/html,application/xhtml+xml,*/*;q=0.8", "text/plain; version=0.0.4; charset=utf-8"),
      (
        "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
      ),
      ("application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8"),
      ("application/openmetrics-text;version=9.9.9,text/plain;q=0.1", "text/plain; version=0.0.4; charset=utf-8"),
      ("application/openmetrics-text;q=0.1,text/plain;q=0.2", "text/plain; version=0.0.4; charset=utf-8"),
      ("application/openmetrics-text;q=0,*/*;q=0.1", "text/plain; version=0.0.4; charset=utf-8"),
      ("application/openmetrics-text;q=oops,*/*;q=0.1", "text/plain; version=0.0.4; charset=utf-8"),
      (
        "Application/OpenMetrics-Text; Version=\"1.0.0\"; escaping=allow-utf-8; q=1.0, text/plain;q=0.5",
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
      ),
      (
        "text/plain;version=1.0.0;escaping=allow-utf-8,text/plain;version=0.0.4;q=0.3",
        "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
      ),
      (
        "text/plain;version=1.0.0;escaping=values",
        "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"
      ),
      (
        ExpositionFormat.acceptHeader,
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
      ),
      (
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
          + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        "text/plain; version=0.0.4; charset=utf-8"
      ),
    ])
  func negotiation(accept: String?, contentType: String) {
    #expect(ExpositionNegotiation(accept: accept).contentType == contentType)
  }
}
