import TimeSeries

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The value of an expression at all steps of a grid.
enum EvaluatedValue {
  /// One number per step.
  case scalar([Double])
  case string(String)
  case vector(SeriesGrid)
}

/// Evaluates one query.
///
/// Every expression is evaluated once for all steps: a selector reads its series once, and each
/// operator then works on whole rows of cells. What depends only on labels (groups, matches, result
/// labels) is computed once per series instead of once per step.
final class Evaluator {
  let options: QueryOptions
  let source: any SeriesSource
  /// The query's first and last evaluation time and its step, which `start()` and others refer to.
  let queryStart: Int64
  let queryEnd: Int64
  let queryStep: Int64
  var annotations = Annotations()
  private let deadline: Int64
  /// Samples read from the source, which stay until the query ends.
  private var readSamples = 0
  /// Cells and other intermediate samples that are in memory now.
  private(set) var heldSamples = 0
  private var selections: [SelectionKey: [SeriesSamples]] = [:]
  private let hasPinnedTimes: Bool
  /// What cells and samples that are histograms refer to.
  private(set) var histograms: [FloatHistogram] = []

  /// Names are dropped at once rather than at the end.
  var isEager: Bool { !options.delayedNameRemoval }

  private struct SelectionKey: Hashable {
    var matchers: [LabelMatcher]
    var start: Int64
    var end: Int64
    var hints: SelectHints
  }

  /// When the time ranges of the selectors' data are and what is made of them, by the selectors' places in the query.
  private var selectorRanges: [SourceRange: (start: Int64, end: Int64, hints: SelectHints)] = [:]

  init(
    _ expression: Expression, start: Int64, end: Int64, step: Int64, options: QueryOptions, source: any SeriesSource
  ) throws {
    self.options = options
    self.source = source
    queryStart = start
    queryEnd = end
    queryStep = step
    let bounded = options.timeout > 0 && options.timeout < Int64.max / 2_000_000
    deadline = bounded ? Evaluator.monotonicTime() + options.timeout * 1_000_000 : Int64.max
    hasPinnedTimes = expression.hasPinnedTimes
    try collectRanges(expression, start: start, end: end, step: step)
  }

  // MARK: Costs

  private static func monotonicTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Stops the query if its time is over or its task was cancelled.
  ///
  /// - Throws: ``QueryError/timeout`` or ``QueryError/canceled``.
  func checkTime() throws {
    if Evaluator.monotonicTime() > deadline { throw QueryError.timeout }
    if Task.isCancelled { throw QueryError.canceled }
    if heldSamples + readSamples > options.maximumSamples { throw QueryError.tooManySamples }
  }

  /// Takes a histogram into the table; the value that stands for it.
  ///
  /// Histograms stay until the query ends, and count as many samples as they are long; ``checkTime()`` sees to it that
  /// they do not get too many.
  func keep(_ histogram: FloatHistogram) -> Double {
    readSamples += histogram.weight
    histograms.append(histogram)
    return HistogramReference.value(histograms.count - 1)
  }

  /// Counts samples that are now in memory.
  ///
  /// - Throws: ``QueryError/tooManySamples``.
  func hold(_ count: Int) throws {
    heldSamples += count
    if heldSamples + readSamples > options.maximumSamples { throw QueryError.tooManySamples }
  }

  /// Says how many samples are in memory once the cells of an operand are given up.
  ///
  /// - Throws: ``QueryError/tooManySamples``.
  func settle(at count: Int) throws {
    heldSamples = 0
    try hold(count)
  }

  /// Makes sure that so many samples could be held, before they are.
  ///
  /// - Throws: ``QueryError/tooManySamples``.
  func reserve(rows: Int, steps: Int) throws {
    let (cells, overflow) = rows.multipliedReportingOverflow(by: steps)
    if overflow || cells > options.maximumSamples - heldSamples - readSamples { throw QueryError.tooManySamples }
  }

  // MARK: Data

  private func subtracting(_ value: Int64, from time: Int64) throws -> Int64 {
    let (result, overflow) = time.subtractingReportingOverflow(value)
    if overflow { throw QueryError.execution("time out of range") }
    return result
  }

  func pinned(_ time: PinnedTime?) -> Int64? {
    switch time {
    case .timestamp(let milliseconds): milliseconds
    case .start: queryStart
    case .end: queryEnd
    case nil: nil
    }
  }

