import TimeSeries

/// The times at which an expression is evaluated.
struct StepGrid: Sendable, Equatable {
  /// UTC milliseconds of the first step.
  var start: Int64
  /// Milliseconds between steps.
  var interval: Int64
  var count: Int
  /// Where the evaluation ends, at the last step or before a next one. A subquery is evaluated up to here, though no step
  /// sees what comes after the last.
  var end: Int64

  /// - Parameter end: the last step's time if nil.
  init(start: Int64, interval: Int64, count: Int, end: Int64? = nil) {
    self.start = start
    self.interval = interval
    self.count = count
    self.end = end ?? start &+ Int64(count - 1) &* interval
  }

  /// UTC milliseconds of step `index`.
  @inline(__always)
  func time(_ index: Int) -> Int64 { start &+ Int64(index) &* interval }

  /// The steps `range`.
  func slice(_ range: Range<Int>) -> StepGrid {
    StepGrid(
      start: time(range.lowerBound), interval: interval, count: range.count,
      end: range.upperBound == count ? end : nil)
  }
}

/// One series' labels on their way through a query.
struct SeriesIdentity {
  var labels: Labels
  /// Whether the metric name is to be dropped. If names are dropped at once, it counts as dropped
  /// already, whatever ``labels`` still says.
  var dropsName = false
}

/// Instant vectors at all steps: one row of cells per series, absent cells marked.
struct SeriesGrid {
  /// The value of an absent cell. The bits are those of the staleness marker, which no sample in a
  /// result can have: selectors drop markers, and arithmetic only yields quiet NaNs.
  static let absent = StaleMarker.value

  var identities: [SeriesIdentity] = []
  /// Row by row, `steps` cells each.
  var cells: [Double] = []
  let steps: Int

  init(steps: Int) { self.steps = steps }

  /// A grid with an absent cell everywhere.
  init(identities: [SeriesIdentity], steps: Int) {
    self.identities = identities
    self.steps = steps
    cells = [Double](repeating: SeriesGrid.absent, count: identities.count * steps)
  }

  var rows: Int { identities.count }

  /// The cells of row `row`.
  @inline(__always)
  func range(_ row: Int) -> Range<Int> { row * steps..<(row + 1) * steps }

  /// The cell of `row` at `step`.
  @inline(__always)
  subscript(row: Int, step: Int) -> Double {
    get { cells[row * steps + step] }
    set { cells[row * steps + step] = newValue }
  }

  /// Appends a row of absent cells and returns its index.
  mutating func appendRow(_ identity: SeriesIdentity) -> Int {
    identities.append(identity)
    cells.append(contentsOf: repeatElement(SeriesGrid.absent, count: steps))
    return identities.count - 1
  }

  /// Replaces every present cell by its value under `transform`.
  mutating func map(_ transform: (Double) -> Double) {
    cells.withUnsafeMutableBufferPointer { cells in
      for index in cells.indices where !cells[index].isAbsent { cells[index] = transform(cells[index]) }
    }
  }

  /// Removes the rows without a present cell.
  mutating func removeEmptyRows() {
    var kept = 0
    for row in 0..<rows {
      let range = range(row)
      guard cells[range].contains(where: { !$0.isAbsent }) else { continue }
      if kept != row {
        identities[kept] = identities[row]
        for (offset, index) in range.enumerated() { cells[kept * steps + offset] = cells[index] }
      }
      kept += 1
    }
    identities.removeLast(rows - kept)
    cells.removeLast(cells.count - kept * steps)
  }

  /// This grid of one step, repeated over `count` steps.
  func repeated(_ count: Int) -> SeriesGrid {
    var result = SeriesGrid(steps: count)
    result.identities = identities
    result.cells.reserveCapacity(rows * count)
    for cell in cells { result.cells.append(contentsOf: repeatElement(cell, count: count)) }
    return result
  }
}

extension Double {
  /// Whether the cell is absent.
  @inline(__always)
  var isAbsent: Bool { bitPattern == 0x7ff0_0000_0000_0002 }
}

/// Collects rows by label set: rows with the same labels merge, as long as they never have a value
/// at the same step.
struct GridBuilder {
  private(set) var grid: SeriesGrid
  private var rowsByLabels: [Labels: Int] = [:]

  init(steps: Int) { grid = SeriesGrid(steps: steps) }

  /// The row for `identity`, new if its labels were not seen before.
  mutating func row(for identity: SeriesIdentity) -> Int {
    if let row = rowsByLabels[identity.labels] { return row }
    let row = grid.appendRow(identity)
    rowsByLabels[identity.labels] = row
    return row
  }

  /// Sets a cell.
  ///
  /// - Throws: ``QueryError`` if it has a value already.
  mutating func set(_ row: Int, _ step: Int, _ value: Double) throws {
    if !grid[row, step].isAbsent { throw QueryError.duplicateLabels }
    grid[row, step] = value
  }

  /// Adds a row of a grid of one step, whatever others are there.
  mutating func append(_ identity: SeriesIdentity, _ value: Double) {
    let row = grid.appendRow(identity)
    grid[row, 0] = value
  }

  /// Sets a cell that may have a value already.
  mutating func replace(_ row: Int, _ step: Int, _ value: Double) { grid[row, step] = value }

  /// Adds the present cells of a row.
  ///
  /// - Throws: ``QueryError`` if one of them has a value already.
  mutating func add(_ cells: ArraySlice<Double>, as identity: SeriesIdentity) throws {
    let row = row(for: identity)
    for (step, cell) in cells.enumerated() where !cell.isAbsent { try set(row, step, cell) }
  }
}
