extension FloatHistogram {
  /// Whether the counter was reset between `previous` and this histogram.
  ///
  /// Without a hint, it was if any count fell, or if the resolution changed in a way that counting on cannot explain.
  public func isReset(after previous: FloatHistogram) -> Bool {
    if hint == .reset { return true }
    if hint == .notReset { return false }
    return hasFallen(below: previous)
  }

  /// Whether any count is smaller than in `previous`.
  func hasFallen(below previous: FloatHistogram) -> Bool {
    if count < previous.count { return true }
    if hasCustomBounds {
      if !previous.hasCustomBounds { return true }
      return customCountsFell(previous)
    }
    if previous.hasCustomBounds || schema > previous.schema || zeroThreshold < previous.zeroThreshold { return true }
    let (previousZeroCount, threshold, _) = previous.zeroBucket(atLeast: zeroThreshold, nil)
    if threshold != zeroThreshold || zeroCount < previousZeroCount { return true }
    var coarse = previous
    coarse.reduce(to: schema)
    return fell(positive, coarse.positive) || fell(negative, coarse.negative)
  }

  /// Whether a count outside the zero bucket fell.
  private func fell(_ current: Buckets, _ previous: Buckets) -> Bool {
    var next = 0
    for (position, index) in previous.indices.enumerated() {
      if bound(index) <= zeroThreshold { continue }
      while next < current.indices.count && current.indices[next] < index { next += 1 }
      let isThere = next < current.indices.count && current.indices[next] == index
      let count = previous.counts[position]
      if isThere ? current.counts[next] < count : count != 0 { return true }
    }
    return false
  }

  /// The same with custom bounds, between the bounds that both have.
  private func customCountsFell(_ previous: FloatHistogram) -> Bool {
    let bounds =
      customBounds == previous.customBounds
      ? customBounds : FloatHistogram.common(customBounds, previous.customBounds)
    let old = previous.counts(between: bounds)
    return zip(counts(between: bounds), old).contains { $0 < $1 }
  }

  /// How many observations lie up to each of `bounds`, a part of the histogram's own, and beyond.
  private func counts(between bounds: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: bounds.count + 1)
    var next = 0
    for (position, index) in positive.indices.enumerated() {
      while next < bounds.count && bounds[next] < bound(index) { next += 1 }
      result[next] += positive.counts[position]
    }
    return result
  }

  /// The hint that a store which keeps histograms in runs gives this histogram after `previous`, nil for the first of
  /// a series.
  ///
  /// Inside a run counts never fall, so no reset lies there; whether one lies between two runs, or before the first,
  /// the store does not say. Gauges stay gauges.
  public func storedHint(after previous: FloatHistogram?) -> CounterResetHint {
    if hint == .gauge { return .gauge }
    guard let previous, previous.hint != .gauge, hint != .reset, schema == previous.schema,
      zeroThreshold == previous.zeroThreshold, customBounds == previous.customBounds, !hasFallen(below: previous)
    else { return .unknown }
    return .notReset
  }
}
