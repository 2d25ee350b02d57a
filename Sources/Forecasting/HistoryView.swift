/// A history with running sums, for means over any window in constant time.
struct HistoryView {
  let values: UnsafePointer<Double>
  let isMeasured: UnsafePointer<Bool>
  let count: Int
  /// `sums[i]` is the sum of the first i values.
  let sums: UnsafePointer<Double>
  /// Running sums of the absolute changes from one value to the next.
  let changes: UnsafePointer<Double>
  /// Running sums of the absolute changes from one day to the next; zero within the first day.
  let dailyChanges: UnsafePointer<Double>
  let rhythm: Rhythm

  /// Calls `body` with a view on a history.
  ///
  /// - Complexity: O(n) for the sums.
  static func with<Result>(
    _ history: ObservedHistory, rhythm: Rhythm, _ body: (HistoryView) -> Result
  ) -> Result {
    let count = history.values.count
    let lag = rhythm.day ?? 0
    return history.values.withUnsafeBufferPointer { values in
      history.isMeasured.withUnsafeBufferPointer { measured in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 * (count + 1)) { buffer in
          // Safe: the allocation holds three runs of count + 1 values, each fully written below before it is read.
          guard let base = buffer.baseAddress, let data = values.baseAddress, let flags = measured.baseAddress
          else { preconditionFailure("a view needs at least one value") }
          let sums = base
          let changes = base + (count + 1)
          let dailyChanges = base + 2 * (count + 1)
          var sum = 0.0
          var change = 0.0
          var dailyChange = 0.0
          sums[0] = 0
          changes[0] = 0
          dailyChanges[0] = 0
          for index in 0..<count {
            sum += data[index]
            if index > 0 { change += abs(data[index] - data[index - 1]) }
            if lag > 0, index >= lag { dailyChange += abs(data[index] - data[index - lag]) }
            sums[index + 1] = sum
            changes[index + 1] = change
            dailyChanges[index + 1] = dailyChange
          }
          return body(
            HistoryView(
              values: data, isMeasured: flags, count: count, sums: sums, changes: changes,
              dailyChanges: dailyChanges, rhythm: rhythm))
        }
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
