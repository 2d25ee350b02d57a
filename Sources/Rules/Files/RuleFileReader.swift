import AnomalyDetection
import PromQL
import StrictYAML
import TimeSeries

extension RuleFile {
  /// Reads the text of a rule file and checks everything that can be checked without data.
  ///
  /// - Parameters:
  ///   - text: YAML in Prometheus's format, with `forecast` and `anomaly` blocks on recording rules.
  ///   - path: the file's name for errors.
  ///   - engine: what the expressions are written for.
  ///   - ignoresUnknownFields: whether keys that nobody knows are passed over.
  /// - Throws: ``RuleFileErrors`` with all faults, or the first one if the text is not YAML of the right shape.
  public static func parse(
    _ text: String, path: String, engine: QueryEngine = QueryEngine(), ignoresUnknownFields: Bool = false
  ) throws(RuleFileErrors) -> RuleFile {
    var reader = RuleFileReader(path: path, engine: engine, ignoresUnknownFields: ignoresUnknownFields)
    do {
      let groups = try reader.groups(try YAMLDocument.parse(text, file: path, readsFirstOnly: true))
      if reader.errors.isEmpty { return RuleFile(path: path, groups: groups) }
    } catch {
      reader.report(error.place, error.message)
    }
    throw RuleFileErrors(errors: reader.errors)
  }
}

/// Reads a rule file; faults of single rules are collected, faults of shape end the reading.
struct RuleFileReader {
  let path: String
  let engine: QueryEngine
  private let ignoresUnknownFields: Bool
  /// What fits into 64 bits of nanoseconds, in milliseconds.
  private static let longestDuration: Int64 = 9_223_372_036_854
  var errors: [RuleFileError] = []
  /// What stands before the message of a fault, for instance `group "g", rule 1, "up"`.
  private var context = ""

  init(path: String, engine: QueryEngine, ignoresUnknownFields: Bool) {
    self.path = path
    self.engine = engine
    self.ignoresUnknownFields = ignoresUnknownFields
  }

  /// Ends the reading of a mapping; keys that nobody asked for are errors.
  private func finish(_ reader: MappingReader) throws(YAMLError) {
    if !ignoresUnknownFields { try reader.finish() }
  }

  mutating func report(_ place: YAMLPlace, _ message: String) {
    let text = context.isEmpty ? message : "\(context): \(message)"
    errors.append(RuleFileError(path: path, line: place.line, column: place.column, message: text))
  }

  mutating func groups(_ root: YAMLNode) throws(YAMLError) -> [RuleGroup] {
    var reader = try MappingReader(root, "a rule file")
    let nodes = try reader.sequence("groups")
    try finish(reader)
    var result: [RuleGroup] = []
    var names: Set<String> = []
    for node in nodes where !node.isNull {
      let group = try group(node)
      if group.name.isEmpty {
        report(node.place, "Groupname must not be empty")
      } else if !names.insert(group.name).inserted {
        report(node.place, "groupname: \(Labels.quoted(group.name)) is repeated in the same file")
      }
      result.append(group)
    }
    return result
  }

  private mutating func group(_ node: YAMLNode) throws(YAMLError) -> RuleGroup {
    var reader = try MappingReader(node, "a group of rules")
    let name = try reader.optionalString("name") ?? ""
    let interval = try duration("interval", &reader)
    let queryOffset = try duration("query_offset", &reader)
    let limit = try Self.limit(&reader)
    let labelsPlace = reader.place(of: "labels")
    let labels = try reader.stringMap("labels")
    let ruleNodes = try reader.sequence("rules")
    try finish(reader)
    for label in labels where !Self.isLabelName(label.key) {
      report(labelsPlace, "invalid label name: \(label.key)")
    }
    let groupLabels = labels.map { Label($0.key, $0.value) }
    var rules: [Rule] = []
    for (index, ruleNode) in ruleNodes.enumerated() where !ruleNode.isNull {
      context = "group \(Labels.quoted(name)), rule \(index + 1)"
      if let rule = try rule(ruleNode, groupLabels: groupLabels) {
        if case .anomaly(let block) = rule.kind, block.asksForecaster,
          !rules.contains(where: { $0.isForecast(of: rule.expression) })
        {
          report(
            ruleNode.place,
            "the detector \(ForecastResidual.detector) needs a forecast rule of the same expression above in its group")
        }
        rules.append(rule)
      }
      context = ""
    }
    return RuleGroup(
      name: name, interval: interval == 0 ? nil : interval, queryOffset: queryOffset, limit: max(0, limit),
      labels: Labels(groupLabels), rules: rules)
  }

