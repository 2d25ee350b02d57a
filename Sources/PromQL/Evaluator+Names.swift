import TimeSeries

extension Evaluator {
  /// The labels of `identity` as operators see them.
  func visibleLabels(_ identity: SeriesIdentity) -> Labels {
    isEager && identity.dropsName ? identity.labels.withoutMetadata : identity.labels
  }

  /// Marks the metric names of all rows as dropped.
  ///
  /// - Throws: ``QueryError`` if that leaves two rows with the same labels and, unless `mayMerge`
  ///   allows it, even if they never have a value at the same step.
  func dropNames(_ grid: inout SeriesGrid, mayMerge: Bool = true) throws {
    guard let first = grid.identities.first else { return }
    let name = first.labels.metricName
    var isUniform = true
    for row in 0..<grid.rows {
      let identity = grid.identities[row]
      if isUniform
        && (first.dropsName != identity.dropsName || name != identity.labels.metricName
          || identity.labels.hasTypeOrUnit)
      {
        isUniform = false
      }
      grid.identities[row].dropsName = true
    }
    // Series that share their name, or are unnamed already, stay distinct without it.
    if !isEager || isUniform { return }
    for row in 0..<grid.rows { grid.identities[row].labels = grid.identities[row].labels.withoutMetadata }
    try mergeEqual(&grid, mayMerge: mayMerge)
  }

  /// Merges rows with the same labels.
  ///
  /// - Throws: ``QueryError`` if two such rows have a value at the same step, or if `mayMerge` is false.
  func mergeEqual(_ grid: inout SeriesGrid, mayMerge: Bool = true) throws {
    var seen: Set<Labels> = []
    seen.reserveCapacity(grid.rows)
    var hasDuplicates = false
    for identity in grid.identities where !seen.insert(identity.labels).inserted {
      hasDuplicates = true
      break
    }
    if !hasDuplicates { return }
    if !mayMerge { throw QueryError.duplicateLabels }
    var builder = GridBuilder(steps: grid.steps)
    for row in 0..<grid.rows { try builder.add(grid.cells[grid.range(row)], as: grid.identities[row]) }
    grid = builder.grid
  }

  /// Drops the names that are marked so, at the end of a query.
  ///
  /// - Throws: ``QueryError`` if rows with the same labels then overlap.
  func finish(_ grid: SeriesGrid) throws -> SeriesGrid {
    var result = grid
    var changed = false
    for row in 0..<result.rows where result.identities[row].dropsName {
      let stripped = result.identities[row].labels.withoutMetadata
      if stripped.count != result.identities[row].labels.count { changed = true }
      result.identities[row].labels = stripped
    }
    if changed || !isEager { try mergeEqual(&result) }
    return result
  }
}
