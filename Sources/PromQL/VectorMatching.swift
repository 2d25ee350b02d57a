import TimeSeries

extension Evaluator {
  /// An arithmetic operator or comparison between two vectors.
  func combine(_ node: BinaryExpression, _ matching: VectorMatching, _ left: SeriesGrid, _ right: SeriesGrid) throws
    -> SeriesGrid
  {
    let hasFill = matching.leftFill != nil || matching.rightFill != nil
    if !hasFill && (left.rows == 0 || right.rows == 0) { return SeriesGrid(steps: left.steps) }
    var join = VectorJoin(node, matching, left, right, self)
    if !hasFill, let result = try join.pairwise() { return result }
    return try join.stepwise()
  }
}

/// One evaluation of an operator between two vectors.
///
/// "Many" is the side of which several elements may share a signature: the left one, but for
/// `group_right`. If no signature occurs twice on the other side, whole rows are combined with whole
/// rows; else the elements that are present are matched step by step.
private struct VectorJoin {
  private let node: BinaryExpression
  private let matching: VectorMatching
  private let evaluator: Evaluator
  private let many: SeriesGrid
  private let one: SeriesGrid
  private let isSwapped: Bool
  private let manyOrdinals: [Int]
  private let oneOrdinals: [Int]
  private let ordinalCount: Int
  private let steps: Int
  /// Whether cells may be histograms.
  private let isMixed: Bool
  private var builder: GridBuilder
  /// The fill value of the "one" and of the "many" side.
  private let oneFill: Double?
  private let manyFill: Double?

  init(
    _ node: BinaryExpression, _ matching: VectorMatching, _ left: SeriesGrid, _ right: SeriesGrid,
    _ evaluator: Evaluator
  ) {
    self.node = node
    self.matching = matching
    self.evaluator = evaluator
    isSwapped = matching.cardinality == .oneToMany
    many = isSwapped ? right : left
    one = isSwapped ? left : right
    manyFill = isSwapped ? matching.rightFill : matching.leftFill
    oneFill = isSwapped ? matching.leftFill : matching.rightFill
    var numbering = LabelProjection.Numbering(
      LabelProjection(names: matching.labels, keeps: matching.isOn), isEager: evaluator.isEager)
    manyOrdinals = many.identities.map { numbering.ordinal(of: $0) }
    oneOrdinals = one.identities.map { numbering.ordinal(of: $0) }
    ordinalCount = numbering.count
    steps = left.steps
    isMixed = evaluator.hasHistograms || node.operation.isTrim
    builder = GridBuilder(steps: steps)
  }

  /// The result cell of two present cells; absent if a comparison does not hold.
  @inline(__always)
  private func cell(_ manyValue: Double, _ oneValue: Double) -> Double {
    let left = isSwapped ? oneValue : manyValue
    let right = isSwapped ? manyValue : oneValue
    if isMixed { return evaluator.combineMixed(node, left, right) }
    if node.operation.isComparison {
      let holds = ScalarArithmetic.compare(node.operation, left, right)
      if node.returnsBool { return holds ? 1 : 0 }
      return holds ? left : SeriesGrid.absent
    }
    switch node.operation {
    case .add: return left + right
    case .subtract: return left - right
    case .multiply: return left * right
    case .divide: return left / right
    default: return ScalarArithmetic.apply(node.operation, left, right)
    }
  }

  /// The result's labels for a pair.
  private func identity(_ many: SeriesIdentity, _ one: SeriesIdentity) -> SeriesIdentity {
    let manyLabels = evaluator.visibleLabels(many)
    let changesMeaning = node.operation.changesMeaning
    let dropsName = changesMeaning || (evaluator.isEager && node.returnsBool)
    var elements = manyLabels.elements
    if matching.cardinality == .oneToOne {
      let labels = matching.labels
      elements.removeAll {
        labels.contains($0.name) != matching.isOn || (dropsName && MetadataLabels.contains($0.name))
      }
    } else if dropsName {
      elements.removeAll { MetadataLabels.contains($0.name) }
    }
    var labels = elements.count == manyLabels.count ? manyLabels : Labels(sortedUnique: elements)
    if !matching.included.isEmpty {
      let oneLabels = evaluator.visibleLabels(one)
      for name in matching.included { labels = labels.setting(name, to: oneLabels[name] ?? "") }
    }
    return SeriesIdentity(labels: labels, dropsName: node.returnsBool)
  }

  // MARK: Rows with rows

