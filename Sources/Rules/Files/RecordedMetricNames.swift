extension Rule {
  /// The metrics whose present values the rule records; none for an alerting rule. The future curve of a forecast is
  /// not among them: its samples lie ahead.
  public var recordedMetricNames: [String] {
    switch kind {
    case .recording: [name]
    case .anomaly:
      [name] + ["expected", "severity", "part", "share", "since_timestamp_seconds"].map { "\(name)_\($0)" }
    case .forecast(let block):
      switch block.target {
      case .horizons: [name, ForecastRule.skillName(of: name)]
      case .limit: [name, ForecastRule.probabilityName(of: name), ForecastRule.skillName(of: name)]
      }
    case .alerting: []
    }
  }
}

extension RuleFile {
  /// The metrics that the rules of the file read and that none of them records, sorted.
  public var readMetricNames: [String] {
    let rules = groups.flatMap(\.rules)
    let read = rules.reduce(into: Set<String>()) { $0.formUnion($1.expression.referencedMetricNames ?? []) }
    return read.subtracting(rules.flatMap(\.recordedMetricNames)).sorted()
  }
}
