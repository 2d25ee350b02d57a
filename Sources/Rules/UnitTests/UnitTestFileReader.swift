import StrictYAML
import TimeSeries

extension UnitTestFile {
  /// Reads the text of a file of unit tests.
  ///
  /// - Parameter path: the file's name for errors.
  /// - Throws: ``RuleFileErrors`` with the first fault.
  public static func parse(_ text: String, path: String) throws(RuleFileErrors) -> UnitTestFile {
    do throws(YAMLError) {
      return try UnitTestFileReader.file(try YAMLDocument.parse(text, file: path, readsFirstOnly: true), path: path)
    } catch {
      let fault = RuleFileError(
        path: path, line: error.place.line, column: error.place.column, message: error.message)
      throw RuleFileErrors(errors: [fault])
    }
  }
}

/// Reads unit tests from YAML; unknown keys are errors.
private enum UnitTestFileReader {
  static func file(_ root: YAMLNode, path: String) throws(YAMLError) -> UnitTestFile {
    var reader = try MappingReader(root, "a file of unit tests")
    let given = try reader.optionalDuration("evaluation_interval") ?? 0
    let interval = given > 0 ? given : 60_000
    var file = UnitTestFile(
      path: path, ruleFiles: try reader.strings("rule_files"), evaluationInterval: interval,
      groupOrder: try reader.strings("group_eval_order"),
      comparesFuzzily: try reader.optionalBool("fuzzy_compare") ?? false, tests: [])
    var seen: Set<String> = []
    for name in file.groupOrder where !seen.insert(name).inserted {
      throw reader.error("group_eval_order", "group name repeated in evaluation order: \(name)")
    }
    for node in try reader.sequence("tests") { file.tests.append(try test(node, defaultInterval: interval)) }
    try reader.finish()
    return file
  }

  private static func test(_ node: YAMLNode, defaultInterval: Int64) throws(YAMLError) -> UnitTest {
    var reader = try MappingReader(node, "a test")
    let interval = try reader.optionalDuration("interval") ?? 0
    var test = UnitTest(
      name: try reader.optionalString("name") ?? "", interval: interval > 0 ? interval : defaultInterval,
      start: try start(&reader), inputSeries: [],
      externalLabels: Labels(try reader.stringMap("external_labels").map { Label($0.key, $0.value) }),
      externalURL: try reader.optionalString("external_url") ?? "", alertTests: [], expressionTests: [])
    for node in try reader.sequence("input_series") {
      var reader = try MappingReader(node, "an input series")
      test.inputSeries.append(
        (try reader.optionalString("series") ?? "", try reader.optionalString("values") ?? ""))
      try reader.finish()
    }
    for node in try reader.sequence("alert_rule_test") { test.alertTests.append(try alertTest(node)) }
    for node in try reader.sequence("promql_expr_test") { test.expressionTests.append(try expressionTest(node)) }
    try reader.finish()
    return test
  }

  private static func alertTest(_ node: YAMLNode) throws(YAMLError) -> UnitTest.AlertTest {
    var reader = try MappingReader(node, "an alert test")
    var test = UnitTest.AlertTest(
      time: try reader.optionalDuration("eval_time") ?? 0, alertName: try reader.optionalString("alertname") ?? "",
      expected: [])
    for node in try reader.sequence("exp_alerts") {
      var reader = try MappingReader(node, "an expected alert")
      var labels: [String: String] = [:]
      for label in try reader.stringMap("exp_labels") { labels[label.key] = label.value }
      // The rule's own label need not be written.
      labels["alertname"] = test.alertName
      test.expected.append(
        AlertText(
          labels: labels.map { Label($0.key, $0.value) }.sorted(),
          annotations: try reader.stringMap("exp_annotations").map { Label($0.key, $0.value) }.sorted()))
      try reader.finish()
    }
    try reader.finish()
    return test
  }

  private static func expressionTest(_ node: YAMLNode) throws(YAMLError) -> UnitTest.ExpressionTest {
    var reader = try MappingReader(node, "a test of an expression")
    var test = UnitTest.ExpressionTest(
      expression: try reader.optionalString("expr") ?? "", time: try reader.optionalDuration("eval_time") ?? 0,
      expected: [])
    for node in try reader.sequence("exp_samples") {
      var reader = try MappingReader(node, "an expected sample")
      test.expected.append(
        UnitTest.ExpectedSample(
          labels: try reader.optionalString("labels") ?? "", value: try reader.optionalDouble("value") ?? 0,
          histogram: try reader.optionalString("histogram") ?? ""))
      try reader.finish()
    }
    try reader.finish()
    return test
  }

  /// The start of time: RFC 3339 or Unix seconds.
  private static func start(_ reader: inout MappingReader) throws(YAMLError) -> Int64 {
    guard let text = try reader.optionalString("start_timestamp") else { return 0 }
    if let seconds = Double(text), seconds.magnitude < 1e12 { return Int64((seconds * 1000).rounded()) }
    guard let time = RFC3339.parse(text) else {
      throw reader.error("start_timestamp", "cannot parse \(Labels.quoted(text)) to a valid timestamp")
    }
    return time
  }
}
