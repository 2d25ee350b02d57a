import TimeSeries

extension Evaluator {
  /// Whether any series of a range vector has histograms among its samples.
  func hasHistograms(_ vector: RangeVector) -> Bool {
    hasHistograms && vector.series.contains { $0.values.contains(where: isHistogram) }
  }

  /// Applies a function to the windows of series of which some hold histograms.
  ///
  /// Windows of numbers only are left to `function`.
  func applyToMixedWindows(
    _ call: CallExpression, _ vector: RangeVector, _ grid: StepGrid, _ function: some WindowFunction
  ) throws -> SeriesGrid {
    try forEachMixedWindow(vector, grid) { window, name, step in
      if !window.values.contains(where: isHistogram) { return try function.value(window, step: step) }
      switch call.function {
      case .countOverTime, .presentOverTime, .firstOverTime, .lastOverTime, .timestampOfFirstOverTime,
        .timestampOfLastOverTime, .absentOverTime:
        return try function.value(window, step: step)
      case .sumOverTime: return total(of: window, name, wantsMean: false, at: vector.range)
      case .avgOverTime: return total(of: window, name, wantsMean: true, at: vector.range)
      case .irate: return lastChange(in: window, name, isRate: true, at: vector.range)
      case .idelta: return lastChange(in: window, name, isRate: false, at: vector.range)
      case .resets: return count(in: window, resets: true)
      case .changes: return count(in: window, resets: false)
      default: return try numbersOnly(window, call, name, step, vector.range, function)
      }
    }
  }

  /// Calls `value` for the windows of all series, with the metric's name.
  private func forEachMixedWindow(
    _ vector: RangeVector, _ grid: StepGrid, _ value: (SampleWindow, String, Int) throws -> Double?
  ) throws -> SeriesGrid {
    try reserve(rows: vector.series.count, steps: grid.count)
    var result = SeriesGrid(steps: grid.count)
    for (index, item) in vector.series.enumerated() {
      let dropsName = index < vector.dropsName.count && vector.dropsName[index]
      let identity = SeriesIdentity(labels: item.labels, dropsName: dropsName)
      let name = visibleLabels(identity).metricName
      let row = result.appendRow(identity)
      try item.timestamps.withUnsafeBufferPointer { timestamps in
        try item.values.withUnsafeBufferPointer { values in
          for step in 0..<grid.count {
            try checkTime()
            let end = vector.times.time(step)
            let start = end &- vector.window
            let (low, high) = (timestamps.firstIndex(after: start), timestamps.firstIndex(after: end))
            if low >= high { continue }
            let window = SampleWindow(
              timestamps: UnsafeBufferPointer(rebasing: timestamps[low..<high]),
              values: UnsafeBufferPointer(rebasing: values[low..<high]), start: start, end: end,
              evaluationTime: grid.time(step))
            if let found = try value(window, name, step) { result[row, step] = found }
          }
        }
      }
    }
    result.removeEmptyRows()
    return result
  }

  /// A function of numbers, for a window in which there are histograms too.
  private func numbersOnly(
    _ window: SampleWindow, _ call: CallExpression, _ name: String, _ step: Int, _ range: SourceRange,
    _ function: some WindowFunction
  ) throws -> Double? {
    let kept = window.values.indices.filter { !isHistogram(window.values[$0]) }
    if kept.isEmpty { return nil }
    annotations.informOfIgnored(metric: name, at: range)
    let (timestamps, values) = (kept.map { window.timestamps[$0] }, kept.map { window.values[$0] })
    return try timestamps.withUnsafeBufferPointer { timestamps in
      try values.withUnsafeBufferPointer { values in
        try function.value(
          SampleWindow(
            timestamps: timestamps, values: values, start: window.start, end: window.end,
            evaluationTime: window.evaluationTime), step: step)
      }
    }
  }

  /// The histograms of a window; nil, with a warning, if there are numbers too.
  private func histogramsOnly(_ window: SampleWindow, _ name: String, at range: SourceRange) -> [FloatHistogram]? {
    let found = window.values.compactMap(histogram)
    if found.count == window.count { return found }
    annotations.warnOfMixedSamples(name, at: range)
    return nil
  }

  private func total(of window: SampleWindow, _ name: String, wantsMean: Bool, at range: SourceRange) -> Double? {
    guard let members = histogramsOnly(window, name, at: range), let first = members.first else { return nil }
    var notes = HistogramNotes(first)
    var sum = HistogramSum(first)
    var mean = HistogramMean(first)
    for member in members.dropFirst() {
      do {
        notes.add(wantsMean ? try mean.add(member) : try sum.add(member), member)
      } catch {
        annotations.warnOfMixedSchemas(name, at: range)
        return nil
      }
    }
    annotations.note(notes.result, during: "aggregation", at: range)
    return keep(wantsMean ? mean.value : sum.value)
  }

