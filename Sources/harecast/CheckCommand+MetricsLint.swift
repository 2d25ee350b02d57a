import Exposition
import TimeSeries

/// A document that is no exposition in the text format.
struct MetricsFault: Error, CustomStringConvertible {
  var description: String

  init(line: Int, _ reason: String) { description = "text format parsing error in line \(line): \(reason)" }
}

/// What is unusual about the metrics of an exposition, by the naming rules of Prometheus, in promtool's words.
struct MetricsLint {
  /// One thing that should be otherwise.
  struct Problem: Hashable, Comparable {
    var metric: String
    var text: String

    static func < (left: Problem, right: Problem) -> Bool {
      (left.metric, left.text) < (right.metric, right.text)
    }
  }

  fileprivate struct Family {
    var type = MetricType.unknown
    var hasType = false
    var hasHelp = false
    /// The label sets without the metric name; of histograms and summaries without what tells the parts apart.
    var labels: [[Label]] = []
    var parts = 0
    /// Which label sets of a histogram or summary are known.
    var known: Set<[Label]> = []
  }

  /// Sorted by metric, then by text.
  private(set) var problems: [Problem] = []
  private var families: [String: Family] = [:]
  private var order: [String] = []

  /// - Throws: ``MetricsFault``.
  init(_ bytes: [UInt8]) throws(MetricsFault) {
    if let last = bytes.last, last != UInt8(ascii: "\n") {
      throw MetricsFault(line: bytes.count { $0 == UInt8(ascii: "\n") } + 1, "unexpected end of input stream")
    }
    if let index = bytes.firstIndex(of: UInt8(ascii: "\r")) {
      let line = bytes[..<index].count { $0 == UInt8(ascii: "\n") } + 1
      throw MetricsFault(line: line, "a carriage return")
    }
    if let fault = ClassicText.fault(bytes) { throw fault }
    let fault = bytes.withUnsafeBytes { read($0) }
    if let fault { throw fault }
    for name in order {
      guard let family = families[name], !family.labels.isEmpty else { continue }
      for text in Self.judge(name, family) { problems.append(Problem(metric: name, text: text)) }
    }
    problems.sort()
  }

  /// The number of series of each metric, most first.
  var cardinalities: [(name: String, count: Int)] {
    order.compactMap { name in
      families[name].flatMap { family in
        family.labels.isEmpty ? nil : (name, family.isCompound ? family.parts : family.labels.count)
      }
    }
    .enumerated().sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }.map(\.element)
  }

  // MARK: Reading

  private mutating func read(_ bytes: UnsafeRawBufferPointer) -> MetricsFault? {
    var scanner = ExpositionScanner(bytes, format: .text)
    while let event = scanner.next() {
      switch event {
      case .sample(let sample):
        do throws(MalformedLine) {
          let labels = try scanner.labels(of: sample)
          if let reason = add(labels) { return MetricsFault(line: scanner.line, reason) }
        } catch {
          return MetricsFault(line: scanner.line, error.reason.rawValue)
        }
      case .type(let name, let type):
        let name = name.string
        if families[name]?.hasType == true {
          return MetricsFault(
            line: scanner.line,
            "second TYPE line for metric name \(Labels.quoted(name)), or TYPE "
              + "reported after samples")
        }
        guard [.counter, .gauge, .histogram, .summary, .unknown].contains(type) else {
          return MetricsFault(line: scanner.line, "unknown metric type \(Labels.quoted(type.rawValue))")
        }
        family(name) {
          $0.hasType = true
          $0.type = type
        }
      case .help(let name, let text):
        if text.bytes.isEmpty { continue }
        let name = name.string
        if families[name]?.hasHelp == true {
          return MetricsFault(line: scanner.line, "second HELP line for metric name \(Labels.quoted(name))")
        }
        family(name) { $0.hasHelp = true }
      case .unit: break
      case .malformed(let line): return MetricsFault(line: scanner.line, line.reason.rawValue)
      }
    }
    return nil
  }

  private mutating func family(_ name: String, _ change: (inout Family) -> Void) {
    if families[name] == nil { order.append(name) }
    change(&families[name, default: Family()])
  }

  /// Takes a sample in; what is wrong with its boundary, if anything is.
  private mutating func add(_ labels: Labels) -> String? {
    let (name, part) = familyName(of: labels.metricName)
    if let key = boundaryLabel(of: name), let text = labels[key], FloatText.parse(text) == nil {
      return "expected float as value for '\(key)' label, got \(Labels.quoted(text))"
    }
    family(name) { family in
      // A type that comes after samples is refused, so it stands now.
      family.hasType = true
      family.parts += 1
      var rest = labels.withoutMetricName.elements
      guard family.isCompound else {
        family.labels.append(rest)
        return
      }
      let key = family.type == .histogram ? "le" : "quantile"
      if part == "_bucket" || part.isEmpty { rest.removeAll { $0.name == key } }
      if family.known.insert(rest).inserted { family.labels.append(rest) }
    }
    return nil
  }

  private func boundaryLabel(of name: String) -> String? {
    switch families[name]?.type {
    case .histogram: "le"
    case .summary: "quantile"
    default: nil
    }
  }

  /// The family that a sample belongs to, and the suffix by which it does.
  private func familyName(of name: String) -> (String, String) {
    if families[name] != nil { return (name, "") }
    for (suffix, types) in [
      ("_count", [MetricType.histogram, .summary]), ("_sum", [.histogram, .summary]), ("_bucket", [.histogram]),
    ] where name.hasSuffix(suffix) {
      let short = String(name.dropLast(suffix.utf8.count))
      if let family = families[short], types.contains(family.type) { return (short, suffix) }
    }
    return (name, "")
  }
}

