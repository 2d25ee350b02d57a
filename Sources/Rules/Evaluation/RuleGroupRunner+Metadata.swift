import TimeSeries

extension RuleGroupRunner {
  private static let skillHelp = "Skill of forecasts, 1 at best, 0 if as good as the value of the day before, of"

  /// Tells the store what the recorded metrics are, again after an eviction: with the last series of a name the store
  /// forgets what it is.
  func describeSeries() {
    let generation = context.store.evictionGeneration
    if describedGeneration == generation { return }
    describedGeneration = generation
    for rule in group.rules where !rule.isAlerting {
      let words = rule.expressionText.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      func describe(_ name: String, _ what: String) {
        let type: MetricType = name.hasSuffix("_total") ? .counter : .gauge
        context.store.setMetadata(MetricMetadata(type: type, help: "\(what) \(words)"), for: name)
      }
      switch rule.kind {
      case .recording: describe(rule.name, "Recorded value of")
      case .anomaly:
        describe(rule.name, "Anomaly score, 1 is the line of alerting, of")
        describe("\(rule.name)_severity", "Severity from 0 to 10, a warning from 4, critical from 7, of the anomaly of")
        describe(
          "\(rule.name)_since_timestamp_seconds", "Unix time of the start of the anomaly that is not over yet, of")
        describe("\(rule.name)_part", "Score of one detector, 1 is its own line, of")
        describe("\(rule.name)_share", "Part of one signal in the anomaly of its group, 0 to 1, of")
        describe("\(rule.name)_expected", "Bounds between which the next value would not be unusual, of")
      case .forecast(let block):
        switch block.target {
        case .horizons:
          describe(rule.name, "Forecast of")
          describe("\(rule.name)_curve", "Forecast, at future times, of")
          describe(ForecastRule.skillName(of: rule.name), Self.skillHelp)
        case .limit(let target):
          describe(rule.name, "Seconds until \(target.text) is reached by")
          describe(
            ForecastRule.probabilityName(of: rule.name), "Probability that \(target.text) is reached by")
          describe(ForecastRule.skillName(of: rule.name), Self.skillHelp)
        }
      case .alerting: break
      }
    }
  }
}
