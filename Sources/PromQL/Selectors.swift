import TimeSeries

extension Evaluator {
  /// The newest sample of every series at every step, unless it is older than the lookback.
  func evaluateSelector(_ node: VectorSelector, _ grid: StepGrid) throws -> SeriesGrid {
    try lookUp(try select(node), node, grid) { _, value in value }
  }

  /// The time of the newest sample of every series at every step, in seconds.
  func evaluateTimestamps(_ node: VectorSelector, _ grid: StepGrid) throws -> SeriesGrid {
    try lookUp(try select(node), node, grid) { timestamp, _ in Double(timestamp) / 1000 }
  }

  private func lookUp(
    _ series: [SeriesSamples], _ node: VectorSelector, _ grid: StepGrid, _ output: (Int64, Double) -> Double
  ) throws -> SeriesGrid {
    let pinned = pinned(node.pinnedTime)
    let shift = try offset(node.offset)
    return try lookUp(series, at: shifted(grid, by: shift, pinned: pinned), output)
  }

  /// The newest sample of every series at every one of `times`, as `output` makes it from timestamp
  /// and value.
  func lookUp(_ series: [SeriesSamples], at times: StepGrid, _ output: (Int64, Double) -> Double) throws -> SeriesGrid {
    let steps = times.count
    try reserve(rows: series.count, steps: steps)
    var result = SeriesGrid(steps: steps)
    result.identities.reserveCapacity(series.count)
    let lookback = options.lookback
    result.cells = try [Double](unsafeUninitializedCapacity: series.count * steps) { buffer, initialized in
      var used = 0
      for (index, item) in series.enumerated() {
        if index & 255 == 0 { try checkTime() }
        var isEmpty = true
        item.timestamps.withUnsafeBufferPointer { timestamps in
          item.values.withUnsafeBufferPointer { values in
            let count = timestamps.count
            var next = timestamps.firstIndex(after: times.start)
            for step in 0..<steps {
              let time = times.time(step)
              while next < count && timestamps[next] <= time { next += 1 }
              var cell = SeriesGrid.absent
              if next > 0 && timestamps[next - 1] > time &- lookback && !values[next - 1].isAbsent {
                cell = output(timestamps[next - 1], values[next - 1])
                isEmpty = false
              }
              buffer.initializeElement(at: used + step, to: cell)
            }
          }
        }
        if !isEmpty {
          used += steps
          result.identities.append(SeriesIdentity(labels: item.labels))
        }
      }
      initialized = used
    }
    return result
  }
}

extension UnsafeBufferPointer<Int64> {
  /// The index of the first timestamp after `time`.
  func firstIndex(after time: Int64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) >> 1
      if self[middle] <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
