import TimeSeries

/// Finds samples that a series has already though they are not its newest: a request that is repeated because it was not
/// acknowledged brings several of a series again.
struct RecentPast {
  private var id: UInt32?
  private var start: Int64 = .max
  private var timestamps: [Int64] = []
  private var values: [Double] = []

  /// Whether memory has this very sample of a series.
  ///
  /// - Complexity: O(samples of the series since `timestamp`) for another series or an earlier time than that of the calls
  ///   before, else O(log samples).
  mutating func has(_ timestamp: Int64, _ value: Double, of series: MemorySeries, id: UInt32) -> Bool {
    if self.id != id || timestamp < start {
      self.id = id
      start = timestamp
      timestamps.removeAll(keepingCapacity: true)
      values.removeAll(keepingCapacity: true)
      series.decode(from: timestamp, into: &timestamps, &values)
    }
    var (low, high) = (0, timestamps.count)
    while low < high {
      let middle = (low + high) / 2
      if timestamps[middle] < timestamp { low = middle + 1 } else { high = middle }
    }
    return low < timestamps.count && timestamps[low] == timestamp && values[low].bitPattern == value.bitPattern
  }
}
