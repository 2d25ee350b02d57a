import Testing
import TimeSeries

@Suite("RFC 3339")
struct RFC3339Tests {
  @Test(arguments: [0, 1_435_781_451_781, -1, 951_782_400_000, 4_102_444_799_999] as [Int64])
  func formattedTimesParseBack(milliseconds: Int64) {
    #expect(RFC3339.parse(RFC3339.format(milliseconds)) == milliseconds)
  }

  @Test func timesFormatAsRFC3339() {
    #expect(RFC3339.format(1_435_781_451_781) == "2015-07-01T20:10:51.781Z")
  }

  @Test(arguments: ["", "2015-07-01", "2015-02-40T00:00:00Z", "2015-07-01T24:00:00Z", "2015-07-01T20:10:51+2:00", "x"])
  func whatIsNoTimestampIsNil(text: String) {
    #expect(RFC3339.parse(text) == nil)
  }
}
