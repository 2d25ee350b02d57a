/// The rhythms that a signal may have, in steps.
enum SeasonalPeriods {
  static let dayMilliseconds: Int64 = 86_400_000

  /// The steps of a day, or nil if a day is not a whole number of at least 2 and at most 100,000 steps.
  static func daily(step: Int64) -> Int? {
    guard step > 0, dayMilliseconds % step == 0 else { return nil }
    let period = dayMilliseconds / step
    return (2...100_000).contains(period) ? Int(period) : nil
  }

  /// The main rhythm: a day if two of them were seen, else the strongest period of the autocorrelation, else nil.
  static func main(of values: ArraySlice<Double>, step: Int64) -> Int? {
    if let day = daily(step: step), values.count >= 2 * day { return day }
    return strongest(of: values, longest: values.count / 3)
  }

  /// The strongest period by autocorrelation of the newest values (at most 1,200), or nil if none stands out.
  ///
  /// A period must be a local peak with a correlation of at least 0.3 and above chance (3/√n); the correlation of
  /// the lags before it must have dipped at least 0.2 below it, which a mere slow drift never does.
  ///
  /// - Complexity: O(n × longest).
  static func strongest(of values: ArraySlice<Double>, longest: Int) -> Int? {
    let recent = Array(values.suffix(1200))
    let count = recent.count
    let longest = min(longest, count / 3)
    guard longest >= 3 else { return nil }
    var mean = 0.0
    for value in recent { mean += value }
    mean /= Double(count)
    // Outliers are cut so that a single burst does not make its own rhythm.
    let deviations = recent.map { abs($0 - mean) }.sorted()
    let cut = 3 * deviations[count * 9 / 10]
    guard cut > 0 else { return nil }
    let centred = recent.map { min(cut, max(-cut, $0 - mean)) }
    var correlations = [Double](repeating: 0, count: longest + 2)
    var variance = 0.0
    for value in centred { variance += value * value }
    guard variance > 0 else { return nil }
    centred.withUnsafeBufferPointer { buffer in
      for lag in 1...longest + 1 {
        var sums = SIMD4<Double>.zero
        var index = 0
        let end = count - lag
        while index + 4 <= end {
          let left = SIMD4(buffer[index], buffer[index + 1], buffer[index + 2], buffer[index + 3])
          let right = SIMD4(
            buffer[index + lag], buffer[index + lag + 1], buffer[index + lag + 2], buffer[index + lag + 3])
          sums += left * right
          index += 4
        }
        var sum = sums.sum()
        while index < end {
          sum += buffer[index] * buffer[index + lag]
          index += 1
        }
        correlations[lag] = sum / variance * Double(count) / Double(end)
      }
    }
    let chance = 3 / Double(count).squareRoot()
    var best: (lag: Int, correlation: Double)?
    var lowest = correlations[1]
    for lag in 2...longest {
      let here = correlations[lag]
      let isPeak = here >= correlations[lag - 1] && here > correlations[lag + 1]
      if isPeak, here >= max(0.3, chance), here - lowest >= 0.2, here > (best?.correlation ?? 0) + 0.05 {
        best = (lag, here)
      }
      lowest = min(lowest, here)
    }
    return best?.lag
  }
}