  /// - Parameters:
  ///   - step: the spacing of the points at which the expression is evaluated.
  ///   - aggregate: what the expression around makes of a range; nil if it needs every sample.
  private func collectRanges(
    _ expression: Expression, start: Int64, end: Int64, step: Int64, aggregate: SelectHints.Aggregate? = nil
  ) throws {
    switch expression {
    case .selector(let node):
      try addRange(of: node, window: options.lookback, start: start, end: end, hints: SelectHints(step: step))
    case .matrix(let node):
      let window = try duration(node.window)
      // A function that needs every sample gets them as long as there are any: a step of 0 asks for no coarser tier.
      let hints = aggregate.map { SelectHints(step: step, range: window, aggregate: $0) } ?? SelectHints(range: window)
      try addRange(of: node.selector, window: window, start: start, end: end, hints: hints)
    case .call(let node):
      let aggregate = Self.aggregates[node.function.name]
      for argument in node.arguments {
        try collectRanges(argument, start: start, end: end, step: step, aggregate: aggregate)
      }
    case .parenthesized(let node):
      try collectRanges(node.expression, start: start, end: end, step: step, aggregate: aggregate)
    case .subquery(let node):
      let time = pinned(node.pinnedTime)
      let shift = try offset(node.offset)
      let first = try subtracting(shift, from: time ?? start)
      let last = try subtracting(shift, from: time ?? end)
      let inner = try node.step.map { try duration($0) } ?? options.defaultSubqueryStep
      try collectRanges(
        node.expression, start: try subtracting(try duration(node.window), from: first), end: last, step: inner)
    default:
      for child in expression.children { try collectRanges(child, start: start, end: end, step: step) }
    }
  }

  /// The functions of a range that can be answered from summaries of its parts.
  private static let aggregates: [String: SelectHints.Aggregate] = [
    "min_over_time": .minimum, "max_over_time": .maximum, "sum_over_time": .sum, "avg_over_time": .average,
    "last_over_time": .last,
  ]

  private func addRange(
    of node: VectorSelector, window: Int64, start: Int64, end: Int64, hints: SelectHints
  ) throws {
    let time = pinned(node.pinnedTime)
    let shift = try offset(node.offset)
    let first = try subtracting(window, from: try subtracting(shift, from: time ?? start)) &+ 1
    let last = try subtracting(shift, from: time ?? end)
    selectorRanges[node.range] = (first, last, hints)
  }

  /// Forgets what was read, to read what the steps from `start` through `end` need.
  func readAnew(for expression: Expression, from start: Int64, through end: Int64) throws {
    selections.removeAll()
    selectorRanges.removeAll()
    readSamples = 0
    try collectRanges(expression, start: start, end: end, step: queryStep)
  }

  /// The series of a selector with all samples that the query needs of it.
  func select(_ node: VectorSelector) throws -> [SeriesSamples] {
    guard let range = selectorRanges[node.range], range.start <= range.end else { return [] }
    return try select(node.matchers, from: range.start, through: range.end, hints: range.hints)
  }

  /// How many series the widest selector of an expression has.
  func widestSelection(_ expression: Expression) throws -> Int {
    if case .selector(let node) = expression { return node.mayBeEmpty ? 0 : try select(node).count }
    return try expression.children.map(widestSelection).max() ?? 0
  }

  /// The series that `matchers` accept, read at most once per query.
  ///
  /// - Throws: ``QueryError/tooManySamples``; what the source throws.
  func select(
    _ matchers: [LabelMatcher], from start: Int64, through end: Int64, hints: SelectHints = SelectHints()
  ) throws -> [SeriesSamples] {
    let key = SelectionKey(matchers: matchers, start: start, end: end, hints: hints)
    if let known = selections[key] { return known }
    try checkTime()
    var hints = hints
    hints.maximumSamples = max(0, options.maximumSamples - heldSamples - readSamples)
    var series: [SeriesSamples]
    do {
      series = try source.select(matchers, from: start, through: end, hints: hints).filter { !$0.timestamps.isEmpty }
    } catch is SampleLimitExceeded {
      throw QueryError.tooManySamples
    }
    readSamples += series.reduce(0) { $0 + $1.timestamps.count }
    series = adopt(series)
    try hold(0)
    selections[key] = series
    return series
  }

  // MARK: Expressions