extension MetricsLint {
  // MARK: Judging

  private static func judge(_ name: String, _ family: Family) -> [String] {
    var problems: [String] = []
    if !family.hasHelp { problems.append("no help text") }
    if let (unit, base) = unit(of: name), unit != base {
      problems.append("use base unit \(Labels.quoted(base)) instead of \(Labels.quoted(unit))")
    }
    if family.type == .counter, !name.hasSuffix("_total") {
      problems.append("counter metrics should have \"_total\" suffix")
    } else if family.type != .counter, family.type != .unknown, name.hasSuffix("_total") {
      problems.append("non-counter metrics should not have \"_total\" suffix")
    }
    problems += reserved(name, family)
    let lower = name.lowercased()
    if family.type != .unknown, contains(lower, word: family.type.rawValue) {
      problems.append("metric name should not include type '\(family.type.rawValue)'")
    }
    if name.contains(":") { problems.append("metric names should not contain ':'") }
    if isCamelCase(name) { problems.append("metric names should be written in 'snake_case' not 'camelCase'") }
    for label in family.labels.joined() where isCamelCase(label.name) {
      problems.append("label names should be written in 'snake_case' not 'camelCase'")
    }
    for word in abbreviations where contains(lower, word: word) {
      problems.append("metric names should not contain abbreviated units")
    }
    var seen: Set<[Label]> = []
    for labels in family.labels where !seen.insert(labels).inserted { problems.append("metric not unique") }
    return problems
  }

  /// Suffixes and labels that belong to histograms and summaries.
  private static func reserved(_ name: String, _ family: Family) -> [String] {
    if family.type == .unknown { return [] }
    var problems: [String] = []
    let (isHistogram, isSummary) = (family.type == .histogram, family.type == .summary)
    if !isHistogram, name.hasSuffix("_bucket") {
      problems.append("non-histogram metrics should not have \"_bucket\" suffix")
    }
    for suffix in ["_count", "_sum"] where !isHistogram && !isSummary && name.hasSuffix(suffix) {
      problems.append("non-histogram and non-summary metrics should not have \"\(suffix)\" suffix")
    }
    for label in family.labels.joined() {
      if !isHistogram, label.name == "le" {
        problems.append("non-histogram metrics should not have \"le\" label")
      }
      if !isSummary, label.name == "quantile" {
        problems.append("non-summary metrics should not have \"quantile\" label")
      }
    }
    return problems
  }

  private static func contains(_ name: String, word: String) -> Bool {
    name.contains("_\(word)_") || name.hasSuffix("_\(word)")
  }

  private static func isCamelCase(_ name: String) -> Bool {
    zip(name.utf8, name.utf8.dropFirst()).contains { left, right in
      (0x61...0x7a).contains(left) && (0x41...0x5a).contains(right)
    }
  }

  /// The first word of a name that is a unit, and its base unit.
  private static func unit(of name: String) -> (unit: String, base: String)? {
    for word in name.split(separator: "_").map(String.init) {
      if let base = units[word] { return (word, base) }
      for prefix in prefixes where word.hasPrefix(prefix) {
        if let base = units[String(word.dropFirst(prefix.count))] { return (word, base) }
      }
    }
    return nil
  }

  private static let units: [String: String] = [
    "amperes": "amperes", "bytes": "bytes", "celsius": "celsius", "grams": "grams", "joules": "joules",
    "kelvin": "kelvin", "meters": "meters", "metres": "metres", "seconds": "seconds", "volts": "volts",
    "minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds", "kelvins": "kelvin",
    "fahrenheit": "celsius", "rankine": "celsius", "inches": "meters", "yards": "meters", "miles": "meters",
    "bits": "bytes", "calories": "joules", "pounds": "grams", "ounces": "grams",
  ]
  private static let prefixes = [
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga", "gibi",
    "tera", "tebi", "peta", "pebi",
  ]
  private static let abbreviations = [
    "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
  ]
}

extension MetricsLint.Family {
  /// Whether several series make one metric.
  fileprivate var isCompound: Bool { type == .histogram || type == .summary }
}
