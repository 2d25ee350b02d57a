import Exposition
import Testing
import TimeSeries

@Suite("Numbers")
struct FloatTextTests {
  @Test(
    "numbers are read as Go's ParseFloat reads them",
    arguments: [
      ("0", 0.0), ("1", 1), ("+1", 1), ("-1", -1), ("007", 7), ("5.", 5), (".5", 0.5), ("-.5e1", -5), ("1e3", 1000),
      ("1E+3", 1000), ("1e-3", 0.001), ("123456789012345", 123_456_789_012_345), ("0.1", 0.1), ("1.7e308", 1.7e308),
      ("0.30000000000000004", 0.30000000000000004), ("9007199254740993", 9_007_199_254_740_992),
      ("18446744073709551615", 18_446_744_073_709_551_616), ("9999999999999999999", 1e19),
      ("00000000000000000000000001.5", 1.5), ("1e22", 1e22), ("1e23", 1e23), ("123e-25", 1.23e-23),
      ("5e-324", .leastNonzeroMagnitude),
      ("2e-324", 0), ("1e-999999", 0), ("0x1p3", 8), ("0X.8P-1", 0.25), ("-0x1.8p+1", -3), ("Inf", .infinity),
      ("+Inf", .infinity), ("-Inf", -.infinity), ("inf", .infinity), ("INFINITY", .infinity), ("-infinity", -.infinity),
      ("0e99999999999", 0),
    ])
  func readable(text: String, expected: Double) {
    #expect(FloatText.parse(text) == expected)
  }

  @Test("NaN is read in any case, without a sign, as the ordinary NaN", arguments: ["NaN", "nan", "NAN"])
  func notANumber(text: String) {
    #expect(FloatText.parse(text)?.bitPattern == StaleMarker.normalNaN.bitPattern)
  }

  @Test("negative zero keeps its sign")
  func negativeZero() {
    #expect(FloatText.parse("-0")?.sign == .minus)
    #expect(FloatText.parse("-0.0e5")?.sign == .minus)
  }

  @Test(
    "what Go refuses is refused",
    arguments: [
      "", "-", "+", ".", "e5", "1e", "1e+", "1_000", "0x1", "0xp1", "0x", "1p3", "1.2.3", "--1", "+-1", "1 ", " 1",
      "+NaN",
      "-nan", "nan(1)", "infinit", "Infx", "1f", "1e400", "-1e400", "0x1p2000", "١", "1,5", "undefined", "true",
    ])
  func unreadable(text: String) {
    #expect(FloatText.parse(text) == nil)
  }

  @Test("the fast path agrees with the standard library on 200,000 random decimals")
  func agreesWithStandardLibrary() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<200_000 {
      let digits = (0..<Int.random(in: 1...20, using: &random)).map { _ in Int.random(in: 0...9, using: &random) }
      var text = digits.map(String.init).joined()
      if Bool.random(using: &random) {
        text.insert(".", at: text.index(text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &random)))
      }
      if Bool.random(using: &random) { text += "e\(Int.random(in: -40...40, using: &random))" }
      if Bool.random(using: &random) { text = "-" + text }
      guard let expected = Double(text) else { continue }
      #expect(FloatText.parse(text)?.bitPattern == expected.bitPattern, "\(text)")
    }
  }

  @Test("a number of absurd length is refused, not computed")
  func absurdLength() {
    #expect(FloatText.parse(String(repeating: "9", count: 1_000_000)) == nil)
    #expect(FloatText.parse("0." + String(repeating: "3", count: 1_000)) == 1.0 / 3)
  }
}
