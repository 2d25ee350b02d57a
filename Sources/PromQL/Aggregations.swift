import TimeSeries

extension Evaluator {
  /// An aggregation at every step.
  func evaluateAggregation(_ node: AggregateExpression, _ grid: StepGrid) throws -> SeriesGrid {
    switch node.operation {
    case .countValues: return try countValues(node, grid)
    case .topk, .bottomk, .limitk, .limitRatio: return try evaluateRanking(node, grid)
    default: break
    }
    var quantiles: [Double] = []
    if node.operation == .quantile, let parameter = node.parameter {
      quantiles = try evaluateScalar(parameter, grid)
    }
    var input = try evaluateVector(node.expression, grid)
    if let parameter = node.parameter, node.operation == .quantile {
      let bounds = ParameterBounds(quantiles)
      let range = parameter.unwrapped.range
      if bounds.hasNaN { annotations.checkQuantile(.nan, at: range) }
      if bounds.largest > 1 { annotations.checkQuantile(bounds.largest, at: range) }
      if bounds.smallest < 0 { annotations.checkQuantile(bounds.smallest, at: range) }
    }
    let groups = group(input, node)
    var result = SeriesGrid(identities: groups.identities, steps: grid.count)
    try reserve(rows: groups.identities.count, steps: grid.count)
    if hasHistograms, input.cells.contains(where: isHistogram) {
      switch node.operation {
      case .count, .group: break
      case .sum, .avg:
        try accumulateMixed(input, groups, node, &result)
        return result
      default: ignoreHistograms(&input, node, at: node.expression.range)
      }
    }
    switch node.operation {
    case .sum: try accumulate(input, groups, &result) { GroupSum() }
    case .avg: try accumulate(input, groups, &result) { KahanMean() }
    case .count: try accumulate(input, groups, &result) { GroupCount() }
    case .group: try accumulate(input, groups, &result) { GroupPresence() }
    case .min: try accumulate(input, groups, &result) { GroupExtreme(wantsLargest: false) }
    case .max: try accumulate(input, groups, &result) { GroupExtreme(wantsLargest: true) }
    case .stddev: try accumulate(input, groups, &result) { GroupVariance(wantsDeviation: true) }
    case .stdvar: try accumulate(input, groups, &result) { GroupVariance(wantsDeviation: false) }
    default: try takeQuantiles(input, groups, quantiles, &result)
    }
    return result
  }

  /// Which group each row belongs to.
  struct Grouping {
    var ordinals: [Int]
    /// The labels of each group, in the order in which the groups appear.
    var identities: [SeriesIdentity]
  }

  /// Sorts the rows of an aggregation's operand into groups.
  func group(_ input: SeriesGrid, _ node: AggregateExpression) -> Grouping {
    var numbering = LabelProjection.Numbering(
      LabelProjection(names: node.grouping, keeps: !node.isWithout), isEager: isEager)
    var ordinals: [Int] = []
    ordinals.reserveCapacity(input.rows)
    for identity in input.identities { ordinals.append(numbering.ordinal(of: identity)) }
    // Whether the name of the n-th group is to be dropped, the n-th series says, in Prometheus 3.5 as here.
    let identities = (0..<numbering.count).map {
      SeriesIdentity(labels: numbering.labels(of: $0), dropsName: !isEager && input.identities[$0].dropsName)
    }
    return Grouping(ordinals: ordinals, identities: identities)
  }

  /// Feeds the rows of every group, in order, to one accumulator per step.
  private func accumulate<Accumulator: GroupAccumulator>(
    _ input: SeriesGrid, _ groups: Grouping, _ result: inout SeriesGrid, _ make: () -> Accumulator
  ) throws {
    let steps = input.steps
    let count = groups.identities.count
    var accumulators = [Accumulator](repeating: make(), count: count * steps)
    try input.cells.withUnsafeBufferPointer { cells in
      try accumulators.withUnsafeMutableBufferPointer { accumulators in
        for row in 0..<input.rows {
          if row & 255 == 0 { try checkTime() }
          let source = row * steps
          let target = groups.ordinals[row] * steps
          for step in 0..<steps where !cells[source + step].isAbsent {
            accumulators[target + step].add(cells[source + step])
          }
        }
      }
    }
    for index in accumulators.indices where accumulators[index].count > 0 {
      result.cells[index] = accumulators[index].value
    }
    result.removeEmptyRows()
  }