  private mutating func rule(_ node: YAMLNode, groupLabels: [Label]) throws(YAMLError) -> Rule? {
    let before = errors.count
    var reader = try MappingReader(node, "a rule")
    let record = try reader.optionalString("record") ?? ""
    let alert = try reader.optionalString("alert") ?? ""
    let name = alert.isEmpty ? record : alert
    context += ", \(Labels.quoted(name))"
    let expressionNode = reader.optionalNode("expr")
    let text = try expressionNode?.text("expr") ?? ""
    let labels = try reader.stringMap("labels")
    let hold = try duration("for", &reader)
    let keepFiringFor = try duration("keep_firing_for", &reader)
    let annotations = try reader.stringMap("annotations")
    let forecastNode = reader.optionalNode("forecast")
    let anomalyNode = reader.optionalNode("anomaly")
    try finish(reader)

    if !record.isEmpty, !alert.isEmpty {
      report(reader.place(of: "record"), "only one of 'record' and 'alert' must be set")
    } else if record.isEmpty, alert.isEmpty {
      report(node.place, "one of 'record' or 'alert' must be set")
    }
    let expression = expression(text, at: expressionNode?.place ?? node.place)
    if !record.isEmpty {
      for field in ["annotations", "for", "keep_firing_for"] where reader.has(field) {
        guard field != "annotations" || !annotations.isEmpty, field != "for" || (hold ?? 0) != 0,
          field != "keep_firing_for" || (keepFiringFor ?? 0) != 0
        else { continue }
        report(reader.place(of: field), "invalid field '\(field)' in recording rule")
      }
      if record.contains("{") || record.contains("}") {
        report(
          reader.place(of: "record"), "braces present in the recording rule name; should it be in expr?: \(record)")
      }
    } else if !alert.isEmpty {
      for field in ["forecast", "anomaly"] where reader.has(field) {
        report(reader.place(of: field), "invalid field '\(field)' in alerting rule")
      }
    }
    for label in labels where !Self.isLabelName(label.key) {
      report(reader.place(of: "labels"), "invalid label name: \(label.key)")
    }
    for annotation in annotations where annotation.key.isEmpty {
      report(reader.place(of: "annotations"), "invalid annotation name: ")
    }
    if forecastNode != nil, anomalyNode != nil {
      report(reader.place(of: "anomaly"), "only one of 'forecast' and 'anomaly' must be set")
    }

    // The rule's own labels win over the group's. Empty values stay: they remove the label of a result.
    var byName: [String: String] = [:]
    for label in groupLabels + labels.map({ Label($0.key, $0.value) }) { byName[label.name] = label.value }
    let merged = byName.map { Label($0.key, $0.value) }.sorted()
    let kind: Rule.Kind
    if !alert.isEmpty {
      kind = .alerting(
        AlertBlock(
          hold: hold ?? 0, keepFiringFor: keepFiringFor ?? 0,
          annotations: annotations.map { Label($0.key, $0.value) }.sorted(),
          labelTemplates: templates(merged, of: alert, "label", reader.place(of: "labels")),
          annotationTemplates: templates(
            annotations.map { Label($0.key, $0.value) }.sorted(), of: alert, "annotation",
            reader.place(of: "annotations"))))
    } else if let forecastNode {
      guard let block = try forecast(forecastNode) else { return nil }
      kind = .forecast(block)
    } else if let anomalyNode {
      guard let block = try anomaly(anomalyNode) else { return nil }
      kind = .anomaly(block)
    } else {
      kind = .recording
    }
    guard let expression, errors.count == before else { return nil }
    return Rule(
      name: name, kind: kind, expression: expression, expressionText: text, labels: merged,
      definition: Self.canonical(node) + "|" + Labels(groupLabels).description)
  }

