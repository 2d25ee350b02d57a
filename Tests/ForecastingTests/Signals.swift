import Forecasting

/// A seeded generator, so that every run sees the same signals.
struct SeededNoise {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func uniform() -> Double {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) / Double(1 << 53)
  }

  /// Nearly normal: the sum of twelve uniform numbers.
  mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += uniform() }
    return sum
  }
}

let minute: Int64 = 60_000
let fiveMinutes: Int64 = 300_000
let hour: Int64 = 3_600_000

func series(_ values: [Double], step: Int64 = fiveMinutes, beside companions: [[Double]] = []) -> ForecastSeries {
  ForecastSeries(values: values, step: step, start: 1_700_000_000_000, companions: companions)
}

/// A saw-free stand-in for a sine: a triangle wave between -1 and 1.
func triangle(_ index: Int, period: Int) -> Double {
  let phase = Double(index % period) / Double(period)
  return phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase
}

/// Histories that have broken forecasters before.
let hostileHistories: [(name: String, values: [Double])] = {
  var noise = SeededNoise(7)
  var result: [(String, [Double])] = [
    ("one value", [42]), ("one zero", [0]), ("one negative", [-3]), ("two values", [1, 2]),
    ("two equal values", [5, 5]), ("three values", [1, 5, 2]), ("zeros", [Double](repeating: 0, count: 260)),
    ("constant", [Double](repeating: 7, count: 260)), ("constant negative", [Double](repeating: -7, count: 260)),
    ("linear", (0..<260).map { 3 + 2 * Double($0) }), ("falling below zero", (0..<260).map { 300 - Double($0) }),
    ("falling to zero", (0..<260).map { 259 - Double($0) }), ("seasonal", (0..<900).map { triangle($0, period: 288) }),
    ("short rhythm", (0..<260).map { triangle($0, period: 12) }),
    ("single spike", (0..<260).map { $0 == 130 ? 1e6 : 0 }),
    ("spike at the end", (0..<260).map { $0 == 259 ? 1e6 : 1 }),
    ("step", (0..<260).map { $0 < 130 ? 10 : 1000 }), ("counter reset", (0..<260).map { Double($0 % 97) * 1e3 }),
    // From the 600th value on the clocks of those who send stand an hour later.
    ("time-zone change", (0..<900).map { 100 * (1 + triangle($0 < 600 ? $0 : $0 + 12, period: 288)) }),
    ("huge", (0..<200).map { _ in (1 + noise.uniform()) * 1e300 }),
    ("greatest", [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .greatestFiniteMagnitude]),
    ("tiny", (0..<200).map { _ in (1 + noise.uniform()) * 1e-300 }),
    ("least", [.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 0]),
    ("huge after tiny", (0..<200).map { $0 < 100 ? 1e-300 : 1e300 }),
    ("noise", (0..<260).map { _ in noise.normal() }), ("noise above", (0..<260).map { _ in 50 + noise.normal() }),
    ("gaps", (0..<260).map { $0 % 3 == 0 ? .nan : Double($0 % 50) }),
    ("long gap", (0..<900).map { (200..<260).contains($0) ? .nan : Double($0 % 50) }),
    ("gap at the start", (0..<200).map { $0 < 100 ? .nan : Double($0) }),
    ("gap at the end", (0..<200).map { $0 > 100 ? .nan : Double($0) }),
    ("one value in gaps", (0..<200).map { $0 == 60 ? 5 : .nan }),
    ("infinities", (0..<200).map { $0 % 9 == 0 ? .infinity : Double($0 % 7) }),
    ("more than is kept", (0..<6000).map { triangle($0, period: 288) + noise.normal() }),
  ]
  for count in [4, 5, 6, 7, 8, 9, 11, 14, 19, 24, 25, 26, 33, 40] {
    result.append(("\(count) noisy values", (0..<count).map { _ in 100 + noise.normal() }))
  }
  return result
}()
