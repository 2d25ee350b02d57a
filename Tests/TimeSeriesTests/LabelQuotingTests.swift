import Testing

@testable import TimeSeries

/// Expected values are what Go 1.24's `strconv.Quote` gives.
@Suite("Quoted texts")
struct LabelQuotingTests {
  @Test(arguments: [
    ("orders", #""orders""#),
    (#"a"b\c"#, #""a\"b\\c""#),
    ("\u{7}\u{8}\t\n\u{b}\u{c}\r", #""\a\b\t\n\v\f\r""#),
    ("\u{0}\u{1b}\u{7f}", #""\x00\x1b\x7f""#),
    ("Grüße, 世界 😀", #""Grüße, 世界 😀""#),
  ])
  func keepWhatIsPrintableAndNameTheRest(_ text: String, _ quoted: String) {
    #expect(Labels.quoted(text) == quoted)
  }

  @Test(arguments: [
    ("\u{85}", #""\u0085""#), ("\u{a0}", #""\u00a0""#), ("\u{ad}", #""\u00ad""#), ("\u{200b}", #""\u200b""#),
    ("\u{2028}", #""\u2028""#), ("\u{e000}", #""\ue000""#), ("\u{e0001}", #""\U000e0001""#),
  ])
  func escapeWhatCannotBeSeen(_ text: String, _ quoted: String) {
    #expect(Labels.quoted(text) == quoted)
  }

  @Test func writeTheReplacementCharacterAsAnEscapeBecauseQueriesRefuseIt() {
    #expect(Labels.quoted("a\u{fffd}") == #""a\ufffd""#)
  }
}
