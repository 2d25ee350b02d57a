import Testing
import TimeSeries

@testable import PromQL

/// A table of series in memory.
struct SampleTable: SeriesSource {
  var series: [Labels: SeriesSamples] = [:]
  private var order: [Labels] = []

  mutating func insert(_ item: SeriesSamples) {
    if series[item.labels] == nil { order.append(item.labels) }
    series[item.labels] = item
  }

  func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) throws -> [SeriesSamples] {
    order.compactMap { series[$0] }.filter { item in matchers.allSatisfy { $0.accepts(item.labels) } }.map { item in
      var result = SeriesSamples(labels: item.labels, timestamps: [], values: [], histograms: item.histograms)
      for (timestamp, value) in zip(item.timestamps, item.values) where timestamp >= start && timestamp <= end {
        result.timestamps.append(timestamp)
        result.values.append(value)
      }
      return result
    }
  }
}

/// A line of a script that does not hold, with its number.
struct ScriptError: Error, CustomStringConvertible {
  var line: Int
  var message: String
  var description: String { "line \(line): \(message)" }
}

/// Runs scripts of loads and evaluations.
///
///     load 1m
///       up{job="a"} 0+1x10 _ stale NaN
///     eval instant at 5m sum(up)
///       {} 5
///     eval range from 0 to 2m step 1m up
///       up{job="a"} 0 1 2
///     eval fail at 5m up + on() up
///       msg: many-to-many
///
/// A bare number is a scalar's value; `expect ordered`, `expect warn <text>`, `expect info <text>`, `expect
/// no_warn` and `expect no_info` stand among the expected lines. Every instant evaluation is repeated as
/// the middle of three steps of a range query and with all its selectors pinned at another time; the
/// results must agree.
struct ScriptRunner {
  var options = QueryOptions()
  private var table = SampleTable()

  init(delayedNameRemoval: Bool = false) {
    options.experimentalFunctions = true
    options.fillModifiers = true
    options.durationExpressions = true
    options.delayedNameRemoval = delayedNameRemoval
  }

  private var engine: QueryEngine { QueryEngine(options: options) }

