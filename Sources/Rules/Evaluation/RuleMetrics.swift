import Exposition
import TimeSeries

/// What Harecast tells about its rules on its own /metrics.
struct RuleMetrics: Sendable {
  let registry: MetricRegistry
  /// The file and the name of the group, as Prometheus writes them: `file;group`.
  let group: String
  private static let skillNames: Set<String> = [
    "harecast_forecast_coverage_ratio", "harecast_forecast_absolute_error_ratio",
    "harecast_forecast_scaled_error_ratio", "harecast_forecast_scaled_bias_ratio", "harecast_forecast_truths",
    "harecast_forecast_worse_than_naive_series",
  ]

  /// Counts the evaluation of one rule.
  func countEvaluation(failed: Bool) {
    registry.counter(
      "harecast_rule_evaluations_total", help: "Evaluations of rules.", labels: ["rule_group": group]
    ).increment()
    // Made on the first evaluation, so that the series is there before the first failure.
    let failures = registry.counter(
      "harecast_rule_evaluation_failures_total", help: "Evaluations of rules that failed.",
      labels: ["rule_group": group])
    if failed { failures.increment() }
  }

  /// Notes what an evaluation of the whole group came to.
  ///
  /// - Parameters:
  ///   - slot: its time, in UTC milliseconds.
  ///   - interval: milliseconds between two evaluations.
  ///   - rules: the number of rules.
  ///   - ruleSeconds: the seconds that all rules took.
  ///   - samples: the number of samples that they gave.
  func noteEvaluation(at slot: Int64, interval: Int64, rules: Int, ruleSeconds: Double, samples: Int) {
    let values: [(name: String, help: String, value: Double)] = [
      (
        "harecast_rule_group_interval_seconds", "Seconds between two evaluations of the group.", Double(interval) / 1000
      ),
      (
        "harecast_rule_group_last_evaluation_timestamp_seconds", "When the group was last evaluated, in Unix seconds.",
        Double(slot) / 1000
      ),
      ("harecast_rule_group_rules", "Rules of the group.", Double(rules)),
      (
        "harecast_rule_group_last_rule_duration_sum_seconds", "Seconds that all rules of the group took last.",
        ruleSeconds
      ),
      (
        "harecast_rule_group_last_evaluation_samples", "Samples that the last evaluation of the group gave.",
        Double(samples)
      ),
    ]
    for (name, help, value) in values {
      registry.gauge(name, help: help, labels: ["rule_group": group]).set(value)
    }
  }

  /// Notes the evaluation of the whole group.
  func noteIteration(seconds: Double, missed: Int) {
    registry.gauge(
      "harecast_rule_group_last_duration_seconds", help: "Seconds that the last evaluation of the group took.",
      labels: ["rule_group": group]
    ).set(seconds)
    registry.counter(
      "harecast_rule_group_iterations_total", help: "Evaluations of the group that were due, missed ones included.",
      labels: ["rule_group": group]
    ).increment(by: Double(1 + missed))
    registry.counter(
      "harecast_rule_group_iterations_missed_total", help: "Evaluations of the group left out because it was slow.",
      labels: ["rule_group": group]
    ).increment(by: Double(missed))
  }

  /// Counts series that a rule did not give, or that the store did not take.
  func countDropped(_ count: Int, rule: String, reason: String) {
    guard count > 0 else { return }
    registry.counter(
      "harecast_rule_series_dropped_total", help: "Series left out of the output of a rule, by reason.",
      labels: ["rule_group": group, "rule": rule, "reason": reason]
    ).increment(by: Double(count))
  }

  /// Notes what a prediction did.
  ///
  /// - Parameter kind: `forecast` or `anomaly`.
  func note(_ result: PredictionResult, rule: String, kind: String) {
    registry.gauge(
      "harecast_\(kind)_series", help: "Series with a model, by rule.", labels: ["rule_group": group, "rule": rule]
    ).set(Double(result.series))
    registry.counter(
      "harecast_\(kind)_fit_seconds_total", help: "Seconds spent in models, by rule.",
      labels: ["rule_group": group, "rule": rule]
    ).increment(by: result.fitSeconds)
  }

  /// Notes how the forecasts of a rule have done.
  ///
  /// - Parameter worse: how many series have forecasts worse than "as a day before", by the position of the horizon.
  func note(_ skill: [(horizon: String, tally: SkillTally)], worse: [Int: Int], rule: String) {
    for (index, (horizon, tally)) in skill.enumerated() {
      let values: [(name: String, help: String, value: Double?)] = [
        (
          "harecast_forecast_coverage_ratio", "Share of values inside the outermost forecast interval.", tally.coverage
        ),
        (
          "harecast_forecast_absolute_error_ratio",
          "Mean absolute error of the forecast median over that of assuming no change.", tally.absoluteErrorRatio
        ),
        (
          "harecast_forecast_scaled_error_ratio",
          "Mean absolute error of the forecast median over that of the value of the day before (MASE).",
          tally.scaledError
        ),
        (
          "harecast_forecast_scaled_bias_ratio",
          "Mean of forecast median minus truth over the mean absolute error of the value of the day before.",
          tally.scaledBias
        ),
        (
          "harecast_forecast_truths", "Truths that the measured quality of forecasts rests on; old ones fade.",
          tally.count
        ),
        (
          "harecast_forecast_worse_than_naive_series",
          "Series whose forecasts have been worse than the value of the day before.", Double(worse[index] ?? 0)
        ),
      ]
      for (name, help, value) in values {
        guard let value else { continue }
        registry.gauge(name, help: help, labels: ["rule": rule, "horizon": horizon]).set(value)
      }
    }
  }

  /// Counts state that could not be kept, or not be brought back.
  ///
  /// - Parameter operation: `save` or `restore`.
  func countStateFailure(_ operation: String) {
    registry.counter(
      "harecast_rule_state_failures_total", help: "Failures to keep or bring back the state of rules over a restart.",
      labels: ["rule_group": group, "operation": operation]
    ).increment()
  }

  /// Takes everything about the group and its rules off the export.
  func unregister() {
    unregister { $0["rule_group"] == group }
  }

  /// Takes everything about one rule of the group off the export.
  func unregister(rule: String) {
    unregister { labels in
      labels["rule"] == rule && (labels["rule_group"] == group || Self.skillNames.contains(labels.metricName))
    }
  }

  private func unregister(_ isUnwanted: (Labels) -> Bool) {
    for labels in registry.collect().flatMap(\.samples).map(\.labels) where isUnwanted(labels) {
      registry.unregister(name: labels.metricName, labelSet: labels.withoutMetricName)
    }
  }
}
