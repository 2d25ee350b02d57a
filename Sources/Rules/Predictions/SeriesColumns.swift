import TimeSeries

/// The values of some series on one even grid.
///
/// Of each series the values from its first one on are held: most signals are younger than the grid.
struct SeriesColumns: Sendable {
  /// The time of the first grid point, in UTC milliseconds.
  let first: Int64
  let step: Int64
  /// The number of grid points.
  let count: Int
  /// Whether the series without labels stands for every one that is not there.
  var sharesUnlabelled = false
  private var columns: [Labels: (start: Int, values: [Double])] = [:]

  /// Makes an empty grid with points at `first`, `first + step`, … up to `last`.
  init(from first: Int64, through last: Int64, step: Int64) {
    self.first = first
    self.step = step
    count = last < first ? 0 : Int((last - first) / step) + 1
  }

  /// Sets the value of a series at a grid point behind all those it has.
  mutating func add(_ value: Double, of labels: Labels, at index: Int) {
    // Taken out, so that it is not copied.
    var column = columns.removeValue(forKey: labels) ?? (index, [])
    let missing = index - column.start - column.values.count
    if missing > 0 { column.values.append(contentsOf: repeatElement(.nan, count: missing)) }
    column.values.append(value)
    columns[labels] = column
  }

  private func column(of labels: Labels) -> (start: Int, values: [Double])? {
    columns[labels] ?? (sharesUnlabelled ? columns[Labels.empty] : nil)
  }

  /// The values of a series from its first one to the end of the grid, NaN where missing; nil if it has none.
  subscript(labels: Labels) -> [Double]? {
    column(of: labels).map { start, values in
      values + [Double](repeating: .nan, count: max(0, count - start - values.count))
    }
  }

  /// The value of a series at a grid point; NaN if there is none.
  func value(of labels: Labels, at index: Int) -> Double {
    guard let (start, values) = column(of: labels), index >= start, index - start < values.count else { return .nan }
    return values[index - start]
  }

  /// The values of a series at `from`, `from + step`, … up to `through` (UTC milliseconds); NaN where missing.
  func values(of labels: Labels, from: Int64, through: Int64) -> [Double] {
    let (start, known) = column(of: labels) ?? (0, [])
    return stride(from: from, through: through, by: Int64.Stride(step)).map { time in
      let index = Int((time - first).flooringQuotient(step)) - start
      return known.indices.contains(index) ? known[index] : .nan
    }
  }
}
