import PromQL
import TimeSeries

/// One series of a unit test, and how much of it the store has been given.
struct InputSeries: Sendable {
  /// The most values of all series of a test.
  static let maximumValues = 10_000_000

  var labels: Labels
  /// UTC milliseconds, ascending.
  var samples: [Sample]
  /// The samples that are native histograms; their values refer to it.
  var histograms: [FloatHistogram] = []
  var given = 0

  /// Reads a series as written: its selector, and values such as `1 2 _ stale 0+10x5 -3x2`, `interval` apart.
  ///
  /// - Parameter budget: how many values may still come, over all series of a test.
  init(
    series: String, values: String, start: Int64, interval: Int64, engine: QueryEngine, budget: inout Int
  ) throws {
    labels = try Self.labels(series, engine: engine)
    samples = []
    var index: Int64 = 0
    for word in Self.words(of: values) {
      if word.hasPrefix("{{") {
        let added = try Self.histograms(word, budget: &budget)
        for histogram in added {
          samples.append(Sample(start + index * interval, HistogramReference.value(histograms.count)))
          histograms.append(histogram)
          index += 1
        }
        continue
      }
      let item = try SequenceItem(word)
      budget -= item.count
      guard budget >= 0 else { throw RuleFault("the series of a test have more than \(Self.maximumValues) values") }
      var value = item.first
      for _ in 0..<item.count {
        if let present = value {
          samples.append(Sample(start + index * interval, present))
          value = present + item.step
        }
        index += 1
      }
    }
  }

  /// The words of a series' values: white space between braces does not part them.
  private static func words(of values: String) -> [Substring] {
    var result: [Substring] = []
    var depth = 0
    var start: String.Index?
    for index in values.indices {
      let character = values[index]
      if character == "{" { depth += 1 }
      if character == "}" { depth -= 1 }
      if character.isWhitespace && depth <= 0 {
        if let first = start { result.append(values[first..<index]) }
        start = nil
      } else if start == nil {
        start = index
      }
    }
    if let first = start { result.append(values[first...]) }
    return result
  }

  /// Where the first `}}` ends.
  private static func end(of text: Substring) -> Substring.Index? {
    text.indices.first { text[$0...].hasPrefix("}}") }.map { text.index($0, offsetBy: 2) }
  }

  /// The histograms of one word: `{{...}}`, `{{...}}x3`, `{{...}}+{{...}}x3` or `{{...}}-{{...}}x3`.
  private static func histograms(_ word: Substring, budget: inout Int) throws -> [FloatHistogram] {
    var rest = word
    func take() throws -> FloatHistogram {
      guard rest.hasPrefix("{{"), let end = Self.end(of: rest) else {
        throw RuleFault("\(word): a histogram is written {{...}}")
      }
      defer { rest = rest[end...] }
      return try HistogramNotation.parse(rest[..<end])
    }
    let first = try take()
    var step: FloatHistogram?
    var isDecrease = false
    if let sign = rest.first, sign == "+" || sign == "-" {
      isDecrease = sign == "-"
      rest = rest.dropFirst()
      step = try take()
    }
    var count = 1
    if rest.first == "x" {
      guard let times = Int(rest.dropFirst()), times >= 0, times < maximumValues else {
        throw RuleFault("\(word): no count after x")
      }
      count = times + 1
    } else if !rest.isEmpty || step != nil {
      throw RuleFault("\(word): not a value of a series")
    }
    // A histogram takes the room of many numbers.
    budget -= count.multipliedReportingOverflow(by: first.weight + (step?.weight ?? 0)).partialValue
    guard budget >= 0 else { throw RuleFault("the series of a test have more than \(maximumValues) values") }
    var result = [first]
    var current = first
    for _ in 1..<max(1, count) {
      if let step {
        if current.schema > step.schema {
          throw RuleFault("\(word): cannot merge from schema \(step.schema) to \(current.schema)")
        }
        do {
          if isDecrease { try current.subtract(step) } else { try current.add(step) }
        } catch {
          throw RuleFault("\(word): histograms with exponential and custom buckets cannot be combined")
        }
      }
      result.append(current)
    }
    return result
  }

  /// The labels of a series as written, for instance `up{job="a"}`.
  static func labels(_ text: String, engine: QueryEngine) throws -> Labels {
    // A selector needs something to select by, a series does not: a label is lent.
    let lent = "__lent__"
    var whole = Substring(text).trimmed
    if whole.isEmpty { throw RuleFault("a series without name and labels") }
    if whole.hasSuffix("}"), let brace = whole.firstIndex(of: "{") {
      let inner = whole[whole.index(after: brace)...].dropLast()
      let separator = inner.trimmed.isEmpty || inner.trimmed.hasSuffix(",") ? "" : ","
      whole = whole[..<brace] + "{" + inner + separator + "\(lent)=\"1\"}"
    }
    let matchers = try engine.parseMatchers(String(whole))
    guard matchers.allSatisfy({ $0.operation == .equal }) else {
      throw RuleFault("\(text): a series has labels of the form name=\"value\" only")
    }
    return Labels(matchers.filter { $0.name != lent }.map { Label($0.name, $0.value) })
  }
}

/// One word of a series' values: a first value, what is added each time, and how many values there are.
struct SequenceItem: Sendable, Equatable {
  /// Nil for values that are missing.
  var first: Double?
  var step = 0.0
  var count = 1

  init(_ word: Substring) throws {
    var body = word
    if let cross = word.lastIndex(of: "x"), cross != word.startIndex {
      guard let times = Int(word[word.index(after: cross)...]), times >= 0, times < InputSeries.maximumValues else {
        throw RuleFault("\(word): no count after x")
      }
      body = word[..<cross]
      count = body == "_" ? times : times + 1
    }
    switch body {
    case "_": return
    case "stale": first = StaleMarker.value
    default:
      if let value = Self.number(body) {
        first = value
        return
      }
      guard count > 1 || word.contains("x"),
        let sign = body.dropFirst().lastIndex(where: { $0 == "+" || $0 == "-" }).map({ index -> Substring.Index in
          let before = body[body.index(before: index)]
          // The sign of an exponent belongs to its number: 1+2e-3.
          guard before == "e" || before == "E" else { return index }
          return body[..<index].dropFirst().lastIndex(where: { $0 == "+" || $0 == "-" }) ?? index
        }), let start = Self.number(body[..<sign]), let delta = Self.number(body[sign...])
      else { throw RuleFault("\(word): not a value of a series") }
      first = start
      step = delta
    }
  }

  private static func number(_ text: Substring) -> Double? {
    switch text.lowercased() {
    case "nan": return StaleMarker.normalNaN
    case "inf", "+inf": return .infinity
    case "-inf": return -.infinity
    default:
      guard let last = text.utf8.last, last >= 0x30, last <= 0x39 || last == 0x2e else { return nil }
      return Double(text)
    }
  }
}

extension Substring {
  /// Without white space at both ends.
  var trimmed: Substring {
    var result = drop(while: \.isWhitespace)
    while result.last?.isWhitespace == true { result.removeLast() }
    return result
  }
}