  /// Runs a script and returns how many evaluations it made.
  @discardableResult
  mutating func run(_ script: String) throws -> Int {
    var lines: [(number: Int, text: String, isIndented: Bool)] = []
    for (index, line) in script.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let text = line.trimmed
      if text.isEmpty || text.hasPrefix("#") { continue }
      lines.append((index + 1, text, line.first == " "))
    }
    var index = 0
    var evaluations = 0
    while index < lines.count {
      let head = lines[index]
      index += 1
      var body: [(number: Int, text: String)] = []
      while index < lines.count, lines[index].isIndented {
        body.append((lines[index].number, lines[index].text))
        index += 1
      }
      let words = head.text.split(separator: " ", maxSplits: 2).map(String.init)
      switch words.first {
      case "clear": table = SampleTable()
      case "load":
        guard words.count == 2, let step = PrometheusDuration.parse(words[1]) else {
          throw ScriptError(line: head.number, message: "bad load")
        }
        for line in body { try load(line.text, step: step, line: line.number) }
      case "eval":
        evaluations += 1
        do {
          try evaluate(head.text, body)
        } catch let error as ScriptError {
          throw error
        } catch {
          throw ScriptError(line: head.number, message: "\(head.text): \(error)")
        }
      default: throw ScriptError(line: head.number, message: "unknown command \(head.text)")
      }
    }
    return evaluations
  }

  // MARK: Data

  private mutating func load(_ text: String, step: Int64, line: Int) throws {
    let (labels, points) = try series(text, line: line)
    var item = SeriesSamples(labels: labels, timestamps: [], values: [])
    for (index, value) in points.enumerated() {
      guard let value else { continue }
      item.timestamps.append(Int64(index) * step)
      item.values.append(value)
    }
    table.insert(item)
  }

  /// Splits `up{a="b"} 1 2 3` into labels and values; nil is a gap.
  private func series(_ text: String, line: Int) throws -> (Labels, [Double?]) {
    let split: String.Index
    if let brace = text.lastIndex(of: "}") {
      split = text.index(after: brace)
    } else {
      split = text.firstIndex(of: " ") ?? text.endIndex
    }
    let selector = String(text[..<split])
    var labels = Labels.empty
    if selector != "{}" {
      let inner = selector.hasSuffix("}") ? "\(selector.dropLast()), zzz=\"1\"}" : "\(selector){zzz=\"1\"}"
      let matchers = try engine.parseMatchers(inner.replacing("{,", with: "{"))
      labels = Labels(matchers.filter { $0.name != "zzz" }.map { Label($0.name, $0.value) })
    }
    var points: [Double?] = []
    for word in text[split...].split(separator: " ") { try expand(String(word), into: &points, line: line) }
    return (labels, points)
  }

  private func expand(_ word: String, into points: inout [Double?], line: Int) throws {
    if word == "_" { return points.append(nil) }
    if word == "stale" { return points.append(StaleMarker.value) }
    if let value = number(word) { return points.append(value) }
    guard let times = word.lastIndex(of: "x"), let count = Int(word[word.index(after: times)...]) else {
      throw ScriptError(line: line, message: "bad value \(word)")
    }
    let body = String(word[..<times])
    if body == "_" { return points.append(contentsOf: repeatElement(nil, count: count)) }
    var first = body
    var increment = 0.0
    if let sign = body.dropFirst().lastIndex(where: { $0 == "+" || $0 == "-" }),
      let step = number(String(body[sign...]))
    {
      first = String(body[..<sign])
      increment = step
    }
    guard var value = number(first) else { throw ScriptError(line: line, message: "bad value \(word)") }
    for _ in 0...count {
      points.append(value)
      value += increment
    }
  }

  private func number(_ word: String) -> Double? {
    switch word {
    case "NaN": StaleMarker.normalNaN
    case "Inf", "+Inf": .infinity
    case "-Inf": -.infinity
    default: Double(word)
    }
  }

  // MARK: Evaluations

  private struct Expectation {
    var series: [(labels: Labels, points: [Double?])] = []
    var scalar: Double?
    var isOrdered = false
    var warning: String?
    var info: String?
    var forbidsWarnings = false
    var forbidsInfos = false
    var message: String?
  }

  private func expectation(_ body: [(number: Int, text: String)]) throws -> Expectation {
    var result = Expectation()
    for line in body {
      if line.text == "expect ordered" {
        result.isOrdered = true
      } else if line.text.hasPrefix("expect warn") {
        result.warning = String(line.text.dropFirst("expect warn".count)).trimmed
      } else if line.text.hasPrefix("expect info") {
        result.info = String(line.text.dropFirst("expect info".count)).trimmed
      } else if line.text == "expect no_warn" {
        result.forbidsWarnings = true
      } else if line.text == "expect no_info" {
        result.forbidsInfos = true
      } else if line.text.hasPrefix("msg:") {
        result.message = String(line.text.dropFirst(4)).trimmed
      } else if let value = number(line.text) {
        result.scalar = value
      } else {
        result.series.append(try series(line.text, line: line.number))
      }
    }
    return result
  }

  private func evaluate(_ command: String, _ body: [(number: Int, text: String)]) throws {
    let expected = try expectation(body)
    let words = command.split(separator: " ").map(String.init)
    let line = (body.first?.number ?? 1) - 1
    func time(_ index: Int) throws -> Int64 {
      guard index < words.count, let time = PrometheusDuration.parse(words[index]) else {
        throw ScriptError(line: line, message: "bad time in \(command)")
      }
      return time
    }
    func text(after count: Int) -> String {
      command.split(separator: " ", maxSplits: count).dropFirst(count).joined(separator: " ")
    }
    switch words[1] {
    case "instant": try instant(text(after: 4), at: try time(3), expected, line)
    case "range":
      let from = try time(3)
      let to = try time(5)
      let step = try time(7)
      let result = try engine.range(engine.parse(text(after: 8)), from: from, through: to, step: step, source: table)
      try checkNotes(result, expected, line)
      try compare(result, expected, from: from, step: step, line)
    case "fail":
      let at = try time(3)
      do {
        let result = try engine.instant(engine.parse(text(after: 4)), at: at, source: table)
        throw ScriptError(line: line, message: "\(command) did not fail: \(result.value)")
      } catch let error as ScriptError {
        throw error
      } catch {
        if let message = expected.message, !"\(error)".contains(message) {
          throw ScriptError(line: line, message: "\(command) failed with: \(error)")
        }
      }
    default: throw ScriptError(line: line, message: "unknown evaluation \(command)")
    }
  }

  private func instant(_ query: String, at time: Int64, _ expected: Expectation, _ line: Int) throws {
    let expression = try engine.parse(query)
    let result = try engine.instant(expression, at: time, source: table)
    try checkNotes(result, expected, line)
    try compare(result, expected, line, "\(query)")
    let isPlain = expression.type == .vector || expression.type == .scalar
    // What depends on the query's start or end, or on the order, only holds at the single time.
    if isPlain && !expected.isOrdered && !query.contains("start()") && !query.contains("end()")
      && !query.contains("step()") && !query.contains("range()")
    {
      let range = try engine.range(expression, from: time - 60_000, through: time + 60_000, step: 60_000, source: table)
      try compare(
        middle(of: range, at: time, isScalar: expression.type == .scalar), expected, line, "range of \(query)")
    }
    if let pinned = expression.pinned(at: time) {
      for shift: Int64 in [-3_600_000, -1, 1, 7_200_000] {
        let moved = try engine.instant(pinned, at: time + shift, source: table)
        try compare(moved, expected, line, "\(pinned) at \(shift)")
      }
    }
  }

  /// The elements at `time` of a range query's result.
  private func middle(of result: QueryResult, at time: Int64, isScalar: Bool) -> QueryResult {
    guard case .matrix(let matrix) = result.value else { return result }
    var elements: [VectorElement] = []
    for series in matrix {
      for (timestamp, value) in zip(series.timestamps, series.values) where timestamp == time {
        elements.append(VectorElement(labels: series.labels, value: value, timestamp: time))
      }
    }
    if isScalar { return QueryResult(value: .scalar(Sample(time, elements.first?.value ?? .nan))) }
    return QueryResult(value: .vector(elements))
  }

  private func checkNotes(_ result: QueryResult, _ expected: Expectation, _ line: Int) throws {
    if let warning = expected.warning, !result.warnings.contains(where: { $0.contains(warning) }) {
      throw ScriptError(line: line, message: "no warning '\(warning)' among \(result.warnings)")
    }
    if let info = expected.info, !result.infos.contains(where: { $0.contains(info) }) {
      throw ScriptError(line: line, message: "no info '\(info)' among \(result.infos)")
    }
    if expected.forbidsWarnings && !result.warnings.isEmpty {
      throw ScriptError(line: line, message: "warnings \(result.warnings)")
    }
    if expected.forbidsInfos && !result.infos.isEmpty {
      throw ScriptError(line: line, message: "infos \(result.infos)")
    }
  }

  private func compare(_ result: QueryResult, _ expected: Expectation, _ line: Int, _ what: String) throws {
    switch result.value {
    case .scalar(let sample):
      guard let value = expected.scalar, agree(value, sample.value) else {
        throw ScriptError(line: line, message: "\(what): scalar \(sample.value)")
      }
    case .vector(let elements):
      let shown = elements.map { "\($0.labels) \($0.value)" }.joined(separator: "; ")
      if elements.count != expected.series.count {
        throw ScriptError(line: line, message: "\(what): \(elements.count) elements: \(shown)")
      }
      for (index, wanted) in expected.series.enumerated() {
        let found = expected.isOrdered ? elements[index] : elements.first { $0.labels == wanted.labels }
        guard let found, found.labels == wanted.labels, let value = wanted.points.first, let value,
          agree(value, found.value)
        else {
          throw ScriptError(line: line, message: "\(what): wanted \(wanted.labels) \(wanted.points) got \(shown)")
        }
      }
    case .string, .matrix: throw ScriptError(line: line, message: "\(what): unexpected type")
    }
  }

  private func compare(_ result: QueryResult, _ expected: Expectation, from: Int64, step: Int64, _ line: Int) throws {
    guard case .matrix(let matrix) = result.value else { throw ScriptError(line: line, message: "no matrix") }
    let shown = matrix.map { "\($0.labels) \($0.values)" }.joined(separator: "; ")
    if matrix.count != expected.series.count {
      throw ScriptError(line: line, message: "\(matrix.count) series: \(shown)")
    }
    for wanted in expected.series {
      guard let found = matrix.first(where: { $0.labels == wanted.labels }) else {
        throw ScriptError(line: line, message: "no \(wanted.labels) in \(shown)")
      }
      var points: [(Int64, Double)] = []
      for (index, value) in wanted.points.enumerated() {
        if let value { points.append((from + Int64(index) * step, value)) }
      }
      let isEqual =
        points.count == found.values.count
        && zip(points, zip(found.timestamps, found.values)).allSatisfy { $0.0 == $1.0 && agree($0.1, $1.1) }
      if !isEqual { throw ScriptError(line: line, message: "wanted \(wanted) got \(shown)") }
    }
  }

  private func agree(_ a: Double, _ b: Double) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
    return a == b || abs(a - b) <= 1e-9 * max(abs(a), abs(b))
  }
}

