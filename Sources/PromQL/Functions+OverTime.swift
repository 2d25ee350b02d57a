import TimeSeries

/// `sum_over_time`.
struct SumOverTime: WindowFunction {
  @inline(__always)
  func value(_ window: SampleWindow, step: Int) -> Double? {
    var sum = KahanSum()
    for value in window.values { sum.add(value) }
    return sum.sum.isInfinite ? sum.sum : sum.total
  }
}

/// `avg_over_time`.
struct MeanOverTime: WindowFunction {
  @inline(__always)
  func value(_ window: SampleWindow, step: Int) -> Double? {
    // The plain sum first; only where it would overflow, the careful mean.
    var sum = KahanSum(sum: window.values[0])
    for index in 1..<max(1, window.count) { sum.add(window.values[index]) }
    let count = Double(window.count)
    if !sum.sum.isInfinite { return sum.sum / count + sum.compensation / count }
    var mean = KahanMean()
    for value in window.values { mean.add(value) }
    return mean.value
  }
}

/// `max_over_time`, `min_over_time` and the times of these.
struct ExtremeOverTime: WindowFunction {
  let wantsLargest: Bool
  /// Whether the time of the last extreme is wanted instead of its value.
  let wantsTime: Bool

  @inline(__always)
  func value(_ window: SampleWindow, step: Int) -> Double? {
    if wantsTime { return lastTime(of: window) }
    // Any number beats NaN; after the first number, NaN loses every comparison.
    var index = 0
    while index < window.count - 1 && window.values[index].isNaN { index += 1 }
    var extreme = window.values[index]
    if wantsLargest {
      for value in window.values[index...] { extreme = value > extreme ? value : extreme }
    } else {
      for value in window.values[index...] { extreme = value < extreme ? value : extreme }
    }
    return extreme
  }

  /// The time of the last sample with the extreme value, in seconds.
  private func lastTime(of window: SampleWindow) -> Double {
    var extreme = window.values[0]
    var time = window.timestamps[0]
    for index in 0..<window.count {
      let value = window.values[index]
      if (wantsLargest ? value >= extreme : value <= extreme) || extreme.isNaN {
        extreme = value
        time = window.timestamps[index]
      }
    }
    return Double(time) / 1000
  }
}

/// `count_over_time`.
struct CountOverTime: WindowFunction {
  @inline(__always)
  func value(_ window: SampleWindow, step: Int) -> Double? { Double(window.count) }
}

/// `present_over_time`.
struct PresentOverTime: WindowFunction {
  @inline(__always)
  func value(_ window: SampleWindow, step: Int) -> Double? { 1 }
}

/// `first_over_time`, `last_over_time` and the times of these.
struct EdgeOverTime: WindowFunction {
  let wantsFirst: Bool
  let wantsTime: Bool

  @inline(__always)
  func value(_ window: SampleWindow, step: Int) -> Double? {
    let index = wantsFirst ? 0 : window.count - 1
    return wantsTime ? Double(window.timestamps[index]) / 1000 : window.values[index]
  }
}

/// `stdvar_over_time` and `stddev_over_time`: Welford's algorithm with compensated sums.
struct VarianceOverTime: WindowFunction {
  let wantsDeviation: Bool

  func value(_ window: SampleWindow, step: Int) -> Double? {
    var count = 0.0
    var mean = KahanSum()
    var squares = KahanSum()
    for value in window.values {
      count += 1
      let delta = value - mean.total
      mean.add(delta / count)
      squares.add(delta * (value - mean.total))
    }
    let variance = squares.total / count
    return wantsDeviation ? variance.squareRoot() : variance
  }
}

/// `quantile_over_time`.
struct QuantileOverTime: WindowFunction {
  /// The quantile at each step.
  let quantiles: [Double]

  func value(_ window: SampleWindow, step: Int) -> Double? {
    var values = Array(window.values)
    return Quantile.of(&values, quantiles[step])
  }
}

/// `mad_over_time`: the median of the absolute deviations from the median.
struct MedianDeviationOverTime: WindowFunction {
  func value(_ window: SampleWindow, step: Int) -> Double? {
    var values = Array(window.values)
    let median = Quantile.of(&values, 0.5)
    for index in values.indices { values[index] = abs(values[index] - median) }
    return Quantile.of(&values, 0.5)
  }
}

/// Quantiles of numbers.
enum Quantile {
  /// The quantile of `values`, between two of them interpolated; NaN sorts first. The values are
  /// sorted on the way.
  static func of(_ values: inout [Double], _ quantile: Double) -> Double {
    if values.isEmpty || quantile.isNaN { return .nan }
    if quantile < 0 { return -.infinity }
    if quantile > 1 { return .infinity }
    values.sort { $0.isNaN ? !$1.isNaN : $0 < $1 }
    let rank = quantile * Double(values.count - 1)
    let lower = max(0, rank.rounded(.down))
    let upper = min(Double(values.count - 1), lower + 1)
    let weight = rank - rank.rounded(.down)
    return values[Int(lower)] * (1 - weight) + values[Int(upper)] * weight
  }
}
