import TimeSeries

extension Evaluator {
  /// `rate`, `increase` and `delta`: the change over the window, extrapolated to its edges.
  ///
  /// Counters are corrected for resets and never extrapolated below zero. Resets are found once per
  /// series, so that a step costs as much as its window has resets.
  func evaluateRate(_ call: CallExpression, _ grid: StepGrid, isCounter: Bool, isRate: Bool) throws -> SeriesGrid {
    let vector = try evaluateRange(call.arguments[0], grid)
    if hasHistograms(vector) {
      return try evaluateMixedRate(call, vector, grid, isCounter: isCounter, isRate: isRate)
    }
    let seconds = Double(vector.window) / 1000
    var resets: [Int] = []
    var result = try forEachSeries(vector, grid) { timestamps, values, output in
      resets.removeAll(keepingCapacity: true)
      var firstReset = 0
      var low = 0
      var high = 0
      for step in 0..<grid.count {
        let end = vector.times.time(step)
        let start = end &- vector.window
        if step == 0 {
          low = timestamps.firstIndex(after: start)
          high = low
        }
        while high < timestamps.count && timestamps[high] <= end {
          if isCounter && high > 0 && values[high] < values[high - 1] { resets.append(high) }
          high += 1
        }
        while low < high && timestamps[low] <= start { low += 1 }
        if high - low < 2 { continue }
        var change = values[high - 1] - values[low]
        while firstReset < resets.count && resets[firstReset] <= low { firstReset += 1 }
        var reset = firstReset
        while reset < resets.count {
          change += values[resets[reset] - 1]
          reset += 1
        }
        output[step] =
          change
          * Evaluator.extrapolation(
            first: timestamps[low], last: timestamps[high - 1], start: start, end: end, count: high - low,
            firstValue: values[low], change: change, isCounter: isCounter, seconds: isRate ? seconds : nil)
      }
    }
    if isCounter { informOfGauges(result, at: vector.range) }
    try dropNames(&result, mayMerge: false)
    return result
  }

  /// The factor by which a change between the first and last sample grows to one over the window.
  @inline(__always)
  static func extrapolation(
    first: Int64, last: Int64, start: Int64, end: Int64, count: Int, firstValue: Double, change: Double,
    isCounter: Bool, seconds: Double?
  ) -> Double {
    var toStart = Double(first &- start) / 1000
    var toEnd = Double(end &- last) / 1000
    let sampled = Double(last &- first) / 1000
    let spacing = sampled / Double(count - 1)
    let threshold = spacing * 1.1
    // A gap much wider than the spacing means that the series starts or ends inside the window.
    if toStart >= threshold { toStart = spacing / 2 }
    if isCounter && change > 0 && firstValue >= 0 {
      let toZero = sampled * (firstValue / change)
      if toZero < toStart { toStart = toZero }
    }
    if toEnd >= threshold { toEnd = spacing / 2 }
    var factor = (sampled + toStart + toEnd) / sampled
    if let seconds { factor /= seconds }
    return factor
  }

  /// Tells of metrics that are treated as counters and not named like one.
  func informOfGauges(_ grid: SeriesGrid, at range: SourceRange) {
    var last: String?
    for identity in grid.identities where !(isEager && identity.dropsName) {
      let name = identity.labels.metricName
      if name.isEmpty || name == last { continue }
      last = name
      if name.hasSuffix("_total") || name.hasSuffix("_sum") || name.hasSuffix("_count") || name.hasSuffix("_bucket") {
        continue
      }
      annotations.inform(
        "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \(Labels.quoted(name))",
        at: range)
    }
  }
}

/// `irate` and `idelta`: the change between the last two samples.
struct InstantChange: WindowFunction {
  let isRate: Bool

  func value(_ window: SampleWindow, step: Int) -> Double? {
    let count = window.count
    if count < 2 { return nil }
    let last = window.values[count - 1]
    let previous = window.values[count - 2]
    // After a counter's reset, the value itself is the increase.
    let change = isRate && last < previous ? last : last - previous
    guard isRate else { return change }
    return change / (Double(window.timestamps[count - 1] &- window.timestamps[count - 2]) / 1000)
  }
}

/// `resets`: how often the value fell.
struct Resets: WindowFunction {
  func value(_ window: SampleWindow, step: Int) -> Double? {
    var count = 0
    for index in 1..<max(1, window.count) where window.values[index] < window.values[index - 1] { count += 1 }
    return Double(count)
  }
}

/// `changes`: how often the value changed.
struct Changes: WindowFunction {
  func value(_ window: SampleWindow, step: Int) -> Double? {
    var count = 0
    for index in 1..<max(1, window.count) {
      let a = window.values[index - 1]
      let b = window.values[index]
      if a != b && !(a.isNaN && b.isNaN) { count += 1 }
    }
    return Double(count)
  }
}