  /// The value of `expression` at every step of `grid`.
  ///
  /// - Throws: ``QueryError``, or what the source throws.
  func evaluate(_ expression: Expression, _ grid: StepGrid) throws -> EvaluatedValue {
    if hasPinnedTimes && grid.end > grid.start && isWorthFreezing(expression) {
      let once = StepGrid(start: grid.start, interval: grid.interval, count: 1)
      return repeated(try evaluate(expression, once), grid.count)
    }
    switch expression {
    case .number(let node): return .scalar([Double](repeating: node.value, count: grid.count))
    case .string(let node): return .string(node.value)
    case .parenthesized(let node): return try evaluate(node.expression, grid)
    default: break
    }
    let before = heldSamples
    let value: EvaluatedValue
    switch expression {
    case .selector(let node): value = .vector(try evaluateSelector(node, grid))
    case .unary(let node): value = try evaluateUnary(node, grid)
    case .binary(let node): value = try evaluateBinary(node, grid)
    case .aggregate(let node): value = .vector(try evaluateAggregation(node, grid))
    case .call(let node): value = try evaluateCall(node, grid)
    case .matrix, .subquery: throw QueryError.execution("a range vector has no value at a single time")
    case .number, .string, .parenthesized: throw QueryError.execution("unexpected expression")
    }
    heldSamples = before
    if case .vector(let result) = value { try hold(result.cells.count) }
    return value
  }

  /// The value of an expression that the type check found to be a vector.
  func evaluateVector(_ expression: Expression, _ grid: StepGrid) throws -> SeriesGrid {
    guard case .vector(let result) = try evaluate(expression, grid) else {
      throw QueryError.execution("expected an instant vector")
    }
    return result
  }

  /// The value of an expression that the type check found to be a scalar.
  func evaluateScalar(_ expression: Expression, _ grid: StepGrid) throws -> [Double] {
    guard case .scalar(let result) = try evaluate(expression, grid) else {
      throw QueryError.execution("expected a scalar")
    }
    return result
  }

  /// The text of an argument that the type check found to be a string.
  func text(_ expression: Expression) throws -> String {
    guard case .string(let node) = expression.unwrapped else { throw QueryError.execution("expected a string") }
    return node.value
  }

  private func repeated(_ value: EvaluatedValue, _ count: Int) -> EvaluatedValue {
    switch value {
    case .scalar(let numbers): .scalar([Double](repeating: numbers.first ?? .nan, count: count))
    case .string: value
    case .vector(let grid): .vector(grid.repeated(count))
    }
  }

  /// Whether the expression has the same value at every step and is worth evaluating only once.
  private func isWorthFreezing(_ expression: Expression) -> Bool {
    switch expression {
    case .number, .string, .matrix, .subquery: false
    default: expression.isStepInvariant
    }
  }
}

extension CallExpression {
  /// Where an argument stands, as annotations say it: without the parentheses around it, unless it alone is the same at
  /// all steps.
  func place(of index: Int) -> SourceRange {
    let argument = arguments[index]
    return argument.isStepInvariant && !Expression.call(self).isStepInvariant
      ? argument.range : argument.unwrapped.range
  }
}

extension Expression {
  /// Whether an `@` modifier occurs in the expression.
  var hasPinnedTimes: Bool {
    switch self {
    case .selector(let node): node.pinnedTime != nil
    case .matrix(let node): node.selector.pinnedTime != nil
    case .subquery(let node): node.pinnedTime != nil || node.expression.hasPinnedTimes
    default: children.contains(where: \.hasPinnedTimes)
    }
  }

  /// Whether the expression has the same value whenever it is evaluated.
  var isStepInvariant: Bool {
    switch self {
    case .number, .string: return true
    case .selector(let node): return node.pinnedTime != nil
    case .matrix(let node): return node.selector.pinnedTime != nil
    case .subquery(let node): return node.pinnedTime != nil
    case .call(let node):
      switch node.function {
      case .daysInMonth, .dayOfMonth, .dayOfWeek, .dayOfYear, .hour, .minute, .month, .year, .predictLinear, .time,
        .forecast, .forecastQuantile, .anomalyScore, .timeToThreshold:
        return false
      case .timestamp:
        if case .selector(let selector)? = node.arguments.first?.unwrapped { return selector.pinnedTime != nil }
        return false
      default: return node.arguments.allSatisfy(\.isStepInvariant)
      }
    default: return children.allSatisfy(\.isStepInvariant)
    }
  }
}
