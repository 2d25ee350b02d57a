import TimeSeries

extension Evaluator {
  /// Leaves the numbers of an aggregation's operand, rows and all, and tells if there was anything else.
  func ignoreHistograms(_ input: inout SeriesGrid, _ node: AggregateExpression, at range: SourceRange) {
    if blankHistograms(&input) { annotations.informOfIgnored(in: node.operation.rawValue, at: range) }
  }

  /// `sum` and `avg` of groups with histograms in them; a group with numbers too has no result at that step.
  func accumulateMixed(_ input: SeriesGrid, _ groups: Grouping, _ node: AggregateExpression, _ result: inout SeriesGrid)
    throws
  {
    let range = node.expression.range
    let wantsMean = node.operation == .avg
    for (ordinal, rows) in rowsByGroup(groups).enumerated() {
      for step in 0..<input.steps {
        try checkTime()
        let present = rows.filter { !input[$0, step].isAbsent }
        let kinds = Set(present.map { isHistogram(input[$0, step]) })
        if kinds.count > 1 {
          annotations.warn("encountered a mix of histograms and floats for aggregation", at: range)
        } else if kinds.contains(false) {
          result[ordinal, step] = number(of: present.map { input[$0, step] }, wantsMean: wantsMean)
        } else if kinds.contains(true) {
          let members = present.compactMap { row in
            histogram(input[row, step]).map { ($0, visibleLabels(input.identities[row]).metricName) }
          }
          if let total = total(of: members, wantsMean: wantsMean, at: range) { result[ordinal, step] = keep(total) }
        }
      }
    }
    result.removeEmptyRows()
  }

  private func number(of values: [Double], wantsMean: Bool) -> Double {
    if wantsMean {
      var mean = KahanMean()
      for value in values { mean.add(value) }
      return mean.value
    }
    var sum = KahanSum(sum: values[0])
    for value in values.dropFirst() { sum.add(value) }
    return sum.total
  }

  /// The sum or mean of histograms, with the names of their metrics for warnings; nil if they do not go together.
  private func total(of members: [(FloatHistogram, String)], wantsMean: Bool, at range: SourceRange) -> FloatHistogram?
  {
    guard let (first, _) = members.first else { return nil }
    var notes = HistogramNotes(first)
    var sum = HistogramSum(first)
    var mean = HistogramMean(first)
    for (member, name) in members.dropFirst() {
      do {
        notes.add(wantsMean ? try mean.add(member) : try sum.add(member), member)
      } catch {
        annotations.warnOfMixedSchemas(name, at: range)
        return nil
      }
    }
    annotations.note(notes.result, during: "aggregation", at: range)
    var result = wantsMean ? mean.value : sum.value
    result.compact()
    return result
  }
}

/// Gathers what is remarkable about histograms that are added up.
struct HistogramNotes {
  private var hasReset: Bool
  private var hasNoReset: Bool
  private var hasReconciledBounds = false

  init(_ first: FloatHistogram) {
    hasReset = first.hint == .reset
    hasNoReset = first.hint == .notReset
  }

  mutating func add(_ combination: HistogramCombination, _ histogram: FloatHistogram) {
    if histogram.hint == .reset { hasReset = true }
    if histogram.hint == .notReset { hasNoReset = true }
    if combination.hasReconciledBounds { hasReconciledBounds = true }
  }

  var result: HistogramCombination {
    var result = HistogramCombination()
    result.hasConflictingHints = hasReset && hasNoReset
    result.hasReconciledBounds = hasReconciledBounds
    return result
  }
}