extension Expression {
  /// The expression with `@ time` on every outermost selector; nil if its value would change with the
  /// evaluation time all the same, or if a selector is pinned already.
  func pinned(at time: Int64) -> Expression? {
    switch self {
    case .number, .string: return self
    case .selector(var node):
      if node.pinnedTime != nil { return nil }
      node.pinnedTime = .timestamp(time)
      return .selector(node)
    case .matrix(var node):
      if node.selector.pinnedTime != nil { return nil }
      node.selector.pinnedTime = .timestamp(time)
      return .matrix(node)
    case .subquery(var node):
      if node.pinnedTime != nil || node.expression.hasPinnedTimes { return nil }
      node.pinnedTime = .timestamp(time)
      return .subquery(node)
    case .parenthesized(var node):
      guard let inner = node.expression.pinned(at: time) else { return nil }
      node.expression = inner
      return .parenthesized(node)
    case .unary(var node):
      guard let inner = node.expression.pinned(at: time) else { return nil }
      node.expression = inner
      return .unary(node)
    case .binary(var node):
      guard let left = node.left.pinned(at: time), let right = node.right.pinned(at: time) else { return nil }
      node.left = left
      node.right = right
      return .binary(node)
    case .aggregate(var node):
      guard let inner = node.expression.pinned(at: time) else { return nil }
      if let parameter = node.parameter {
        guard let pinned = parameter.pinned(at: time) else { return nil }
        node.parameter = pinned
      }
      node.expression = inner
      return .aggregate(node)
    case .call(var node):
      switch node.function {
      case .time, .timestamp, .predictLinear, .hour, .minute, .month, .year, .dayOfMonth, .dayOfWeek, .dayOfYear,
        .daysInMonth, .start, .end, .step, .range, .info:
        return nil
      default: break
      }
      var arguments: [Expression] = []
      for argument in node.arguments {
        guard let pinned = argument.pinned(at: time) else { return nil }
        arguments.append(pinned)
      }
      node.arguments = arguments
      return .call(node)
    }
  }
}

extension StringProtocol {
  /// The text without spaces around it.
  fileprivate var trimmed: String {
    var view = self[...]
    while view.first?.isWhitespace == true { view.removeFirst() }
    while view.last?.isWhitespace == true { view.removeLast() }
    return String(view)
  }
}
