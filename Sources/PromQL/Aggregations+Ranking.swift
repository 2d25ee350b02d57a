import TimeSeries

extension Evaluator {
  /// `topk`, `bottomk`, `limitk` and `limit_ratio`: some elements of each group, unchanged.
  func evaluateRanking(_ node: AggregateExpression, _ grid: StepGrid) throws -> SeriesGrid {
    guard let parameter = node.parameter else {
      throw QueryError.execution("\(node.operation.rawValue) needs a parameter")
    }
    let parameters = try evaluateScalar(parameter, grid)
    var input = try evaluateVector(node.expression, grid)
    let bounds = ParameterBounds(parameters)
    if node.operation == .limitRatio {
      if bounds.largest == 0 && bounds.smallest == 0 { return SeriesGrid(steps: grid.count) }
      if bounds.largest > 1 { warn(ratio: bounds.largest, cappedTo: 1, at: parameter.unwrapped.range) }
      if bounds.smallest < -1 { warn(ratio: bounds.smallest, cappedTo: -1, at: parameter.unwrapped.range) }
    } else if bounds.largest < 1 {
      return SeriesGrid(steps: grid.count)
    }
    try check(parameters, node.operation, input)
    if node.operation == .topk || node.operation == .bottomk { ignoreHistograms(&input, node, at: node.range) }
    let members = rowsByGroup(group(input, node))
    if grid.count == 1 && queryStart == queryEnd {
      var result = SeriesGrid(steps: 1)
      for rows in members {
        for row in try pick(node.operation, parameters[0], input, rows, 0) {
          result.identities.append(input.identities[row])
          result.cells.append(input.cells[row])
        }
      }
      return result
    }
    var result = SeriesGrid(identities: input.identities, steps: grid.count)
    for rows in members {
      try checkTime()
      for step in 0..<grid.count {
        for row in try pick(node.operation, parameters[step], input, rows, step) {
          result[row, step] = input[row, step]
        }
      }
    }
    result.removeEmptyRows()
    return result
  }

  private func warn(ratio: Double, cappedTo bound: Double, at range: SourceRange) {
    annotations.warn(
      "ratio value should be between -1 and 1, got \(PrometheusNumber.formatSignificant(ratio)), capping to "
        + PrometheusNumber.formatSignificant(bound), at: range)
  }

  /// - Throws: ``QueryError`` if a parameter makes no sense at a step that has an element.
  private func check(_ parameters: [Double], _ operation: AggregationOperator, _ input: SeriesGrid) throws {
    for (step, parameter) in parameters.enumerated() {
      let isSensible = operation == .limitRatio ? !parameter.isNaN : parameter >= -0x1p63 && parameter < 0x1p63
      if isSensible || (0..<input.rows).allSatisfy({ input[$0, step].isAbsent }) { continue }
      let shown = PrometheusNumber.formatGeneral(parameter)
      throw QueryError.execution(
        operation == .limitRatio ? "Ratio value \(shown) is NaN" : "Scalar value \(shown) overflows int64")
    }
  }

  /// The rows of a group that are kept at a step, in the order of the ranking.
  private func pick(
    _ operation: AggregationOperator, _ parameter: Double, _ input: SeriesGrid, _ rows: [Int], _ step: Int
  ) throws -> [Int] {
    if operation == .limitRatio {
      let ratio = min(1, max(-1, parameter))
      if ratio == 0 { return [] }
      var heap = RankingHeap(limit: .max, wantsLargest: true)
      for row in rows where !input[row, step].isAbsent {
        // A series' place between 0 and 1 comes from its labels, so that it stays in or out.
        let place = Double(LabelHash.of(visibleLabels(input.identities[row]))) / 0x1p64
        if ratio >= 0 ? place < ratio : place >= 1 + ratio { heap.offer(row, input[row, step]) }
      }
      return heap.unranked
    }
    let wanted = min(Int64(parameter), Int64(input.rows))
    if wanted < 1 { return [] }
    let limit = Int(wanted)
    if operation == .limitk {
      var heap = RankingHeap(limit: limit, wantsLargest: true)
      for row in rows.lazy.filter({ !input[$0, step].isAbsent }).prefix(limit) { heap.offer(row, input[row, step]) }
      return heap.unranked
    }
    var heap = RankingHeap(limit: limit, wantsLargest: operation == .topk)
    for row in rows {
      let value = input[row, step]
      if !value.isAbsent { heap.offer(row, value) }
    }
    return heap.ranked()
  }
}

/// Keeps the best of the elements offered to it: a binary heap with the worst at the root.
///
/// Of equal elements, those that came first stay.
private struct RankingHeap {
  private var elements: [(row: Int, value: Double)] = []
  private let limit: Int
  private let wantsLargest: Bool

  init(limit: Int, wantsLargest: Bool) {
    self.limit = limit
    self.wantsLargest = wantsLargest
  }

  /// Whether an element is worse than another; NaN is worst.
  private func isWorse(_ a: Double, _ b: Double) -> Bool { a.isNaN || (wantsLargest ? a < b : a > b) }

  mutating func offer(_ row: Int, _ value: Double) {
    if elements.count < limit {
      elements.append((row, value))
      rise()
    } else if let worst = elements.first, !value.isNaN,
      worst.value.isNaN || (wantsLargest ? worst.value < value : worst.value > value)
    {
      elements[0] = (row, value)
      sink()
    }
  }

  private mutating func rise() {
    var child = elements.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if !isWorse(elements[child].value, elements[parent].value) { return }
      elements.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= elements.count { return }
      if child + 1 < elements.count && isWorse(elements[child + 1].value, elements[child].value) { child += 1 }
      if !isWorse(elements[child].value, elements[parent].value) { return }
      elements.swapAt(parent, child)
      parent = child
    }
  }

  /// The rows as they lie in the heap, which is the order in which `limitk` and `limit_ratio` give them.
  var unranked: [Int] { elements.map(\.row) }

  /// The rows, the best first; those that are not a number last, in reverse.
  func ranked() -> [Int] {
    let order = elements.indices.sorted { a, b in
      let x = elements[a].value
      let y = elements[b].value
      if x.isNaN || y.isNaN { return x.isNaN == y.isNaN ? a > b : y.isNaN }
      return x == y ? a < b : isWorse(y, x)
    }
    return order.map { elements[$0].row }
  }
}
