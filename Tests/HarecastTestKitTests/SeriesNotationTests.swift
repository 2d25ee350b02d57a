import HarecastTestKit
import Testing
import TimeSeries

@Suite("Series as text")
struct SeriesNotationTests {
  @Test(
    "each form gives its values",
    arguments: [
      ("1 2.5 -3", [1, 2.5, -3]),
      ("0+10x3", [0, 10, 20, 30]),
      ("10-2x2", [10, 8, 6]),
      ("-5+1x2", [-5, -4, -3]),
      ("1e1-1e-1x1", [10, 9.9]),
      ("7x2", [7, 7, 7]),
      ("1 _ 2", [1, nil, 2]),
      ("_x2 4", [nil, nil, 4]),
      ("+Inf -Inf", [.infinity, -.infinity]),
      ("", []),
    ] as [(String, [Double?])])
  func forms(text: String, expected: [Double?]) throws {
    #expect(try SeriesNotation.values(text) == expected)
  }

  @Test("stale is the marker, NaN an ordinary NaN")
  func notNumbers() throws {
    let samples = try SeriesNotation.samples("stale NaN", step: 1000, start: 5000)
    #expect(samples == [Sample(5000, StaleMarker.value), Sample(6000, StaleMarker.normalNaN)])
  }

  @Test("what cannot be read is an error", arguments: ["1..2", "ax3", "1x", "1x-2", "0+x3", "1x99999999999", "x"])
  func errors(text: String) {
    #expect(throws: SeriesNotationError.self) { try SeriesNotation.values(text) }
  }

  @Test("a table answers matchers and cuts to the range, both ends included")
  func table() throws {
    let table = try SeriesTable(["up{job=\"a\\\"b\",x=\"1\"}": "1+1x4", "up{job=\"c\"}": "9x4"], step: 1000)
    let found = try table.select(
      [LabelMatcher("__name__", equals: "up"), LabelMatcher("job", .notEqual, "c")], from: 1000, through: 3000)
    let series = try #require(found.first)
    #expect(found.count == 1)
    #expect(series.labels == Labels(name: "up", ["job": "a\"b", "x": "1"]))
    #expect(series.timestamps == [1000, 2000, 3000])
    #expect(series.values == [2, 3, 4])
  }

  @Test("the random generator follows the published sequence for seed 1234567")
  func splitMix() {
    // The first outputs of the reference implementation in C (Sebastiano Vigna, 2015) for this seed.
    var generator = SplitMix64(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    #expect(generator.next() == 9_817_491_932_198_370_423)
  }

  @Test("normal numbers have the mean and deviation asked for")
  func normal() {
    var generator = SplitMix64(seed: 7)
    let numbers = (0..<20_000).map { _ in generator.normal(mean: 5, deviation: 2) }
    let mean = numbers.reduce(0, +) / 20_000
    let variance = numbers.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 20_000
    #expect(abs(mean - 5) < 0.06)
    #expect(abs(variance.squareRoot() - 2) < 0.05)
  }
}