  private func takeQuantiles(
    _ input: SeriesGrid, _ groups: Grouping, _ quantiles: [Double], _ result: inout SeriesGrid
  ) throws {
    let members = rowsByGroup(groups)
    var values: [Double] = []
    for (ordinal, rows) in members.enumerated() {
      try checkTime()
      for step in 0..<input.steps {
        values.removeAll(keepingCapacity: true)
        for row in rows where !input[row, step].isAbsent { values.append(input[row, step]) }
        if !values.isEmpty { result[ordinal, step] = Quantile.of(&values, quantiles[step]) }
      }
    }
    result.removeEmptyRows()
  }

  /// The rows of each group, in order.
  func rowsByGroup(_ groups: Grouping) -> [[Int]] {
    var members = [[Int]](repeating: [], count: groups.identities.count)
    for (row, ordinal) in groups.ordinals.enumerated() { members[ordinal].append(row) }
    return members
  }

  /// `count_values`: how often each value occurs, the value as a label.
  private func countValues(_ node: AggregateExpression, _ grid: StepGrid) throws -> SeriesGrid {
    guard let parameter = node.parameter else { throw QueryError.execution("count_values needs a label name") }
    let label = try text(parameter)
    if !GoText.isLabelName(label) { throw QueryError.execution("invalid label name \(Labels.quoted(label))") }
    let input = try evaluateVector(node.expression, grid)
    let names = node.isWithout ? node.grouping : node.grouping + [label]
    let projection = LabelProjection(names: names, keeps: !node.isWithout)
    var builder = GridBuilder(steps: grid.count)
    for row in 0..<input.rows {
      if row & 63 == 0 { try checkTime() }
      let labels = visibleLabels(input.identities[row])
      var last: (bits: UInt64, row: Int)?
      for step in 0..<grid.count where !input[row, step].isAbsent {
        let value = input[row, step]
        var target = last?.bits == value.bitPattern ? last?.row : nil
        if target == nil {
          let shown = histogram(value).map(HistogramNotation.describe) ?? PrometheusNumber.formatFixed(value)
          let key = projection.project(labels.setting(label, to: shown), hidesName: false)
          target = builder.row(for: SeriesIdentity(labels: key))
          try reserve(rows: builder.grid.rows, steps: grid.count)
        }
        guard let target else { continue }
        last = (value.bitPattern, target)
        let count = builder.grid[target, step]
        builder.replace(target, step, count.isAbsent ? 1 : count + 1)
      }
    }
    return builder.grid
  }
}

/// The extremes of an aggregation's parameter over all steps; NaN as soon as one of the values is, unless another is
/// infinite.
struct ParameterBounds {
  let smallest: Double
  let largest: Double
  let hasNaN: Bool

  init(_ values: [Double]) {
    smallest = values.dropFirst().reduce(values.first ?? 0, GoMath.min)
    largest = values.dropFirst().reduce(values.first ?? 0, GoMath.max)
    hasNaN = values.contains(where: \.isNaN)
  }
}

/// Gathers the values of one group at one step.
protocol GroupAccumulator {
  var count: Int { get }
  var value: Double { get }
  mutating func add(_ value: Double)
}

private struct GroupSum: GroupAccumulator {
  var count = 0
  private var sum = KahanSum()

  @inline(__always)
  mutating func add(_ value: Double) {
    if count == 0 { sum.sum = value } else { sum.add(value) }
    count += 1
  }

  var value: Double { sum.total }
}

extension KahanMean: GroupAccumulator {}

private struct GroupCount: GroupAccumulator {
  var count = 0

  @inline(__always)
  mutating func add(_ value: Double) { count += 1 }

  var value: Double { Double(count) }
}

private struct GroupPresence: GroupAccumulator {
  var count = 0

  @inline(__always)
  mutating func add(_ value: Double) { count = 1 }

  var value: Double { 1 }
}

private struct GroupExtreme: GroupAccumulator {
  let wantsLargest: Bool
  var count = 0
  private(set) var value = 0.0

  init(wantsLargest: Bool) { self.wantsLargest = wantsLargest }

  @inline(__always)
  mutating func add(_ candidate: Double) {
    if count == 0 || value.isNaN || (wantsLargest ? value < candidate : value > candidate) { value = candidate }
    count += 1
  }
}

/// Welford's algorithm.
private struct GroupVariance: GroupAccumulator {
  let wantsDeviation: Bool
  var count = 0
  private var mean = 0.0
  private var squares = 0.0

  init(wantsDeviation: Bool) { self.wantsDeviation = wantsDeviation }

  @inline(__always)
  mutating func add(_ value: Double) {
    count += 1
    if count == 1 {
      mean = value
      squares = value.isFinite ? 0 : .nan
      return
    }
    let delta = value - mean
    mean += delta / Double(count)
    squares += delta * (value - mean)
  }

  var value: Double {
    let variance = squares / Double(count)
    return wantsDeviation ? variance.squareRoot() : variance
  }
}
