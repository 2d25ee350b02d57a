import TimeSeries

/// The series of a range vector, and the window of it that each step sees.
struct RangeVector {
  /// Samples without staleness markers.
  var series: [SeriesSamples]
  /// Whether the name of each series is to be dropped; empty if of none.
  var dropsName: [Bool] = []
  /// The length of the window in milliseconds.
  var window: Int64
  /// The right edge of the window at each step.
  var times: StepGrid
  /// Where the argument stands in the query.
  var range: SourceRange
}

/// A function of the samples in a window.
protocol WindowFunction {
  /// The function's value, nil if it has none.
  func value(_ window: SampleWindow, step: Int) throws -> Double?
}

extension Evaluator {
  /// The series and windows of a range vector argument.
  func evaluateRange(_ expression: Expression, _ grid: StepGrid) throws -> RangeVector {
    switch expression.unwrapped {
    case .matrix(let node):
      let shift = try offset(node.selector.offset)
      let series = try select(node.selector).map(Evaluator.withoutStaleMarkers)
      return RangeVector(
        series: series, window: try duration(node.window),
        times: shifted(grid, by: shift, pinned: pinned(node.selector.pinnedTime)), range: node.range)
    case .subquery(let node): return try evaluateSubquery(node, grid)
    default: throw QueryError.execution("expected a range vector")
    }
  }

  func shifted(_ grid: StepGrid, by offset: Int64, pinned: Int64?) -> StepGrid {
    if let pinned { return StepGrid(start: pinned &- offset, interval: 0, count: grid.count) }
    return StepGrid(
      start: grid.start &- offset, interval: grid.interval, count: grid.count, end: grid.end &- offset)
  }

  private static func withoutStaleMarkers(_ series: SeriesSamples) -> SeriesSamples {
    if !series.values.contains(where: \.isAbsent) { return series }
    var result = SeriesSamples(labels: series.labels, timestamps: [], values: [])
    for index in series.values.indices where !series.values[index].isAbsent {
      result.timestamps.append(series.timestamps[index])
      result.values.append(series.values[index])
    }
    return result
  }

  /// The inner expression of a subquery, evaluated at all multiples of its step that a window of
  /// `grid` reaches.
  private func evaluateSubquery(_ node: SubqueryExpression, _ grid: StepGrid) throws -> RangeVector {
    let window = try duration(node.window)
    let shift = try offset(node.offset)
    var interval = options.defaultSubqueryStep
    if let step = node.step { interval = try duration(step) }
    // A step under a millisecond counts as the default, as a step of zero does.
    if interval <= 0 { interval = options.defaultSubqueryStep }
    let times = shifted(grid, by: shift, pinned: pinned(node.pinnedTime))
    let end = times.end
    let (left, overflow) = times.start.subtractingReportingOverflow(window)
    if overflow { throw QueryError.execution("time out of range") }
    var first = interval &* (left / interval)
    if first <= left { first = first &+ interval }
    // Prometheus reports what it finds in a subquery's result at the start of the query.
    var result = RangeVector(series: [], window: window, times: times, range: SourceRange(0, 0))
    if first > end { return result }
    let steps = (end &- first) / interval &+ 1
    if steps > Int64(options.maximumSamples) { throw QueryError.tooManySamples }
    let inner = StepGrid(start: first, interval: interval, count: Int(steps), end: end)
    for series in withoutHints(try evaluateInBlocks(node.expression, inner)) {
      result.series.append(
        SeriesSamples(labels: series.identity.labels, timestamps: series.timestamps, values: series.values))
      result.dropsName.append(series.identity.dropsName)
    }
    return result
  }

  /// One series of a result.
  struct ResultSeries {
    var identity: SeriesIdentity
    var timestamps: [Int64]
    var values: [Double]
  }