  /// `irate` and `idelta` of the last two samples.
  private func lastChange(in window: SampleWindow, _ name: String, isRate: Bool, at range: SourceRange) -> Double? {
    let last = window.count - 1
    if last < 1 { return nil }
    let values = (window.values[last - 1], window.values[last])
    guard let old = histogram(values.0), let new = histogram(values.1) else {
      if histogram(values.0) != nil || histogram(values.1) != nil {
        annotations.warnOfMixedSamples(name, at: range)
        return nil
      }
      let change = isRate && values.1 < values.0 ? values.1 : values.1 - values.0
      return isRate ? change / seconds(window, last - 1, last) : change
    }
    if isRate && (new.hint == .gauge || old.hint == .gauge) { warnOfNoCounter(name, at: range) }
    if !isRate && (new.hint != .gauge || old.hint != .gauge) { warnOfNoGauge(name, at: range) }
    var result = new
    if !isRate || !new.isReset(after: old) {
      do {
        var notes = try result.subtract(old)
        notes.hasConflictingHints = false
        annotations.note(notes, during: "subtraction", at: range)
      } catch {
        annotations.warnOfMixedSchemas(name, at: range)
        return nil
      }
    }
    result.hint = .gauge
    result.compact()
    return keep(isRate ? result.divided(by: seconds(window, last - 1, last)) : result)
  }

  private func seconds(_ window: SampleWindow, _ from: Int, _ to: Int) -> Double {
    Double(window.timestamps[to] &- window.timestamps[from]) / 1000
  }

  private func warnOfNoCounter(_ name: String, at range: SourceRange) {
    annotations.warn("this native histogram metric is not a counter: \(Labels.quoted(name))", at: range)
  }

  private func warnOfNoGauge(_ name: String, at range: SourceRange) {
    annotations.warn("this native histogram metric is not a gauge: \(Labels.quoted(name))", at: range)
  }

  /// `resets` and `changes`; a change between numbers and histograms counts as either.
  private func count(in window: SampleWindow, resets: Bool) -> Double {
    var count = 0
    for index in 1..<max(1, window.count) {
      let (a, b) = (window.values[index - 1], window.values[index])
      let counts: Bool
      switch (histogram(a), histogram(b)) {
      case (nil, nil): counts = resets ? b < a : a != b && !(a.isNaN && b.isNaN)
      case (let old?, let new?): counts = resets ? new.isReset(after: old) : new != old
      default: counts = true
      }
      if counts { count += 1 }
    }
    return Double(count)
  }

  // MARK: Rates

  /// `rate`, `increase` and `delta` of series of which some hold histograms.
  func evaluateMixedRate(_ call: CallExpression, _ vector: RangeVector, _ grid: StepGrid, isCounter: Bool, isRate: Bool)
    throws -> SeriesGrid
  {
    let width = isRate ? Double(vector.window) / 1000 : nil
    var result = try forEachMixedWindow(vector, grid) { window, name, _ in
      let last = window.count - 1
      if !window.values.contains(where: isHistogram) {
        if last < 1 { return nil }
        var change = window.values[last] - window.values[0]
        if isCounter {
          for index in 1...last where window.values[index] < window.values[index - 1] {
            change += window.values[index - 1]
          }
        }
        return change * extrapolation(window, window.values[0], change, isCounter: isCounter, width)
      }
      guard let members = histogramsOnly(window, name, at: vector.range), last >= 1,
        let change = change(over: members, name, isCounter: isCounter, at: vector.range)
      else { return nil }
      let factor = extrapolation(window, members[0].count, change.count, isCounter: isCounter, width)
      return keep(change.multiplied(by: factor))
    }
    if isCounter {
      var numbers = result
      blankHistograms(&numbers)
      numbers.removeEmptyRows()
      informOfGauges(numbers, at: vector.range)
    }
    try dropNames(&result, mayMerge: false)
    return result
  }

  private func extrapolation(
    _ window: SampleWindow, _ firstValue: Double, _ change: Double, isCounter: Bool, _ seconds: Double?
  ) -> Double {
    Evaluator.extrapolation(
      first: window.timestamps[0], last: window.timestamps[window.count - 1], start: window.start, end: window.end,
      count: window.count, firstValue: firstValue, change: change, isCounter: isCounter, seconds: seconds)
  }

  /// The change from the first to the last of at least two histograms, resets of counters made up for.
  private func change(over members: [FloatHistogram], _ name: String, isCounter: Bool, at range: SourceRange)
    -> FloatHistogram?
  {
    var previous = members[0]
    let last = members[members.count - 1]
    if isCounter {
      if members.contains(where: { $0.hint == .gauge }) { warnOfNoCounter(name, at: range) }
      if members[1].isReset(after: previous) {
        previous = FloatHistogram(schema: members[1].schema, customBounds: members[1].customBounds)
      }
    }
    let middle = members[1..<(members.count - 1)]
    let compared = isCounter ? [last] + middle : [last]
    if compared.contains(where: { $0.hasCustomBounds != previous.hasCustomBounds }) {
      annotations.warnOfMixedSchemas(name, at: range)
      return nil
    }
    var result = last
    result.reduce(to: compared.reduce(previous.schema) { min($0, $1.schema) })
    do {
      var notes = try result.subtract(previous)
      notes.hasConflictingHints = false
      annotations.note(notes, during: "subtraction", at: range)
      if isCounter {
        for member in members.dropFirst() {
          if member.isReset(after: previous) {
            notes = try result.add(previous)
            notes.hasConflictingHints = false
            annotations.note(notes, during: "addition", at: range)
          }
          previous = member
        }
      }
    } catch {
      annotations.warnOfMixedSchemas(name, at: range)
      return nil
    }
    if !isCounter && (members[0].hint != .gauge || last.hint != .gauge) { warnOfNoGauge(name, at: range) }
    result.hint = .gauge
    result.compact()
    return result
  }
}
