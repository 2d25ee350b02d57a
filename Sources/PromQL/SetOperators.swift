import TimeSeries

extension Evaluator {
  /// `and`, `or` and `unless`.
  func combineSets(_ operation: BinaryOperator, _ matching: VectorMatching, _ left: SeriesGrid, _ right: SeriesGrid)
    throws -> SeriesGrid
  {
    if operation == .and && (left.rows == 0 || right.rows == 0) { return SeriesGrid(steps: left.steps) }
    if operation == .unless && right.rows == 0 { return left }
    var numbering = LabelProjection.Numbering(
      LabelProjection(names: matching.labels, keeps: matching.isOn), isEager: isEager)
    let leftOrdinals = left.identities.map { numbering.ordinal(of: $0) }
    let rightOrdinals = right.identities.map { numbering.ordinal(of: $0) }
    try checkTime()
    let steps = left.steps
    if operation == .or {
      let taken = presence(left, leftOrdinals, numbering.count)
      var rest = right
      for row in 0..<right.rows {
        for step in 0..<steps where taken[rightOrdinals[row] * steps + step] { rest[row, step] = SeriesGrid.absent }
      }
      rest.removeEmptyRows()
      return try union(left, rest)
    }
    let others = presence(right, rightOrdinals, numbering.count)
    var result = left
    for row in 0..<left.rows {
      for step in 0..<steps where others[leftOrdinals[row] * steps + step] != (operation == .and) {
        result[row, step] = SeriesGrid.absent
      }
    }
    result.removeEmptyRows()
    return result
  }

  /// Whether any row of each ordinal has a value, step by step.
  private func presence(_ grid: SeriesGrid, _ ordinals: [Int], _ count: Int) -> [Bool] {
    var result = [Bool](repeating: false, count: count * grid.steps)
    for row in 0..<grid.rows {
      for step in 0..<grid.steps where !grid[row, step].isAbsent { result[ordinals[row] * grid.steps + step] = true }
    }
    return result
  }

  /// The rows of both; rows with the same labels become one.
  private func union(_ left: SeriesGrid, _ right: SeriesGrid) throws -> SeriesGrid {
    if right.rows == 0 { return left }
    if left.rows == 0 { return right }
    var result = left
    // Names that were dropped must not tell rows apart any more.
    for row in 0..<result.rows { result.identities[row].labels = visibleLabels(result.identities[row]) }
    let width = right.steps
    for row in 0..<right.rows {
      var identity = right.identities[row]
      identity.labels = visibleLabels(identity)
      result.identities.append(identity)
      result.cells.append(contentsOf: right.cells[row * width..<(row + 1) * width])
    }
    // With delayed removal, an instant query leaves duplicates to the end.
    if isEager || width > 1 { try mergeEqual(&result) }
    return result
  }
}
