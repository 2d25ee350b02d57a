import TimeSeries

/// A recorded stretch of a cluster's life: rows of values, one column per series, oldest row first.
///
/// The column `up{node="…"}` says whether a node answered: 1 it did, 0 it did not; without a value
/// its answer was still under way.
public struct Recording: Sendable {
  /// One recorded series.
  public struct Column: Sendable, Hashable {
    /// The metric's name.
    public var metric: String
    /// The labels in the recorded order.
    public var labels: [Label]

    /// The value of the label `name`, or nil.
    public subscript(name: String) -> String? {
      labels.first { $0.name == name }?.value
    }
  }

  /// What the recording is called.
  public let name: String
  /// The recorded series.
  public let columns: [Column]
  /// When each row was recorded: UTC milliseconds, strictly increasing, at least one.
  public let timestamps: [Int64]
  /// Row-major, `columns.count` values a row; NaN where there is none.
  let values: [Double]
  /// The positions of the columns of each metric.
  private let columnsByMetric: [String: [Int]]

  init(name: String, columns: [Column], timestamps: [Int64], values: [Double]) {
    self.name = name
    self.columns = columns
    self.timestamps = timestamps
    self.values = values
    columnsByMetric = Dictionary(grouping: columns.indices) { columns[$0].metric }
  }

  /// The number of rows.
  public var rowCount: Int { timestamps.count }

  /// How long the recording plays, in milliseconds: from the first row to the last, and the last
  /// row for as long as the one before it.
  public var duration: Int64 {
    guard let first = timestamps.first, let last = timestamps.last else { return 0 }
    let lastStep = timestamps.count > 1 ? last - timestamps[timestamps.count - 2] : 1000
    return last - first + lastStep
  }

  /// The value in `row` of `column`, or nil if the cell is empty.
  public func value(row: Int, column: Int) -> Double? {
    let value = values[row * columns.count + column]
    return value.isNaN ? nil : value
  }

  /// The position of the column `metric` whose labels include all of `labels`, or nil.
  ///
  /// - Complexity: O(columns of the metric).
  public func column(_ metric: String, _ labels: KeyValuePairs<String, String> = [:]) -> Int? {
    positions(of: metric).first { position in
      labels.allSatisfy { columns[position][$0.key] == $0.value }
    }
  }

  /// The positions of all columns of `metric`, ascending.
  func positions(of metric: String) -> [Int] { columnsByMetric[metric] ?? [] }

  /// The newest row recorded at or before `offset` milliseconds after the first.
  ///
  /// - Complexity: O(log rows).
  public func row(atOffset offset: Int64) -> Int {
    guard let first = timestamps.first else { return 0 }
    var low = 0
    var high = timestamps.count
    while low < high {
      let middle = (low + high) / 2
      if timestamps[middle] - first <= offset { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }

  /// The nodes that were recorded, in the order of their `up` columns.
  public var nodes: [String] {
    positions(of: "up").compactMap { columns[$0]["node"] }
  }
}
