import Testing
import TimeSeries

@testable import PromQL

@Suite struct FormattingTests {
  @Test(arguments: [
    (0.0, "0"), (-0.0, "-0"), (1.0, "1"), (-1.5, "-1.5"), (100_000.0, "100000"), (1e20, "100000000000000000000"),
    (1e21, "1e+21"), (1.5e300, "1.5e+300"), (0.000001, "0.000001"), (0.00000099, "9.9e-07"), (5e-324, "5e-324"),
    (0.1, "0.1"), (123456.789, "123456.789"), (Double.nan, "NaN"), (Double.infinity, "+Inf"),
    (-Double.infinity, "-Inf"),
  ])
  func numbersInAnswersAreShortest(value: Double, text: String) {
    #expect(PrometheusNumber.format(value) == text)
  }

  @Test func otherNotationsOfNumbers() {
    #expect(PrometheusNumber.formatFixed(1e-7) == "0.0000001")
    #expect(PrometheusNumber.formatFixed(1e22) == "10000000000000000000000")
    #expect(PrometheusNumber.formatExponent(1) == "1e+00")
    #expect(PrometheusNumber.formatExponent(-123_000) == "-1.23e+05")
    #expect(PrometheusNumber.formatExponent(0) == "0e+00")
    #expect(PrometheusNumber.formatGeneral(0.0001) == "0.0001")
    #expect(PrometheusNumber.formatGeneral(0.00001) == "1e-05")
    #expect(PrometheusNumber.formatSignificant(2.345, digits: 2) == "2.3")
    #expect(PrometheusNumber.formatSignificant(1234, digits: 2) == "1.2e+03")
    #expect(PrometheusNumber.formatTimestamp(1_435_781_451_000) == "1435781451")
    #expect(PrometheusNumber.formatTimestamp(1_435_781_451_050) == "1435781451.050")
    #expect(PrometheusNumber.formatTimestamp(-1500) == "-1.500")
    #expect(PrometheusNumber.grouped(1_234_567) == "1,234,567")
  }

  @Test func randomNumbersReadBack() {
    var generator = SplitMix64(seed: 3)
    for _ in 0..<5000 {
      let value = Double(bitPattern: generator.next())
      if !value.isFinite { continue }
      #expect(Double(PrometheusNumber.format(value)) == value)
      #expect(Double(PrometheusNumber.formatFixed(value)) == value)
      #expect(Double(PrometheusNumber.formatExponent(value)) == value)
    }
  }

  @Test func textsAreQuotedAndUnquoted() {
    #expect(Labels.quoted("a\"b\\\n\u{1}é") == "\"a\\\"b\\\\\\n\\x01é\"")
    #expect(GoText.unquoted("\"\\x41\\u00e9\\101\\n\"") == "AéA\n")
    #expect(GoText.unquoted("'it\\'s'") == "it's")
    #expect(GoText.unquoted("`a\\n`") == "a\\n")
    #expect(GoText.unquoted("\"a") == nil)
    #expect(GoText.unquoted("\"\\q\"") == nil)
  }

  @Test func daysFollowTheGregorianCalendar() {
    let leap = CivilTime(seconds: 951_782_400)
    #expect((leap.year, leap.month, leap.day) == (2000, 2, 29))
    #expect(leap.weekday == 2)
    let before = CivilTime(seconds: -86_401)
    #expect((before.year, before.month, before.day, before.hour, before.second) == (1969, 12, 30, 23, 59))
    #expect(CivilTime.format(1_709_210_096_000) == "2024-02-29T12:34:56Z")
    #expect(CivilTime(seconds: -62_135_596_800).year == 1)
    // Out of Go's range: 2^63 seconds before 1970, as it prints them.
    let wrapped = CivilTime(seconds: .min)
    #expect((wrapped.year, wrapped.month, wrapped.day) == (292_277_026_596, 12, 4))
  }

  @Test func labelHashesAreXXH64() {
    #expect(LabelHash.hash([]) == 0xef46_db37_51d8_e999)
    #expect(LabelHash.hash(Array("a".utf8)) == 0xd24e_c4f1_a98c_6e5b)
    #expect(LabelHash.hash(Array("abc".utf8)) == 0x44bc_2cf5_ad77_0999)
    #expect(LabelHash.hash(Array("Nobody inspects the spammish repetition".utf8)) == 0xfbce_a83c_8a37_8bf1)
  }

  @Test func digitsSortAsNumbers() {
    #expect(NaturalOrder.precedes("a2", "a10"))
    #expect(!NaturalOrder.precedes("a10", "a2"))
    #expect(NaturalOrder.precedes("a", "a1"))
    #expect(NaturalOrder.precedes("a01", "a2"))
    #expect(!NaturalOrder.precedes("b", "a1"))
    // An empty text goes before none, and none before it.
    #expect(!NaturalOrder.precedes("", "a") && !NaturalOrder.precedes("a", ""))
    #expect(NaturalOrder.precedes("0.1", "0.01") && NaturalOrder.precedes("0.01", "0.1"))
  }

  @Test func prometheusQuantilesSortNaNFirst() {
    var values = [3, Double.nan, 1, 2]
    #expect(Quantile.of(&values, 1) == 3)
    #expect(Quantile.of(&values, 0).isNaN)
    var empty: [Double] = []
    #expect(Quantile.of(&empty, 0.5).isNaN)
  }
}
