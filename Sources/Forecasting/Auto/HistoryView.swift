/// A history with running sums, for means over any window in constant time.
struct HistoryView {
  let values: UnsafePointer<Double>
  let isMeasured: UnsafePointer<Bool>
  let count: Int
  /// `sums[i]` is the sum of the first i values.
  let sums: UnsafePointer<Double>
  /// Running sums of the absolute changes from one value to the next.
  let changes: UnsafePointer<Double>
  /// Running sums of the absolute changes from one day to the next, zero within the first day; nil if not wanted.
  let dailyChanges: UnsafePointer<Double>?
  /// The median of the day up to each value; nil if only that of the newest day is wanted.
  let medians: UnsafePointer<Double>?
  /// The median of the newest day.
  let newestMedian: Double
  let rhythm: Rhythm

  /// Calls `body` with a view on a history.
  ///
  /// - Parameters:
  ///   - history: one that is not empty.
  ///   - withMedians: whether `medians` are wanted.
  ///   - withDailyChanges: whether `dailyChanges` are wanted: only what foresees the size of errors looks at them.
  /// - Complexity: O(n) for the sums.
  static func with<Result>(
    _ history: ObservedHistory, rhythm: Rhythm, withDailyChanges: Bool = true, withMedians: Bool = false,
    _ body: (HistoryView) -> Result
  ) -> Result {
    let count = history.count
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: 5 * (count + 1)) { buffer in
      withUnsafeTemporaryAllocation(of: Bool.self, capacity: count + 1) { flags in
        // Safe: both allocations are as large as what is written below, and each run is written before it is read.
        guard let values = buffer.baseAddress, let isMeasured = flags.baseAddress
        else { preconditionFailure("an allocation has an address") }
        history.fill(values, isMeasured: isMeasured)
        let sums = values + (count + 1)
        let changes = values + 2 * (count + 1)
        let dailyChanges = values + 3 * (count + 1)
        var sum = 0.0
        var change = 0.0
        var last = values[0]
        sums[0] = 0
        changes[0] = 0
        for index in 0..<count {
          let value = values[index]
          sum += value
          change += abs(value - last)
          last = value
          sums[index + 1] = sum
          changes[index + 1] = change
        }
        if withDailyChanges {
          let lag = rhythm.day ?? 0
          var dailyChange = 0.0
          dailyChanges[0] = 0
          for index in 0..<count {
            if lag > 0, index >= lag { dailyChange += abs(values[index] - values[index - lag]) }
            dailyChanges[index + 1] = dailyChange
          }
        }
        let medians = values + 4 * (count + 1)
        if withMedians { RollingMedians.fill(medians, values, count: count, width: rhythm.unit) }
        return body(
          HistoryView(
            values: values, isMeasured: isMeasured, count: count, sums: sums, changes: changes,
            dailyChanges: withDailyChanges ? dailyChanges : nil, medians: withMedians ? medians : nil,
            newestMedian: RollingMedians.newest(values, count: count, width: rhythm.unit), rhythm: rhythm))
      }
    }
  }

  /// The mean of the values from `start` (cut at 0) up to and including `end`.
  @inline(__always)
  func mean(_ start: Int, through end: Int) -> Double {
    let first = max(0, start)
    return (sums[end + 1] - sums[first]) / Double(end + 1 - first)
  }
}

/// The rhythms of a signal in steps.
struct Rhythm: Sendable, Equatable {
  /// A day, where the step divides it.
  var day: Int?
  /// A shorter rhythm found in the history.
  var short: Int?
  /// The unit of time in which memories fade: a day, or its stand-in.
  var unit: Int { day ?? 288 }
}