  mutating func expression(_ text: String, at place: YAMLPlace) -> Expression? {
    if text.isEmpty {
      report(place, "field 'expr' must be set in rule")
      return nil
    }
    do {
      return try engine.parse(text)
    } catch {
      report(place, "could not parse expression: \(error)")
      return nil
    }
  }

  private mutating func templates(
    _ texts: [Label], of alert: String, _ what: String, _ place: YAMLPlace
  ) -> [Template] {
    var result: [Template] = []
    for text in texts {
      do {
        result.append(try Template(text.value, alertName: alert))
      } catch {
        report(place, "\(what) \(Labels.quoted(text.name)): \(error.description)")
      }
    }
    return result
  }

  /// The milliseconds of a duration; a fault is described in Prometheus's words.
  private mutating func duration(_ key: String, _ reader: inout MappingReader) throws(YAMLError) -> Int64? {
    guard let node = reader.optionalNode(key) else { return nil }
    return duration(try node.text(key), at: node.place)
  }

  mutating func duration(_ text: String, at place: YAMLPlace) -> Int64? {
    if let milliseconds = PrometheusDuration.parse(text) {
      if milliseconds <= Self.longestDuration { return milliseconds }
      report(place, "duration out of range")
    } else if text.isEmpty {
      report(place, "empty duration string")
    } else if let unit = Self.unknownUnit(in: text) {
      report(place, "unknown unit \(Labels.quoted(unit)) in duration \(Labels.quoted(text))")
    } else {
      report(place, "not a valid duration string: \(Labels.quoted(text))")
    }
    return nil
  }

  /// The first word after digits that is no unit of time.
  private static func unknownUnit(in text: String) -> String? {
    var rest = Substring(text)
    while !rest.isEmpty {
      let digits = rest.prefix { $0 >= "0" && $0 <= "9" }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { !($0 >= "0" && $0 <= "9") }
      rest = rest.dropFirst(unit.count)
      if digits.isEmpty || unit.isEmpty { return nil }
      if !["y", "w", "d", "h", "m", "s", "ms"].contains(String(unit)) { return String(unit) }
    }
    return nil
  }

  /// The bound of a group. As YAML has it, a whole number may be written in many ways; of a decimal one the fraction is
  /// left out.
  private static func limit(_ reader: inout MappingReader) throws(YAMLError) -> Int {
    guard let node = reader.optionalNode("limit") else { return 0 }
    guard case .scalar(let scalar) = node.content, scalar.isPlain else { return try node.int("limit") }
    let text = scalar.text.replacing("_", with: "")
    let sign = text.hasPrefix("-") ? "-" : ""
    let digits = text.drop { $0 == "-" || $0 == "+" }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
      if let value = Int(sign + digits.dropFirst(2), radix: radix) { return value }
    }
    if digits.hasPrefix("0"), digits.count > 1, let value = Int(sign + digits.dropFirst(), radix: 8) { return value }
    if let value = Int(text) { return value }
    let isDecimal = text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || "+-.eE".utf8.contains($0) }
    if isDecimal, let value = Double(text), let whole = Int(exactly: value.rounded(.towardZero)) { return whole }
    return try node.int("limit")
  }

  private static func isLabelName(_ name: String) -> Bool {
    !name.isEmpty && name != Labels.metricNameLabel
  }

  /// Everything under `node`, in one line that is the same for the same meaning.
  private static func canonical(_ node: YAMLNode) -> String {
    switch node.content {
    case .scalar(let scalar): Labels.quoted(scalar.text)
    case .sequence(let items): "[" + items.map(canonical).joined(separator: ",") + "]"
    case .mapping(let entries):
      "{"
        + entries.sorted { $0.key < $1.key }.map { Labels.quoted($0.key) + ":" + canonical($0.value) }
        .joined(separator: ",") + "}"
    }
  }
}