  /// The values of a vector or scalar expression at all steps, absent ones left out.
  ///
  /// The steps are evaluated in blocks of a few million cells, so that sparse series cost memory for
  /// their samples only. A whole query of more steps than one block has reads its series anew for
  /// each, so that long ranges cost no more memory than their blocks and the result.
  func evaluateInBlocks(_ expression: Expression, _ grid: StepGrid, isWholeQuery: Bool = false) throws -> [ResultSeries]
  {
    let blockSize = 512
    var result: [ResultSeries] = []
    var rows: [SeriesKey: Int] = [:]
    var start = 0
    let before = heldSamples
    var kept = 0
    while start < grid.count {
      var end = min(grid.count, start + blockSize)
      if isWholeQuery && grid.count > blockSize {
        try readAnew(
          for: expression, from: grid.time(start), through: end == grid.count ? grid.end : grid.time(end - 1))
      }
      end = min(end, start + max(16, 4_000_000 / max(1, try widestSelection(expression))))
      let block = grid.slice(start..<end)
      let values: SeriesGrid
      switch try evaluate(expression, block) {
      case .vector(let vector): values = vector
      case .scalar(let numbers):
        var single = SeriesGrid(steps: block.count)
        single.identities = [SeriesIdentity(labels: .empty)]
        single.cells = numbers
        values = single
      case .string: throw QueryError.execution("a string has no value over a range")
      }
      for row in 0..<values.rows {
        if row & 255 == 0 { try checkTime() }
        let identity = values.identities[row]
        let range = values.range(row)
        let present = values.cells[range].reduce(0) { $0 + ($1.isAbsent ? 0 : 1) }
        if present == 0 { continue }
        kept += present
        var index = result.count
        // With one block, every row is a series of its own.
        if block.count < grid.count {
          // With delayed removal, the first block says whether the name is to be dropped.
          let key = SeriesKey(labels: identity.labels, dropsName: isEager && identity.dropsName)
          if let known = rows[key] { index = known } else { rows[key] = index }
        }
        if index == result.count {
          result.append(ResultSeries(identity: identity, timestamps: [], values: []))
          result[index].timestamps.reserveCapacity(present)
          result[index].values.reserveCapacity(present)
        }
        for step in 0..<block.count {
          let cell = values.cells[range.lowerBound + step]
          if cell.isAbsent { continue }
          result[index].timestamps.append(block.time(step))
          result[index].values.append(cell)
        }
      }
      // The block's cells give way to the samples taken from them.
      try settle(at: before + kept)
      start = end
    }
    return result
  }

  private struct SeriesKey: Hashable {
    var labels: Labels
    var dropsName: Bool
  }

  /// Applies `function` to the window of every series at every step.
  func applyToWindows(_ vector: RangeVector, _ grid: StepGrid, _ function: some WindowFunction) throws -> SeriesGrid {
    try forEachSeries(vector, grid) { timestamps, values, output in
      var low = 0
      var high = 0
      var step = 0
      while step < grid.count {
        let end = vector.times.time(step)
        let start = end &- vector.window
        if step == 0 {
          low = timestamps.firstIndex(after: start)
          high = low
        }
        while high < timestamps.count && timestamps[high] <= end { high += 1 }
        while low < high && timestamps[low] <= start { low += 1 }
        if low < high {
          let window = SampleWindow(
            timestamps: UnsafeBufferPointer(rebasing: timestamps[low..<high]),
            values: UnsafeBufferPointer(rebasing: values[low..<high]), start: start, end: end,
            evaluationTime: grid.time(step))
          if let value = try function.value(window, step: step) { output[step] = value }
        }
        step += 1
      }
    }
  }

  /// Calls `body` for every series, to fill its row of absent cells; rows that stay empty are left out.
  func forEachSeries(
    _ vector: RangeVector, _ grid: StepGrid,
    _ body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Double>, UnsafeMutableBufferPointer<Double>) throws -> Void
  ) throws -> SeriesGrid {
    let steps = grid.count
    try reserve(rows: vector.series.count, steps: steps)
    var result = SeriesGrid(steps: steps)
    result.identities.reserveCapacity(vector.series.count)
    result.cells = try [Double](unsafeUninitializedCapacity: vector.series.count * steps) { buffer, initialized in
      var used = 0
      for (index, item) in vector.series.enumerated() {
        if index & 63 == 0 { try checkTime() }
        let row = UnsafeMutableBufferPointer(rebasing: buffer[used..<(used + steps)])
        row.initialize(repeating: SeriesGrid.absent)
        try item.timestamps.withUnsafeBufferPointer { timestamps in
          try item.values.withUnsafeBufferPointer { values in try body(timestamps, values, row) }
        }
        if row.contains(where: { !$0.isAbsent }) {
          used += steps
          let dropsName = index < vector.dropsName.count && vector.dropsName[index]
          result.identities.append(SeriesIdentity(labels: item.labels, dropsName: dropsName))
        }
      }
      initialized = used
    }
    return result
  }
}