  /// The result if every signature has one row on the "one" side and, in one-to-one matching, on the
  /// other; else nil.
  mutating func pairwise() throws -> SeriesGrid? {
    var oneRows = [Int](repeating: -1, count: ordinalCount)
    for (row, ordinal) in oneOrdinals.enumerated() {
      if oneRows[ordinal] >= 0 { return nil }
      oneRows[ordinal] = row
    }
    if matching.cardinality == .oneToOne {
      var seen = [Bool](repeating: false, count: ordinalCount)
      for ordinal in manyOrdinals where oneRows[ordinal] >= 0 {
        if seen[ordinal] { return nil }
        seen[ordinal] = true
      }
    }
    var result = SeriesGrid(steps: steps)
    result.cells.reserveCapacity(many.cells.count)
    var known: Set<Labels> = []
    known.reserveCapacity(many.rows)
    for row in 0..<many.rows {
      if row & 255 == 0 { try evaluator.checkTime() }
      let other = oneRows[manyOrdinals[row]]
      if other < 0 { continue }
      let first = result.cells.count
      var isEmpty = true
      for step in 0..<steps {
        let a = many[row, step]
        let b = one[other, step]
        if a.isAbsent || b.isAbsent {
          result.cells.append(SeriesGrid.absent)
          continue
        }
        let value = cell(a, b)
        if !value.isAbsent { isEmpty = false }
        result.cells.append(value)
      }
      if isEmpty {
        result.cells.removeLast(result.cells.count - first)
        continue
      }
      let identity = identity(many.identities[row], one.identities[other])
      if !known.insert(identity.labels).inserted { return nil }
      result.identities.append(identity)
    }
    return result
  }

  // MARK: Step by step

  mutating func stepwise() throws -> SeriesGrid {
    var identities: [PairKey: SeriesIdentity] = [:]
    var oneRow = [Int](repeating: -1, count: ordinalCount)
    var matched = [Bool](repeating: false, count: ordinalCount)
    var taken: [Int: Set<Labels>] = [:]
    for step in 0..<steps {
      if step & 15 == 0 { try evaluator.checkTime() }
      let manyPresent = (0..<many.rows).filter { !many[$0, step].isAbsent }
      let onePresent = (0..<one.rows).filter { !one[$0, step].isAbsent }
      let hasFill = oneFill != nil || manyFill != nil
      if manyPresent.isEmpty && onePresent.isEmpty { continue }
      if (manyPresent.isEmpty || onePresent.isEmpty) && !hasFill { continue }
      for index in oneRow.indices { oneRow[index] = -1 }
      for index in matched.indices { matched[index] = false }
      taken.removeAll(keepingCapacity: true)
      for row in onePresent {
        let ordinal = oneOrdinals[row]
        if oneRow[ordinal] >= 0 { throw duplicate(row, oneRow[ordinal]) }
        oneRow[ordinal] = row
      }
      for row in manyPresent {
        let ordinal = manyOrdinals[row]
        let other = oneRow[ordinal]
        guard other >= 0 || oneFill != nil else { continue }
        let value = cell(many[row, step], other >= 0 ? one[other, step] : oneFill ?? .nan)
        // What a comparison filters away is no match.
        if value.isAbsent { continue }
        let key = PairKey(many: row, one: other)
        var pair = identities[key]
        if pair == nil {
          pair = identity(many.identities[row], other >= 0 ? one.identities[other] : substitute(many.identities[row]))
          identities[key] = pair
        }
        guard let identity = pair else { continue }
        try note(identity, ordinal, &matched, &taken)
        try set(identity, step, value)
      }
      guard let manyFill else { continue }
      for row in onePresent where !matched[oneOrdinals[row]] {
        let key = PairKey(many: -1, one: row)
        let identity = identities[key] ?? identity(substitute(one.identities[row]), one.identities[row])
        identities[key] = identity
        let value = cell(manyFill, one[row, step])
        if !value.isAbsent { try set(identity, step, value) }
      }
    }
    return builder.grid
  }

  /// Sets a cell of the result. With delayed name removal, elements with the same labels stay apart in an instant query.
  private mutating func set(_ identity: SeriesIdentity, _ step: Int, _ value: Double) throws {
    if steps == 1 && !evaluator.isEager {
      builder.append(identity, value)
    } else {
      try builder.set(builder.row(for: identity), step, value)
    }
  }

  private struct PairKey: Hashable {
    var many: Int
    var one: Int
  }

  /// The labels of an element that stands in for a missing match of `identity`.
  private func substitute(_ identity: SeriesIdentity) -> SeriesIdentity {
    let projection = LabelProjection(names: matching.labels, keeps: matching.isOn)
    return SeriesIdentity(labels: projection.project(evaluator.visibleLabels(identity), hidesName: false))
  }

  private func note(
    _ identity: SeriesIdentity, _ ordinal: Int, _ matched: inout [Bool], _ taken: inout [Int: Set<Labels>]
  ) throws {
    if matching.cardinality == .oneToOne {
      if matched[ordinal] {
        throw QueryError.execution(
          "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")
      }
    } else if !taken[ordinal, default: []].insert(identity.labels).inserted {
      throw QueryError.execution("multiple matches for labels: grouping labels must ensure unique matches")
    }
    matched[ordinal] = true
  }

  private func duplicate(_ row: Int, _ other: Int) -> QueryError {
    let labels = evaluator.visibleLabels(one.identities[row])
    let names = Set(matching.labels)
    let group = matching.isOn ? labels.keeping(names) : labels.removing(names.union([Labels.metricNameLabel]))
    let pair = [labels.description, evaluator.visibleLabels(one.identities[other]).description]
    return .execution(
      "found duplicate series for the match group \(group) on the \(isSwapped ? "left" : "right") hand-side of the "
        + "operation: [\(pair[0]), \(pair[1])];many-to-many matching not allowed: matching labels must be unique on "
        + "one side")
  }
}
